/** Grants of a security: to whom, how much has vested, and on what it waits. */
import { grantsOfSecurity, type At, type Grant } from '../../chain/accounts';
import { hasLapsed, isMilestone, vestedAt } from '../../chain/grants';
import type { View } from '../../chain/view';
import { linkTo } from '../../router';
import { formatTime } from '../../time';
import { useNow, useQuery } from '../../ui/hooks';
import { Card, Empty, Loaded, Table } from '../../ui/parts';
import { AddressText, Amount } from '../../ui/text';

export function grantState(grant: At<Grant>, now: bigint): string {
    if (grant.revoked === 1) return 'stopped; what had vested stays';
    if (hasLapsed(grant, now)) return 'lapsed: nobody approved in time';
    if (isMilestone(grant) && grant.approved === 0) return `waits for approval until ${formatTime(grant.deadlineTs)}`;
    if (now < grant.cliffTs) return `nothing before ${formatTime(grant.cliffTs)}`;
    return now >= grant.endTs ? 'all vested' : `all vested at ${formatTime(grant.endTs)}`;
}

export default function Grants({ view }: { view: View }) {
    const { security, share } = view;
    const now = useNow();
    const query = useQuery(`grants/${security.address}`, () => grantsOfSecurity(security.address));
    const amount = (atoms: bigint | undefined) => <Amount atoms={atoms} decimals={security.decimals} symbol={share.symbol} />;
    return (
        <Card title="Grants" actions={<a href={linkTo('security', security.mint, 'grants')}>Take, approve, stop</a>}>
            <Loaded query={query} what="the grants">
                {(grants) =>
                    grants.length === 0 ? (
                        <Empty>No grant is open.</Empty>
                    ) : (
                        <Table
                            caption={`Open grants of ${share.symbol}`}
                            columns={[
                                { title: 'To' },
                                { title: 'Promised', numeric: true },
                                { title: 'Vested', numeric: true },
                                { title: 'Taken', numeric: true },
                                { title: 'State' },
                            ]}
                            rows={grants.map((grant) => [
                                <AddressText key="to" address={grant.recipient} />,
                                amount(grant.amountAtoms),
                                amount(now === undefined ? undefined : vestedAt(grant, now)),
                                amount(grant.claimedAtoms),
                                <span key="state">
                                    {now === undefined ? '' : grantState(grant, now)}
                                    {grant.revocable === 1 && grant.revoked === 0 && ' (revocable)'}
                                </span>,
                            ])}
                        />
                    )
                }
            </Loaded>
        </Card>
    );
}
