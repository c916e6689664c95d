//! Events of the security's own instructions.

use anchor_lang::prelude::*;
use upside_derive::Encode;

use super::{PositionTotals, SecurityTotals};
use crate::state::{Kind, Terms};

/// A security was created, its initial shares registered to the issuer.
#[event]
#[derive(Clone, Debug, PartialEq)]
pub struct SecurityCreated {
    /// Event layout version.
    pub version: u8,
    /// Unix seconds.
    pub ts: i64,
    /// The security.
    pub security: Pubkey,
    /// The share mint.
    pub mint: Pubkey,
    /// The issuer, first holder.
    pub issuer: Pubkey,
    /// Who paid the rent of the issuer's position.
    pub rent_payer: Pubkey,
    /// The mint money is paid in.
    pub payout_mint: Pubkey,
    /// What it stands for.
    pub kind: Kind,
    /// Index among the issuer's securities of this kind.
    pub index: u16,
    /// The terms.
    pub terms: Terms,
    /// Name on the mint.
    pub name: String,
    /// Symbol on the mint.
    pub symbol: String,
    /// Metadata URI on the mint.
    pub uri: String,
    /// The security after.
    pub totals: SecurityTotals,
    /// The issuer's position after.
    pub position: PositionTotals,
    /// Decimals of the payout mint.
    pub payout_decimals: u8,
    /// 0 if the payout mint is of SPL Token, 1 if of Token-2022.
    pub payout_is_token_2022: u8,
}

/// New shares were issued to the issuer.
#[event]
#[derive(Clone, Debug, PartialEq, Encode)]
pub struct SharesIssued {
    /// Event layout version.
    pub version: u8,
    /// Unix seconds.
    pub ts: i64,
    /// The security.
    pub security: Pubkey,
    /// The issuer, who received them.
    pub holder: Pubkey,
    /// Who paid the rent if the position was opened by this instruction, else zeros.
    pub opened_by: Pubkey,
    /// Share atoms issued.
    pub amount_atoms: u64,
    /// The security after.
    pub totals: SecurityTotals,
    /// The position after.
    pub position: PositionTotals,
}

/// Capacity was given up for ever.
#[event]
#[derive(Clone, Debug, PartialEq, Encode)]
pub struct CapacityRetired {
    /// Event layout version.
    pub version: u8,
    /// Unix seconds.
    pub ts: i64,
    /// The security.
    pub security: Pubkey,
    /// Share atoms of capacity given up.
    pub amount_atoms: u64,
    /// The security after.
    pub totals: SecurityTotals,
}

/// Redemption will open earlier.
#[event]
#[derive(Clone, Debug, PartialEq, Encode)]
pub struct RedemptionAdvanced {
    /// Event layout version.
    pub version: u8,
    /// Unix seconds.
    pub ts: i64,
    /// The security.
    pub security: Pubkey,
    /// When redemption opens now, unix seconds.
    pub redeem_after_ts: i64,
    /// The security after.
    pub totals: SecurityTotals,
}

/// Somebody may become issuer.
#[event]
#[derive(Clone, Debug, PartialEq, Encode)]
pub struct IssuerProposed {
    /// Event layout version.
    pub version: u8,
    /// Unix seconds.
    pub ts: i64,
    /// The security.
    pub security: Pubkey,
    /// Who may accept; zeros when a proposal was withdrawn.
    pub pending_issuer: Pubkey,
    /// The security after.
    pub totals: SecurityTotals,
}

/// Somebody became issuer.
#[event]
#[derive(Clone, Debug, PartialEq, Encode)]
pub struct IssuerAccepted {
    /// Event layout version.
    pub version: u8,
    /// Unix seconds.
    pub ts: i64,
    /// The security.
    pub security: Pubkey,
    /// The issuer before.
    pub previous_issuer: Pubkey,
    /// The issuer now.
    pub issuer: Pubkey,
    /// The security after.
    pub totals: SecurityTotals,
}

/// Name, symbol or URI on the mint changed.
#[event]
#[derive(Clone, Debug, PartialEq)]
pub struct MetadataUpdated {
    /// Event layout version.
    pub version: u8,
    /// Unix seconds.
    pub ts: i64,
    /// The security.
    pub security: Pubkey,
    /// Name now.
    pub name: String,
    /// Symbol now.
    pub symbol: String,
    /// URI now.
    pub uri: String,
    /// The security after.
    pub totals: SecurityTotals,
}

/// The issuer told holders something. The event is all there is.
#[event]
#[derive(Clone, Debug, PartialEq)]
pub struct UpdatePosted {
    /// Event layout version.
    pub version: u8,
    /// Unix seconds.
    pub ts: i64,
    /// The security.
    pub security: Pubkey,
    /// Where the text is.
    pub uri: String,
    /// Its sha256.
    pub sha256: [u8; 32],
    /// The security after.
    pub totals: SecurityTotals,
}

/// A holder may receive curated shares.
#[event]
#[derive(Clone, Debug, PartialEq, Encode)]
pub struct HolderApproved {
    /// Event layout version.
    pub version: u8,
    /// Unix seconds.
    pub ts: i64,
    /// The security.
    pub security: Pubkey,
    /// The holder.
    pub holder: Pubkey,
    /// Who paid the rent of the approval.
    pub rent_payer: Pubkey,
    /// The security after.
    pub totals: SecurityTotals,
}

/// A holder may no longer receive curated shares; what they hold stays theirs.
#[event]
#[derive(Clone, Debug, PartialEq, Encode)]
pub struct ApprovalRemoved {
    /// Event layout version.
    pub version: u8,
    /// Unix seconds.
    pub ts: i64,
    /// The security.
    pub security: Pubkey,
    /// The holder.
    pub holder: Pubkey,
    /// The security after.
    pub totals: SecurityTotals,
}
