/** Granting, taking what has vested, approving, stopping, closing. */
import { useState } from 'react';
import { isAddress, type Address } from '@solana/kit';
import { formatAmount } from '../../amounts';
import { grantsOfSecurity, type At, type Grant } from '../../chain/accounts';
import { hasLapsed, isMilestone, vestedAt } from '../../chain/grants';
import { parseTimeField, timeField } from '../../time';
import {
    approveMilestonePlan,
    claimGrantPlan,
    closeGrantPlan,
    createGrantPlan,
    createGrantsPlan,
    revokeGrantPlan,
    type GrantTerms,
} from '../../transactions/plans/grants';
import { freeId } from '../../transactions/plans/redemption';
import { ActionForm } from '../../ui/action-form';
import { AddressField, AmountField, amountIn, Choice, TextArea, TextField } from '../../ui/fields';
import { useNow, useQuery } from '../../ui/hooks';
import { Card, Empty, Facts, Loaded } from '../../ui/parts';
import { AddressText, Amount, When } from '../../ui/text';
import { grantState } from '../security/grants';
import { leftToMake, readGrantTable } from './grant-table';
import type { ActionProps } from './page';

function GrantCard({ grant, view, wallet }: ActionProps & { grant: At<Grant> }) {
    const { security, share } = view;
    const now = useNow();
    if (now === undefined) return null;
    const due = vestedAt(grant, now) - grant.claimedAtoms;
    const isFinished = grant.claimedAtoms === grant.amountAtoms || hasLapsed(grant, now);
    const waits = isMilestone(grant) && grant.approved === 0 && grant.revoked === 0 && now < grant.deadlineTs;
    const canStop = wallet === security.issuer && grant.revocable === 1 && grant.revoked === 0 && vestedAt(grant, now) < grant.amountAtoms;
    const amount = (atoms: bigint) => <Amount atoms={atoms} decimals={security.decimals} symbol={share.symbol} />;
    return (
        <Card title={grant.recipient === wallet ? 'A grant to you' : 'A grant'}>
            <Facts
                items={[
                    ['To', <AddressText key="to" address={grant.recipient} whole />],
                    ['Promised', amount(grant.amountAtoms)],
                    ['Vested, not taken', amount(due > 0n ? due : 0n)],
                    ['State', grantState(grant, now)],
                    ['Vests', <span key="vests"><When ts={grant.cliffTs} now={undefined} /> to <When ts={grant.endTs} now={now} /></span>],
                    ...(isMilestone(grant) ? ([['Approver', <AddressText key="approver" address={grant.approver} whole />]] as const) : []),
                ]}
            />
            {due > 0n && <ActionForm label="Take what has vested" build={() => claimGrantPlan(wallet, security, share.symbol, grant)} />}
            {waits && grant.approver === wallet && (
                <ActionForm label="Approve the milestone" build={() => approveMilestonePlan(wallet, share.symbol, grant)} />
            )}
            {canStop && <ActionForm quiet label="Stop the rest" build={() => revokeGrantPlan(wallet, security, share.symbol, grant)} />}
            {isFinished && <ActionForm label="Close it" build={() => closeGrantPlan(share.symbol, grant)} />}
        </Card>
    );
}

export function GrantActions(props: ActionProps) {
    const { security } = props.view;
    const query = useQuery(`grants/${security.address}`, () => grantsOfSecurity(security.address));
    return (
        <Loaded query={query} what="the grants">
            {(grants) =>
                grants.length === 0 ? (
                    <Empty>No grant is open.</Empty>
                ) : (
                    <>
                        {grants.map((grant) => (
                            <GrantCard key={grant.address} grant={grant} {...props} />
                        ))}
                    </>
                )
            }
        </Loaded>
    );
}

type Condition = 'time' | 'milestone';

export function CreateGrant({ view, wallet }: ActionProps) {
    const { security, share } = view;
    const now = useNow();
    const earliest = now === undefined ? undefined : now + security.noticeSeconds + 600n;
    const [recipient, setRecipient] = useState('');
    const [text, setText] = useState('');
    const [start, setStart] = useState('');
    const [cliff, setCliff] = useState('');
    const [end, setEnd] = useState('');
    const [condition, setCondition] = useState<Condition>('time');
    const [approver, setApprover] = useState('');
    const [deadline, setDeadline] = useState('');
    const [revocable, setRevocable] = useState<'yes' | 'no'>('yes');
    const [to, setTo] = useState<'one' | 'many'>('one');
    const [manyText, setManyText] = useState('');
    const free = security.authorisedAtoms - security.issuedAtoms - security.reservedAtoms;
    const { atoms } = amountIn(text, security.decimals, free);
    const [startTs, cliffTs, endTs, deadlineTs] = [start, cliff === '' ? start : cliff, end, deadline].map(parseTimeField);
    const ordered = startTs != null && cliffTs != null && endTs != null && startTs <= cliffTs && cliffTs <= endTs;
    const milestone =
        condition === 'time' ? null : isAddress(approver.trim()) && deadlineTs != null ? { approver: approver.trim() as Address, deadlineTs } : undefined;
    const ready = atoms !== undefined && ordered && isAddress(recipient.trim()) && milestone !== undefined;
    const table = manyText.trim() === '' ? null : readGrantTable(manyText, security.decimals);
    const total = table?.rows.reduce((sum, row) => sum + row.amount, 0n) ?? 0n;
    const tableProblem = table?.problems[0] ?? (total > free ? `Together ${formatAmount(total, security.decimals)}, and ${formatAmount(free, security.decimals)} are free` : null);
    const readyForMany = table !== null && tableProblem === null && table.rows.length > 0 && ordered && milestone !== undefined;
    const schedule = () => ({ startTs: startTs!, cliffTs: cliffTs!, endTs: endTs!, revocable: revocable === 'yes', milestone: milestone ?? null });
    const buildMany = async () => {
        const { left, made } = leftToMake(table!.rows, schedule(), await grantsOfSecurity(security.address));
        if (left.length === 0) throw new Error('Every grant of this table exists already.');
        return createGrantsPlan(wallet, security, share.symbol, left, made);
    };
    const build = async () => {
        const others = (await grantsOfSecurity(security.address)).filter((grant) => grant.recipient === recipient.trim());
        const terms: GrantTerms = {
            id: freeId(others),
            recipient: recipient.trim() as Address,
            amount: atoms!,
            ...schedule(),
        };
        return createGrantPlan(wallet, security, share.symbol, terms);
    };
    const fill = () => {
        if (earliest === undefined) return;
        setStart(timeField(earliest));
        setCliff(timeField(earliest));
        setEnd(timeField(earliest + 31_536_000n));
    };
    return (
        <ActionForm build={to === 'one' ? (ready ? build : null) : readyForMany ? buildMany : null}>
            <p>New shares are promised to somebody for help. They are issued as they vest, registered, and earn from then on.</p>
            <Choice
                label="To how many"
                value={to}
                options={[
                    { value: 'one', label: 'One person' },
                    { value: 'many', label: 'Many, from a table', hint: 'All on the same schedule. What the table names and exists already is not made again.' },
                ]}
                onChange={setTo}
            />
            {to === 'one' ? (
                <>
                    <AddressField label="To wallet" value={recipient} onChange={setRecipient} />
                    <AmountField
                        label="Shares"
                        value={text}
                        onChange={setText}
                        decimals={security.decimals}
                        symbol={share.symbol}
                        most={free}
                        mostLabel="Free to promise:"
                    />
                </>
            ) : (
                <TextArea
                    label="Wallets and shares, one a line"
                    value={manyText}
                    onChange={setManyText}
                    problem={tableProblem}
                    hint={
                        table && tableProblem === null ? (
                            <>
                                {table.rows.length} grants, together <Amount atoms={total} decimals={security.decimals} symbol={share.symbol} /> of{' '}
                                {formatAmount(free, security.decimals)} that are free.
                            </>
                        ) : (
                            'As a spreadsheet copies it: the wallet, then the shares, like 1000.25'
                        )
                    }
                />
            )}
            <TextField
                label="Start (UTC)"
                type="datetime-local"
                value={start}
                onChange={setStart}
                hint={
                    earliest !== undefined && (
                        <>
                            While others hold shares, not before {timeField(earliest).replace('T', ' ')}.{' '}
                            <button type="button" className="link" onClick={fill}>
                                Start then, over one year
                            </button>
                        </>
                    )
                }
            />
            <TextField label="Nothing before (UTC)" type="datetime-local" value={cliff} onChange={setCliff} hint="The cliff; the start if left empty" />
            <TextField
                label="All vested (UTC)"
                type="datetime-local"
                value={end}
                onChange={setEnd}
                problem={start !== '' && end !== '' && !ordered ? 'Start, cliff and end must follow each other' : null}
            />
            <Choice
                label="What decides"
                value={condition}
                options={[
                    { value: 'time', label: 'Time alone' },
                    { value: 'milestone', label: 'Somebody approves a milestone', hint: 'Nothing vests before; without it the promise ends' },
                ]}
                onChange={setCondition}
            />
            {condition === 'milestone' && (
                <>
                    <AddressField label="Who approves" value={approver} onChange={setApprover} />
                    <TextField label="Before (UTC)" type="datetime-local" value={deadline} onChange={setDeadline} />
                </>
            )}
            <Choice
                label="Can you stop it?"
                value={revocable}
                options={[
                    { value: 'yes', label: 'Yes, what has not vested' },
                    { value: 'no', label: 'No, never' },
                ]}
                onChange={setRevocable}
            />
        </ActionForm>
    );
}
