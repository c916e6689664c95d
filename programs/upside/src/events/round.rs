//! Events of rounds.

use anchor_lang::prelude::*;
use upside_derive::Encode;

use super::{PositionTotals, SecurityTotals};
use crate::state::Round;

/// A round after the instruction.
#[derive(AnchorSerialize, AnchorDeserialize, Encode, Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoundTotals {
    /// Number of this event among the round's.
    pub sequence: u64,
    /// [`crate::state::RoundStatus`].
    pub status: u8,
    /// Share atoms wanted by all subscriptions.
    pub total_wanted_atoms: u128,
    /// Subscriptions that want shares and are not settled.
    pub unsettled: u64,
    /// Share atoms still reserved for the round.
    pub reserved_left_atoms: u64,
    /// Payout atoms paid in and not paid out again. The security counts the round as funded while this is above zero.
    pub money_atoms: u64,
    /// Payout atoms of it that belong to settled subscriptions as refunds.
    pub refunds_atoms: u64,
    /// Payout atoms raised so far.
    pub raised_atoms: u64,
    /// Payout atoms of it that became backing.
    pub backed_atoms: u64,
    /// Payout atoms of it that went to the issuer.
    pub released_atoms: u64,
}

impl From<&Round> for RoundTotals {
    #[inline(never)]
    fn from(r: &Round) -> Self {
        Self {
            sequence: r.sequence,
            status: r.status,
            total_wanted_atoms: r.total_wanted_atoms.get(),
            unsettled: r.unsettled,
            reserved_left_atoms: r.reserved_left_atoms,
            money_atoms: r.money_atoms,
            refunds_atoms: r.refunds_atoms,
            raised_atoms: r.raised_atoms,
            backed_atoms: r.backed_atoms,
            released_atoms: r.released_atoms,
        }
    }
}

/// A round was announced.
#[event]
#[derive(Clone, Debug, PartialEq, Encode)]
pub struct RoundCreated {
    /// Event layout version.
    pub version: u8,
    /// Unix seconds.
    pub ts: i64,
    /// The security.
    pub security: Pubkey,
    /// The round.
    pub round: Pubkey,
    /// Its token account.
    pub token_account: Pubkey,
    /// Who paid the rent.
    pub rent_payer: Pubkey,
    /// Its id.
    pub id: u64,
    /// Payout atoms per whole share.
    pub price_atoms: u64,
    /// Share atoms for sale.
    pub for_sale_atoms: u64,
    /// The round fails if fewer share atoms are sold.
    pub minimum_atoms: u64,
    /// First second in which it takes subscriptions, unix seconds.
    pub opens_ts: i64,
    /// From here on subscriptions bind, unix seconds.
    pub commit_ts: i64,
    /// First second in which it takes none any more, unix seconds.
    pub closes_ts: i64,
    /// Seconds over which the money is released.
    pub runway_seconds: i64,
    /// Part of the money that becomes backing, basis points.
    pub backing_bps: u16,
    /// Whether only invited investors may subscribe.
    pub invited: bool,
    /// The round after.
    pub round_totals: RoundTotals,
    /// The security after.
    pub totals: SecurityTotals,
}

/// An investor was invited, up to a cap.
#[event]
#[derive(Clone, Debug, PartialEq, Encode)]
pub struct InvestorInvited {
    /// Event layout version.
    pub version: u8,
    /// Unix seconds.
    pub ts: i64,
    /// The security.
    pub security: Pubkey,
    /// The round.
    pub round: Pubkey,
    /// The investor.
    pub investor: Pubkey,
    /// Who paid the subscription's rent.
    pub rent_payer: Pubkey,
    /// Most share atoms they may want.
    pub cap_atoms: u64,
    /// The round after.
    pub round_totals: RoundTotals,
}

/// An invitation was taken back; nothing was wanted.
#[event]
#[derive(Clone, Debug, PartialEq, Encode)]
pub struct InvestorUninvited {
    /// Event layout version.
    pub version: u8,
    /// Unix seconds.
    pub ts: i64,
    /// The security.
    pub security: Pubkey,
    /// The round.
    pub round: Pubkey,
    /// The investor.
    pub investor: Pubkey,
    /// The round after.
    pub round_totals: RoundTotals,
}

/// An investor wants shares, or another number of them than before.
#[event]
#[derive(Clone, Debug, PartialEq, Encode)]
pub struct SharesSubscribed {
    /// Event layout version.
    pub version: u8,
    /// Unix seconds.
    pub ts: i64,
    /// The security.
    pub security: Pubkey,
    /// The round.
    pub round: Pubkey,
    /// The investor.
    pub investor: Pubkey,
    /// Who paid the rent if the subscription was opened by this instruction, else zeros.
    pub opened_by: Pubkey,
    /// The token account that paid, or got the difference back.
    pub refund_account: Pubkey,
    /// Share atoms wanted, after.
    pub wanted_atoms: u64,
    /// Payout atoms paid for them, after.
    pub paid_atoms: u64,
    /// The round after.
    pub round_totals: RoundTotals,
}

/// An investor wants nothing any more and has their money back.
#[event]
#[derive(Clone, Debug, PartialEq, Encode)]
pub struct SubscriptionWithdrawn {
    /// Event layout version.
    pub version: u8,
    /// Unix seconds.
    pub ts: i64,
    /// The security.
    pub security: Pubkey,
    /// The round.
    pub round: Pubkey,
    /// The investor.
    pub investor: Pubkey,
    /// The token account that was paid.
    pub receiver: Pubkey,
    /// Payout atoms.
    pub amount_atoms: u64,
    /// Whether the subscription was closed; an invitation stays.
    pub closed: bool,
    /// The round after.
    pub round_totals: RoundTotals,
}

/// The issuer called the round off.
#[event]
#[derive(Clone, Debug, PartialEq, Encode)]
pub struct RoundCancelled {
    /// Event layout version.
    pub version: u8,
    /// Unix seconds.
    pub ts: i64,
    /// The security.
    pub security: Pubkey,
    /// The round.
    pub round: Pubkey,
    /// Share atoms whose reserve returned.
    pub freed_atoms: u64,
    /// The round after.
    pub round_totals: RoundTotals,
    /// The security after.
    pub totals: SecurityTotals,
}

/// The round was decided: it sells, or it failed.
#[event]
#[derive(Clone, Debug, PartialEq, Encode)]
pub struct RoundClosed {
    /// Event layout version.
    pub version: u8,
    /// Unix seconds.
    pub ts: i64,
    /// The security.
    pub security: Pubkey,
    /// The round.
    pub round: Pubkey,
    /// Share atoms whose reserve returned.
    pub freed_atoms: u64,
    /// The round after.
    pub round_totals: RoundTotals,
    /// The security after.
    pub totals: SecurityTotals,
}

/// A subscription got its shares, newly issued and registered, and its refund was booked.
#[event]
#[derive(Clone, Debug, PartialEq, Encode)]
pub struct SubscriptionSettled {
    /// Event layout version.
    pub version: u8,
    /// Unix seconds.
    pub ts: i64,
    /// The security.
    pub security: Pubkey,
    /// The round.
    pub round: Pubkey,
    /// The investor.
    pub investor: Pubkey,
    /// Who paid the rent if the position was opened by this instruction, else zeros.
    pub opened_by: Pubkey,
    /// Share atoms issued.
    pub allocation_atoms: u64,
    /// Payout atoms that they cost.
    pub cost_atoms: u64,
    /// Payout atoms to be refunded.
    pub refund_atoms: u64,
    /// Payout atoms of it that were refunded in this instruction: all or nothing. If all, the subscription was closed.
    pub refunded_atoms: u64,
    /// Whether the subscription was closed.
    pub closed: bool,
    /// The round after.
    pub round_totals: RoundTotals,
    /// The security after.
    pub totals: SecurityTotals,
    /// The position after; all zeros if nothing was allocated.
    pub position: PositionTotals,
}

/// An investor fetched a refund that could not be paid before.
#[event]
#[derive(Clone, Debug, PartialEq, Encode)]
pub struct RefundWithdrawn {
    /// Event layout version.
    pub version: u8,
    /// Unix seconds.
    pub ts: i64,
    /// The security.
    pub security: Pubkey,
    /// The round.
    pub round: Pubkey,
    /// The investor.
    pub investor: Pubkey,
    /// The token account that was paid.
    pub receiver: Pubkey,
    /// Payout atoms.
    pub amount_atoms: u64,
    /// The round after.
    pub round_totals: RoundTotals,
}

/// Money of a round reached the issuer, or became backing, as time passed.
#[event]
#[derive(Clone, Debug, PartialEq, Encode)]
pub struct RunwayReleased {
    /// Event layout version.
    pub version: u8,
    /// Unix seconds.
    pub ts: i64,
    /// The security.
    pub security: Pubkey,
    /// The round.
    pub round: Pubkey,
    /// The issuer of the moment.
    pub issuer: Pubkey,
    /// The issuer's token account that was paid.
    pub issuer_account: Pubkey,
    /// Payout atoms that it was paid; 0 if none were due or it could not receive.
    pub issuer_atoms: u64,
    /// The payout mint's vault; zeros if nothing became backing.
    pub vault: Pubkey,
    /// Payout atoms that became backing; 0 if none were due or the vault could not receive.
    pub backing_atoms: u64,
    /// Number of this event among the vault's; 0 if nothing became backing.
    pub vault_sequence: u64,
    /// Asset atoms ever deposited in the vault, after, modulo 2^64; 0 if nothing became backing.
    pub deposited_total_atoms: u64,
    /// The round after.
    pub round_totals: RoundTotals,
}
