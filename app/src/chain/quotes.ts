/** What would happen now, by the formulas that the program uses, on accounts as they were read. */
import * as math from '../math';
import type { Position, Security, Vault } from './accounts';
import { x64 } from './accounts';

export const streamOf = (security: Security): math.Stream => ({
    total: security.streamTotalAtoms,
    dripped: security.streamDrippedAtoms,
    startTs: security.streamStartTs,
    endTs: security.streamEndTs,
    lastTs: security.streamLastTs,
});

const accumulatorOf = (security: Security): math.Accumulator => ({
    upsidePerShareX64: x64(security.upsidePerShareX64),
    remainderX64: x64(security.remainderX64),
});

/** The stream at a time. */
export const streamAt = (security: Security, now: bigint): math.Stream =>
    math.stream.advance(streamOf(security), now, security.registeredAtoms).stream;

/** Payout atoms that a claim pays at a time, rounded down; null if the clock is behind the position. */
export function claimable(security: Security, position: Position, now: bigint): bigint | null {
    try {
        const { accumulator } = math.settle(streamOf(security), accumulatorOf(security), now, security.registeredAtoms);
        const owed = math.owedX64(
            x64(position.accruedX64),
            position.sharesAtoms,
            accumulator.upsidePerShareX64,
            x64(position.checkpointX64),
        );
        return math.payable(owed);
    } catch (error) {
        if (error instanceof math.MathError) return null;
        throw error;
    }
}

/** Asset atoms that `shares` stand for in a vault, rounded down. */
export function backing(security: Security, vault: Vault, liveSupply: bigint, balance: bigint, shares: bigint): bigint {
    const all = math.denominator(
        liveSupply,
        security.authorisedAtoms,
        security.issuedAtoms,
        security.redeemedTotalAtoms,
        vault.collectedTotalAtoms,
    );
    return math.payout(balance, shares, all);
}

/** When `amount` more, paid in now, would have dripped in full. */
export function streamAfter(security: Security, amount: bigint, now: bigint): math.Stream {
    return math.stream.add(streamAt(security, now), amount, security.dripSeconds);
}
