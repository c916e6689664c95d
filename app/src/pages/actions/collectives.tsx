/** Collectives: fixing the rule, applying, consenting, joining. */
import { useState } from 'react';
import { formatAmount, parsePercent } from '../../amounts';
import { findPosition, securitiesOfIssuer, type At, type Collective } from '../../chain/accounts';
import {
    capacityLeft,
    contributionOf,
    earliestJoin,
    isOpen,
    memberPhase,
    nextSentence,
    readMembers,
    readRule,
    roomFor,
    type Membership,
    type NamedSecurity,
} from '../../chain/collectives';
import { vestedAt } from '../../chain/grants';
import { readNames, symbolIn } from '../../chain/names';
import { linkTo } from '../../router';
import { DAY, formatTime, parseDays, parseTimeField, timeField } from '../../time';
import {
    admitPlan,
    applyPlan,
    createCollectivePlan,
    joinPlan,
    revokeAdmissionPlan,
    withdrawApplicationPlan,
} from '../../transactions/plans/collectives';
import { ActionForm } from '../../ui/action-form';
import { AmountField, amountIn, Choice, TextField } from '../../ui/fields';
import { useNow, useQuery } from '../../ui/hooks';
import { Card, Empty, Facts, Loaded, Notice } from '../../ui/parts';
import { AddressText, Amount, When } from '../../ui/text';
import { RuleFacts } from '../security/collective';
import type { ActionProps } from './page';

/** The longest vesting that the program accepts. */
const MOST_VESTING_DAYS = 3_650n;
/** How long a consent holds after the first moment at which it can be used, unless said otherwise. */
const CONSENT_SECONDS = 30n * DAY;

const useRule = ({ view: { security } }: ActionProps) => useQuery(`rule/${security.address}`, () => readRule(security.address));

function vestingProblem(cliff: bigint | null, vesting: bigint | null): string | null {
    if (vesting === null || vesting > MOST_VESTING_DAYS * DAY) return 'Write a number of days, like 365 or 0';
    return cliff !== null && cliff > vesting ? 'The cliff comes after the end' : null;
}

export function CreateCollective(props: ActionProps) {
    const { view, wallet } = props;
    const { security, share } = view;
    const existing = useRule(props);
    const [gives, setGives] = useState('10');
    const [receives, setReceives] = useState('');
    const [cliffDays, setCliffDays] = useState('0');
    const [vestingDays, setVestingDays] = useState('365');
    const left = capacityLeft(security);
    const percent = parsePercent(gives);
    const { atoms } = amountIn(receives, security.decimals, left);
    const [cliff, vesting] = [parseDays(cliffDays), parseDays(vestingDays)];
    const problem = vestingProblem(cliff, vesting);
    const bps = 'bps' in percent ? percent.bps : 0;
    const ready = bps > 0 && atoms !== undefined && cliff !== null && vesting !== null && problem === null;
    const upper = { security, symbol: share.symbol };
    const build = () =>
        createCollectivePlan(wallet, upper, { contributionBps: bps, sharesAtoms: atoms!, cliffSeconds: cliff!, vestingSeconds: vesting! });
    if (existing.data) {
        return (
            <>
                <Notice>The rule is fixed and never changes.</Notice>
                <Card title="The rule" actions={<a href={linkTo('security', security.mint, 'members')}>Applications and members</a>}>
                    <RuleFacts view={view} rule={existing.data} />
                </Card>
            </>
        );
    }
    return (
        <ActionForm build={ready ? build : null}>
            <p>
                Others join with a security of their own: each gives the same part of it to the holders of <bdi>{share.symbol}</bdi>, and is
                granted the same number of its shares. You consent to each of them.
            </p>
            <TextField
                label="Every member gives, percent of what its security may ever issue"
                value={gives}
                onChange={setGives}
                problem={'problem' in percent ? percent.problem : bps === 0 ? 'Above zero' : null}
            />
            <AmountField
                label="Every member is granted"
                value={receives}
                onChange={setReceives}
                decimals={security.decimals}
                symbol={share.symbol}
                most={left}
                mostLabel="Free to promise:"
                hint={atoms !== undefined && <>Room for {roomFor(security, atoms).toString()} members.</>}
            />
            <TextField
                label="Nothing vests before, days after joining"
                value={cliffDays}
                onChange={setCliffDays}
                problem={cliff === null ? 'Write a number of days, like 90 or 0' : null}
            />
            <TextField label="All has vested, days after joining" value={vestingDays} onChange={setVestingDays} problem={problem} />
        </ActionForm>
    );
}

/** What the wallet issued, with names. */
async function readCandidates(wallet: ActionProps['wallet']): Promise<NamedSecurity[]> {
    const securities = await securitiesOfIssuer(wallet);
    const names = await readNames(securities.map((security) => security.mint));
    return securities.map((security) => ({ security, symbol: symbolIn(names, security.mint) }));
}

function Apply({ view, wallet, rule, memberships }: ActionProps & { rule: At<Collective>; memberships: readonly Membership[] }) {
    const { security, share, payout } = view;
    const query = useQuery(`candidates/${wallet}`, () => readCandidates(wallet));
    const [chosen, setChosen] = useState('');
    const upper = { security, symbol: share.symbol };
    return (
        <Card title="Apply">
            <Loaded query={query} what="what you issued">
                {(all) => {
                    const others = all.filter((each) => each.security.address !== security.address);
                    const fitting = others.filter(
                        (each) =>
                            each.security.payoutMint === security.payoutMint &&
                            !memberships.some(({ member }) => member.memberSecurity === each.security.address),
                    );
                    const elsewhere = others.filter((each) => each.security.payoutMint !== security.payoutMint);
                    const taken = others.filter((each) => memberships.some(({ member }) => member.memberSecurity === each.security.address));
                    const lower = fitting.find((each) => each.security.address === chosen) ?? fitting[0];
                    return (
                        <>
                            {lower ? (
                                <ActionForm label="Review the application" build={() => applyPlan(wallet, upper, rule, lower)}>
                                    <Choice
                                        label="With a security of yours"
                                        value={lower.security.address}
                                        options={fitting.map((each) => ({
                                            value: each.security.address as string,
                                            label: each.symbol,
                                            hint: `gives ${formatAmount(contributionOf(rule, each.security), each.security.decimals)} ${each.symbol}, once it joins`,
                                        }))}
                                        onChange={setChosen}
                                    />
                                    <p>Nothing moves when you apply, and you can take it back. All holders see it: it is their notice.</p>
                                </ActionForm>
                            ) : (
                                <Empty>
                                    {taken.length > 0 && <>What you issued has applied: {taken.map((each) => each.symbol).join(', ')}. </>}
                                    You have issued no {taken.length > 0 ? 'other ' : ''}security that could apply. <a href={linkTo('create')}>Create a security</a> that pays its
                                    holders in <bdi>{payout.symbol}</bdi>.
                                </Empty>
                            )}
                            {elsewhere.map((each) => (
                                <p key={each.security.address} className="hint">
                                    <bdi>{each.symbol}</bdi> cannot join: a member must pay out the same money, <bdi>{payout.symbol}</bdi>.
                                </p>
                            ))}
                        </>
                    );
                }}
            </Loaded>
        </Card>
    );
}

type CardProps = ActionProps & { rule: At<Collective>; membership: Membership; now: bigint };

function Admit({ wallet, membership, now }: CardProps) {
    const earliest = earliestJoin(membership.member, membership.upper.security);
    const least = earliest > now ? earliest : now;
    const [until, setUntil] = useState('');
    // A field of minutes: the default is rounded up to the next.
    const usual = timeField(least + CONSENT_SECONDS + 59n);
    const expires = parseTimeField(until === '' ? usual : until);
    const isLate = expires !== null && expires <= least;
    return (
        <ActionForm label="Review the consent" build={expires !== null && !isLate ? () => admitPlan(wallet, membership, expires) : null}>
            <TextField
                label="The consent holds until (UTC)"
                type="datetime-local"
                value={until === '' ? usual : until}
                onChange={setUntil}
                problem={isLate ? `It must hold longer than ${formatTime(least)}, when it can first join` : null}
            />
        </ActionForm>
    );
}

/** Why an admitted application could not join now, although its notice is over. */
function obstacle({ view, rule, membership }: CardProps, held: bigint | undefined): string | null {
    const { member, lower, upper } = membership;
    const needs = `${formatAmount(member.contributionAtoms, lower.security.decimals)} ${lower.symbol}`;
    if (lower.security.issuer !== member.wallet) return `${lower.symbol} has another issuer than when it applied: take the application back and apply again.`;
    if (contributionOf(rule, lower.security) !== member.contributionAtoms) {
        return `The authorised supply of ${lower.symbol} has changed since it applied: take the application back and apply again.`;
    }
    if (held !== undefined && held < member.contributionAtoms) {
        return `You need ${needs} registered to give, and have ${formatAmount(held, lower.security.decimals)}.`;
    }
    if (capacityLeft(view.security) < member.sharesAtoms) return `${upper.symbol} has too few shares left to grant.`;
    return null;
}

function Join(props: CardProps) {
    const { wallet, rule, membership, now } = props;
    const { member, lower } = membership;
    const { data: position } = useQuery(`position/${lower.security.address}/${wallet}`, () => findPosition(lower.security.address, wallet));
    const held = position === undefined ? undefined : (position?.sharesAtoms ?? 0n);
    const problem = obstacle(props, held);
    if (problem) return <Notice tone="warning">{problem}</Notice>;
    return (
        <ActionForm label="Review joining" build={() => joinPlan(wallet, rule, membership, now)}>
            <p>
                You give <Amount atoms={member.contributionAtoms} decimals={lower.security.decimals} symbol={lower.symbol} /> of your registered{' '}
                {held !== undefined && <Amount atoms={held} decimals={lower.security.decimals} symbol={lower.symbol} />}.
            </p>
        </ActionForm>
    );
}

function MemberFacts({ membership: { member, upper, lower, grant }, now }: CardProps) {
    const shares = (atoms: bigint) => <Amount atoms={atoms} decimals={upper.security.decimals} symbol={upper.symbol} />;
    return (
        <Facts
            items={[
                ['Applied for it', <AddressText key="wallet" address={member.wallet} whole />],
                ['Share mint', <AddressText key="mint" address={lower.security.mint} whole />],
                ['Applied', <When key="applied" ts={member.appliedTs} now={now} />],
                isOpen(member)
                    ? ['Can join from', <When key="from" ts={earliestJoin(member, upper.security)} now={now} />]
                    : ['Joined', <When key="joined" ts={member.joinedTs} now={now} />],
                [isOpen(member) ? 'Would give' : 'Gave', <Amount key="gives" atoms={member.contributionAtoms} decimals={lower.security.decimals} symbol={lower.symbol} />],
                [isOpen(member) ? 'Would be granted' : 'Is granted', shares(member.sharesAtoms)],
                ...(grant
                    ? ([
                          ['Vested, taken', <span key="vested">{shares(vestedAt(grant, now))}, {shares(grant.claimedAtoms)}</span>],
                          ['All vested', <When key="end" ts={grant.endTs} now={now} />],
                      ] as const)
                    : []),
                ...(member.expiresTs > 0n ? ([['Consent holds until', <When key="expires" ts={member.expiresTs} now={now} />]] as const) : []),
            ]}
        />
    );
}

function MembershipCard(props: CardProps) {
    const { view, wallet, membership, now } = props;
    const { member, lower, grant } = membership;
    const phase = memberPhase(member, view.security, now);
    const isIssuer = wallet === view.security.issuer;
    const isTheirs = wallet === member.wallet || wallet === lower.security.issuer;
    return (
        <article className="round">
            <h3>
                <a href={linkTo('security', lower.security.mint)}>
                    <bdi>{lower.symbol}</bdi>
                </a>
            </h3>
            <p className="phase">{nextSentence(member, view.security, now)}</p>
            <MemberFacts {...props} />
            {wallet === member.wallet && phase === 'may-join' && <Join {...props} />}
            {isIssuer && (phase === 'waits' || phase === 'expired') && <Admit {...props} />}
            {isIssuer && isOpen(member) && phase !== 'waits' && (
                <ActionForm quiet label="Take the consent back" build={() => revokeAdmissionPlan(wallet, membership)} />
            )}
            {isTheirs && isOpen(member) && (
                <ActionForm quiet label="Take the application back" build={() => withdrawApplicationPlan(wallet, membership)} />
            )}
            {grant && vestedAt(grant, now) > grant.claimedAtoms && (
                <p>
                    <a href={linkTo('security', view.security.mint, 'grants')}>Take what has vested</a>
                </p>
            )}
        </article>
    );
}

function WithRule(props: ActionProps & { rule: At<Collective> }) {
    const { view, rule } = props;
    const now = useNow();
    const query = useQuery(`members/${rule.address}`, () => readMembers(rule.address));
    return (
        <>
            <Card title="The rule">
                <RuleFacts view={view} rule={rule} />
            </Card>
            <Loaded query={query} what="the members">
                {(memberships) => (
                    <>
                        <Apply {...props} memberships={memberships} />
                        <Card title="Applications and members">
                            {memberships.length === 0 && <Empty>Nobody has applied yet.</Empty>}
                            {now !== undefined &&
                                memberships.map((membership) => (
                                    <MembershipCard key={membership.member.address} {...props} membership={membership} now={now} />
                                ))}
                        </Card>
                    </>
                )}
            </Loaded>
        </>
    );
}

export function Members(props: ActionProps) {
    const { view, wallet } = props;
    const query = useRule(props);
    return (
        <Loaded query={query} what="the rule">
            {(rule) =>
                rule ? (
                    <WithRule {...props} rule={rule} />
                ) : (
                    <Empty>
                        Nobody can join <bdi>{view.share.symbol}</bdi>: its issuer has fixed no rule.{' '}
                        {wallet === view.security.issuer && <a href={linkTo('security', view.security.mint, 'collective')}>Let others join</a>}
                    </Empty>
                )
            }
        </Loaded>
    );
}
