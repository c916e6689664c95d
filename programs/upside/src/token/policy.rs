//! Which mints are accepted: an allow-list of extensions. Anything not on a list is refused, whatever a later token program adds.

use anchor_lang::prelude::*;

use crate::{
    address,
    constants::TOKEN_2022_PROGRAM_ID,
    error::{require, UpsideError},
    seeds,
    token::{for_each_extension, read_mint, MintView},
    ID,
};

/// Token-2022 extension types by number.
pub mod extension {
    /// A fee is withheld from each transfer.
    pub const TRANSFER_FEE_CONFIG: u16 = 1;
    /// The mint can be closed when its supply is zero.
    pub const MINT_CLOSE_AUTHORITY: u16 = 3;
    /// Confidential transfers are possible.
    pub const CONFIDENTIAL_TRANSFER_MINT: u16 = 4;
    /// New accounts start in a given state.
    pub const DEFAULT_ACCOUNT_STATE: u16 = 6;
    /// The owner of an account cannot change (a mint never carries it; listed for completeness).
    pub const IMMUTABLE_OWNER: u16 = 7;
    /// Tokens cannot move.
    pub const NON_TRANSFERABLE: u16 = 9;
    /// Wallets show a balance that grows.
    pub const INTEREST_BEARING_CONFIG: u16 = 10;
    /// Somebody can move or burn anybody's tokens.
    pub const PERMANENT_DELEGATE: u16 = 12;
    /// A program is called on each transfer.
    pub const TRANSFER_HOOK: u16 = 14;
    /// Fees on confidential transfers.
    pub const CONFIDENTIAL_TRANSFER_FEE_CONFIG: u16 = 16;
    /// Where the metadata is.
    pub const METADATA_POINTER: u16 = 18;
    /// The metadata.
    pub const TOKEN_METADATA: u16 = 19;
    /// Where the group is.
    pub const GROUP_POINTER: u16 = 20;
    /// The group.
    pub const TOKEN_GROUP: u16 = 21;
    /// Where the group membership is.
    pub const GROUP_MEMBER_POINTER: u16 = 22;
    /// The group membership.
    pub const TOKEN_GROUP_MEMBER: u16 = 23;
    /// Supply is hidden.
    pub const CONFIDENTIAL_MINT_BURN: u16 = 24;
    /// Wallets show a multiple of the balance.
    pub const SCALED_UI_AMOUNT: u16 = 25;
    /// Somebody can stop all transfers.
    pub const PAUSABLE: u16 = 26;
    /// Burning needs a permission.
    pub const PERMISSIONED_BURN: u16 = 28;
}

use extension as x;

fn always_harmless(kind: u16) -> bool {
    matches!(
        kind,
        x::MINT_CLOSE_AUTHORITY
            | x::METADATA_POINTER
            | x::TOKEN_METADATA
            | x::GROUP_POINTER
            | x::TOKEN_GROUP
            | x::GROUP_MEMBER_POINTER
            | x::TOKEN_GROUP_MEMBER
    )
}

fn accepted_in_vault(kind: u16) -> bool {
    always_harmless(kind)
        || matches!(
            kind,
            x::TRANSFER_FEE_CONFIG
                | x::CONFIDENTIAL_TRANSFER_MINT
                | x::DEFAULT_ACCOUNT_STATE
                | x::IMMUTABLE_OWNER
                | x::INTEREST_BEARING_CONFIG
                | x::PERMANENT_DELEGATE
                | x::TRANSFER_HOOK
                | x::CONFIDENTIAL_TRANSFER_FEE_CONFIG
                | x::SCALED_UI_AMOUNT
                | x::PAUSABLE
        )
}

/// Names of extensions that are known and refused.
fn refused_name(kind: u16) -> &'static str {
    match kind {
        x::NON_TRANSFERABLE => "NonTransferable",
        x::CONFIDENTIAL_MINT_BURN => "ConfidentialMintBurn",
        x::PERMISSIONED_BURN => "PermissionedBurn",
        x::TRANSFER_FEE_CONFIG => "TransferFeeConfig",
        x::CONFIDENTIAL_TRANSFER_MINT => "ConfidentialTransferMint",
        x::DEFAULT_ACCOUNT_STATE => "DefaultAccountState",
        x::INTEREST_BEARING_CONFIG => "InterestBearingConfig",
        x::PERMANENT_DELEGATE => "PermanentDelegate",
        x::TRANSFER_HOOK => "TransferHook",
        x::CONFIDENTIAL_TRANSFER_FEE_CONFIG => "ConfidentialTransferFeeConfig",
        x::SCALED_UI_AMOUNT => "ScaledUiAmount",
        x::PAUSABLE => "Pausable",
        _ => "unknown",
    }
}

#[inline(never)]
fn check(mint: &AccountInfo, accepted: fn(u16) -> bool) -> Result<MintView> {
    let view = read_mint(mint)?;
    let data = mint.try_borrow_data()?;
    let mut refusal = None;
    let mut closable = false;
    for_each_extension(&data, |kind, value| {
        closable |= kind == x::MINT_CLOSE_AUTHORITY;
        if !accepted(kind) {
            msg!("extension {} (type {})", refused_name(kind), kind);
            refusal = Some(UpsideError::ExtensionRefused);
        } else if kind == x::TRANSFER_HOOK && value.get(32..64) != Some(&[0; 32][..]) {
            // Authority, then the program: zeros for none.
            refusal = Some(UpsideError::HookSet);
        }
        refusal.is_none()
    })
    .ok_or(UpsideError::NotAMint)?;
    if let Some(refusal) = refusal {
        return Err(refusal.into());
    }
    // A closed mint could come back at the same address as another one.
    require!(!closable || view.supply > 0, UpsideError::ClosableWithoutSupply);
    Ok(view)
}

/// Accepts an asset for a vault, when it is opened and at each deposit.
pub fn check_vault_mint(mint: &AccountInfo) -> Result<MintView> {
    check(mint, accepted_in_vault)
}

/// Accepts a payout mint: SPL Token, or Token-2022 with nothing that could hold money up; never a share of this program.
pub fn check_payout_mint(mint: &AccountInfo) -> Result<MintView> {
    let view = check(mint, always_harmless)?;
    require!(!is_share_mint(mint, &view)?, UpsideError::PayoutIsProtocolShare);
    Ok(view)
}

/// Whether `mint` is the share mint of a security of this program: its mint authority is the security derived from it, for which
/// only this program can sign.
pub fn is_share_mint(mint: &AccountInfo, view: &MintView) -> Result<bool> {
    match view.mint_authority {
        Some(authority) if *mint.owner == TOKEN_2022_PROGRAM_ID => {
            Ok(authority == address::find([seeds::SECURITY, mint.key.as_ref()], &ID)?.0)
        }
        _ => Ok(false),
    }
}
