/** What the confirm dialog shows; apart from the code that runs plans, which is loaded when the first plan begins. */
import type { Cluster } from '../chain/cluster';
import { createStore } from '../chain/store';
import type { Failure } from './trouble';
import type { Plan } from './plan';
import type { Simulation } from './simulate';
import type { Progress } from './submit';

export type StepState =
    | { phase: 'waiting' }
    | { phase: 'simulating' }
    | { phase: 'review'; simulation: Extract<Simulation, { ok: true }> }
    | { phase: 'refused'; failure: Failure }
    | { phase: 'skipped' }
    | Progress;

export type Run = { plan: Plan; cluster: Cluster | null; steps: readonly StepState[]; current: number };

/** What the confirm dialog shows; null when nothing is going on. */
export const run = createStore<Run | null>(null);

/** Whether the present step was refused, and the others make sense without it. */
export const canSkip = ({ plan, steps, current }: Run): boolean =>
    plan.steps[current]!.optional === true &&
    current + 1 < plan.steps.length &&
    ['refused', 'failed', 'expired'].includes(steps[current]!.phase);
