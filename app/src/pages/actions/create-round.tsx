/** Announcing a round. */
import { useState } from 'react';
import { formatAmount, parseAmount, parsePercent } from '../../amounts';
import { roundsOfSecurity } from '../../chain/accounts';
import { cost, MathError, MIN_AUTHORISED } from '../../math';
import { parseTimeField, timeField } from '../../time';
import { createRoundPlan, type RoundTerms } from '../../transactions/plans/rounds';
import { freeId } from '../../transactions/plans/redemption';
import { ActionForm } from '../../ui/action-form';
import { AmountField, amountIn, Choice, TextField } from '../../ui/fields';
import { useNow } from '../../ui/hooks';
import { Amount } from '../../ui/text';
import type { ActionProps } from './page';
import { offerOf } from './rounds';

const DAY = 86_400n;
/** Between now and the signature. */
const SLACK = 600n;

const daysProblem = (text: string) => {
    const parsed = parseAmount(text, 0);
    return 'problem' in parsed ? parsed.problem : null;
};

function costOrNull(shares: bigint, price: bigint, decimals: number): bigint | null {
    try {
        return cost(shares, price, decimals);
    } catch (error) {
        if (error instanceof MathError) return null;
        throw error;
    }
}

export default function CreateRound({ view, wallet }: ActionProps) {
    const { security, share, payout } = view;
    const now = useNow();
    const [priceText, setPrice] = useState('');
    const [forSaleText, setForSale] = useState('');
    const [minimumText, setMinimum] = useState('0');
    const [opens, setOpens] = useState('');
    const [commit, setCommit] = useState('');
    const [closes, setCloses] = useState('');
    const [runway, setRunway] = useState('365');
    const [backing, setBacking] = useState('0');
    const [who, setWho] = useState<'public' | 'invited'>('public');
    const free = security.authorisedAtoms - security.issuedAtoms - security.reservedAtoms;
    const price = amountIn(priceText, security.payoutDecimals, null).atoms;
    const forSale = amountIn(forSaleText, security.decimals, free).atoms;
    const minimum = parseAmount(minimumText, security.decimals);
    const [opensTs, commitTs, closesTs] = [opens, commit, closes].map(parseTimeField);
    const isOrdered =
        opensTs != null && commitTs != null && closesTs != null && opensTs <= commitTs && commitTs <= closesTs && opensTs < closesTs && closesTs - commitTs <= 90n * DAY;
    const percent = parsePercent(backing);
    const runwayDays = parseAmount(runway, 0);
    const raises = price !== undefined && forSale !== undefined ? costOrNull(forSale, price, security.decimals) : null;
    const isReady =
        raises !== null && forSale! >= MIN_AUTHORISED && 'atoms' in minimum && minimum.atoms <= forSale! && isOrdered && 'bps' in percent && 'atoms' in runwayDays;
    const fill = () => {
        if (now === undefined) return;
        const start = now + security.noticeSeconds + SLACK;
        setOpens(timeField(start));
        setCommit(timeField(start + 7n * DAY));
        setCloses(timeField(start + 14n * DAY));
    };
    const build = async () => {
        const terms: RoundTerms = {
            id: freeId(await roundsOfSecurity(security.address)),
            price: price!,
            forSale: forSale!,
            minimum: 'atoms' in minimum ? minimum.atoms : 0n,
            opensTs: opensTs!,
            commitTs: commitTs!,
            closesTs: closesTs!,
            runwaySeconds: ('atoms' in runwayDays ? runwayDays.atoms : 0n) * DAY,
            backingBps: 'bps' in percent ? percent.bps : 0,
            invited: who === 'invited',
        };
        return createRoundPlan(wallet, offerOf(view), terms);
    };
    return (
        <ActionForm build={isReady ? build : null}>
            <p>New shares are sold at one price. The money reaches you over a runway; if you never succeed, you owe nobody anything.</p>
            <AmountField label="Shares for sale" value={forSaleText} onChange={setForSale} decimals={security.decimals} symbol={share.symbol} most={free} mostLabel="Free:" />
            <AmountField label="Price of a share" value={priceText} onChange={setPrice} decimals={security.payoutDecimals} symbol={payout.symbol} most={null} />
            {raises !== null && (
                <p>
                    Sold in full it raises <Amount atoms={raises} decimals={security.payoutDecimals} symbol={payout.symbol} />.
                </p>
            )}
            <TextField
                label={`At least to sell (${share.symbol})`}
                value={minimumText}
                onChange={setMinimum}
                hint="If less is wanted, everybody gets their money back"
                problem={'problem' in minimum ? minimum.problem : forSale !== undefined && minimum.atoms > forSale ? `At most ${formatAmount(forSale, security.decimals)}` : null}
            />
            <TextField
                label="Opens (UTC)"
                type="datetime-local"
                value={opens}
                onChange={setOpens}
                hint={
                    <>
                        While others hold shares, after the notice.{' '}
                        <button type="button" className="link" onClick={fill}>
                            Then, for two weeks
                        </button>
                    </>
                }
            />
            <TextField label="Binds from (UTC)" type="datetime-local" value={commit} onChange={setCommit} hint="Until then investors may leave, and you may call it off" />
            <TextField
                label="Closes (UTC)"
                type="datetime-local"
                value={closes}
                onChange={setCloses}
                problem={opens !== '' && commit !== '' && closes !== '' && !isOrdered ? 'Opening, binding and closing must follow each other, binding for at most 90 days' : null}
            />
            <TextField label="Money reaches you over, days" value={runway} onChange={setRunway} problem={daysProblem(runway)} />
            <TextField
                label="Part that becomes backing, percent"
                value={backing}
                onChange={setBacking}
                hint={`Above 0 it needs an open vault for ${payout.symbol}`}
                problem={'problem' in percent ? percent.problem : null}
            />
            <Choice
                label="Who may buy"
                value={who}
                options={[
                    { value: 'public', label: 'Anybody' },
                    { value: 'invited', label: 'Those you invite, each up to a cap' },
                ]}
                onChange={setWho}
            />
        </ActionForm>
    );
}
