/** Rounds of a security with progress and countdown. */
import { roundsOfSecurity } from '../../chain/accounts';
import type { View } from '../../chain/view';
import { linkTo } from '../../router';
import { useNow, useQuery } from '../../ui/hooks';
import { Card, Empty, Loaded } from '../../ui/parts';
import { RoundCard } from '../../ui/round-card';

export default function Rounds({ view }: { view: View }) {
    const { security } = view;
    const now = useNow();
    const query = useQuery(`rounds/${security.address}`, () => roundsOfSecurity(security.address));
    return (
        <Card title="Rounds" actions={<a href={linkTo('security', security.mint, 'rounds')}>Subscribe, settle, release</a>}>
            <Loaded query={query} what="the rounds">
                {(rounds) => {
                    if (rounds.length === 0) return <Empty>No round was announced.</Empty>;
                    if (now === undefined) return null;
                    return (
                        <>
                            {rounds.map((round) => (
                                <RoundCard key={round.address} round={round} view={view} now={now} />
                            ))}
                        </>
                    );
                }}
            </Loaded>
        </Card>
    );
}
