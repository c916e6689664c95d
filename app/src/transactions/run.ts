/** Runs one plan at a time: simulates each step, waits for the user, lets the wallet sign, and watches it to the end. */
import { latestLifetime, budgetFor, writableOf, type Lifetime } from './message';
import { refresh } from '../chain/live';
import { readNetwork } from '../chain/network';
import { CLUSTER_NAMES, chainOf, isProgramSafeOn, type Cluster } from '../chain/cluster';
import { visible } from '../display';
import { session, type Session } from '../wallet/session';
import { ofThrown, type Failure } from './trouble';
import type { Plan } from './plan';
import { simulate } from './simulate';
import { canSkip, run, type StepState } from './state';
import { submit } from './submit';

function setStep(plan: Plan, index: number, state: StepState): void {
    const now = run.get();
    if (now?.plan !== plan) return;
    run.set({ ...now, current: index, steps: now.steps.map((old, i) => (i === index ? state : old)) });
}

/** Why the wallet and the page cannot be about the same network, if they cannot. */
function mismatch(who: Session, cluster: Cluster): Failure | null {
    if (!isProgramSafeOn(cluster)) {
        return {
            sentence: `This build is for private networks; on ${CLUSTER_NAMES[cluster]} anybody could have deployed its program.`,
            remedy: 'Choose another network, or a build for this one.',
        };
    }
    const chain = chainOf(cluster);
    if (who.account.chains.includes(chain)) return null;
    // Most wallets do not know private networks by name; one that only signs need not.
    if (cluster === 'private' && who.wallet.features['solana:signTransaction']) return null;
    return {
        sentence: `${visible(who.wallet.name, 32)} is set to another network than this page, which talks to ${CLUSTER_NAMES[cluster]}.`,
        remedy: 'Choose the same network in the wallet and here, then try again.',
    };
}

/** Simulates a step and shows what would change. */
async function review(plan: Plan, index: number): Promise<void> {
    setStep(plan, index, { phase: 'simulating' });
    const who = session.get();
    if (!who) {
        setStep(plan, index, { phase: 'refused', failure: { sentence: 'No wallet is connected.', remedy: 'Connect one and try again.' } });
        return;
    }
    try {
        const { cluster } = await readNetwork();
        const wrong = mismatch(who, cluster);
        if (wrong) {
            setStep(plan, index, { phase: 'refused', failure: wrong });
            return;
        }
        const now = run.get();
        if (now?.plan === plan) run.set({ ...now, cluster });
        const step = plan.steps[index]!;
        const simulation = await simulate(who.address, step.instructions, await latestLifetime(), plan.mints ?? []);
        setStep(plan, index, simulation.ok ? { phase: 'review', simulation } : { phase: 'refused', failure: simulation.failure });
    } catch (error) {
        setStep(plan, index, { phase: 'refused', failure: ofThrown(error) });
    }
}

/** Opens the dialog for a plan. */
export async function begin(plan: Plan): Promise<void> {
    run.set({ plan, cluster: null, current: 0, steps: plan.steps.map(() => ({ phase: 'waiting' })) });
    await review(plan, 0);
}

/** Looks at the present step again: after a refusal, or when it has expired. */
export async function retry(): Promise<void> {
    const now = run.get();
    if (now) await review(now.plan, now.current);
}

/** Goes on without the present step, which nothing after it needs. */
export async function skip(): Promise<void> {
    const now = run.get();
    if (!now || !canSkip(now)) return;
    setStep(now.plan, now.current, { phase: 'skipped' });
    await review(now.plan, now.current + 1);
}

/** The user agrees with what the review shows: the wallet signs, and the step is watched; then the next one is reviewed. */
export async function confirm(): Promise<void> {
    const now = run.get();
    const who = session.get();
    const state = now?.steps[now.current];
    if (!now || !who || state?.phase !== 'review' || now.cluster === null) return;
    const { plan, current, cluster } = now;
    const { instructions } = plan.steps[current]!;
    let lifetime: Lifetime;
    let budget;
    try {
        setStep(plan, current, { phase: 'signing' });
        lifetime = await latestLifetime();
        budget = await budgetFor(state.simulation.units, writableOf(who.address, instructions), cluster !== 'private');
    } catch (error) {
        setStep(plan, current, { phase: 'refused', failure: ofThrown(error) });
        return;
    }
    let next: Promise<void> | null = null;
    for await (const progress of submit(who, cluster, instructions, budget, lifetime)) {
        setStepQuietly(plan, current, progress);
        if (progress.phase === 'confirmed' || progress.phase === 'finalized') {
            refresh();
            // The next transaction need not wait for finality.
            if (!next && current + 1 < plan.steps.length) next = review(plan, current + 1);
        }
    }
    await next;
}

/** Tells how a step goes without bringing it to the front again. */
function setStepQuietly(plan: Plan, index: number, state: StepState): void {
    const now = run.get();
    if (now?.plan === plan) run.set({ ...now, steps: now.steps.map((old, i) => (i === index ? state : old)) });
}

/** Closes the dialog. What is on its way goes on; what has not been signed does not happen. */
export function close(): void {
    run.set(null);
    refresh();
}
