//! Opening positions. Not an instruction: whatever gives somebody shares opens their position when it is missing.

use std::cell::RefMut;

use anchor_lang::{prelude::*, system_program, Discriminator};
use bytemuck::Zeroable;
use solana_curve25519::edwards::{validate_edwards, PodEdwardsPoint};

use crate::{
    address,
    constants::{ACCOUNT_VERSION, ASSOCIATED_TOKEN_PROGRAM_ID},
    error::{require, require_keys_eq, UpsideError},
    seeds,
    state::{load_state_mut, Position, Security},
    token::create_state,
    ID,
};

/// What opening a position needs.
pub struct OpenPosition<'a, 'info> {
    /// The security's address.
    pub security_key: &'a Pubkey,
    /// The position, perhaps missing.
    pub position: &'a AccountInfo<'info>,
    /// Who will hold.
    pub holder: &'a AccountInfo<'info>,
    /// Pays rent.
    pub payer: &'a AccountInfo<'info>,
    /// The system program.
    pub system: &'a AccountInfo<'info>,
}

/// A holder is a wallet: an address on the ed25519 curve, or an existing account of another program (a multisig). Never an account
/// of this program; those hold only through the vault instructions.
pub fn check_holder(holder: &AccountInfo) -> Result<()> {
    require!(*holder.owner != ID, UpsideError::NotAHolder);
    require!(
        holder.lamports() > 0 || validate_edwards(&PodEdwardsPoint(holder.key.to_bytes())),
        UpsideError::NotAHolder
    );
    Ok(())
}

impl<'info> OpenPosition<'_, 'info> {
    /// Creates the position at its address if it is missing; returns whether it did. A position that exists is not proven here: the
    /// caller compares its keys with [`check_position`] after loading it, and has checked who may hold.
    pub fn ensure(&self, security: &Security) -> Result<bool> {
        if *self.position.owner == ID {
            return Ok(false);
        }
        require_keys_eq!(*self.position.owner, system_program::ID, UpsideError::WrongPosition);
        self.create(security)?;
        Ok(true)
    }

    #[inline(never)]
    fn create(&self, security: &Security) -> Result<()> {
        let (derived, bump) = address::find(
            [seeds::POSITION, self.security_key.as_ref(), self.holder.key.as_ref()],
            &ID,
        )?;
        require_keys_eq!(*self.position.key, derived, UpsideError::WrongPosition);
        let (_, registered_bump) = address::find([seeds::REGISTERED, derived.as_ref()], &ID)?;
        let mut position = Position::zeroed();
        position.version = ACCOUNT_VERSION;
        position.bump = bump;
        position.registered_bump = registered_bump;
        position.security = *self.security_key;
        position.holder = *self.holder.key;
        position.payout_account =
            associated_token_account(self.holder.key, security.payout_program(), &security.payout_mint)?;
        position.rent_payer = *self.payer.key;
        create_state(
            self.payer,
            self.position,
            self.system,
            &[
                seeds::POSITION,
                self.security_key.as_ref(),
                self.holder.key.as_ref(),
                &[bump],
            ],
            &position,
        )
    }
}

/// The associated token account of `wallet`.
pub fn associated_token_account(wallet: &Pubkey, token_program: &Pubkey, mint: &Pubkey) -> Result<Pubkey> {
    let seeds = [wallet.as_ref(), token_program.as_ref(), mint.as_ref()];
    Ok(address::find(seeds, &ASSOCIATED_TOKEN_PROGRAM_ID)?.0)
}

/// Proves that a loaded position belongs to `security` and `holder`. Only derived addresses ever carry such keys.
pub fn check_position(position: &Position, security: &Pubkey, holder: &Pubkey) -> Result<()> {
    require!(
        position.security == *security && position.holder == *holder,
        UpsideError::WrongPosition
    );
    Ok(())
}

/// Registered share atoms of `holder`, by what should be their position; 0 if it is anything else.
pub fn shares_of(position: &AccountInfo, security: &Pubkey, holder: &Pubkey) -> u64 {
    let Ok(data) = position.try_borrow_data() else {
        return 0;
    };
    if *position.owner != ID || data.len() != Position::SPACE || !data.starts_with(Position::DISCRIMINATOR) {
        return 0;
    }
    let position: &Position = bytemuck::from_bytes(&data[Position::DISCRIMINATOR.len()..]);
    if check_position(position, security, holder).is_ok() {
        position.shares_atoms
    } else {
        0
    }
}

/// Reads a position in place for writing.
pub fn load_position_mut<'a>(info: &'a AccountInfo<'_>) -> Result<RefMut<'a, Position>> {
    load_state_mut(info, UpsideError::WrongPosition)
}
