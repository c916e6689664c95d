//! `open_vault`

use anchor_lang::{error::ErrorCode, system_program};
use anchor_spl::associated_token::AssociatedToken;
use bytemuck::Zeroable;

use crate::{
    address,
    constants::*,
    error::{err, require_keys_eq, require_keys_neq, UpsideError},
    events::{emit, SecurityTotals, VaultOpened},
    prelude::*,
    seeds,
    state::{Security, Vault},
    token::{check_vault_mint, create_associated_account, create_state, is_share_mint, AssociatedAccount},
    ID,
};

/// Accounts of `open_vault`. The last five are left out unless the asset is the share of a security.
#[event_cpi]
#[derive(Accounts)]
pub struct OpenVault<'info> {
    /// Pays rent, which stays: a vault is never closed.
    #[account(mut)]
    pub payer: Signer<'info>,
    /// Chooses what may back the security.
    pub issuer: Signer<'info>,
    /// Counts its vaults.
    #[account(mut, has_one = issuer @ UpsideError::NotIssuer)]
    pub security: AccountLoader<'info, Security>,
    /// CHECK: checked against the policy for vault assets.
    pub asset_mint: UncheckedAccount<'info>,
    /// CHECK: compared with the program that owns the asset's mint.
    pub asset_token_program: UncheckedAccount<'info>,
    /// CHECK: created here at its address.
    #[account(mut)]
    pub vault: UncheckedAccount<'info>,
    /// CHECK: the vault's associated token account, perhaps made by somebody before; the associated token program proves its address and owner.
    #[account(mut)]
    pub vault_account: UncheckedAccount<'info>,
    /// Creates the token account.
    pub associated_token_program: Program<'info, AssociatedToken>,
    /// Creates the vault.
    pub system_program: Program<'info, System>,
    /// The security whose share is the asset: read for the money that it pays out.
    pub held_security: Option<AccountLoader<'info, Security>>,
    /// CHECK: the money it pays out, by its record. Only if `security` pays out another.
    pub held_payout_mint: Option<UncheckedAccount<'info>>,
    /// CHECK: compared with the program of that money.
    pub held_payout_token_program: Option<UncheckedAccount<'info>>,
    /// CHECK: the vault of that money, which harvests go to: created here at its address unless it is open.
    #[account(mut)]
    pub harvest_vault: Option<UncheckedAccount<'info>>,
    /// CHECK: that vault's associated token account.
    #[account(mut)]
    pub harvest_vault_account: Option<UncheckedAccount<'info>>,
}

/// A vault to be opened.
pub struct NewVault<'a, 'info> {
    /// Counts its vaults.
    pub security: &'a AccountLoader<'info, Security>,
    /// Pays rent.
    pub payer: &'a AccountInfo<'info>,
    /// The asset, which has passed the policy.
    pub mint: &'a AccountInfo<'info>,
    /// The program of the asset.
    pub token_program: &'a AccountInfo<'info>,
    /// Decimals of the asset.
    pub decimals: u8,
    /// Whether the asset is the share of another security.
    pub holds_shares: bool,
    /// The vault.
    pub vault: &'a AccountInfo<'info>,
    /// Its associated token account.
    pub vault_account: &'a AccountInfo<'info>,
    /// The associated token program.
    pub associated_token_program: &'a Pubkey,
    /// The system program.
    pub system: &'a AccountInfo<'info>,
}

/// The bump of the vault of `security` for `mint`, at whose address `vault` must be.
pub fn check_vault_address(vault: &AccountInfo, security: &Pubkey, mint: &Pubkey) -> Result<u8> {
    let (derived, bump) = address::find([seeds::VAULT, security.as_ref(), mint.as_ref()], &ID)?;
    require_keys_eq!(*vault.key, derived, ErrorCode::ConstraintSeeds);
    Ok(bump)
}

impl NewVault<'_, '_> {
    /// Takes the security's next index and creates vault and token account. Returns what is to be told.
    #[inline(never)]
    pub fn open(&self, bump: u8, now: i64) -> Result<VaultOpened> {
        let security_key = self.security.key();
        let (index, totals) = {
            let mut security = self.security.load_mut()?;
            let index = security.open_vault()?;
            security.next_sequence()?;
            (index, SecurityTotals::from(&*security))
        };
        let mut vault = Vault::zeroed();
        vault.version = ACCOUNT_VERSION;
        vault.bump = bump;
        vault.index = index;
        vault.decimals = self.decimals;
        vault.holds_shares = u8::from(self.holds_shares);
        vault.security = security_key;
        vault.asset_mint = *self.mint.key;
        vault.token_account = *self.vault_account.key;
        // Tickets opened before this vault have nothing to collect from it.
        vault.collected_total_atoms = totals.redeemed_total_atoms;
        vault.opened_ts = now;

        create_state(
            self.payer,
            self.vault,
            self.system,
            &[seeds::VAULT, security_key.as_ref(), self.mint.key.as_ref(), &[bump]],
            &vault,
        )?;
        create_associated_account(
            &AssociatedAccount {
                payer: self.payer,
                account: self.vault_account,
                owner: self.vault,
                mint: self.mint,
                token_program: self.token_program,
                associated_token_program: self.associated_token_program,
                system_program: self.system,
            },
            UpsideError::WrongVaultAccount,
        )?;
        Ok(VaultOpened {
            version: EVENT_VERSION,
            ts: now,
            security: security_key,
            vault: *self.vault.key,
            asset_mint: *self.mint.key,
            index,
            holds_shares: self.holds_shares,
            collected_total_atoms: totals.redeemed_total_atoms,
            totals,
            decimals: self.decimals,
            token_account: *self.vault_account.key,
        })
    }
}

/// The vault of the money that held shares earn.
struct HarvestVault<'a, 'info> {
    mint: &'a AccountInfo<'info>,
    token_program: &'a AccountInfo<'info>,
    vault: &'a AccountInfo<'info>,
    vault_account: &'a AccountInfo<'info>,
}

impl<'info> OpenVault<'info> {
    /// Checks the asset and returns its decimals, and whether it is the share of a security.
    fn validate(&self) -> Result<(u8, bool)> {
        require_keys_eq!(*self.vault.owner, system_program::ID, UpsideError::VaultAlreadyOpen);
        require_keys_neq!(
            *self.asset_mint.key,
            self.security.load()?.mint,
            UpsideError::SelfHolding
        );
        require_keys_eq!(
            *self.asset_token_program.key,
            *self.asset_mint.owner,
            UpsideError::WrongTokenProgram
        );
        let mint = check_vault_mint(&self.asset_mint)?;
        Ok((mint.decimals, is_share_mint(&self.asset_mint, &mint)?))
    }

    /// The vault that harvests of the asset's security go to; `None` if they go to the stream.
    fn harvest_vault(&self) -> Result<Option<HarvestVault<'_, 'info>>> {
        let held = self
            .held_security
            .as_ref()
            .ok_or(UpsideError::HeldSecurityMissing)?
            .load()?;
        require_keys_eq!(held.mint, *self.asset_mint.key, UpsideError::WrongSecurityAccount);
        if held.payout_mint == self.security.load()?.payout_mint {
            return Ok(None);
        }
        let (Some(mint), Some(token_program), Some(vault), Some(vault_account)) = (
            &self.held_payout_mint,
            &self.held_payout_token_program,
            &self.harvest_vault,
            &self.harvest_vault_account,
        ) else {
            return err!(UpsideError::HeldSecurityMissing);
        };
        require_keys_eq!(*mint.key, held.payout_mint, UpsideError::WrongPayoutMint);
        require_keys_eq!(
            *token_program.key,
            *held.payout_program(),
            UpsideError::WrongTokenProgram
        );
        Ok(Some(HarvestVault {
            mint,
            token_program,
            vault,
            vault_account,
        }))
    }
}

/// See [`crate::upside::open_vault`].
pub fn open_vault<'info>(ctx: Context<'info, OpenVault<'info>>) -> Result<()> {
    let a = &ctx.accounts;
    let security_key = *a.security.as_ref().key;
    let bump = check_vault_address(&a.vault, &security_key, a.asset_mint.key)?;
    let (decimals, holds_shares) = a.validate()?;
    let harvest_vault = if holds_shares { a.harvest_vault()? } else { None };
    let now = crate::instructions::now()?;
    let new = NewVault {
        security: &a.security,
        payer: &a.payer,
        mint: &a.asset_mint,
        token_program: &a.asset_token_program,
        decimals,
        holds_shares,
        vault: &a.vault,
        vault_account: &a.vault_account,
        associated_token_program: a.associated_token_program.key,
        system: &a.system_program,
    };
    emit(&new.open(bump, now)?, &a.event_authority)?;

    // One that is open already keeps its index; one that finds no index left ends all of it.
    let Some(harvest) = harvest_vault else { return Ok(()) };
    let bump = check_vault_address(harvest.vault, &security_key, harvest.mint.key)?;
    if *harvest.vault.owner == ID {
        return Ok(());
    }
    let money = NewVault {
        mint: harvest.mint,
        token_program: harvest.token_program,
        decimals: check_vault_mint(harvest.mint)?.decimals,
        holds_shares: false,
        vault: harvest.vault,
        vault_account: harvest.vault_account,
        ..new
    };
    emit(&money.open(bump, now)?, &a.event_authority)
}
