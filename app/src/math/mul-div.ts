import { MathError } from './error';
import { u64 } from './integers';

/** `floor(a * b / d)`. */
export function mulDivFloor(a: bigint, b: bigint, d: bigint): bigint {
    if (d === 0n) throw new MathError('ZeroDenominator');
    return u64((a * b) / d);
}

/** `ceil(a * b / d)`. */
export function mulDivCeil(a: bigint, b: bigint, d: bigint): bigint {
    if (d === 0n) throw new MathError('ZeroDenominator');
    return u64((a * b + d - 1n) / d);
}
