//! What happened, told by the program calling itself, so that it survives truncated logs.
//!
//! Every instruction that moves value or changes a right emits one event, after the move, with version, time, parent
//! keys, delta and after-totals: state can be rebuilt from events alone. Sequence numbers come from the account that
//! the instruction writes anyway and count up by one per event of that account.
//!
//! An instruction that does several of these things at once tells each as it is told alone: a vault that takes shares is one event of the
//! security whose shares moved and one of the security that they back, so that the history of either is complete without the other's.

mod collective;
mod encode;
mod grant;
mod redemption;
mod round;
mod security;
mod shares;
mod upside;
mod vault;

use anchor_lang::{event::EVENT_IX_TAG_LE, prelude::*, Event};
use upside_derive::Encode;

pub use collective::*;
pub use encode::*;
pub use grant::*;
pub use redemption::*;
pub use round::*;
pub use security::*;
pub use shares::*;
pub use upside::*;
pub use vault::*;

use crate::{
    seeds,
    state::{Position, Security},
    token::{call, Meta, Passed},
    EVENT_AUTHORITY_AND_BUMP, ID,
};

/// A security after the instruction.
#[derive(AnchorSerialize, AnchorDeserialize, Encode, Clone, Copy, Debug, PartialEq, Eq)]
pub struct SecurityTotals {
    /// Number of this event among the security's.
    pub sequence: u64,
    /// Most share atoms that may ever be issued.
    pub authorised_atoms: u64,
    /// Share atoms ever newly issued.
    pub issued_atoms: u64,
    /// Share atoms promised.
    pub reserved_atoms: u64,
    /// Share atoms in registered accounts.
    pub registered_atoms: u64,
    /// Share atoms ever redeemed.
    pub redeemed_total_atoms: u64,
    /// Payout atoms of the present line of the stream.
    pub stream_total_atoms: u64,
    /// Payout atoms of it already emitted.
    pub stream_dripped_atoms: u64,
    /// Start of the line, unix seconds.
    pub stream_start_ts: i64,
    /// End of the line, unix seconds.
    pub stream_end_ts: i64,
    /// The time the stream was settled to, unix seconds.
    pub stream_last_ts: i64,
    /// Payout atoms per share atom, modulo 2^128.
    pub upside_per_share_x64: u128,
    /// Emitted money not credited yet.
    pub remainder_x64: u128,
    /// Payout atoms ever received.
    pub received_total_atoms: u128,
}

impl From<&Security> for SecurityTotals {
    // Out of line: seventeen words, in most events.
    #[inline(never)]
    fn from(s: &Security) -> Self {
        Self {
            sequence: s.sequence,
            authorised_atoms: s.authorised_atoms,
            issued_atoms: s.issued_atoms,
            reserved_atoms: s.reserved_atoms,
            registered_atoms: s.registered_atoms,
            redeemed_total_atoms: s.redeemed_total_atoms,
            stream_total_atoms: s.stream_total_atoms,
            stream_dripped_atoms: s.stream_dripped_atoms,
            stream_start_ts: s.stream_start_ts,
            stream_end_ts: s.stream_end_ts,
            stream_last_ts: s.stream_last_ts,
            upside_per_share_x64: s.upside_per_share_x64.get(),
            remainder_x64: s.remainder_x64.get(),
            received_total_atoms: s.received_total_atoms.get(),
        }
    }
}

/// A position after the instruction.
#[derive(AnchorSerialize, AnchorDeserialize, Encode, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PositionTotals {
    /// Number of this event among the position's.
    pub sequence: u64,
    /// Registered share atoms.
    pub shares_atoms: u64,
    /// The accumulator when `accrued_x64` was last brought up to date.
    pub checkpoint_x64: u128,
    /// Payout atoms owed.
    pub accrued_x64: u128,
    /// Payout atoms ever paid, modulo 2^64.
    pub claimed_total_atoms: u64,
}

impl From<&Position> for PositionTotals {
    fn from(p: &Position) -> Self {
        Self {
            sequence: p.sequence,
            shares_atoms: p.shares_atoms,
            checkpoint_x64: p.checkpoint_x64.get(),
            accrued_x64: p.accrued_x64.get(),
            claimed_total_atoms: p.claimed_total_atoms,
        }
    }
}

/// Emits `event` by a call of the program to itself.
///
/// The same bytes and accounts as Anchor's `emit_cpi!`, without its re-derivation and copies.
#[inline(always)]
pub fn emit<E: Event + Encode>(event: &E, authority: &AccountInfo) -> Result<()> {
    send_out_of_line(&encoded(event), authority)
}

/// As [`emit`], from whatever has the event authority.
#[inline(always)]
pub fn emit_in_place<E: Event + Encode>(event: &E, authority: &impl Passed) -> Result<()> {
    send(&encoded(event), authority)
}

/// As [`emit`], of an event with text in it.
pub fn emit_text<E: Event>(event: &E, authority: &AccountInfo) -> Result<()> {
    let mut data = Vec::with_capacity(MOST_TEXT);
    data.resize(HEAD, 0);
    begin::<E>(&mut data);
    event.serialize(&mut data)?;
    send_out_of_line(&data, authority)
}

/// Room that an event with text seldom exceeds.
const MOST_TEXT: usize = 512;
/// Bytes before the event's own: that it is one, and which.
const HEAD: usize = 16;

#[inline(always)]
fn begin<E: Event>(head: &mut [u8]) {
    head[..8].copy_from_slice(EVENT_IX_TAG_LE);
    head[8..HEAD].copy_from_slice(E::DISCRIMINATOR);
}

/// What the event's call carries. The heap is given out as zeros: nothing is written twice.
#[inline(always)]
fn encoded<E: Event + Encode>(event: &E) -> Vec<u8> {
    let mut data = vec![0; HEAD + E::LEN];
    begin::<E>(&mut data);
    event.encode(&mut data[HEAD..]);
    data
}

#[inline(always)]
fn send(data: &[u8], authority: &impl Passed) -> Result<()> {
    call(
        &ID,
        &[Meta::signer(authority.key())],
        data,
        [authority],
        &[seeds::EVENT_AUTHORITY, &[EVENT_AUTHORITY_AND_BUMP.1]],
    )
}

/// Once for all instructions: the call is some 400 bytes.
#[inline(never)]
fn send_out_of_line(data: &[u8], authority: &AccountInfo) -> Result<()> {
    send(data, authority)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use anchor_lang::Discriminator;
    use sha2::{Digest, Sha256};

    use super::*;

    /// Every event whose length is fixed.
    macro_rules! fixed {
        ($macro:ident) => {
            $macro!(
                SharesIssued,
                CapacityRetired,
                RedemptionAdvanced,
                IssuerProposed,
                IssuerAccepted,
                HolderApproved,
                ApprovalRemoved,
                SharesRegistered,
                SharesUnregistered,
                SharesTransferred,
                PayoutAccountSet,
                PositionClosed,
                UpsideDistributed,
                UpsideClaimed,
                VaultOpened,
                EquityDeposited,
                SharesDeposited,
                BackingHarvested,
                UpsideHarvested,
                SharesRedeemed,
                AssetCollected,
                RedemptionClosed,
                GrantCreated,
                GrantClaimed,
                MilestoneApproved,
                GrantRevoked,
                GrantClosed,
                RoundCreated,
                InvestorInvited,
                InvestorUninvited,
                SharesSubscribed,
                SubscriptionWithdrawn,
                RoundCancelled,
                RoundClosed,
                SubscriptionSettled,
                RefundWithdrawn,
                RunwayReleased,
                CollectiveCreated,
                MemberApplied,
                ApplicationWithdrawn,
                MemberAdmitted,
                AdmissionRevoked,
                MemberJoined
            )
        };
    }

    #[test]
    fn discriminators_are_those_of_the_event_names_and_unique() {
        macro_rules! named {
            ($($event:ident),+) => {
                vec![$((stringify!($event), $event::DISCRIMINATOR)),+]
            };
        }
        let mut events = fixed!(named);
        events.extend(named!(SecurityCreated, MetadataUpdated, UpdatePosted));
        for (name, discriminator) in &events {
            assert_eq!(&Sha256::digest(format!("event:{name}"))[..8], *discriminator, "{name}");
        }
        let unique: BTreeSet<_> = events.iter().map(|(_, discriminator)| discriminator).collect();
        assert_eq!(unique.len(), events.len());
    }

    /// Bytes of zeros and ones, which are a value of every field, a flag too.
    fn bits(len: usize, seed: u8) -> Vec<u8> {
        let digests = (0..).flat_map(|part: u32| Sha256::digest([&[seed][..], &part.to_le_bytes()].concat()));
        digests.map(|byte| byte & 1).take(len).collect()
    }

    #[test]
    fn what_is_written_in_place_is_what_borsh_writes() {
        macro_rules! compare {
            ($($event:ident),+) => {$(
                for seed in 0..16 {
                    let borsh = bits($event::LEN, seed);
                    let event = $event::try_from_slice(&borsh).expect(stringify!($event));
                    let mut written = Vec::new();
                    event.serialize(&mut written).expect("bytes");
                    assert_eq!(written, borsh, "{}", stringify!($event));
                    let mut call = [EVENT_IX_TAG_LE, $event::DISCRIMINATOR].concat();
                    call.extend(borsh);
                    assert_eq!(encoded(&event), call, "{}", stringify!($event));
                }
            )+};
        }
        fixed!(compare);
    }

    #[test]
    fn an_event_is_read_back_as_it_was_written() {
        let event = UpsideClaimed {
            version: 1,
            ts: -2,
            security: Pubkey::new_from_array([3; 32]),
            holder: Pubkey::new_from_array([4; 32]),
            payout_account: Pubkey::new_from_array([5; 32]),
            amount_atoms: 6,
            position: PositionTotals {
                sequence: 7,
                shares_atoms: 8,
                checkpoint_x64: u128::MAX,
                accrued_x64: 1 << 64,
                claimed_total_atoms: 9,
            },
        };
        let mut bytes = Vec::new();
        event.serialize(&mut bytes).expect("bytes");
        // No padding: version, time, three keys, amount, then the position's two counters, two 128-bit values and total.
        assert_eq!(bytes.len(), 1 + 8 + 3 * 32 + 8 + 8 + 8 + 16 + 16 + 8);
        assert_eq!(UpsideClaimed::try_from_slice(&bytes).expect("an event"), event);
        assert!(UpsideClaimed::try_from_slice(&bytes[1..]).is_err());
    }
}
