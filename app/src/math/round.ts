import { MathError } from './error';
import { u64 } from './integers';
import { mulDivCeil, mulDivFloor } from './mul-div';

/** Basis points in one whole. */
export const ONE_BPS = 10_000n;

function bpsOf(bps: bigint): bigint {
    if (bps > ONE_BPS) throw new MathError('BpsAboveOne');
    return bps;
}

/** The cost of `n` share atoms at `price` payout atoms per whole share: rounded up. */
export function cost(n: bigint, price: bigint, decimals: number): bigint {
    return mulDivCeil(n, price, u64(10n ** BigInt(decimals)));
}

/** The shares one subscription gets: all it wanted, or its part when more was wanted than is for sale. */
export function allocation(wanted: bigint, forSale: bigint, totalWanted: bigint): bigint {
    return totalWanted <= forSale ? wanted : mulDivFloor(wanted, forSale, totalWanted);
}

function forBacking(raised: bigint, bps: bigint): bigint {
    return mulDivFloor(raised, bpsOf(bps), ONE_BPS);
}

function due(whole: bigint, elapsed: bigint, runway: bigint): bigint {
    if (elapsed < 0n || runway < 0n) throw new MathError('NegativeDuration');
    return elapsed >= runway ? whole : mulDivFloor(whole, elapsed, runway);
}

/** Atoms due to the backing vault after `elapsed` of `runway` seconds, from the beginning. */
export function backingDue(raised: bigint, bps: bigint, elapsed: bigint, runway: bigint): bigint {
    return due(forBacking(raised, bps), elapsed, runway);
}

/** Atoms due to the issuer after `elapsed` of `runway` seconds, from the beginning. */
export function issuerDue(raised: bigint, bps: bigint, elapsed: bigint, runway: bigint): bigint {
    return due(raised - forBacking(raised, bps), elapsed, runway);
}

/** The shares a member gives: `ceil(authorised * bps / 10^4)`. */
export function contribution(authorised: bigint, bps: bigint): bigint {
    return mulDivCeil(authorised, bpsOf(bps), ONE_BPS);
}
