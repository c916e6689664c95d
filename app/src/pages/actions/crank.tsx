/** What waits to be done for others, and doing all of it. */
import { readDue, worthwhile, type Due } from '../../chain/due';
import { formatAmount } from '../../amounts';
import { crankPlan } from '../../transactions/plans/crank';
import { ActionForm } from '../../ui/action-form';
import { useNow, useQuery } from '../../ui/hooks';
import { Card, Empty, Loaded } from '../../ui/parts';
import type { ActionProps } from './page';

const counted = (count: number, one: string, many: string): string[] => (count === 0 ? [] : [count === 1 ? one : `${count} ${many}`]);

/** What is due, a sentence each. */
export function dueSentences(due: Due, money: (atoms: bigint) => string): string[] {
    return [
        ...counted(due.bearer.length, 'One vault holds bearer shares that do not earn yet.', 'vaults hold bearer shares that do not earn yet.'),
        ...counted(due.harvests.length, 'One vault has earned something that was not harvested.', 'vaults have earned something that was not harvested.'),
        ...(due.inbox > 0n ? [`${money(due.inbox)} lie in the inbox and do not drip yet.`] : []),
        ...counted(due.claims.length, 'One holder has not claimed.', 'holders have not claimed.'),
        ...counted(due.vested.length, 'Of one grant shares have vested that were not taken.', 'grants have vested shares that were not taken.'),
        ...counted(due.finished.length, 'One grant is over and can be closed.', 'grants are over and can be closed.'),
        ...counted(due.undecided.length, 'The time of one round is over, and it is not decided.', 'rounds are over and not decided.'),
        ...counted(
            due.unsettled.reduce((sum, { subscriptions }) => sum + subscriptions.length, 0),
            'One investor waits for shares or a refund.',
            'investors wait for shares or refunds.',
        ),
        ...counted(due.runways.length, 'Money of one round has come free.', 'rounds have money that has come free.'),
    ];
}

export default function Crank({ view, wallet }: ActionProps) {
    const { security, payout } = view;
    const now = useNow();
    const query = useQuery(now === undefined ? null : `due/${security.address}`, () => readDue(security, now!));
    const money = (atoms: bigint) => `${formatAmount(atoms, security.payoutDecimals)} ${payout.symbol}`;
    return (
        <Loaded query={query} what="what is due">
            {(due) => {
                const sentences = dueSentences(due, money);
                return (
                    <Card title="What waits">
                        {sentences.length === 0 ? (
                            <Empty>Nothing waits now: everybody has what is theirs, up to less than {money(worthwhile(security))} each.</Empty>
                        ) : (
                            <>
                                <ul className="sentences">
                                    {sentences.map((sentence) => (
                                        <li key={sentence}>{sentence}</li>
                                    ))}
                                </ul>
                                <ActionForm label="Review doing all of it" build={() => crankPlan(wallet, view, due)} />
                            </>
                        )}
                        {due.unreachable > 0 && (
                            <p className="hint">
                                {due.unreachable} {due.unreachable === 1 ? 'holder is' : 'holders are'} owed money and left out: the account that
                                they chose cannot take it now.
                            </p>
                        )}
                    </Card>
                );
            }}
        </Loaded>
    );
}
