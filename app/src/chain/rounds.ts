/** Rounds: where they are in their life, and what they sell, pay and release, by the program's formulas. */
import { allocation, backingDue, cost, issuerDue } from '../math';
import { x64, type Round, type Subscription } from './accounts';

/** As the program numbers them. */
export const ROUND_STATUS = ['open', 'succeeded', 'failed', 'cancelled'] as const;
export type RoundPhase = 'announced' | 'takes' | 'binding' | 'undecided' | 'succeeded' | 'failed' | 'cancelled';

/** Where a round is in its life. */
export function phaseOf(round: Round, now: bigint): RoundPhase {
    const status = ROUND_STATUS[round.status] ?? 'open';
    if (status !== 'open') return status;
    if (now < round.opensTs) return 'announced';
    if (now < round.commitTs) return 'takes';
    return now < round.closesTs ? 'binding' : 'undecided';
}

export const takesSubscriptions = (phase: RoundPhase): boolean => phase === 'takes' || phase === 'binding';
export const isInvited = (round: Round): boolean => round.invited === 1;
export const wantedOf = (round: Round): bigint => x64(round.totalWantedAtoms);
export const costOf = (round: Round, shares: bigint): bigint => cost(shares, round.priceAtoms, round.decimals);

/** The most that may be wanted, share atoms. */
export const capOf = (round: Round, subscription: Subscription | null): bigint =>
    isInvited(round) ? (subscription?.capAtoms ?? 0n) : round.forSaleAtoms;

/** What a subscription would get if the round were decided with what is wanted now. */
export function allocationOf(round: Round, wanted: bigint): bigint {
    const all = wantedOf(round);
    const sold = all < round.forSaleAtoms ? all : round.forSaleAtoms;
    return sold === 0n || sold < round.minimumAtoms ? 0n : allocation(wanted, round.forSaleAtoms, all);
}

/** What has come free of the money by a time and was not paid out, payout atoms. */
export function runwayDue(round: Round, now: bigint): { backing: bigint; issuer: bigint } {
    if (ROUND_STATUS[round.status] !== 'succeeded') return { backing: 0n, issuer: 0n };
    const elapsed = now > round.closesTs ? now - round.closesTs : 0n;
    const [bps, runway] = [BigInt(round.backingBps), round.runwaySeconds];
    return {
        backing: backingDue(round.raisedAtoms, bps, elapsed, runway) - round.backedAtoms,
        issuer: issuerDue(round.raisedAtoms, bps, elapsed, runway) - round.releasedAtoms,
    };
}
