//! What a redemption pays now, asset by asset, and which is blocked and why.

use std::{collections::BTreeMap, fmt};

use anchor_lang::prelude::{Clock, Pubkey};
use anchor_spl::token_2022::spl_token_2022::extension::ExtensionType;
use upside::{
    constants::TOKEN_2022_PROGRAM_ID,
    state::{Approval, Redemption, Security, Vault},
};

use super::extra_accounts;
use crate::{
    accounts::{self, Mint, TokenAccount},
    error::Result,
    pda,
    quote::{self as quotes, backing},
    risk::RiskCard,
    SecurityKeys, Sender,
};

/// Token accounts that receive other than the associated ones, by asset mint.
pub type Receivers = BTreeMap<Pubkey, Pubkey>;

/// Why an asset cannot be collected now. The others can.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Block {
    /// The asset's issuer has paused all transfers.
    Paused,
    /// The asset's issuer has frozen the vault's token account.
    VaultFrozen {
        /// The vault's token account.
        account: Pubkey,
    },
    /// The receiving account is frozen.
    ReceiverFrozen {
        /// The receiving account.
        account: Pubkey,
    },
    /// The receiving account does not exist and would be born frozen.
    ReceiverBornFrozen {
        /// The receiving account.
        account: Pubkey,
    },
    /// The receiving account belongs to somebody else although nobody asked for that.
    ReceiverOfOther {
        /// The receiving account.
        account: Pubkey,
        /// Its owner.
        owner: Pubkey,
    },
    /// The account that was named to receive is no token account of the asset.
    NoReceiver {
        /// The account that was named.
        account: Pubkey,
    },
    /// The hook's accounts cannot be found.
    HookUnresolved {
        /// The hook program.
        program: Pubkey,
        /// What is wrong.
        reason: String,
    },
    /// The mint is none, or none that this client can read: nothing is known of what a transfer would do.
    MintUnreadable {
        /// What is wrong.
        reason: String,
    },
    /// The vault holds shares of a curated security whose issuer has not approved the holder.
    NotApproved {
        /// The security whose shares they are.
        security: Pubkey,
    },
}

impl fmt::Display for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Paused => write!(f, "its issuer has paused all transfers"),
            Self::VaultFrozen { account } => write!(f, "its issuer has frozen the vault's account {account}"),
            Self::ReceiverFrozen { account } => {
                write!(f, "the receiving account {account} is frozen; its issuer must thaw it")
            }
            Self::ReceiverBornFrozen { account } => write!(
                f,
                "the receiving account {account} will be born frozen; its issuer must thaw it"
            ),
            Self::ReceiverOfOther { account, owner } => {
                write!(f, "the receiving account {account} belongs to {owner}; name another")
            }
            Self::NoReceiver { account } => write!(f, "{account} is no token account of it; name another"),
            Self::HookUnresolved { program, reason } => {
                write!(f, "its transfer hook {program} cannot be served: {reason}")
            }
            Self::MintUnreadable { reason } => write!(f, "its mint cannot be read: {reason}"),
            Self::NotApproved { security } => write!(
                f,
                "the issuer of {security} chooses who may receive its shares and must approve the holder first"
            ),
        }
    }
}

/// One asset of a redemption.
#[derive(Clone, Debug)]
pub struct Leg {
    /// Address of the vault.
    pub vault_address: Pubkey,
    /// The vault.
    pub vault: Vault,
    /// The token program of the vault's token account.
    pub token_program: Pubkey,
    /// The asset's mint; `None` if its issuer has closed it, which needs that nothing of it exists.
    pub mint: Option<Mint>,
    /// The security whose shares the asset is; `None` for other assets.
    pub held: Option<SecurityKeys>,
    /// Atoms of that security's money that the shares have earned and nobody has harvested: what the vault's shares earn belongs to the
    /// registered shares, so it is harvested before any are redeemed. 0 for other assets.
    pub harvestable_atoms: u64,
    /// What can happen to the asset; `None` for shares of a security too, whose issuer has no power over anybody's shares.
    pub risk: Option<RiskCard>,
    /// Asset atoms in the vault.
    pub balance_atoms: u64,
    /// Asset atoms that leave the vault, rounded down.
    pub part_atoms: u64,
    /// Asset atoms that the mint withholds on the way.
    pub fee_atoms: u64,
    /// The token account that receives; for shares of a security the holder's registered account, which is made when it is missing.
    pub receiver: Pubkey,
    /// Whether that account must be created first.
    pub receiver_missing: bool,
    /// Why it cannot be collected now; empty if it can.
    pub blocks: Vec<Block>,
    /// What the mint's transfer hook wants.
    pub hook: Vec<anchor_lang::solana_program::instruction::AccountMeta>,
    /// What wallets will show for what arrives, if that differs.
    pub shown: Option<String>,
}

impl Leg {
    /// Asset atoms that arrive.
    #[must_use]
    pub fn arrives_atoms(&self) -> u64 {
        self.part_atoms.saturating_sub(self.fee_atoms)
    }

    /// Whether it can be collected now.
    #[must_use]
    pub fn is_free(&self) -> bool {
        self.blocks.is_empty()
    }
}

/// What a redemption pays now.
#[derive(Clone, Debug)]
pub struct Quote {
    /// The security's keys.
    pub keys: SecurityKeys,
    /// The security as it was read.
    pub security: Security,
    /// Who redeems.
    pub holder: Pubkey,
    /// Share atoms.
    pub shares_atoms: u64,
    /// The ticket; `None` before `redeem`.
    pub ticket: Option<Redemption>,
    /// Every vault in reach that is not collected yet, by index.
    pub legs: Vec<Leg>,
    /// The cluster's clock.
    pub clock: Clock,
}

/// Open tickets of a holder, by id.
///
/// # Errors
/// When the cluster does not answer.
pub fn open_tickets(sender: &dyn Sender, keys: &SecurityKeys, holder: &Pubkey) -> Result<Vec<Redemption>> {
    Ok(accounts::redemptions_of_holder(sender, &keys.security, holder)?
        .into_iter()
        .map(|(_, ticket)| ticket)
        .collect())
}

/// The first id that none of these tickets has.
#[must_use]
pub fn free_id(tickets: &[Redemption]) -> u64 {
    let mut id = 0;
    while tickets.iter().any(|ticket| ticket.id == id) {
        id += 1;
    }
    id
}

impl Quote {
    /// What redeeming `shares_atoms` pays, before it is begun. Burning them changes no vault's sum, so the quote is of the same figures that
    /// the ticket will have.
    ///
    /// # Errors
    /// When the cluster does not answer, or its answers contradict each other.
    pub fn of_shares(
        sender: &dyn Sender,
        security: &Pubkey,
        holder: &Pubkey,
        shares_atoms: u64,
        receivers: &Receivers,
    ) -> Result<Self> {
        Self::read(sender, security, holder, shares_atoms, None, receivers)
    }

    /// What is left of a ticket.
    ///
    /// # Errors
    /// As [`Quote::of_shares`].
    pub fn of_ticket(sender: &dyn Sender, ticket: &Redemption, receivers: &Receivers) -> Result<Self> {
        Self::read(
            sender,
            &ticket.security,
            &ticket.holder,
            ticket.shares_atoms,
            Some(*ticket),
            receivers,
        )
    }

    fn read(
        sender: &dyn Sender,
        address: &Pubkey,
        holder: &Pubkey,
        shares_atoms: u64,
        ticket: Option<Redemption>,
        receivers: &Receivers,
    ) -> Result<Self> {
        let security = accounts::get_security(sender, address)?;
        let supply_atoms = accounts::get_mint(sender, &security.mint)?.supply;
        let clock = sender.clock()?;
        let vaults: Vec<(Pubkey, Vault)> = accounts::vaults_of(sender, address)?
            .into_iter()
            .filter(|(_, vault)| {
                ticket.is_none_or(|ticket| {
                    u16::from(vault.index) < ticket.vault_count && !ticket.has_collected(vault.index)
                })
            })
            .collect();
        // Vault accounts and mints first: only they say which token program an associated account hangs on.
        let wanted: Vec<Pubkey> = vaults
            .iter()
            .flat_map(|(_, vault)| [vault.token_account, vault.asset_mint])
            .collect();
        let found = sender.get_multiple_accounts(&wanted)?;
        let mut legs = Vec::with_capacity(vaults.len());
        for ((vault_address, vault), pair) in vaults.into_iter().zip(found.chunks_exact(2)) {
            if vault.holds_shares == 1 {
                let part_of = |balance| backing(&security, &vault, supply_atoms, balance, shares_atoms);
                let mint = pair[1]
                    .as_ref()
                    .map(|account| accounts::read_mint(&vault.asset_mint, account));
                let mint = mint.transpose()?;
                legs.push(share_leg(sender, vault_address, vault, mint, holder, part_of, &clock)?);
                continue;
            }
            let account = pair[0]
                .as_ref()
                .map(|account| accounts::read_token_account(&vault.token_account, account))
                .transpose()?;
            // One asset's odd mint must not hide what the others pay.
            let (mint, unreadable) = match &pair[1] {
                Some(account) => match accounts::read_mint(&vault.asset_mint, account) {
                    Ok(mint) => (Some(mint), None),
                    Err(error) => (None, Some(error.to_string())),
                },
                None => (None, Some("it does not exist".to_owned())),
            };
            let token_program = account
                .as_ref()
                .map_or(TOKEN_2022_PROGRAM_ID, |account| account.token_program);
            let balance_atoms = account.as_ref().map_or(0, |account| account.amount);
            let part_atoms = backing(&security, &vault, supply_atoms, balance_atoms, shares_atoms)?;
            let risk = mint
                .as_ref()
                .map(|mint| RiskCard::of(mint, clock.epoch, clock.unix_timestamp));
            let receiver = receivers
                .get(&vault.asset_mint)
                .copied()
                .unwrap_or_else(|| pda::ata(holder, &vault.asset_mint, &token_program));
            let fee_atoms = risk
                .as_ref()
                .and_then(|risk| risk.fee)
                .map_or(0, |fee| fee.now.of(part_atoms));
            let shown = mint.as_ref().and_then(|mint| {
                let scaled = mint.scaled_ui.as_ref()?;
                (scaled.at(clock.unix_timestamp).to_bits() != 1f64.to_bits())
                    .then(|| {
                        scaled.ui_amount(
                            part_atoms.saturating_sub(fee_atoms),
                            mint.decimals,
                            clock.unix_timestamp,
                        )
                    })
                    .flatten()
            });
            let mut leg = Leg {
                blocks: Vec::new(),
                vault_address,
                vault,
                token_program,
                mint,
                held: None,
                harvestable_atoms: 0,
                risk,
                balance_atoms,
                part_atoms,
                fee_atoms,
                receiver,
                receiver_missing: false,
                hook: Vec::new(),
                shown,
            };
            if leg.part_atoms > 0 {
                leg.blocks
                    .extend(unreadable.map(|reason| Block::MintUnreadable { reason }));
                leg.find_blocks(account.as_ref());
                leg.resolve_hook(sender)?;
            }
            legs.push(leg);
        }
        let addresses: Vec<Pubkey> = legs.iter().map(|leg| leg.receiver).collect();
        let found = sender.get_multiple_accounts(&addresses)?;
        for (leg, account) in legs.iter_mut().zip(&found) {
            // A part of zero needs no receiver.
            if leg.part_atoms > 0 && leg.held.is_none() {
                let account = account
                    .as_ref()
                    .filter(|account| account.owner != anchor_lang::system_program::ID)
                    .map(|account| accounts::read_token_account(&leg.receiver, account).ok());
                leg.find_receiver_blocks(account, holder, receivers);
            }
        }
        Ok(Self {
            keys: SecurityKeys::from(&security),
            security,
            holder: *holder,
            shares_atoms,
            ticket,
            legs,
            clock,
        })
    }
}

/// The leg of a vault that holds shares of another security: they need no token account, only an approval if that security is curated.
fn share_leg(
    sender: &dyn Sender,
    vault_address: Pubkey,
    vault: Vault,
    mint: Option<Mint>,
    holder: &Pubkey,
    part_of: impl Fn(u64) -> Result<u64>,
    clock: &Clock,
) -> Result<Leg> {
    let address = pda::security(&vault.asset_mint);
    let held_security = accounts::get_security(sender, &address)?;
    let held = SecurityKeys::from(&held_security);
    let position = accounts::find_position(sender, &address, &vault_address)?;
    let balance_atoms = position.map_or(0, |position| position.shares_atoms);
    let part_atoms = part_of(balance_atoms)?;
    let mut blocks = Vec::new();
    if part_atoms > 0 && held.curated {
        let approval: Option<Approval> = accounts::find(sender, &held.approval(holder))?;
        if approval.is_none() {
            blocks.push(Block::NotApproved { security: address });
        }
    }
    let harvestable_atoms = position.map_or(Ok(0), |position| {
        quotes::position(&held_security, &position, clock.unix_timestamp).map(|quote| quote.claimable_atoms)
    })?;
    Ok(Leg {
        vault_address,
        vault,
        token_program: TOKEN_2022_PROGRAM_ID,
        mint,
        held: Some(held),
        harvestable_atoms,
        risk: None,
        balance_atoms,
        part_atoms,
        fee_atoms: 0,
        receiver: held.registered(holder),
        receiver_missing: false,
        blocks,
        hook: Vec::new(),
        shown: None,
    })
}

impl Leg {
    fn find_blocks(&mut self, vault_account: Option<&TokenAccount>) {
        if self.risk.as_ref().is_some_and(|risk| risk.paused) {
            self.blocks.push(Block::Paused);
        }
        if vault_account.is_some_and(|account| account.frozen) {
            self.blocks.push(Block::VaultFrozen {
                account: self.vault.token_account,
            });
        }
    }

    /// `account`: `None` if nothing is there, `Some(None)` if something else is.
    fn find_receiver_blocks(&mut self, account: Option<Option<TokenAccount>>, holder: &Pubkey, named: &Receivers) {
        let at = self.receiver;
        let was_named = named.contains_key(&self.vault.asset_mint);
        match account {
            None if was_named => self.blocks.push(Block::NoReceiver { account: at }),
            None => {
                self.receiver_missing = true;
                if self.risk.as_ref().is_some_and(|risk| risk.frozen_by_default) {
                    self.blocks.push(Block::ReceiverBornFrozen { account: at });
                }
            }
            Some(Some(account)) if account.mint == self.vault.asset_mint && at != self.vault.token_account => {
                if account.owner != *holder && !was_named {
                    self.blocks.push(Block::ReceiverOfOther {
                        account: at,
                        owner: account.owner,
                    });
                }
                if account.frozen {
                    self.blocks.push(Block::ReceiverFrozen { account: at });
                }
            }
            Some(_) => self.blocks.push(Block::NoReceiver { account: at }),
        }
    }

    fn resolve_hook(&mut self, sender: &dyn Sender) -> Result<()> {
        let Some(mint) = self
            .mint
            .as_ref()
            .filter(|mint| mint.extensions.contains(&ExtensionType::TransferHook))
        else {
            return Ok(());
        };
        let Some(program) = mint.hook_program else {
            return Ok(());
        };
        let resolved = extra_accounts(
            sender,
            &program,
            &self.vault.token_account,
            &self.vault.asset_mint,
            &self.receiver,
            &self.vault_address,
            self.part_atoms,
        );
        match resolved {
            Ok(metas) => self.hook = metas,
            // One asset's hook must not hide what the others pay.
            Err(error @ crate::ClientError::Malformed { .. }) => self.blocks.push(Block::HookUnresolved {
                program,
                reason: error.to_string(),
            }),
            Err(error) => return Err(error),
        }
        Ok(())
    }
}
