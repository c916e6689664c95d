//! Mints and their atoms.

use anchor_lang::prelude::Pubkey;
use solana_keypair::Keypair;
use solana_signer::Signer;
use upside::constants::TOKEN_2022_PROGRAM_ID;
use upside_lookalike_mints::{balances::MintRef, equity, keys, EquityMint, Extension, PayoutMint};

use crate::context::TestContext;

impl TestContext {
    /// The equity of that symbol, created if it is not there yet; its authority is [`keys::equity_authority`].
    ///
    /// # Panics
    /// If no equity has the symbol.
    #[must_use]
    pub fn equity(&self, symbol: &str) -> MintRef {
        let equity = equity::by_symbol(symbol).expect("a symbol of the table");
        self.create_mint(&keys::equity_mint(symbol), equity)
    }

    /// A Token-2022 mint with these extensions, 6 decimals, created if it is not there yet; its authority is
    /// [`keys::equity_authority`].
    #[must_use]
    pub fn mint_with(&self, label: &str, extensions: &'static [Extension]) -> MintRef {
        self.create_mint(
            &keys::keypair(label),
            &EquityMint {
                symbol: "TESTx",
                name: "Test mint",
                uri: "https://test.invalid/x.json",
                decimals: 6,
                extensions,
            },
        )
    }

    /// A legacy SPL Token mint, 6 decimals, created if it is not there yet; its authority is [`keys::equity_authority`].
    ///
    /// # Panics
    /// Never.
    #[must_use]
    pub fn legacy_mint(&self, label: &str) -> MintRef {
        let mint = keys::keypair(label);
        if self.account(&mint.pubkey()).is_none() {
            let instructions = PayoutMint {
                symbol: "LEG",
                name: "Legacy",
                decimals: 6,
            }
            .create_instructions(&self.payer.pubkey(), &mint.pubkey(), &keys::equity_authority().pubkey())
            .expect("instructions");
            self.send(&instructions, &[&mint]);
        }
        MintRef {
            mint: mint.pubkey(),
            token_program: upside::constants::TOKEN_PROGRAM_ID,
            decimals: 6,
        }
    }

    fn create_mint(&self, mint: &Keypair, description: &EquityMint) -> MintRef {
        if self.account(&mint.pubkey()).is_none() {
            let authority = keys::equity_authority();
            let instructions = description
                .create_instructions(&self.payer.pubkey(), &mint.pubkey(), &authority.pubkey())
                .expect("instructions");
            self.send(&instructions, &[mint, &authority]);
        }
        MintRef {
            mint: mint.pubkey(),
            token_program: TOKEN_2022_PROGRAM_ID,
            decimals: description.decimals,
        }
    }

    /// Who mints, freezes, pauses and claws back atoms of this mint.
    #[must_use]
    pub fn authority_of(&self, mint: &MintRef) -> Keypair {
        if mint.mint == keys::payout_mint().pubkey() {
            keys::payout_authority()
        } else {
            keys::equity_authority()
        }
    }

    /// Mints atoms to an owner's associated token account, made if missing and thawed if born frozen. Returns the account.
    ///
    /// # Panics
    /// If the mint refuses.
    pub fn fund(&self, mint: &MintRef, owner: &Pubkey, atoms: u64) -> Pubkey {
        let authority = self.authority_of(mint);
        let account = self.open_account(mint, owner);
        let mut instructions = Vec::new();
        if self.token(&account).expect("just made").frozen {
            instructions.push(mint.thaw(&authority.pubkey(), owner).expect("instruction"));
        }
        instructions.push(mint.mint_to(&authority.pubkey(), owner, atoms).expect("instruction"));
        self.send(&instructions, &[&authority]);
        account
    }

    /// Makes an owner's associated token account if missing. Returns it.
    pub fn open_account(&self, mint: &MintRef, owner: &Pubkey) -> Pubkey {
        self.send(&[mint.open_account(&self.payer.pubkey(), owner)], &[]);
        mint.account_of(owner)
    }
}
