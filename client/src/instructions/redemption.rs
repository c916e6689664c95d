//! Redemption in kind.

use anchor_lang::{
    prelude::Pubkey,
    solana_program::instruction::{AccountMeta, Instruction},
};
use upside::constants::{MEMO_PROGRAM_ID, TOKEN_2022_PROGRAM_ID};

use super::{build, event_authority, SYSTEM_PROGRAM_ID};
use crate::pda::{self, SecurityKeys};

/// Burns registered shares for a ticket. Signed by `payer` and `holder`.
#[derive(Clone, Copy, Debug)]
pub struct Redeem<'a> {
    /// The security.
    pub keys: &'a SecurityKeys,
    /// Pays the ticket's rent.
    pub payer: Pubkey,
    /// Who gives the shares up, and collects.
    pub holder: Pubkey,
    /// The ticket's id, free among the holder's open tickets.
    pub id: u64,
    /// Share atoms.
    pub amount: u64,
}

impl Redeem<'_> {
    /// The accounts by name.
    #[must_use]
    pub fn accounts(&self) -> upside::accounts::Redeem {
        upside::accounts::Redeem {
            payer: self.payer,
            holder: self.holder,
            security: self.keys.security,
            mint: self.keys.mint,
            position: self.keys.position(&self.holder),
            registered: self.keys.registered(&self.holder),
            redemption: self.keys.redemption(&self.holder, self.id),
            token_program: TOKEN_2022_PROGRAM_ID,
            system_program: SYSTEM_PROGRAM_ID,
            event_authority: event_authority(),
            program: upside::ID,
        }
    }

    /// The instruction.
    #[must_use]
    pub fn instruction(&self) -> Instruction {
        build(
            &self.accounts(),
            &upside::instruction::Redeem {
                id: self.id,
                amount: self.amount,
            },
        )
    }
}

/// Collects a ticket's part of one vault that holds no shares of a security: those are [`CollectShares`]'. Signed by `holder`.
#[derive(Clone, Debug)]
pub struct Collect<'a> {
    /// The security.
    pub keys: &'a SecurityKeys,
    /// The ticket's holder.
    pub holder: Pubkey,
    /// The ticket's id.
    pub id: u64,
    /// The asset.
    pub asset_mint: Pubkey,
    /// The token program of the vault's token account.
    pub asset_token_program: Pubkey,
    /// Token account of the asset that receives.
    pub receiver: Pubkey,
    /// Asset atoms that must arrive at least.
    pub least_atoms: u64,
    /// What the mint's transfer hook wants: its own accounts, the list of them and its program. Empty without a hook. Signatures are dropped.
    pub hook: Vec<AccountMeta>,
}

impl<'a> Collect<'a> {
    /// Collects to the holder's associated token account; anything that arrives is enough.
    #[must_use]
    pub fn to_ata(
        keys: &'a SecurityKeys,
        holder: Pubkey,
        id: u64,
        asset_mint: Pubkey,
        asset_token_program: Pubkey,
    ) -> Self {
        Self {
            keys,
            holder,
            id,
            asset_mint,
            asset_token_program,
            receiver: pda::ata(&holder, &asset_mint, &asset_token_program),
            least_atoms: 0,
            hook: Vec::new(),
        }
    }

    /// The accounts by name, without those of a hook.
    #[must_use]
    pub fn accounts(&self) -> upside::accounts::Collect {
        let vault = self.keys.vault(&self.asset_mint);
        upside::accounts::Collect {
            holder: self.holder,
            security: self.keys.security,
            mint: self.keys.mint,
            redemption: self.keys.redemption(&self.holder, self.id),
            vault,
            vault_account: pda::vault_account(&vault, &self.asset_mint, &self.asset_token_program),
            asset_mint: self.asset_mint,
            receiver: self.receiver,
            asset_token_program: self.asset_token_program,
            memo_program: MEMO_PROGRAM_ID,
            event_authority: event_authority(),
            program: upside::ID,
        }
    }

    /// The instruction.
    #[must_use]
    pub fn instruction(&self) -> Instruction {
        let mut instruction = build(
            &self.accounts(),
            &upside::instruction::Collect {
                least_atoms: self.least_atoms,
            },
        );
        // The program passes none of these on with a signature; a signer here would only have to sign for nothing.
        instruction.accounts.extend(self.hook.iter().map(|meta| AccountMeta {
            is_signer: false,
            ..meta.clone()
        }));
        instruction
    }
}

/// Collects a ticket's part of a vault that holds shares of another security; they arrive registered with the holder. Signed by `payer` and
/// `holder`.
#[derive(Clone, Copy, Debug)]
pub struct CollectShares<'a> {
    /// The security redeemed.
    pub keys: &'a SecurityKeys,
    /// The security whose shares the vault holds. If it is curated, the holder's approval is passed along.
    pub held: &'a SecurityKeys,
    /// Pays rent if the holder has no position in `held` yet.
    pub payer: Pubkey,
    /// The ticket's holder.
    pub holder: Pubkey,
    /// The ticket's id.
    pub id: u64,
    /// Share atoms that must arrive at least.
    pub least_atoms: u64,
}

impl CollectShares<'_> {
    /// The accounts by name.
    #[must_use]
    pub fn accounts(&self) -> upside::accounts::CollectShares {
        let vault = self.keys.vault(&self.held.mint);
        upside::accounts::CollectShares {
            payer: self.payer,
            holder: self.holder,
            security: self.keys.security,
            mint: self.keys.mint,
            redemption: self.keys.redemption(&self.holder, self.id),
            vault,
            held_security: self.held.security,
            held_mint: self.held.mint,
            vault_position: self.held.position(&vault),
            vault_registered: self.held.registered(&vault),
            position: self.held.position(&self.holder),
            registered: self.held.registered(&self.holder),
            approval: self.held.curated.then(|| self.held.approval(&self.holder)),
            token_program: TOKEN_2022_PROGRAM_ID,
            memo_program: MEMO_PROGRAM_ID,
            system_program: SYSTEM_PROGRAM_ID,
            event_authority: event_authority(),
            program: upside::ID,
        }
    }

    /// The instruction.
    #[must_use]
    pub fn instruction(&self) -> Instruction {
        build(
            &self.accounts(),
            &upside::instruction::CollectShares {
                least_atoms: self.least_atoms,
            },
        )
    }
}

/// Closes a ticket that has collected everything. Signed by `holder`.
#[derive(Clone, Copy, Debug)]
pub struct CloseRedemption<'a> {
    /// The security.
    pub keys: &'a SecurityKeys,
    /// The ticket's holder.
    pub holder: Pubkey,
    /// The ticket's id.
    pub id: u64,
    /// Who paid the ticket's rent.
    pub rent_payer: Pubkey,
}

impl CloseRedemption<'_> {
    /// The accounts by name.
    #[must_use]
    pub fn accounts(&self) -> upside::accounts::CloseRedemption {
        upside::accounts::CloseRedemption {
            holder: self.holder,
            security: self.keys.security,
            redemption: self.keys.redemption(&self.holder, self.id),
            rent_payer: self.rent_payer,
            event_authority: event_authority(),
            program: upside::ID,
        }
    }

    /// The instruction.
    #[must_use]
    pub fn instruction(&self) -> Instruction {
        build(&self.accounts(), &upside::instruction::CloseRedemption {})
    }
}
