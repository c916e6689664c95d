//! Moving registered shares from one position to another. Not an instruction: every instruction that does it comes here.

use super::{check_position, load_position_mut, OpenPosition};
use crate::{
    constants::EVENT_VERSION,
    events::{PositionTotals, SharesTransferred},
    prelude::*,
    state::Security,
    token::{assert_registered, ShareMint},
};

/// Registered shares on their way from one holder to another. Who may send and who may receive is the caller's affair.
pub struct MoveShares<'a, 'info> {
    /// Read only: moves of one security do not meet here.
    pub security: &'a AccountLoader<'info, Security>,
    /// The share mint.
    pub mint: &'a AccountInfo<'info>,
    /// Who sends, and has signed or is a vault.
    pub from: &'a AccountInfo<'info>,
    /// What derives the sender if it is a vault; empty if the sender has signed.
    pub from_seeds: &'a [&'a [u8]],
    /// The sender's position.
    pub from_position: &'a AccountInfo<'info>,
    /// The sender's registered account.
    pub from_registered: &'a AccountInfo<'info>,
    /// Who receives.
    pub to: &'a AccountInfo<'info>,
    /// The receiver's position, opened if missing.
    pub to_position: &'a AccountInfo<'info>,
    /// The receiver's registered account, created if missing.
    pub to_registered: &'a AccountInfo<'info>,
    /// Pays rent of what is missing.
    pub payer: &'a AccountInfo<'info>,
    /// The system program.
    pub system: &'a AccountInfo<'info>,
}

impl MoveShares<'_, '_> {
    /// Settles both positions, moves `amount` share atoms, and checks S-1 of both. Returns what is to be told.
    pub fn run(&self, amount: u64, now: i64) -> Result<SharesTransferred> {
        let security_key = self.security.key();
        let security = self.security.load()?;
        let opened = OpenPosition {
            security_key: &security_key,
            position: self.to_position,
            holder: self.to,
            payer: self.payer,
            system: self.system,
        }
        .ensure(&security)?;
        let shares = ShareMint::new(&security, self.security.as_ref(), self.mint)?;
        let upside_per_share_x64 = security.upside_per_share_at(now)?;

        let (from, to, from_position, to_position) = {
            let mut from = load_position_mut(self.from_position)?;
            let mut to = load_position_mut(self.to_position)?;
            check_position(&from, &security_key, self.from.key)?;
            check_position(&to, &security_key, self.to.key)?;
            from.settle(upside_per_share_x64)?;
            to.settle(upside_per_share_x64)?;
            from.debit(amount)?;
            to.credit(amount)?;
            from.next_sequence()?;
            to.next_sequence()?;
            (
                shares.prove(self.from_registered, self.from_position.key, &from)?,
                shares.prove_or_create(self.to_registered, self.to_position.key, &to, self.payer, self.system)?,
                PositionTotals::from(&*from),
                PositionTotals::from(&*to),
            )
        };
        drop(security);

        shares.transfer_registered(&from, &to, self.from, self.from_seeds, amount)?;
        assert_registered(from.info, from_position.shares_atoms)?;
        assert_registered(to.info, to_position.shares_atoms)?;
        Ok(SharesTransferred {
            version: EVENT_VERSION,
            ts: now,
            security: security_key,
            from: *self.from.key,
            to: *self.to.key,
            opened_by: if opened { *self.payer.key } else { Pubkey::default() },
            amount_atoms: amount,
            from_position,
            to_position,
        })
    }
}
