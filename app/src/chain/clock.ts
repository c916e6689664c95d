/** The cluster's clock. The program decides by it, so the page does too, never by the clock of this machine. */
import { getI64Decoder, getU64Decoder } from '@solana/kit';
import { CLOCK_SYSVAR } from './addresses';
import { readAccount } from './reads';

/** A reading of the cluster's clock, and when it was taken by this machine's monotonic clock. */
export type Clock = { unixTimestamp: bigint; epoch: bigint; slot: bigint; readAt: number };

export async function readClock(): Promise<Clock> {
    const account = await readAccount(CLOCK_SYSVAR);
    if (!account) throw new Error('The network has no clock account; this is no Solana network.');
    const word = getU64Decoder();
    return {
        slot: word.decode(account.data, 0),
        epoch: word.decode(account.data, 16),
        unixTimestamp: getI64Decoder().decode(account.data, 32),
        readAt: performance.now(),
    };
}

/** The cluster's time now: the reading, moved on by this machine's clock. */
export function timeNow(clock: Clock): bigint {
    return clock.unixTimestamp + BigInt(Math.max(0, Math.floor((performance.now() - clock.readAt) / 1_000)));
}
