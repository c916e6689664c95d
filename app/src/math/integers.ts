/** Integer types of the protocol, as bounds: a result outside its type is an error, never wrapped or cut. */
import { MathError } from './error';

export const U64_MAX = (1n << 64n) - 1n;
export const U128_MAX = (1n << 128n) - 1n;
export const I64_MIN = -(1n << 63n);
export const I64_MAX = (1n << 63n) - 1n;

function within(value: bigint, least: bigint, most: bigint): bigint {
    if (value < least || value > most) throw new MathError('Overflow');
    return value;
}

export const u64 = (value: bigint): bigint => within(value, 0n, U64_MAX);
export const u128 = (value: bigint): bigint => within(value, 0n, U128_MAX);
export const i64 = (value: bigint): bigint => within(value, I64_MIN, I64_MAX);

/** Modulo 2^128, as the accumulator counts. */
export const wrap128 = (value: bigint): bigint => BigInt.asUintN(128, value);
