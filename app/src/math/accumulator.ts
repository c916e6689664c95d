import { MathError } from './error';
import { u128, wrap128 } from './integers';
import { advance, type Stream } from './stream';

/** What one registered share atom has earned (64 fractional bits, modulo 2^128), and the rest of the last division. */
export type Accumulator = Readonly<{ upsidePerShareX64: bigint; remainderX64: bigint }>;

/** Shares `emit` atoms out among the registered shares; the remainder is kept. */
export function accrue(accumulator: Accumulator, emit: bigint, registered: bigint): Accumulator {
    if (emit === 0n) return accumulator;
    if (registered === 0n) throw new MathError('ZeroDenominator');
    const n = u128((emit << 64n) + accumulator.remainderX64);
    return {
        upsidePerShareX64: wrap128(accumulator.upsidePerShareX64 + n / registered),
        remainderX64: n % registered,
    };
}

/** Takes back the fraction of a position that is closed. */
export function takeBack(accumulator: Accumulator, fractionX64: bigint): Accumulator {
    return { ...accumulator, remainderX64: u128(accumulator.remainderX64 + fractionX64) };
}

/** Moves the stream and shares out what it emits. */
export function settle(
    stream: Stream,
    accumulator: Accumulator,
    now: bigint,
    registered: bigint,
): { stream: Stream; accumulator: Accumulator; emitted: bigint } {
    const moved = advance(stream, now, registered);
    return { ...moved, accumulator: accrue(accumulator, moved.emitted, registered) };
}

/** What a position is owed, 64 fractional bits. A difference of 2^127 or more means that the clock was set back. */
export function owedX64(accruedX64: bigint, shares: bigint, upsidePerShareX64: bigint, checkpointX64: bigint): bigint {
    if (shares === 0n) return accruedX64;
    const growth = wrap128(upsidePerShareX64 - checkpointX64);
    if (growth >> 127n !== 0n) throw new MathError('ClockBehindCheckpoint');
    return u128(accruedX64 + u128(shares * growth));
}

/** The whole atoms of what is owed. */
export const payable = (accruedX64: bigint): bigint => accruedX64 >> 64n;

/** What stays owed after paying the whole atoms. */
export const fraction = (accruedX64: bigint): bigint => BigInt.asUintN(64, accruedX64);
