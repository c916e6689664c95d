/** The three steps of creating a security. */
import type { Address } from '@solana/kit';
import { formatAmount } from '../../amounts';
import { KINDS } from '../../chain/accounts';
import type { Mint } from '../../chain/mints';
import { nameMint, symbolIn, type Named } from '../../chain/names';
import { shortAddress, visible } from '../../display';
import { timeField } from '../../time';
import { irreversibleTerms } from '../../transactions/plans/create';
import { AddressField, Choice, TextField } from '../../ui/fields';
import type { Query } from '../../ui/hooks';
import { Card } from '../../ui/parts';
import { Amount } from '../../ui/text';
import { draftOf, type Form } from './form';

type StepProps = { form: Form; change: (part: Partial<Form>) => void };

export function WhatStep({ form, change }: StepProps) {
    return (
        <>
            <Choice
                label="It stands for"
                value={form.kind}
                options={[
                    { value: '1', label: 'You: everything you will ever do', hint: 'Your personal token. A wallet issues one, ever.' },
                    { value: '0', label: 'An expression', hint: 'One company, song, paper, film or product.' },
                    { value: '2', label: 'A collective', hint: 'People who rise together: a school, a village, a cohort.' },
                ]}
                onChange={(kind) => change({ kind })}
            />
            <TextField label="Name" value={form.name} onChange={(name) => change({ name })} placeholder="Alice, everything she will do" />
            <TextField label="Symbol" value={form.symbol} onChange={(symbol) => change({ symbol })} placeholder="ALICE" />
            <TextField
                label="Address of a document about it"
                value={form.uri}
                onChange={(uri) => change({ uri })}
                hint="JSON with name, symbol and image, as wallets read it. You can leave it empty and change it later."
            />
        </>
    );
}

type TermsProps = StepProps & {
    payout: Query<Mint>;
    payouts: { mints: Address[]; names: ReadonlyMap<Address, Named> } | undefined;
    now: bigint | undefined;
};

export function TermsStep({ form, change, payout, payouts, now }: TermsProps) {
    return (
        <>
            <TextField
                label="Most shares that can ever exist"
                value={form.authorised}
                onChange={(authorised) => change({ authorised })}
                hint="Can be lowered later, never raised"
            />
            <TextField label="First shares, to you" value={form.initial} onChange={(initial) => change({ initial })} hint="The rest can be granted or sold" />
            <TextField label="Decimals of a share" value={form.decimals} onChange={(decimals) => change({ decimals })} />
            <AddressField
                label="Mint that holders are paid in"
                value={form.payoutMint}
                onChange={(payoutMint) => change({ payoutMint })}
                hint={payout.data ? <>It calls itself <bdi>{nameMint(payout.data).name}</bdi> (<bdi>{nameMint(payout.data).symbol}</bdi>): anybody can write that, so compare the address.</> : 'A dollar token, for example'}
            />
            {payouts && payouts.mints.length > 0 && (
                <fieldset className="suggestions">
                    <legend>Others here are paid in</legend>
                    {payouts.mints.map((mint) => (
                        <button key={mint} type="button" className="small secondary" onClick={() => change({ payoutMint: mint })}>
                            {symbolIn(payouts.names, mint)} <code>{shortAddress(mint)}</code>
                        </button>
                    ))}
                </fieldset>
            )}
            <TextField
                label="Money drips over, days"
                value={form.dripDays}
                onChange={(dripDays) => change({ dripDays })}
                hint="So that nobody gains by holding for a moment"
            />
            <TextField label="Notice of grants and rounds, days" value={form.noticeDays} onChange={(noticeDays) => change({ noticeDays })} />
            <Choice
                label="Who may hold it"
                value={form.policy}
                options={[
                    { value: '0', label: 'Open', hint: 'Holders may turn shares into ordinary tokens and back.' },
                    { value: '1', label: 'Curated', hint: 'You approve who may receive shares; there is no bearer form.' },
                ]}
                onChange={(policy) => change({ policy })}
            />
            <Choice
                label="Redemption for the backing"
                value={form.redeem}
                options={[
                    { value: 'never', label: 'Not until you open it' },
                    { value: 'from', label: 'From a time on' },
                ]}
                onChange={(redeem) => change({ redeem, ...(form.redeemFrom === '' && now !== undefined ? { redeemFrom: timeField(now) } : {}) })}
            />
            {form.redeem === 'from' && (
                <TextField label="From (UTC)" type="datetime-local" value={form.redeemFrom} onChange={(redeemFrom) => change({ redeemFrom })} />
            )}
            <TextField
                label="SHA-256 of an agreement"
                value={form.agreement}
                onChange={(agreement) => change({ agreement })}
                hint="Stored and shown, never interpreted. Empty for none."
                mono
            />
        </>
    );
}

/** How wallets will show it, and what can never change. */
export function LookStep({ form, payout, issuer }: { form: Form; payout: Mint; issuer: Address | undefined }) {
    const draft = draftOf(form, 0);
    const { symbol } = nameMint(payout);
    return (
        <>
            <div className="token-card" aria-label="How wallets will show it" role="group">
                <span className="token-image" aria-hidden="true">
                    {[...visible(draft.symbol, 16)].slice(0, 2).join('')}
                </span>
                <div>
                    <p className="token-name">
                        <bdi>{visible(draft.name)}</bdi>
                    </p>
                    <p>
                        <bdi>{visible(draft.symbol, 16)}</bdi> · {KINDS[draft.kind]}
                    </p>
                </div>
                <p className="figure">
                    <Amount atoms={draft.initialShares} decimals={draft.decimals} symbol="" />
                </p>
            </div>
            <p>
                {formatAmount(draft.initialShares, draft.decimals)} shares go to {issuer ?? 'the wallet that you connect'}, registered: they earn
                from the start, and the wallet shows them as frozen.
            </p>
            <Card title="This can never change">
                <ul className="sentences">
                    {irreversibleTerms(draft, symbol).map((sentence) => (
                        <li key={sentence}>{sentence}</li>
                    ))}
                </ul>
            </Card>
        </>
    );
}
