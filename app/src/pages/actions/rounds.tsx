/** Taking part in rounds: subscribing, leaving, settling, refunds, releasing; for the issuer inviting and calling off. */
import { useState } from 'react';
import { isAddress, type Address } from '@solana/kit';
import { roundsOfSecurity, subscriptionsOfRound, type At, type Round, type Subscription } from '../../chain/accounts';
import { allocationOf, capOf, costOf, isInvited, phaseOf, runwayDue, takesSubscriptions } from '../../chain/rounds';
import type { View } from '../../chain/view';
import { formatAmount } from '../../amounts';
import { payoutProgramOf } from '../../transactions/plans/keys';
import * as plans from '../../transactions/plans/rounds';
import { ActionForm } from '../../ui/action-form';
import { AddressField, AmountField, amountIn } from '../../ui/fields';
import { useNow, useQuery } from '../../ui/hooks';
import { Card, Empty, Facts, Loaded } from '../../ui/parts';
import { RoundCard } from '../../ui/round-card';
import { Amount } from '../../ui/text';
import type { ActionProps } from './page';
import { useBalance } from './use-own';

type RoundProps = ActionProps & { round: At<Round>; subscriptions: readonly At<Subscription>[]; now: bigint };

export const offerOf = ({ security, share, payout }: View): plans.Offer => ({ security, symbol: share.symbol, payoutSymbol: payout.symbol });

function Subscribe({ view, wallet, round, own }: RoundProps & { own: At<Subscription> | null }) {
    const { security, share, payout } = view;
    const [text, setText] = useState('');
    const balance = useBalance(wallet, security.payoutMint, payoutProgramOf(security));
    const cap = capOf(round, own);
    const { atoms } = amountIn(text, security.decimals, cap);
    const more = atoms === undefined ? undefined : costOf(round, atoms) - (own?.paidAtoms ?? 0n);
    const isAffordable = more === undefined || balance === undefined || more <= balance;
    if (isInvited(round) && cap === 0n) return <p>This round is for those whom the issuer has invited.</p>;
    return (
        <ActionForm build={atoms && isAffordable ? () => plans.subscribePlan(wallet, offerOf(view), round, atoms) : null}>
            <AmountField
                label={own && own.wantedAtoms > 0n ? 'You want instead' : 'You want'}
                value={text}
                onChange={setText}
                decimals={security.decimals}
                symbol={share.symbol}
                most={cap}
                mostLabel={isInvited(round) ? 'You are invited for' : 'For sale:'}
            />
            {more !== undefined && more !== 0n && (
                <p>
                    {more > 0n ? 'You pay ' : 'You get back '}
                    <Amount atoms={more > 0n ? more : -more} decimals={security.payoutDecimals} symbol={payout.symbol} />
                    {balance !== undefined && more > 0n && `, and have ${formatAmount(balance, security.payoutDecimals)}`}.
                </p>
            )}
            {!isAffordable && <p className="problem">This costs more than you have.</p>}
        </ActionForm>
    );
}

/** What the wallet has in the round. */
function Own({ view, round, own }: RoundProps & { own: At<Subscription> }) {
    const { security, share, payout } = view;
    const shares = (atoms: bigint) => <Amount atoms={atoms} decimals={security.decimals} symbol={share.symbol} />;
    const money = (atoms: bigint) => <Amount atoms={atoms} decimals={security.payoutDecimals} symbol={payout.symbol} />;
    return (
        <Facts
            items={[
                ['You want', shares(own.wantedAtoms)],
                ['You have paid', money(own.paidAtoms)],
                own.settled === 1
                    ? ['Waits for you', money(own.refundAtoms)]
                    : ['You would get now', shares(allocationOf(round, own.wantedAtoms))],
            ]}
        />
    );
}

function Invite({ view, wallet, round, subscriptions }: RoundProps) {
    const { security, share } = view;
    const [investor, setInvestor] = useState('');
    const [text, setText] = useState('');
    const { atoms } = amountIn(text, security.decimals, round.forSaleAtoms);
    const ready = atoms !== undefined && isAddress(investor.trim());
    return (
        <>
            <ActionForm
                label="Review the invitation"
                build={ready ? () => plans.invitePlan(wallet, offerOf(view), round, investor.trim() as Address, atoms) : null}
            >
                <AddressField label="Invite wallet" value={investor} onChange={setInvestor} />
                <AmountField
                    label="For at most"
                    value={text}
                    onChange={setText}
                    decimals={security.decimals}
                    symbol={share.symbol}
                    most={round.forSaleAtoms}
                    mostLabel="For sale:"
                />
            </ActionForm>
            {subscriptions
                .filter((each) => each.wantedAtoms === 0n)
                .map((each) => (
                    <ActionForm
                        key={each.address}
                        label="Take the invitation back"
                        build={() => plans.uninvitePlan(wallet, offerOf(view), round, each)}
                    >
                        <p>
                            Invited: <code>{each.investor}</code>
                        </p>
                    </ActionForm>
                ))}
        </>
    );
}

function RoundActions(props: RoundProps) {
    const { view, wallet, round, subscriptions, now } = props;
    const { security } = view;
    const offer = offerOf(view);
    const phase = phaseOf(round, now);
    const own = subscriptions.find((each) => each.investor === wallet) ?? null;
    const open = subscriptions.filter((each) => each.settled === 0 && each.wantedAtoms > 0n);
    const due = runwayDue(round, now);
    const isDecided = phase === 'succeeded' || phase === 'failed' || phase === 'cancelled';
    const isIssuer = wallet === security.issuer;
    return (
        <RoundCard round={round} view={view} now={now}>
            {own && <Own {...props} own={own} />}
            {takesSubscriptions(phase) && <Subscribe {...props} own={own} />}
            {own && own.wantedAtoms > 0n && phase === 'takes' && (
                <ActionForm quiet label="Leave the round" build={() => plans.withdrawSubscriptionPlan(wallet, offer, round, own)} />
            )}
            {phase === 'undecided' && <ActionForm label="Decide it" build={() => plans.closeRoundPlan(offer, round)} />}
            {isDecided && own && own.settled === 0 && own.wantedAtoms > 0n && (
                <ActionForm label="Get your shares and refund" build={() => plans.settlePlan(wallet, offer, round, [own])} />
            )}
            {isDecided && open.length > (own && own.settled === 0 ? 1 : 0) && (
                <ActionForm label={`Settle for all ${open.length}`} build={() => plans.settlePlan(wallet, offer, round, open)} />
            )}
            {own && own.settled === 1 && own.refundAtoms > 0n && (
                <ActionForm label="Fetch your refund" build={() => plans.withdrawRefundPlan(wallet, offer, round, own)} />
            )}
            {due.backing + due.issuer > 0n && (
                <ActionForm label="Release what has come free" build={() => plans.releaseRunwayPlan(wallet, offer, round)}>
                    <p>
                        <Amount atoms={due.issuer} decimals={security.payoutDecimals} symbol={view.payout.symbol} /> for the issuer,{' '}
                        <Amount atoms={due.backing} decimals={security.payoutDecimals} symbol={view.payout.symbol} /> for the backing.
                    </p>
                </ActionForm>
            )}
            {isIssuer && isInvited(round) && !isDecided && phase !== 'undecided' && <Invite {...props} />}
            {isIssuer && (phase === 'announced' || phase === 'takes') && (
                <ActionForm quiet label="Call it off" build={() => plans.cancelRoundPlan(wallet, offer, round)} />
            )}
        </RoundCard>
    );
}

export default function Rounds(props: ActionProps) {
    const { security } = props.view;
    const now = useNow();
    const query = useQuery(`rounds-with-subscriptions/${security.address}`, async () => {
        const rounds = await roundsOfSecurity(security.address);
        return Promise.all(rounds.map(async (round) => ({ round, subscriptions: await subscriptionsOfRound(round.address) })));
    });
    return (
        <Loaded query={query} what="the rounds">
            {(rounds) => {
                if (rounds.length === 0) return <Empty>No round was announced.</Empty>;
                if (now === undefined) return null;
                return (
                    <Card title="Rounds">
                        {rounds.map((each) => (
                            <RoundActions key={each.round.address} {...props} {...each} now={now} />
                        ))}
                    </Card>
                );
            }}
        </Loaded>
    );
}
