/** One transaction of a plan: what it would change, and how it goes. */
import type { Cluster } from '../../chain/cluster';
import { formatAmount, formatChange } from '../../amounts';
import type { StepState } from '../../transactions/state';
import type { Failure } from '../../transactions/trouble';
import { ExplorerLink } from '../text';
import { Effects } from './effects';

const LAMPORTS = 9;

function FailureView({ failure }: { failure: Failure }) {
    return (
        <div className="notice danger">
            <p>
                <strong>{failure.sentence}</strong>
            </p>
            {failure.remedy && <p>{failure.remedy}</p>}
            {failure.detail && <p className="detail">{failure.detail}</p>}
        </div>
    );
}

function statusText(state: StepState): string {
    switch (state.phase) {
        case 'waiting':
            return 'Waits for the step before.';
        case 'skipped':
            return 'Left out.';
        case 'simulating':
            return 'Asking the network what this would change…';
        case 'signing':
            return 'Waiting for your wallet…';
        case 'sent':
            return state.sends > 1 ? `Sent ${state.sends} times; waiting for the network…` : 'Sent; waiting for the network…';
        case 'confirmed':
            return 'Done. Waiting until it is final…';
        case 'finalized':
            return 'Done, and final.';
        case 'expired':
            return 'It expired before the network took it. It did not happen and cannot happen any more.';
        default:
            return '';
    }
}

type Props = { title: string; many: boolean; state: StepState; isCurrent: boolean; cluster: Cluster | null };

export function StepView({ title, many, state, isCurrent, cluster }: Props) {
    const spent = state.phase === 'review' ? state.simulation.lamports.after - state.simulation.lamports.before : 0n;
    return (
        <li className={`step ${state.phase}`} aria-current={isCurrent ? 'step' : undefined}>
            {many && <h3>{title}</h3>}
            <p role="status" className="status" data-phase={state.phase}>
                {statusText(state)}
                {'signature' in state && state.signature && (
                    <>
                        {' '}
                        <ExplorerLink cluster={cluster ?? undefined} kind="tx" id={state.signature} />
                    </>
                )}
            </p>
            {(state.phase === 'failed' || state.phase === 'refused') && <FailureView failure={state.failure} />}
            {state.phase === 'review' && (
                <>
                    <Effects simulation={state.simulation} />
                    <p className="cost">
                        Your SOL: {formatChange(spent, LAMPORTS)} for fees and rent, of {formatAmount(state.simulation.lamports.before, LAMPORTS)}.
                    </p>
                </>
            )}
        </li>
    );
}
