/** Redeeming: asset by asset what arrives, what is blocked and why; begun tickets go on here. */
import { useState } from 'react';
import type { Address } from '@solana/kit';
import { ticketsOf, type At, type Redemption } from '../../chain/accounts';
import { readClock, timeNow } from '../../chain/clock';
import { arrives, isFree, quoteRedemption, type Leg, type Quote } from '../../chain/redemption';
import { multiplierAt } from '../../chain/mints';
import { claimable } from '../../chain/quotes';
import { formatAmount, parsePercent } from '../../amounts';
import { formatTime, NEVER } from '../../time';
import { freeId, redemptionPlan } from '../../transactions/plans/redemption';
import { ActionForm } from '../../ui/action-form';
import { AmountField, amountIn, TextField } from '../../ui/fields';
import { useNow, useQuery } from '../../ui/hooks';
import { Card, Empty, Loaded, Notice } from '../../ui/parts';
import { Amount } from '../../ui/text';
import type { ActionProps } from './page';
import { usePosition } from './use-own';

type LegsProps = { quote: Quote; later: ReadonlySet<Address>; onLater: (asset: Address, isLater: boolean) => void; now: bigint | undefined };

function LegView({ leg, isLater, onLater, now }: { leg: Leg; isLater: boolean; onLater: (isLater: boolean) => void; now: bigint | undefined }) {
    const multiplier = leg.mint && now !== undefined ? multiplierAt(leg.mint, now) : 1;
    const amount = (atoms: bigint) => <Amount atoms={atoms} decimals={leg.vault.decimals} symbol={leg.symbol} multiplier={multiplier} />;
    return (
        <li className={isFree(leg) ? 'leg' : 'leg blocked'}>
            <label>
                <input type="checkbox" checked={isFree(leg) && !isLater} disabled={!isFree(leg)} onChange={(event) => onLater(!event.target.checked)} />
                <span>
                    {amount(arrives(leg))} {leg.receiverMissing && <small>to a new account</small>}
                </span>
            </label>
            {leg.fee > 0n && (
                <p className="hint">
                    {amount(leg.part)} leaves the vault; its issuer withholds {amount(leg.fee)}.
                </p>
            )}
            {leg.blocks.map((block) => (
                <p key={block} className="problem">
                    Blocked now: {block}. The others do not wait for it.
                </p>
            ))}
            {leg.part === 0n && isFree(leg) && <p className="hint">The vault holds nothing for this many shares.</p>}
        </li>
    );
}

function Legs({ quote, later, onLater, now }: LegsProps) {
    if (quote.legs.length === 0) return <Empty>No vault is in reach: the shares would be given up for nothing.</Empty>;
    return (
        <fieldset className="legs">
            <legend>What arrives now; take the tick away to leave an asset for later</legend>
            <ul>
                {quote.legs.map((leg) => (
                    <LegView
                        key={leg.vault.address}
                        leg={leg}
                        isLater={later.has(leg.vault.assetMint)}
                        onLater={(isLater) => onLater(leg.vault.assetMint, isLater)}
                        now={now}
                    />
                ))}
            </ul>
        </fieldset>
    );
}

function useLater() {
    const [later, setLater] = useState<ReadonlySet<Address>>(new Set());
    const change = (asset: Address, isLater: boolean) => {
        const next = new Set(later);
        if (isLater) next.add(asset);
        else next.delete(asset);
        setLater(next);
    };
    return [later, change] as const;
}

function useTolerance() {
    const [text, setText] = useState('1');
    const parsed = parsePercent(text);
    const field = (
        <TextField
            label="Least that may arrive, percent less than shown"
            value={text}
            onChange={setText}
            problem={'problem' in parsed ? parsed.problem : null}
        />
    );
    return [parsed, field] as const;
}

/** A redemption that was begun: what is left of it. */
function Ticket({ ticket, ...props }: ActionProps & { ticket: At<Redemption> }) {
    const { security, share } = props.view;
    const now = useNow();
    const [later, onLater] = useLater();
    const [tolerance, field] = useTolerance();
    const query = useQuery(`ticket/${ticket.address}`, async () =>
        quoteRedemption(security.address, props.wallet, ticket.sharesAtoms, ticket, await readClock()),
    );
    const isWorth = (quote: Quote) => quote.legs.length === 0 || quote.legs.some((leg) => isFree(leg) && !later.has(leg.vault.assetMint));
    return (
        <Card title={`Begun: ${formatAmount(ticket.sharesAtoms, security.decimals)} ${share.symbol}`}>
            <Loaded query={query} what="what is left">
                {(quote) => (
                    <ActionForm
                        label={quote.legs.length === 0 ? 'Close the ticket' : 'Review what to collect'}
                        build={
                            'bps' in tolerance && isWorth(quote)
                                ? () =>
                                      redemptionPlan(quote, share.symbol, {
                                          id: ticket.id,
                                          position: null,
                                          owed: 0n,
                                          later,
                                          toleranceBps: tolerance.bps,
                                      })
                                : null
                        }
                    >
                        {quote.legs.length === 0 ? <p>Everything is collected.</p> : <Legs quote={quote} later={later} onLater={onLater} now={now} />}
                        {quote.legs.length > 0 && field}
                    </ActionForm>
                )}
            </Loaded>
        </Card>
    );
}

function Begin({ tickets, ...props }: ActionProps & { tickets: readonly At<Redemption>[] }) {
    const { view, wallet } = props;
    const { security, share } = view;
    const now = useNow();
    const position = usePosition(view, wallet);
    const [text, setText] = useState('');
    const [later, onLater] = useLater();
    const [tolerance, field] = useTolerance();
    const most = position === undefined ? undefined : (position?.sharesAtoms ?? 0n);
    const { atoms } = amountIn(text, security.decimals, most);
    const query = useQuery(atoms ? `quote/${security.address}/${wallet}/${atoms}` : null, async () =>
        quoteRedemption(security.address, wallet, atoms!, null, await readClock()),
    );
    if (security.redeemAfterTs === NEVER) return <Notice>The issuer has not opened redemption. It can be opened one day, and then never closed again.</Notice>;
    if (now !== undefined && now < security.redeemAfterTs) {
        return <Notice>Shares can be redeemed from {formatTime(security.redeemAfterTs)} on. The issuer can open this earlier, never later.</Notice>;
    }
    const quote = atoms ? query.data : undefined;
    const build = async () => {
        const owed = position ? (claimable(security, position, timeNow(await readClock())) ?? 0n) : 0n;
        return redemptionPlan(quote!, share.symbol, {
            id: freeId(tickets),
            position: position ?? null,
            owed,
            later,
            toleranceBps: 'bps' in tolerance ? tolerance.bps : 0,
        });
    };
    return (
        <ActionForm build={quote && 'bps' in tolerance ? build : null}>
            <p>You give shares up for ever and get their part of every vault, in kind. What they have earned is claimed first.</p>
            <AmountField label="Registered shares" value={text} onChange={setText} decimals={security.decimals} symbol={share.symbol} most={most} />
            {atoms !== undefined && <Loaded query={query} what="what they redeem for">{(loaded) => <Legs quote={loaded} later={later} onLater={onLater} now={now} />}</Loaded>}
            {field}
        </ActionForm>
    );
}

export default function Redeem(props: ActionProps) {
    const { security } = props.view;
    const tickets = useQuery(`tickets/${security.address}/${props.wallet}`, () => ticketsOf(security.address, props.wallet));
    return (
        <Loaded query={tickets} what="your redemptions">
            {(open) => (
                <>
                    {open.map((ticket) => (
                        <Ticket key={ticket.address} ticket={ticket} {...props} />
                    ))}
                    {/* After a redemption the form begins anew. */}
                    <Begin key={open.map((ticket) => ticket.address).join()} {...props} tickets={open} />
                </>
            )}
        </Loaded>
    );
}
