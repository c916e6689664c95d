//! Reads of state. Token accounts and mints are read at the offsets that their layout fixes, not through any code of program or client.

use anchor_lang::prelude::Pubkey;
use upside::state::{Approval, Position, Security, Vault};
use upside_client::{accounts, Sender};

use crate::{context::TestContext, setup::TestSecurity};

/// A token account of either token program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RawToken {
    /// The mint.
    pub mint: Pubkey,
    /// Who may move its tokens.
    pub owner: Pubkey,
    /// Atoms.
    pub amount: u64,
    /// Whether it is frozen.
    pub frozen: bool,
    /// Bytes of the account.
    pub len: usize,
}

fn key_at(data: &[u8], at: usize) -> Pubkey {
    Pubkey::try_from(&data[at..at + 32]).expect("32 bytes")
}

fn u64_at(data: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(data[at..at + 8].try_into().expect("8 bytes"))
}

impl TestContext {
    /// A token account; `None` if the address holds none.
    #[must_use]
    pub fn token(&self, address: &Pubkey) -> Option<RawToken> {
        let account = self.account(address)?;
        (account.data.len() >= 165).then(|| RawToken {
            mint: key_at(&account.data, 0),
            owner: key_at(&account.data, 32),
            amount: u64_at(&account.data, 64),
            frozen: account.data[108] == 2,
            len: account.data.len(),
        })
    }

    /// Atoms in a token account; 0 if it does not exist.
    #[must_use]
    pub fn balance(&self, address: &Pubkey) -> u64 {
        self.token(address).map_or(0, |token| token.amount)
    }

    /// Atoms of a mint in existence.
    ///
    /// # Panics
    /// If the mint does not exist.
    #[must_use]
    pub fn supply(&self, mint: &Pubkey) -> u64 {
        u64_at(&self.account(mint).expect("a mint").data, 36)
    }

    /// Lamports of an address; 0 if it does not exist.
    #[must_use]
    pub fn lamports(&self, address: &Pubkey) -> u64 {
        self.account(address).map_or(0, |account| account.lamports)
    }

    /// A security's state.
    ///
    /// # Panics
    /// If it does not exist.
    #[must_use]
    pub fn security_state(&self, security: &TestSecurity) -> Security {
        accounts::get_security(&self.sender, &security.keys.security).expect("a security")
    }

    /// A holder's position; `None` if they have none.
    ///
    /// # Panics
    /// If the address holds something else.
    #[must_use]
    pub fn find_position(&self, security: &TestSecurity, holder: &Pubkey) -> Option<Position> {
        accounts::find_position(&self.sender, &security.keys.security, holder).expect("a position or nothing")
    }

    /// A holder's position.
    ///
    /// # Panics
    /// If they have none.
    #[must_use]
    pub fn position(&self, security: &TestSecurity, holder: &Pubkey) -> Position {
        self.find_position(security, holder).expect("a position")
    }

    /// The vault of a security for one asset.
    ///
    /// # Panics
    /// If it does not exist.
    #[must_use]
    pub fn vault(&self, security: &TestSecurity, asset_mint: &Pubkey) -> Vault {
        accounts::get(&self.sender, &security.keys.vault(asset_mint)).expect("a vault")
    }

    /// The approval of a holder; `None` if there is none.
    ///
    /// # Panics
    /// If the address holds something else.
    #[must_use]
    pub fn find_approval(&self, security: &TestSecurity, holder: &Pubkey) -> Option<Approval> {
        accounts::find(&self.sender, &security.keys.approval(holder)).expect("an approval or nothing")
    }

    /// S-1 for one holder: the registered account is frozen, the holder's, and holds exactly the position's shares.
    ///
    /// # Panics
    /// If it does not hold.
    pub fn assert_registered(&self, security: &TestSecurity, holder: &Pubkey, shares_atoms: u64) {
        assert_eq!(self.position(security, holder).shares_atoms, shares_atoms, "position");
        let registered = self
            .token(&security.keys.registered(holder))
            .expect("a registered account");
        assert_eq!(registered.amount, shares_atoms, "registered account");
        assert!(registered.frozen, "the registered account must be frozen");
        assert_eq!((registered.mint, registered.owner), (security.keys.mint, *holder));
    }

    /// The unix time of the machine, seconds.
    ///
    /// # Panics
    /// Never.
    #[must_use]
    pub fn now(&self) -> i64 {
        self.sender.now().expect("the clock")
    }
}
