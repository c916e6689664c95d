/** What an event says, as a sentence. Complete: a new event of the program without a sentence does not compile. */
import type { Address } from '@solana/kit';
import { shortAddress, visible } from '../display';
import { formatTime } from '../time';
import { NOBODY } from './addresses';
import type { EventName, ProgramEvent } from './history';

/** How to say amounts: by the security that the event is about. */
export type Words = { shares: (atoms: bigint) => string; money: (atoms: bigint) => string; asset: (mint: Address, atoms: bigint) => string };
type EventOf<N extends EventName> = Extract<ProgramEvent, { name: N }>['event'];
type Sentences = { [N in EventName]: (event: EventOf<N>, words: Words) => string };

const who = shortAddress;

const SENTENCES: Sentences = {
    SecurityCreated: (e) => `${who(e.issuer)} created it as \u201c${visible(e.name)}\u201d.`,
    SharesIssued: (e, w) => `${w.shares(e.amountAtoms)} were issued to ${who(e.holder)}.`,
    CapacityRetired: (e, w) => `Capacity for ${w.shares(e.amountAtoms)} was given up for ever.`,
    RedemptionAdvanced: (e) => `Redemption opens at ${formatTime(e.redeemAfterTs)} now.`,
    IssuerProposed: (e) => (e.pendingIssuer === NOBODY ? 'The handover was withdrawn.' : `${who(e.pendingIssuer)} was proposed as issuer.`),
    IssuerAccepted: (e) => `${who(e.issuer)} became the issuer after ${who(e.previousIssuer)}.`,
    MetadataUpdated: (e) => `Its name is \u201c${visible(e.name)}\u201d (${visible(e.symbol, 16)}) now.`,
    UpdatePosted: (e) => `The issuer told the holders something: ${visible(e.uri, 200)}`,
    HolderApproved: (e) => `${who(e.holder)} was approved as a holder.`,
    ApprovalRemoved: (e) => `${who(e.holder)} is approved no longer.`,
    SharesRegistered: (e, w) => `${who(e.holder)} registered ${w.shares(e.amountAtoms)}.`,
    SharesUnregistered: (e, w) => `${who(e.holder)} unregistered ${w.shares(e.amountAtoms)}.`,
    SharesTransferred: (e, w) => `${who(e.from)} sent ${w.shares(e.amountAtoms)} to ${who(e.to)}.`,
    PayoutAccountSet: (e) => `${who(e.holder)} chose ${who(e.payoutAccount)} for payouts.`,
    PositionClosed: (e) => `${who(e.holder)} closed an empty position.`,
    UpsideDistributed: (e, w) =>
        `${who(e.funder)} paid in ${w.money(e.amountAtoms)}${e.sweptAtoms > 0n ? `, and ${w.money(e.sweptAtoms)} came from the inbox` : ''}.`,
    UpsideClaimed: (e, w) => `${who(e.holder)} was paid ${w.money(e.amountAtoms)}.`,
    VaultOpened: (e) => `A vault for ${who(e.assetMint)} was opened.`,
    UpsideHarvested: (e, w) => `${w.money(e.amountAtoms)} came up from ${who(e.heldSecurity)}, whose shares back this.`,
    SharesDeposited: (e) =>
        e.depositor === NOBODY
            ? `Bearer shares of ${who(e.heldSecurity)} that lay in the backing became registered.`
            : `${who(e.depositor)} put shares of ${who(e.heldSecurity)} into the backing.`,
    BackingHarvested: (e, w) => `${w.asset(e.assetMint, e.amountAtoms)} came up from ${who(e.heldSecurity)} into the backing.`,
    EquityDeposited: (e, w) => `${who(e.depositor)} deposited ${w.asset(e.assetMint, e.arrivedAtoms)}.`,
    SharesRedeemed: (e, w) => `${who(e.holder)} redeemed ${w.shares(e.amountAtoms)}.`,
    AssetCollected: (e, w) => `${who(e.holder)} collected ${w.asset(e.assetMint, e.arrivedAtoms)} from the backing.`,
    RedemptionClosed: (e) => `${who(e.holder)} finished a redemption.`,
    GrantCreated: (e, w) => `${w.shares(e.amountAtoms)} were promised to ${who(e.recipient)}.`,
    GrantClaimed: (e, w) => `${who(e.recipient)} took ${w.shares(e.amountAtoms)} that had vested.`,
    MilestoneApproved: (e) => `${who(e.approver)} approved a milestone of ${who(e.recipient)}.`,
    GrantRevoked: (e, w) => `The issuer stopped a grant to ${who(e.recipient)}; ${w.shares(e.freedAtoms)} are free again.`,
    RoundCreated: (e, w) => `A round was announced: ${w.shares(e.forSaleAtoms)} at ${w.money(e.priceAtoms)} a share.`,
    InvestorInvited: (e, w) => `${who(e.investor)} was invited to a round, for at most ${w.shares(e.capAtoms)}.`,
    InvestorUninvited: (e) => `The invitation of ${who(e.investor)} was taken back.`,
    SharesSubscribed: (e, w) => `${who(e.investor)} wants ${w.shares(e.wantedAtoms)} of a round for ${w.money(e.paidAtoms)}.`,
    SubscriptionWithdrawn: (e, w) => `${who(e.investor)} left a round and got ${w.money(e.amountAtoms)} back.`,
    RoundCancelled: () => 'The issuer called a round off; everybody gets their money back.',
    RoundClosed: (e, w) => `A round was decided${e.freedAtoms > 0n ? `; ${w.shares(e.freedAtoms)} were not sold` : ''}.`,
    SubscriptionSettled: (e, w) =>
        `${who(e.investor)} got ${w.shares(e.allocationAtoms)} for ${w.money(e.costAtoms)}${e.refundAtoms > 0n ? ` and ${w.money(e.refundAtoms)} back` : ''}.`,
    RefundWithdrawn: (e, w) => `${who(e.investor)} fetched a refund of ${w.money(e.amountAtoms)}.`,
    RunwayReleased: (e, w) =>
        `${w.money(e.issuerAtoms)} of a round went to the issuer${e.backingAtoms > 0n ? ` and ${w.money(e.backingAtoms)} to the backing` : ''}.`,
    CollectiveCreated: () => 'Others may apply to join now, all on the same terms.',
    MemberApplied: (e) => `${who(e.memberSecurity)} applied to join.`,
    ApplicationWithdrawn: (e) => `The application of ${who(e.memberSecurity)} was taken back.`,
    MemberAdmitted: (e) => `The issuer consents to ${who(e.memberSecurity)} joining, until ${formatTime(e.expiresTs)}.`,
    AdmissionRevoked: (e) => `The issuer no longer consents to ${who(e.memberSecurity)} joining.`,
    MemberJoined: (e, w) => `${who(e.memberSecurity)} joined, and ${w.shares(e.sharesAtoms)} were promised to it.`,
    GrantClosed: (e) => `A grant to ${who(e.recipient)} ended.`,
};

export const sentenceOf = ({ name, event }: ProgramEvent, words: Words): string =>
    (SENTENCES[name] as (event: unknown, words: Words) => string)(event, words);
