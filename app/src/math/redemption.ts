import { u128, u64 } from './integers';
import { mulDivFloor } from './mul-div';

/** The number of shares that one vault is divided among: capacity that was not issued yet counts. */
export function denominator(
    liveSupply: bigint,
    authorised: bigint,
    issued: bigint,
    redeemedTotal: bigint,
    collectedTotal: bigint,
): bigint {
    return u128(liveSupply + u64(authorised - issued) + redeemedTotal - collectedTotal);
}

/** What a ticket collects from one vault: `floor(balance * shares / D)`. */
export function payout(balance: bigint, shares: bigint, sharesInAll: bigint): bigint {
    return mulDivFloor(balance, shares, sharesInAll);
}
