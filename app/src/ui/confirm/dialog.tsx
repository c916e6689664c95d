/** What is about to be signed, and how it goes after. */
import { useEffect, useId, useRef } from 'react';
import type { Plan } from '../../transactions/plan';
import { close, confirm, retry, skip } from '../../transactions/run';
import { canSkip, run, type Run } from '../../transactions/state';
import { useStore } from '../hooks';
import { StepView } from './step';

const SETTLED = new Set(['finalized', 'confirmed', 'skipped']);
/** While the wallet is asked, and until the network knows, closing would only hide what goes on. */
const isBusy = ({ steps, current }: Run) => ['signing', 'simulating'].includes(steps[current]!.phase);
const isDone = ({ steps }: Run) => steps.every((step) => SETTLED.has(step.phase));

function Consequences({ plan }: { plan: Plan }) {
    return (
        <>
            {plan.notes.length > 0 && (
                <ul className="notes">
                    {plan.notes.map((note) => (
                        <li key={note}>{note}</li>
                    ))}
                </ul>
            )}
            {plan.irreversible && (
                <div className="notice warning">
                    <p>
                        <strong>This cannot be undone:</strong>
                    </p>
                    <ul>
                        {plan.irreversible.map((sentence) => (
                            <li key={sentence}>{sentence}</li>
                        ))}
                    </ul>
                </div>
            )}
        </>
    );
}

function Buttons({ now }: { now: Run }) {
    const state = now.steps[now.current]!;
    const done = isDone(now);
    const again = ['refused', 'failed', 'expired'].includes(state.phase);
    return (
        <div className="buttons">
            <button type="button" className="secondary" onClick={close} disabled={isBusy(now)}>
                {done ? 'Close' : again ? 'Leave it' : state.phase === 'sent' ? 'Hide' : 'Cancel'}
            </button>
            {state.phase === 'review' && (
                <button type="button" className="primary" onClick={() => void confirm()}>
                    Sign in the wallet
                </button>
            )}
            {canSkip(now) && (
                <button type="button" className="secondary" onClick={() => void skip()}>
                    Go on without it
                </button>
            )}
            {again && (
                <button type="button" className="primary" onClick={() => void retry()}>
                    Try again
                </button>
            )}
            {done && now.plan.done && (
                <a className="button primary" href={now.plan.done.href} onClick={close}>
                    {now.plan.done.label}
                </a>
            )}
        </div>
    );
}

export default function ConfirmDialog() {
    const now = useStore(run);
    const dialog = useRef<HTMLDialogElement>(null);
    const title = useId();
    useEffect(() => {
        const shown = dialog.current;
        if (shown && !shown.open) shown.showModal();
        return () => shown?.close();
    }, []);
    if (!now) return null;
    return (
        <dialog
            ref={dialog}
            className="confirm"
            aria-labelledby={title}
            onCancel={(event) => {
                event.preventDefault();
                if (!isBusy(now)) close();
            }}
        >
            <h2 id={title}>{now.plan.title}</h2>
            <Consequences plan={now.plan} />
            <ol className={now.steps.length > 1 ? 'steps' : 'steps single'}>
                {now.steps.map((state, i) => (
                    <StepView
                        key={now.plan.steps[i]!.title}
                        title={now.plan.steps[i]!.title}
                        many={now.steps.length > 1}
                        state={state}
                        isCurrent={i === now.current}
                        cluster={now.cluster}
                    />
                ))}
            </ol>
            <Buttons now={now} />
        </dialog>
    );
}
