//! Typed reads of accounts.
//!
//! `decode_*` and `read_*` take an account's bytes; `get_*` and the lists ask a [`Sender`]. Every read checks owner, type and length.

use std::mem::offset_of;

use anchor_lang::{prelude::Pubkey, Discriminator};
use anchor_spl::{
    token_2022::spl_token_2022::{
        extension::{
            default_account_state::DefaultAccountState,
            interest_bearing_mint::InterestBearingConfig,
            mint_close_authority::MintCloseAuthority,
            pausable::PausableConfig,
            permanent_delegate::PermanentDelegate,
            scaled_ui_amount::ScaledUiAmountConfig,
            transfer_fee::{TransferFee, TransferFeeConfig},
            transfer_hook::TransferHook,
            BaseStateWithExtensions, ExtensionType, StateWithExtensions,
        },
        state::{Account as TokenAccountState, AccountState, Mint as MintState},
    },
    token_interface::spl_token_metadata_interface::state::TokenMetadata,
};
use bytemuck::AnyBitPattern;
use solana_account::Account;
use upside::{
    constants::{TOKEN_2022_PROGRAM_ID, TOKEN_PROGRAM_ID},
    state::{
        Approval, Collective, Grant, Kind, Member, MemberStatus, Position, Redemption, Round, Security, Subscription,
        TransferPolicy, Vault,
    },
};

use crate::{
    error::{ClientError, Result},
    sender::{Filter, Sender},
};

/// An account of the program, for generic reads.
pub trait ProgramAccount: Discriminator + AnyBitPattern {
    /// What messages call it.
    const NAME: &'static str;
    /// Length with the discriminator, bytes.
    const SPACE: usize;
}

macro_rules! program_account {
    ($($ty:ty, $name:literal;)*) => {
        $(impl ProgramAccount for $ty {
            const NAME: &'static str = $name;
            const SPACE: usize = <$ty>::SPACE;
        })*
    };
}
program_account! {
    Security, "security";
    Position, "position";
    Vault, "vault";
    Redemption, "redemption";
    Grant, "grant";
    Round, "round";
    Subscription, "subscription";
    Approval, "approval";
    Collective, "collective";
    Member, "member";
}

fn malformed(what: &'static str, address: &Pubkey, reason: impl Into<String>) -> ClientError {
    ClientError::Malformed {
        what,
        address: *address,
        reason: reason.into(),
    }
}

/// Reads an account of the program.
///
/// # Errors
/// [`ClientError::Malformed`] if another program owns it, or type or length differ.
pub fn decode<T: ProgramAccount>(address: &Pubkey, account: &Account) -> Result<T> {
    if account.owner != upside::ID {
        return Err(malformed(
            T::NAME,
            address,
            format!("program {} owns it", account.owner),
        ));
    }
    if account.data.len() != T::SPACE {
        return Err(malformed(
            T::NAME,
            address,
            format!("it has {} bytes instead of {}", account.data.len(), T::SPACE),
        ));
    }
    let body = account
        .data
        .strip_prefix(T::DISCRIMINATOR)
        .ok_or_else(|| malformed(T::NAME, address, "it is another account of the program"))?;
    bytemuck::try_pod_read_unaligned(body).map_err(|e| malformed(T::NAME, address, e.to_string()))
}

/// Reads an account of the program from a cluster.
///
/// # Errors
/// [`ClientError::Missing`] if it does not exist, else as [`decode`].
pub fn get<T: ProgramAccount>(sender: &dyn Sender, address: &Pubkey) -> Result<T> {
    find(sender, address)?.ok_or(ClientError::Missing {
        what: T::NAME,
        address: *address,
    })
}

/// Like [`get`], and `None` if it does not exist. An address that somebody only sent lamports to does not exist.
///
/// # Errors
/// As [`decode`].
pub fn find<T: ProgramAccount>(sender: &dyn Sender, address: &Pubkey) -> Result<Option<T>> {
    match sender.get_account(address)? {
        Some(account) if account.owner != anchor_lang::system_program::ID => decode(address, &account).map(Some),
        _ => Ok(None),
    }
}

/// Reads a security.
///
/// # Errors
/// As [`get`].
pub fn get_security(sender: &dyn Sender, security: &Pubkey) -> Result<Security> {
    get(sender, security)
}

/// Reads a holder's position; `None` if they have none.
///
/// # Errors
/// As [`decode`].
pub fn find_position(sender: &dyn Sender, security: &Pubkey, holder: &Pubkey) -> Result<Option<Position>> {
    find(sender, &crate::pda::position(security, holder))
}

fn list<T: ProgramAccount>(sender: &dyn Sender, keys: &[(usize, &Pubkey)]) -> Result<Vec<(Pubkey, T)>> {
    let mut filters = vec![
        Filter::DataSize(T::SPACE as u64),
        Filter::Bytes {
            offset: 0,
            bytes: T::DISCRIMINATOR.to_vec(),
        },
    ];
    filters.extend(keys.iter().map(|(field, key)| Filter::Bytes {
        offset: T::DISCRIMINATOR.len() + field,
        bytes: key.to_bytes().to_vec(),
    }));
    let mut found = sender
        .get_program_accounts(&upside::ID, &filters)?
        .iter()
        .map(|(address, account)| Ok((*address, decode(address, account)?)))
        .collect::<Result<Vec<_>>>()?;
    found.sort_by_key(|(address, _)| *address);
    Ok(found)
}

/// All securities, by address.
///
/// # Errors
/// When the cluster does not answer.
pub fn all_securities(sender: &dyn Sender) -> Result<Vec<(Pubkey, Security)>> {
    list(sender, &[])
}

/// Securities that `issuer` may act for now, by address.
///
/// # Errors
/// When the cluster does not answer.
pub fn securities_of_issuer(sender: &dyn Sender, issuer: &Pubkey) -> Result<Vec<(Pubkey, Security)>> {
    list(sender, &[(offset_of!(Security, issuer), issuer)])
}

/// Positions in a security, by address.
///
/// # Errors
/// When the cluster does not answer.
pub fn positions_of(sender: &dyn Sender, security: &Pubkey) -> Result<Vec<(Pubkey, Position)>> {
    list(sender, &[(offset_of!(Position, security), security)])
}

/// Positions of a holder, by address.
///
/// # Errors
/// When the cluster does not answer.
pub fn positions_of_holder(sender: &dyn Sender, holder: &Pubkey) -> Result<Vec<(Pubkey, Position)>> {
    list(sender, &[(offset_of!(Position, holder), holder)])
}

/// Vaults of a security, by index.
///
/// # Errors
/// When the cluster does not answer.
pub fn vaults_of(sender: &dyn Sender, security: &Pubkey) -> Result<Vec<(Pubkey, Vault)>> {
    let mut vaults: Vec<(Pubkey, Vault)> = list(sender, &[(offset_of!(Vault, security), security)])?;
    vaults.sort_by_key(|(_, vault)| vault.index);
    Ok(vaults)
}

/// Open tickets of a security, by address.
///
/// # Errors
/// When the cluster does not answer.
pub fn redemptions_of(sender: &dyn Sender, security: &Pubkey) -> Result<Vec<(Pubkey, Redemption)>> {
    list(sender, &[(offset_of!(Redemption, security), security)])
}

/// Open tickets of a holder in a security, by id.
///
/// # Errors
/// When the cluster does not answer.
pub fn redemptions_of_holder(
    sender: &dyn Sender,
    security: &Pubkey,
    holder: &Pubkey,
) -> Result<Vec<(Pubkey, Redemption)>> {
    let mut redemptions: Vec<(Pubkey, Redemption)> = list(
        sender,
        &[
            (offset_of!(Redemption, security), security),
            (offset_of!(Redemption, holder), holder),
        ],
    )?;
    redemptions.sort_by_key(|(_, redemption)| redemption.id);
    Ok(redemptions)
}

/// All positions, by address.
///
/// # Errors
/// When the cluster does not answer.
pub fn all_positions(sender: &dyn Sender) -> Result<Vec<(Pubkey, Position)>> {
    list(sender, &[])
}

/// All vaults, by address.
///
/// # Errors
/// When the cluster does not answer.
pub fn all_vaults(sender: &dyn Sender) -> Result<Vec<(Pubkey, Vault)>> {
    list(sender, &[])
}

/// Open grants of a security, by address.
///
/// # Errors
/// When the cluster does not answer.
pub fn grants_of(sender: &dyn Sender, security: &Pubkey) -> Result<Vec<(Pubkey, Grant)>> {
    list(sender, &[(offset_of!(Grant, security), security)])
}

/// All open grants, by address.
///
/// # Errors
/// When the cluster does not answer.
pub fn all_grants(sender: &dyn Sender) -> Result<Vec<(Pubkey, Grant)>> {
    list(sender, &[])
}

/// All rounds, by address.
///
/// # Errors
/// When the cluster does not answer.
pub fn all_rounds(sender: &dyn Sender) -> Result<Vec<(Pubkey, Round)>> {
    list(sender, &[])
}

/// All subscriptions that are not closed, by address.
///
/// # Errors
/// When the cluster does not answer.
pub fn all_subscriptions(sender: &dyn Sender) -> Result<Vec<(Pubkey, Subscription)>> {
    list(sender, &[])
}

/// Open grants to a recipient, of all securities, by address.
///
/// # Errors
/// When the cluster does not answer.
pub fn grants_of_recipient(sender: &dyn Sender, recipient: &Pubkey) -> Result<Vec<(Pubkey, Grant)>> {
    list(sender, &[(offset_of!(Grant, recipient), recipient)])
}

/// Open milestones that wait for, or had, an approver's signature, by address.
///
/// # Errors
/// When the cluster does not answer.
pub fn grants_of_approver(sender: &dyn Sender, approver: &Pubkey) -> Result<Vec<(Pubkey, Grant)>> {
    list(sender, &[(offset_of!(Grant, approver), approver)])
}

/// Rounds of a security, by id.
///
/// # Errors
/// When the cluster does not answer.
pub fn rounds_of(sender: &dyn Sender, security: &Pubkey) -> Result<Vec<(Pubkey, Round)>> {
    let mut rounds: Vec<(Pubkey, Round)> = list(sender, &[(offset_of!(Round, security), security)])?;
    rounds.sort_by_key(|(_, round)| round.id);
    Ok(rounds)
}

/// Subscriptions to a round that are not closed, by address.
///
/// # Errors
/// When the cluster does not answer.
pub fn subscriptions_of(sender: &dyn Sender, round: &Pubkey) -> Result<Vec<(Pubkey, Subscription)>> {
    list(sender, &[(offset_of!(Subscription, round), round)])
}

/// Subscriptions of an investor that are not closed, to all rounds, by address.
///
/// # Errors
/// When the cluster does not answer.
pub fn subscriptions_of_investor(sender: &dyn Sender, investor: &Pubkey) -> Result<Vec<(Pubkey, Subscription)>> {
    list(sender, &[(offset_of!(Subscription, investor), investor)])
}

/// Approvals of a security, by address.
///
/// # Errors
/// When the cluster does not answer.
pub fn approvals_of(sender: &dyn Sender, security: &Pubkey) -> Result<Vec<(Pubkey, Approval)>> {
    list(sender, &[(offset_of!(Approval, security), security)])
}

/// All collectives, by address.
///
/// # Errors
/// When the cluster does not answer.
pub fn all_collectives(sender: &dyn Sender) -> Result<Vec<(Pubkey, Collective)>> {
    list(sender, &[])
}

/// The rule by which others join a security; `None` if it is no collective.
///
/// # Errors
/// As [`decode`].
pub fn find_collective(sender: &dyn Sender, security: &Pubkey) -> Result<Option<Collective>> {
    find(sender, &crate::pda::collective(security))
}

/// Applications to a collective and its members, by address: [`status_of`] tells which is which. `collective` is the address of the
/// collective's account.
///
/// # Errors
/// When the cluster does not answer.
pub fn members_of(sender: &dyn Sender, collective: &Pubkey) -> Result<Vec<(Pubkey, Member)>> {
    list(sender, &[(offset_of!(Member, collective), collective)])
}

/// Applications and memberships of a security, in all collectives, by address.
///
/// # Errors
/// When the cluster does not answer.
pub fn memberships_of(sender: &dyn Sender, member_security: &Pubkey) -> Result<Vec<(Pubkey, Member)>> {
    list(sender, &[(offset_of!(Member, member_security), member_security)])
}

/// Applications and memberships that a wallet applied for, by address.
///
/// # Errors
/// When the cluster does not answer.
pub fn memberships_of_wallet(sender: &dyn Sender, wallet: &Pubkey) -> Result<Vec<(Pubkey, Member)>> {
    list(sender, &[(offset_of!(Member, wallet), wallet)])
}

/// Where an application stands; `None` if a later version of the program added it. Consent counts as given until it is revoked: whether it
/// has expired is told by [`Member::expires_ts`].
#[must_use]
pub fn status_of(member: &Member) -> Option<MemberStatus> {
    [MemberStatus::Applied, MemberStatus::Admitted, MemberStatus::Joined]
        .into_iter()
        .find(|status| *status as u8 == member.status)
}

/// Kind of a security; `None` if a later version of the program added it.
#[must_use]
pub fn kind_of(security: &Security) -> Option<Kind> {
    [Kind::Expression, Kind::Person, Kind::Collective]
        .into_iter()
        .find(|kind| *kind as u8 == security.kind)
}

/// Transfer policy of a security; `None` if a later version of the program added it.
#[must_use]
pub fn policy_of(security: &Security) -> Option<TransferPolicy> {
    [TransferPolicy::Open, TransferPolicy::Curated]
        .into_iter()
        .find(|policy| *policy as u8 == security.policy)
}

/// A token account of either token program.
#[derive(Clone, Debug, PartialEq)]
pub struct TokenAccount {
    /// Its token program.
    pub token_program: Pubkey,
    /// Its mint.
    pub mint: Pubkey,
    /// Who may move its tokens.
    pub owner: Pubkey,
    /// Atoms.
    pub amount: u64,
    /// Whether it is frozen.
    pub frozen: bool,
    /// Who else may move some of its tokens.
    pub delegate: Option<Pubkey>,
    /// Its extensions.
    pub extensions: Vec<ExtensionType>,
}

fn is_token_program(key: &Pubkey) -> bool {
    *key == TOKEN_PROGRAM_ID || *key == TOKEN_2022_PROGRAM_ID
}

/// Reads a token account of either token program.
///
/// # Errors
/// [`ClientError::Malformed`] if it is none.
pub fn read_token_account(address: &Pubkey, account: &Account) -> Result<TokenAccount> {
    const WHAT: &str = "token account";
    if !is_token_program(&account.owner) {
        return Err(malformed(WHAT, address, format!("program {} owns it", account.owner)));
    }
    let state = StateWithExtensions::<TokenAccountState>::unpack(&account.data)
        .map_err(|e| malformed(WHAT, address, e.to_string()))?;
    Ok(TokenAccount {
        token_program: account.owner,
        mint: state.base.mint,
        owner: state.base.owner,
        amount: state.base.amount,
        frozen: state.base.state == AccountState::Frozen,
        delegate: state.base.delegate.into(),
        extensions: state
            .get_extension_types()
            .map_err(|e| malformed(WHAT, address, e.to_string()))?,
    })
}

/// Reads a token account from a cluster; `None` if it does not exist.
///
/// # Errors
/// As [`read_token_account`].
pub fn find_token_account(sender: &dyn Sender, address: &Pubkey) -> Result<Option<TokenAccount>> {
    match sender.get_account(address)? {
        Some(account) if account.owner != anchor_lang::system_program::ID => {
            read_token_account(address, &account).map(Some)
        }
        _ => Ok(None),
    }
}

/// Balance of a token account, atoms; 0 if it does not exist.
///
/// # Errors
/// As [`read_token_account`].
pub fn token_balance(sender: &dyn Sender, address: &Pubkey) -> Result<u64> {
    Ok(find_token_account(sender, address)?.map_or(0, |account| account.amount))
}

/// A mint of either token program, with the extensions that matter to a holder.
#[derive(Clone, Debug, PartialEq)]
pub struct Mint {
    /// Its token program.
    pub token_program: Pubkey,
    /// Atoms in existence.
    pub supply: u64,
    /// Decimals.
    pub decimals: u8,
    /// Who may mint.
    pub mint_authority: Option<Pubkey>,
    /// Who may freeze accounts.
    pub freeze_authority: Option<Pubkey>,
    /// All its extensions.
    pub extensions: Vec<ExtensionType>,
    /// Name, symbol and URI, when they are on the mint itself.
    pub metadata: Option<Metadata>,
    /// What wallets show instead of the balance.
    pub scaled_ui: Option<ScaledUi>,
    /// The fee a transfer pays, and the one that follows it.
    pub transfer_fee: Option<TransferFees>,
    /// Who can change the fee; nobody if it is fixed.
    pub fee_authority: Option<Pubkey>,
    /// Who can change what wallets show instead of the balance.
    pub scaled_ui_authority: Option<Pubkey>,
    /// Wallets show a balance that grows at a rate.
    pub interest: Option<Interest>,
    /// Who can move or burn anybody's tokens.
    pub permanent_delegate: Option<Pubkey>,
    /// Who can close the mint when nothing of it exists.
    pub close_authority: Option<Pubkey>,
    /// Who can stop all transfers.
    pub pause_authority: Option<Pubkey>,
    /// Whether all transfers are stopped now.
    pub paused: bool,
    /// Whether new accounts are born frozen.
    pub frozen_by_default: bool,
    /// The program called at each transfer.
    pub hook_program: Option<Pubkey>,
    /// Who can name another program.
    pub hook_authority: Option<Pubkey>,
}

/// Interest that wallets show on top of the balance. Atoms never change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interest {
    /// Who can change the rate.
    pub authority: Option<Pubkey>,
    /// Basis points a year, may be negative.
    pub rate_bps: i16,
}

/// Name, symbol and URI on a mint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metadata {
    /// Name.
    pub name: String,
    /// Symbol.
    pub symbol: String,
    /// URI.
    pub uri: String,
    /// Who may change them.
    pub update_authority: Option<Pubkey>,
}

/// Scaled UI amount: wallets show a multiple of the balance, for stock splits and dividends. Atoms never change.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScaledUi {
    /// Shown per stored, until `effective_ts`.
    pub multiplier: f64,
    /// Shown per stored, from `effective_ts` on.
    pub scheduled_multiplier: f64,
    /// When the scheduled multiplier takes over, unix seconds.
    pub effective_ts: i64,
}

impl ScaledUi {
    /// Shown per stored at a time, unix seconds.
    #[must_use]
    pub fn at(&self, now: i64) -> f64 {
        if now >= self.effective_ts {
            self.scheduled_multiplier
        } else {
            self.multiplier
        }
    }

    /// The multiplier that will take over later than `now`, if one will.
    #[must_use]
    pub fn scheduled_after(&self, now: i64) -> Option<(i64, f64)> {
        (now < self.effective_ts).then_some((self.effective_ts, self.scheduled_multiplier))
    }

    /// What wallets show for `atoms` at a time, as Token-2022 itself computes it: rounded towards zero.
    #[must_use]
    pub fn ui_amount(&self, atoms: u64, decimals: u8, now: i64) -> Option<String> {
        ScaledUiAmountConfig {
            authority: Default::default(),
            multiplier: self.multiplier.into(),
            new_multiplier_effective_timestamp: self.effective_ts.into(),
            new_multiplier: self.scheduled_multiplier.into(),
        }
        .amount_to_ui_amount(atoms, decimals, now)
    }
}

/// Transfer fees of a mint: one until an epoch, one from it on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TransferFees {
    /// Now, or until `newer.epoch`.
    pub older: Fee,
    /// From its epoch on.
    pub newer: Fee,
}

/// One transfer fee.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fee {
    /// First epoch it applies in.
    pub epoch: u64,
    /// Basis points of the amount, rounded up.
    pub bps: u16,
    /// Most atoms per transfer.
    pub maximum_atoms: u64,
}

impl From<&TransferFee> for Fee {
    fn from(fee: &TransferFee) -> Self {
        Self {
            epoch: fee.epoch.into(),
            bps: fee.transfer_fee_basis_points.into(),
            maximum_atoms: fee.maximum_fee.into(),
        }
    }
}

impl Fee {
    /// What a transfer of `atoms` withholds, as Token-2022 itself computes it: rounded up.
    #[must_use]
    pub fn of(&self, atoms: u64) -> u64 {
        TransferFee {
            epoch: self.epoch.into(),
            maximum_fee: self.maximum_atoms.into(),
            transfer_fee_basis_points: self.bps.into(),
        }
        .calculate_fee(atoms)
        // Rates above 100 % do not exist on chain.
        .unwrap_or(atoms)
    }
}

impl TransferFees {
    /// The fee that will take over later than `epoch`, if another one will.
    #[must_use]
    pub fn scheduled_after(&self, epoch: u64) -> Option<Fee> {
        (epoch < self.newer.epoch).then_some(self.newer)
    }

    /// The fee in force in an epoch.
    #[must_use]
    pub fn at(&self, epoch: u64) -> Fee {
        if epoch >= self.newer.epoch {
            self.newer
        } else {
            self.older
        }
    }
}

/// Reads a mint of either token program.
///
/// # Errors
/// [`ClientError::Malformed`] if it is none, or one of its extensions does not decode.
pub fn read_mint(address: &Pubkey, account: &Account) -> Result<Mint> {
    const WHAT: &str = "mint";
    if !is_token_program(&account.owner) {
        return Err(malformed(WHAT, address, format!("program {} owns it", account.owner)));
    }
    let state =
        StateWithExtensions::<MintState>::unpack(&account.data).map_err(|e| malformed(WHAT, address, e.to_string()))?;
    Ok(Mint {
        token_program: account.owner,
        supply: state.base.supply,
        decimals: state.base.decimals,
        mint_authority: state.base.mint_authority.into(),
        freeze_authority: state.base.freeze_authority.into(),
        extensions: state
            .get_extension_types()
            .map_err(|e| malformed(WHAT, address, e.to_string()))?,
        metadata: state
            .get_variable_len_extension::<TokenMetadata>()
            .ok()
            .map(|metadata| Metadata {
                name: metadata.name,
                symbol: metadata.symbol,
                uri: metadata.uri,
                update_authority: metadata.update_authority.into(),
            }),
        scaled_ui: state
            .get_extension::<ScaledUiAmountConfig>()
            .ok()
            .map(|config| ScaledUi {
                multiplier: config.multiplier.into(),
                scheduled_multiplier: config.new_multiplier.into(),
                effective_ts: config.new_multiplier_effective_timestamp.into(),
            }),
        transfer_fee: state
            .get_extension::<TransferFeeConfig>()
            .ok()
            .map(|config| TransferFees {
                older: (&config.older_transfer_fee).into(),
                newer: (&config.newer_transfer_fee).into(),
            }),
        fee_authority: state
            .get_extension::<TransferFeeConfig>()
            .ok()
            .and_then(|config| config.transfer_fee_config_authority.into()),
        scaled_ui_authority: state
            .get_extension::<ScaledUiAmountConfig>()
            .ok()
            .and_then(|config| config.authority.into()),
        interest: state
            .get_extension::<InterestBearingConfig>()
            .ok()
            .map(|config| Interest {
                authority: config.rate_authority.into(),
                rate_bps: config.current_rate.into(),
            }),
        permanent_delegate: state
            .get_extension::<PermanentDelegate>()
            .ok()
            .and_then(|extension| extension.delegate.into()),
        close_authority: state
            .get_extension::<MintCloseAuthority>()
            .ok()
            .and_then(|extension| extension.close_authority.into()),
        pause_authority: state
            .get_extension::<PausableConfig>()
            .ok()
            .and_then(|extension| extension.authority.into()),
        paused: state
            .get_extension::<PausableConfig>()
            .is_ok_and(|extension| extension.paused.into()),
        frozen_by_default: state
            .get_extension::<DefaultAccountState>()
            .is_ok_and(|extension| extension.state == AccountState::Frozen as u8),
        hook_program: state
            .get_extension::<TransferHook>()
            .ok()
            .and_then(|extension| extension.program_id.into()),
        hook_authority: state
            .get_extension::<TransferHook>()
            .ok()
            .and_then(|extension| extension.authority.into()),
    })
}

/// Reads a mint from a cluster.
///
/// # Errors
/// [`ClientError::Missing`] if it does not exist, else as [`read_mint`].
pub fn get_mint(sender: &dyn Sender, address: &Pubkey) -> Result<Mint> {
    let account = sender.get_account(address)?.ok_or(ClientError::Missing {
        what: "mint",
        address: *address,
    })?;
    read_mint(address, &account)
}
