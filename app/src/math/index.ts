/**
 * Every formula of the protocol in bigint: the one port of the Rust crate `upside-math`, whose documentation holds here too.
 * `tests/unit/math.test.ts` reproduces the crate's committed vectors. What is about to be signed is simulated, never taken from here alone.
 */
export * from './accumulator';
export * from './error';
export { I64_MAX, U64_MAX, u64 } from './integers';
export * from './mul-div';
export * from './redemption';
export * from './round';
export * as stream from './stream';
export type { Stream } from './stream';
export * from './supply';
export * from './vesting';
