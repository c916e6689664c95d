/** Rounds: shares sold at one price, and what becomes of the money. */
import type { Address } from '@solana/kit';
import { formatAmount, formatBps } from '../../amounts';
import { ataOf, MEMO, roundOf, subscriptionOf, vaultOf } from '../../chain/addresses';
import type { At, Round, Security, Subscription } from '../../chain/accounts';
import { costOf } from '../../chain/rounds';
import {
    getCancelRoundInstruction,
    getCloseRoundInstruction,
    getCreateRoundInstruction,
    getInviteInstruction,
    getReleaseRunwayInstruction,
    getSettleSubscriptionInstruction,
    getSubscribeInstruction,
    getUninviteInstruction,
    getWithdrawRefundInstruction,
    getWithdrawSubscriptionInstruction,
} from '../../generated/instructions';
import { formatDuration, formatTime } from '../../time';
import { MAX_BYTES, sizeOf } from '../message';
import type { Plan, Step } from '../plan';
import { holderKeys, payoutAccountOf, payoutProgramOf, securityAccounts, signerOf, tail } from './keys';
import { createAta } from './token';

export type RoundTerms = {
    id: bigint;
    price: bigint;
    forSale: bigint;
    minimum: bigint;
    opensTs: bigint;
    commitTs: bigint;
    closesTs: bigint;
    runwaySeconds: bigint;
    backingBps: number;
    invited: boolean;
};
/** What plans about a round need to know of its security. */
export type Offer = { security: At<Security>; symbol: string; payoutSymbol: string };

const money = ({ security, payoutSymbol }: Offer, atoms: bigint) => `${formatAmount(atoms, security.payoutDecimals)} ${payoutSymbol}`;
const shares = ({ security, symbol }: Offer, atoms: bigint) => `${formatAmount(atoms, security.decimals)} ${symbol}`;

/** Accounts that move the round's money. */
const moneyAccounts = (security: At<Security>, round: At<Round>) => ({
    security: security.address,
    round: round.address,
    roundAccount: round.tokenAccount,
    payoutMint: security.payoutMint,
    payoutTokenProgram: payoutProgramOf(security),
    memoProgram: MEMO,
});

export async function createRoundPlan(wallet: Address, offer: Offer, terms: RoundTerms): Promise<Plan> {
    const { security } = offer;
    const signer = signerOf(wallet);
    const round = await roundOf(security.address, terms.id);
    const instruction = getCreateRoundInstruction({
        payer: signer,
        issuer: signer,
        ...securityAccounts(security),
        issuerPosition: (await holderKeys(security.address, wallet)).position,
        round,
        roundAccount: await ataOf(round, security.payoutMint, payoutProgramOf(security)),
        ...(terms.backingBps > 0 ? { vault: await vaultOf(security.address, security.payoutMint) } : {}),
        payoutMint: security.payoutMint,
        payoutTokenProgram: payoutProgramOf(security),
        ...(await tail()),
        ...terms,
    });
    return {
        title: `Sell ${offer.symbol} in a round`,
        notes: [
            `${shares(offer, terms.forSale)} at ${money(offer, terms.price)} a share${terms.invited ? ', to those you invite' : ', to anybody'}.`,
            `If fewer than ${shares(offer, terms.minimum)} are sold, everybody gets their money back.`,
            `You can call it off until ${formatTime(terms.commitTs)}.`,
        ],
        irreversible: [
            `It takes money from ${formatTime(terms.opensTs)} to ${formatTime(terms.closesTs)}.`,
            `${formatBps(terms.backingBps)} of the money becomes backing; the rest reaches you over ${formatDuration(terms.runwaySeconds)}.`,
        ],
        steps: [{ title: 'Announce', instructions: [instruction] }],
        mints: [security.payoutMint],
    };
}

export async function subscribePlan(wallet: Address, offer: Offer, round: At<Round>, wanted: bigint): Promise<Plan> {
    const { security } = offer;
    const signer = signerOf(wallet);
    const instruction = getSubscribeInstruction({
        payer: signer,
        investor: signer,
        ...moneyAccounts(security, round),
        subscription: await subscriptionOf(round.address, wallet),
        source: await payoutAccountOf(security, wallet),
        ...(await tail()),
        wanted,
    });
    return {
        title: `Subscribe for ${offer.symbol}`,
        notes: [
            `You want ${shares(offer, wanted)} and have ${money(offer, costOf(round, wanted))} in the round for it; a change pays or returns the difference.`,
            'If more is wanted than is for sale, everybody gets the same part, and the rest of their money back.',
            `Until ${formatTime(round.commitTs)} you can want less, or nothing.`,
        ],
        irreversible: [`From ${formatTime(round.commitTs)} on your subscription binds you.`],
        steps: [{ title: 'Subscribe', instructions: [instruction] }],
        mints: [security.payoutMint],
    };
}

export async function withdrawSubscriptionPlan(
    wallet: Address,
    offer: Offer,
    round: At<Round>,
    subscription: At<Subscription>,
): Promise<Plan> {
    const { security } = offer;
    const instruction = getWithdrawSubscriptionInstruction({
        investor: signerOf(wallet),
        ...moneyAccounts(security, round),
        subscription: subscription.address,
        rentPayer: subscription.rentPayer,
        receiver: await payoutAccountOf(security, wallet),
        ...(await tail()),
    });
    return {
        title: `Leave the round of ${offer.symbol}`,
        notes: [`You get all of ${money(offer, subscription.paidAtoms)} back.`],
        steps: [{ title: 'Leave', instructions: [await createPayoutAccount(wallet, security, wallet), instruction] }],
        mints: [security.payoutMint],
    };
}

const createPayoutAccount = (payer: Address, security: Security, owner: Address) =>
    createAta(payer, owner, security.payoutMint, payoutProgramOf(security));

export async function invitePlan(wallet: Address, offer: Offer, round: At<Round>, investor: Address, cap: bigint): Promise<Plan> {
    const signer = signerOf(wallet);
    const instruction = getInviteInstruction({
        payer: signer,
        issuer: signer,
        security: round.security,
        round: round.address,
        investor,
        subscription: await subscriptionOf(round.address, investor),
        ...(await tail()),
        cap,
    });
    return {
        title: `Invite to the round of ${offer.symbol}`,
        notes: [`${investor} may want at most ${shares(offer, cap)}.`],
        steps: [{ title: 'Invite', instructions: [instruction] }],
    };
}

export async function uninvitePlan(wallet: Address, offer: Offer, round: At<Round>, subscription: At<Subscription>): Promise<Plan> {
    const instruction = getUninviteInstruction({
        issuer: signerOf(wallet),
        security: round.security,
        round: round.address,
        subscription: subscription.address,
        rentPayer: subscription.rentPayer,
        ...(await tail()),
    });
    return {
        title: `Take back an invitation to ${offer.symbol}`,
        notes: [`${subscription.investor} may no longer subscribe.`],
        steps: [{ title: 'Take back', instructions: [instruction] }],
    };
}

export async function cancelRoundPlan(wallet: Address, offer: Offer, round: At<Round>): Promise<Plan> {
    const instruction = getCancelRoundInstruction({
        issuer: signerOf(wallet),
        security: round.security,
        round: round.address,
        ...(await tail()),
    });
    return {
        title: `Call the round of ${offer.symbol} off`,
        notes: ['Everybody gets all of their money back.'],
        irreversible: ['A round that was called off does not go on.'],
        steps: [{ title: 'Call off', instructions: [instruction] }],
    };
}

export async function closeRoundPlan(offer: Offer, round: At<Round>): Promise<Plan> {
    const instruction = getCloseRoundInstruction({ security: round.security, round: round.address, ...(await tail()) });
    return {
        title: `Decide the round of ${offer.symbol}`,
        notes: ['Its time is over: whether it sells is counted now. Anybody may do this.'],
        steps: [{ title: 'Decide', instructions: [instruction] }],
    };
}

async function settleInstructions(wallet: Address, security: At<Security>, round: At<Round>, subscription: At<Subscription>) {
    const { investor, refundAccount, rentPayer } = subscription;
    return getSettleSubscriptionInstruction({
        payer: signerOf(wallet),
        investor,
        ...moneyAccounts(security, round),
        mint: security.mint,
        subscription: subscription.address,
        rentPayer,
        refundAccount,
        ...(await holderKeys(security.address, investor)),
        ...(await tail()),
    });
}

/** Gives everybody in `subscriptions` their shares and refunds, as many in one transaction as fit. */
export async function settlePlan(
    wallet: Address,
    offer: Offer,
    round: At<Round>,
    subscriptions: readonly At<Subscription>[],
): Promise<Plan> {
    const instructions = await Promise.all(subscriptions.map((each) => settleInstructions(wallet, offer.security, round, each)));
    const steps: { instructions: typeof instructions }[] = [];
    for (const instruction of instructions) {
        const last = steps.at(-1);
        if (last && sizeOf(wallet, [...last.instructions, instruction]) <= MAX_BYTES) last.instructions.push(instruction);
        else steps.push({ instructions: [instruction] });
    }
    return {
        title: `Settle the round of ${offer.symbol}`,
        notes: [
            subscriptions.length === 1 && subscriptions[0]!.investor === wallet
                ? 'You get your shares, registered, and what is left of your money.'
                : `${subscriptions.length} investors get their shares, registered, and what is left of their money.`,
            'Anybody may do this for anybody; what nobody can receive now waits for its investor.',
        ],
        steps: steps.map((step, i): Step => ({ title: `Settle ${i + 1} of ${steps.length}`, instructions: step.instructions })),
        mints: [offer.security.payoutMint],
    };
}

export async function withdrawRefundPlan(
    wallet: Address,
    offer: Offer,
    round: At<Round>,
    subscription: At<Subscription>,
): Promise<Plan> {
    const { security } = offer;
    const instruction = getWithdrawRefundInstruction({
        investor: signerOf(wallet),
        ...moneyAccounts(security, round),
        subscription: subscription.address,
        rentPayer: subscription.rentPayer,
        receiver: await payoutAccountOf(security, wallet),
        ...(await tail()),
    });
    return {
        title: `Fetch your refund of ${offer.symbol}`,
        notes: [`${money(offer, subscription.refundAtoms)} wait for you.`],
        steps: [{ title: 'Fetch', instructions: [await createPayoutAccount(wallet, security, wallet), instruction] }],
        mints: [security.payoutMint],
    };
}

export async function releaseRunwayPlan(wallet: Address, offer: Offer, round: At<Round>): Promise<Plan> {
    const { security } = offer;
    const vault = await vaultOf(security.address, security.payoutMint);
    const backed =
        round.backingBps > 0 ? { vault, vaultAccount: await ataOf(vault, security.payoutMint, payoutProgramOf(security)) } : {};
    const instruction = getReleaseRunwayInstruction({
        issuer: security.issuer,
        ...moneyAccounts(security, round),
        issuerAccount: await payoutAccountOf(security, security.issuer),
        ...backed,
        ...(await tail()),
    });
    return {
        title: `Release what has come free of the round of ${offer.symbol}`,
        notes: ['The issuer\u2019s part goes to the issuer, the backing\u2019s part to the vault. Anybody may do this.'],
        steps: [{ title: 'Release', instructions: [await createPayoutAccount(wallet, security, security.issuer), instruction] }],
        mints: [security.payoutMint],
    };
}
