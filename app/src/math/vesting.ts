/** Shares vested at `t`: all at the end, none before the cliff, else the line, rounded down. */
export function vested(amount: bigint, startTs: bigint, cliffTs: bigint, endTs: bigint, t: bigint): bigint {
    if (t >= endTs) return amount;
    if (t < cliffTs || t < startTs) return 0n;
    return (amount * (t - startTs)) / (endTs - startTs);
}
