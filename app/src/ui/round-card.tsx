/** A round: what it sells, how far it is, and how long it still takes. */
import type { ReactNode } from 'react';
import { formatBps, formatPart } from '../amounts';
import type { At, Round } from '../chain/accounts';
import { isInvited, phaseOf, wantedOf, type RoundPhase } from '../chain/rounds';
import type { View } from '../chain/view';
import { formatDuration } from '../time';
import { Facts } from './parts';
import { Amount, When } from './text';

/** What a phase means, and until when it lasts. */
function sentenceOf(phase: RoundPhase, round: Round, now: bigint): string {
    switch (phase) {
        case 'announced':
            return `Opens in ${formatDuration(round.opensTs - now)}.`;
        case 'takes':
            return `Takes subscriptions. They can be changed or withdrawn for ${formatDuration(round.commitTs - now)}; it closes in ${formatDuration(round.closesTs - now)}.`;
        case 'binding':
            return `Takes subscriptions, and they bind. It closes in ${formatDuration(round.closesTs - now)}.`;
        case 'undecided':
            return 'Its time is over. Anybody can have it decided now.';
        case 'succeeded':
            return round.unsettled > 0n ? `It sells. ${round.unsettled} investors wait for their shares.` : 'It sold, and everybody has their shares.';
        case 'failed':
            return 'Too little was wanted: everybody gets all of their money back.';
        case 'cancelled':
            return 'The issuer called it off: everybody gets all of their money back.';
    }
}

function Progress({ round, view }: { round: At<Round>; view: View }) {
    const wanted = wantedOf(round);
    const scale = wanted > round.forSaleAtoms ? wanted : round.forSaleAtoms;
    const at = (atoms: bigint) => Number((atoms * 1_000n) / scale);
    const amount = (atoms: bigint) => <Amount atoms={atoms} decimals={view.security.decimals} symbol={view.share.symbol} />;
    return (
        <figure className="progress">
            <svg viewBox="0 0 1000 16" preserveAspectRatio="none" aria-hidden="true">
                <rect className="wanted" width={at(wanted)} height="16" />
                <rect className="mark" x={Math.max(0, at(round.minimumAtoms) - 3)} width="3" height="16" />
                <rect className="mark" x={Math.max(0, at(round.forSaleAtoms) - 3)} width="3" height="16" />
            </svg>
            <figcaption>
                {amount(wanted)} wanted, {formatPart(wanted, round.forSaleAtoms)} of {amount(round.forSaleAtoms)} for sale; at least{' '}
                {amount(round.minimumAtoms)}
            </figcaption>
        </figure>
    );
}

export function RoundCard({ round, view, now, children }: { round: At<Round>; view: View; now: bigint; children?: ReactNode }) {
    const { security, payout } = view;
    const phase = phaseOf(round, now);
    const money = (atoms: bigint) => <Amount atoms={atoms} decimals={security.payoutDecimals} symbol={payout.symbol} />;
    return (
        <article className="round">
            <h3>
                Round {round.id.toString()}
                {isInvited(round) && ', to the invited'}
            </h3>
            <p className="phase">{sentenceOf(phase, round, now)}</p>
            <Progress round={round} view={view} />
            <Facts
                items={[
                    ['Price of a share', money(round.priceAtoms)],
                    ['Opens', <When key="opens" ts={round.opensTs} now={undefined} />],
                    ['Binds from', <When key="commit" ts={round.commitTs} now={undefined} />],
                    ['Closes', <When key="closes" ts={round.closesTs} now={undefined} />],
                    ['Money in it', money(round.moneyAtoms)],
                    ['Raised', money(round.raisedAtoms)],
                    ['Becomes backing', formatBps(round.backingBps)],
                    ['Reaches the issuer over', formatDuration(round.runwaySeconds)],
                ]}
            />
            {children}
        </article>
    );
}
