/** The rule by which others join a security, who applied and joined, and what it joined itself. */
import { memberPhase, nextSentence, readMembers, readMemberships, readRule, roomFor, ruleSentences, type Membership } from '../../chain/collectives';
import type { At, Collective } from '../../chain/accounts';
import { vestedAt } from '../../chain/grants';
import type { View } from '../../chain/view';
import { linkTo } from '../../router';
import { useNow, useQuery } from '../../ui/hooks';
import { Card, Empty, Loaded, Table } from '../../ui/parts';
import { Amount } from '../../ui/text';

/** What has vested of a member's grant. A grant that is closed was taken to the end. */
function Vested({ membership: { member, upper, grant }, now }: { membership: Membership; now: bigint | undefined }) {
    const amount = (atoms: bigint | undefined) => <Amount atoms={atoms} decimals={upper.security.decimals} symbol={upper.symbol} />;
    if (member.joinedTs === 0n) return <span aria-label="not a member yet">–</span>;
    if (!grant) return <>{amount(member.sharesAtoms)}, all taken</>;
    return amount(now === undefined ? undefined : vestedAt(grant, now));
}

type Side = 'upper' | 'lower';

export function MembershipTable({ memberships, side, caption }: { memberships: readonly Membership[]; side: Side; caption: string }) {
    const now = useNow();
    return (
        <Table
            caption={caption}
            columns={[
                { title: side === 'lower' ? 'Member' : 'Collective' },
                { title: 'State' },
                { title: 'Gives', numeric: true },
                { title: 'Receives', numeric: true },
                { title: 'Vested', numeric: true },
            ]}
            rows={memberships.map((membership) => {
                const { member, upper, lower } = membership;
                const other = membership[side];
                return [
                    <a key="other" href={linkTo('security', other.security.mint)}>
                        <bdi>{other.symbol}</bdi>
                    </a>,
                    now === undefined ? '' : nextSentence(member, upper.security, now),
                    <Amount key="gives" atoms={member.contributionAtoms} decimals={lower.security.decimals} symbol={lower.symbol} />,
                    <Amount key="receives" atoms={member.sharesAtoms} decimals={upper.security.decimals} symbol={upper.symbol} />,
                    <Vested key="vested" membership={membership} now={now} />,
                ];
            })}
        />
    );
}

export function RuleFacts({ view: { security, share }, rule }: { view: View; rule: At<Collective> }) {
    return (
        <>
            <ul className="sentences">
                {ruleSentences(rule, { security, symbol: share.symbol }).map((sentence) => (
                    <li key={sentence}>{sentence}</li>
                ))}
                <li>The rule never changes, and nobody joins without the issuer’s consent and the notice of the terms.</li>
            </ul>
            <p>
                {rule.members} {rule.members === 1 ? 'member' : 'members'}, and room for {roomFor(security, rule.sharesAtoms).toString()} more.
            </p>
        </>
    );
}

function Members({ view, rule }: { view: View; rule: At<Collective> }) {
    const now = useNow();
    const query = useQuery(`members/${rule.address}`, () => readMembers(rule.address));
    return (
        <Loaded query={query} what="the members">
            {(memberships) => {
                if (memberships.length === 0) return <Empty>Nobody has applied yet.</Empty>;
                const open = now === undefined ? 0 : memberships.filter(({ member, upper }) => memberPhase(member, upper.security, now) !== 'joined').length;
                return (
                    <>
                        <MembershipTable memberships={memberships} side="lower" caption={`Members and applications of ${view.share.symbol}`} />
                        {open > 0 && (
                            <p>
                                {open} {open === 1 ? 'application is' : 'applications are'} open: a notice to all holders.
                            </p>
                        )}
                    </>
                );
            }}
        </Loaded>
    );
}

export default function CollectiveCards({ view }: { view: View }) {
    const { security, share } = view;
    const isCollective = security.kind === 2;
    const { data: rule } = useQuery(`rule/${security.address}`, () => readRule(security.address));
    const { data: memberships } = useQuery(`memberships/${security.address}`, () => readMemberships(security.address));
    return (
        <>
            {(rule || (rule === null && isCollective)) && (
                <Card title="Members" actions={<a href={linkTo('security', security.mint, 'members')}>Apply, admit, join</a>}>
                    {rule ? (
                        <>
                            <RuleFacts view={view} rule={rule} />
                            <Members view={view} rule={rule} />
                        </>
                    ) : (
                        <Empty>Nobody can join it yet: its issuer has fixed no rule.</Empty>
                    )}
                </Card>
            )}
            {memberships && memberships.length > 0 && (
                <Card title="Member of">
                    <MembershipTable memberships={memberships} side="upper" caption={`What ${share.symbol} applied to and joined`} />
                </Card>
            )}
        </>
    );
}
