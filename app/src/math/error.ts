/** Why a calculation has no answer; the names of `upside_math::MathError`. */
export type MathErrorName =
    | 'Overflow'
    | 'ZeroDenominator'
    | 'ZeroAmount'
    | 'NegativeDuration'
    | 'StreamNotStarted'
    | 'ClockBehindCheckpoint'
    | 'BpsAboveOne'
    | 'AboveAuthorised'
    | 'BelowRetireBound';

export class MathError extends Error {
    readonly reason: MathErrorName;

    constructor(reason: MathErrorName) {
        super(reason);
        this.name = 'MathError';
        this.reason = reason;
    }
}
