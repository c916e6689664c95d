import { MathError } from './error';
import { u64 } from './integers';

/** The least authorised supply of any security, share atoms. */
export const MIN_AUTHORISED = 1_000_000n;

/** Refuses `new` more shares unless `issued + reserved + new <= authorised`. */
export function authorise(issued: bigint, reserved: bigint, more: bigint, authorised: bigint): void {
    if (issued + reserved + more > authorised) throw new MathError('AboveAuthorised');
}

/** The least authorised supply that `retire` may leave. */
export function retireBound(issued: bigint, reserved: bigint): bigint {
    const used = u64(issued + reserved);
    return used > MIN_AUTHORISED ? used : MIN_AUTHORISED;
}

/** The authorised supply after giving up `n` shares of capacity. */
export function retire(authorised: bigint, n: bigint, issued: bigint, reserved: bigint): bigint {
    if (authorised - n < retireBound(issued, reserved)) throw new MathError('BelowRetireBound');
    return authorised - n;
}
