//! Moves of registered shares. The program freezes and thaws only registered accounts, and only here.
//!
//! Every move is one `Batch` call that thaws, moves and freezes again, followed by S-1: the account holds exactly what
//! its position says and is frozen. The holder's signature passes through to the moves that need it.

use anchor_lang::{
    prelude::*,
    solana_program::{
        instruction::{AccountMeta, Instruction},
        program::invoke_signed_unchecked,
    },
};

use crate::{
    address,
    constants::TOKEN_2022_PROGRAM_ID,
    error::{err, require, require_keys_eq, require_keys_neq, UpsideError},
    seeds,
    state::{Position, Security},
    token::{
        create_account, is_cpi_guarded, memo_if_required, read_token_account, tag, Batch, Meta, TokenAccountView,
        TOKEN_ACCOUNT_LEN,
    },
    ID,
};

/// Length of a registered account as created: a token account, its type byte and ImmutableOwner. Its holder may enlarge it.
pub const REGISTERED_LEN: usize = TOKEN_ACCOUNT_LEN + 1 + 4;

/// What the moves of one security's shares need.
pub struct ShareMint<'a, 'info> {
    /// The mint.
    pub mint: &'a AccountInfo<'info>,
    /// The security account: mint and freeze authority.
    pub security: &'a AccountInfo<'info>,
    /// Its bump.
    pub bump: u8,
    /// Whether accounts of this mint are born frozen.
    pub curated: bool,
}

/// One holder's registered account, proven to be the one of its position.
pub struct Registered<'a, 'info> {
    /// The account.
    pub info: &'a AccountInfo<'info>,
    /// Whether this instruction has just created it, still to be initialised.
    pub fresh: bool,
    /// The holder.
    pub holder: Pubkey,
}

impl<'a, 'info> ShareMint<'a, 'info> {
    /// Collects what moves need from a security that was loaded from `info`. Its mint is checked against the record.
    pub fn new(security: &Security, info: &'a AccountInfo<'info>, mint: &'a AccountInfo<'info>) -> Result<Self> {
        require_keys_eq!(*mint.key, security.mint, UpsideError::WrongSecurityAccount);
        Ok(Self {
            mint,
            security: info,
            bump: security.bump,
            curated: security.is_curated(),
        })
    }

    /// Proves that `info` is the registered account of `position`.
    ///
    /// For an `Open` security a frozen account of this mint and holder is the registered one: accounts of the mint are born thawed,
    /// its freeze authority is the security, the program freezes only derived addresses, and ImmutableOwner keeps the
    /// holder. Otherwise (born frozen, or absent) the address is derived.
    pub fn prove(
        &self,
        info: &'a AccountInfo<'info>,
        position_key: &Pubkey,
        position: &Position,
    ) -> Result<Registered<'a, 'info>> {
        if !self.curated {
            if let Some(view) = read_token_account(info, &TOKEN_2022_PROGRAM_ID) {
                require!(
                    view.mint == *self.mint.key && view.owner == position.holder && view.frozen,
                    UpsideError::WrongRegisteredAccount
                );
                return Ok(Registered {
                    info,
                    fresh: false,
                    holder: position.holder,
                });
            }
        }
        let seeds = [seeds::REGISTERED, position_key.as_ref()];
        let derived = address::of(seeds, position.registered_bump, &ID);
        require_keys_eq!(*info.key, derived, UpsideError::WrongRegisteredAccount);
        Ok(Registered {
            info,
            fresh: false,
            holder: position.holder,
        })
    }

    /// Like [`Self::prove`], and creates the account if its holder has closed it (or it never was).
    pub fn prove_or_create(
        &self,
        info: &'a AccountInfo<'info>,
        position_key: &Pubkey,
        position: &Position,
        payer: &AccountInfo<'info>,
        system: &AccountInfo<'info>,
    ) -> Result<Registered<'a, 'info>> {
        let mut registered = self.prove(info, position_key, position)?;
        if *info.owner != TOKEN_2022_PROGRAM_ID {
            create_account(
                payer,
                info,
                system,
                REGISTERED_LEN,
                REGISTERED_LEN,
                &TOKEN_2022_PROGRAM_ID,
                &[seeds::REGISTERED, position_key.as_ref(), &[position.registered_bump]],
            )?;
            registered.fresh = true;
        }
        Ok(registered)
    }

    fn thaw<'b>(&'b self, batch: &mut Batch<'b>, registered: &'b Registered) {
        if registered.fresh {
            batch.step(
                [Meta::writable(registered.info.key)],
                &[&[tag::INITIALIZE_IMMUTABLE_OWNER]],
            );
            batch.step(
                [Meta::writable(registered.info.key), Meta::readonly(self.mint.key)],
                &[&[tag::INITIALIZE_ACCOUNT_3], registered.holder.as_ref()],
            );
            if !self.curated {
                return; // born thawed
            }
        }
        self.set_frozen(batch, registered, tag::THAW_ACCOUNT);
    }

    fn freeze<'b>(&'b self, batch: &mut Batch<'b>, registered: &'b Registered) {
        self.set_frozen(batch, registered, tag::FREEZE_ACCOUNT);
    }

    fn set_frozen<'b>(&'b self, batch: &mut Batch<'b>, registered: &'b Registered, tag: u8) {
        batch.step(
            [
                Meta::writable(registered.info.key),
                Meta::readonly(self.mint.key),
                Meta::signer(self.security.key),
            ],
            &[&[tag]],
        );
    }

    /// The transfer without mint and decimals: the token program compares the mints of both accounts, both are proven to be of this one, and
    /// it has neither fee, hook nor pause, for which the token program would insist on the mint. Reading it costs some hundred units.
    fn transfer<'b>(&'b self, batch: &mut Batch<'b>, from: &'b Pubkey, to: &'b Pubkey, owner: &'b Pubkey, amount: u64) {
        batch.step(
            [Meta::writable(from), Meta::writable(to), Meta::signer(owner)],
            &[&[tag::TRANSFER], &amount.to_le_bytes()],
        );
    }

    /// `owner_seeds` derive the owner of shares that this program signs for too: a vault. Empty if the owner has signed.
    fn run<const N: usize>(&self, batch: Batch, infos: [&AccountInfo<'info>; N], owner_seeds: &[&[u8]]) -> Result<()> {
        let bump = [self.bump];
        let security_seeds: [&[u8]; 3] = [seeds::SECURITY, self.mint.key.as_ref(), &bump];
        let signers = [&security_seeds[..], owner_seeds];
        batch.invoke(infos, &signers[..1 + usize::from(!owner_seeds.is_empty())])
    }

    /// Mints `amount` into a registered account. Nothing that its holder sets up can stop it.
    pub fn mint_to(&self, to: &Registered<'_, 'info>, amount: u64) -> Result<()> {
        let mut batch = Batch::new();
        self.thaw(&mut batch, to);
        if amount > 0 {
            batch.step(
                [
                    Meta::writable(self.mint.key),
                    Meta::writable(to.info.key),
                    Meta::signer(self.security.key),
                ],
                &[&[tag::MINT_TO], &amount.to_le_bytes()],
            );
        }
        self.freeze(&mut batch, to);
        self.run(batch, [to.info, self.mint, self.security], &[])
    }

    /// Moves `amount` between two registered accounts; the sender's holder has signed, or is the vault that `holder_seeds` derive.
    pub fn transfer_registered(
        &self,
        from: &Registered<'_, 'info>,
        to: &Registered<'_, 'info>,
        holder: &AccountInfo<'info>,
        holder_seeds: &[&[u8]],
        amount: u64,
    ) -> Result<()> {
        // A Token-2022 transfer into itself succeeds and moves nothing: it would double the shares of the position.
        require_keys_neq!(*from.info.key, *to.info.key, UpsideError::SameAccount);
        if !to.fresh {
            memo_if_required(to.info)?;
        }
        let mut batch = Batch::new();
        self.thaw(&mut batch, from);
        self.thaw(&mut batch, to);
        self.transfer(&mut batch, from.info.key, to.info.key, holder.key, amount);
        self.freeze(&mut batch, from);
        self.freeze(&mut batch, to);
        self.run(
            batch,
            [from.info, to.info, self.mint, self.security, holder],
            holder_seeds,
        )
    }

    /// Moves `amount` of bearer shares into a registered account; the holder owns both and has signed, or is the vault that `holder_seeds`
    /// derive.
    pub fn enter(
        &self,
        bearer: &AccountInfo<'info>,
        to: &Registered<'_, 'info>,
        holder: &AccountInfo<'info>,
        holder_seeds: &[&[u8]],
        amount: u64,
    ) -> Result<()> {
        require_keys_neq!(*bearer.key, *to.info.key, UpsideError::SameAccount);
        if !to.fresh {
            memo_if_required(to.info)?;
        }
        let mut batch = Batch::new();
        self.thaw(&mut batch, to);
        self.transfer(&mut batch, bearer.key, to.info.key, holder.key, amount);
        self.freeze(&mut batch, to);
        self.run(batch, [bearer, to.info, self.mint, self.security, holder], holder_seeds)
    }

    /// Moves `amount` of registered shares out to a bearer account; the holder owns both and has signed.
    pub fn leave(
        &self,
        from: &Registered<'_, 'info>,
        bearer: &AccountInfo<'info>,
        holder: &AccountInfo<'info>,
        amount: u64,
    ) -> Result<()> {
        require_keys_neq!(*bearer.key, *from.info.key, UpsideError::SameAccount);
        memo_if_required(bearer)?;
        let mut batch = Batch::new();
        self.thaw(&mut batch, from);
        self.transfer(&mut batch, from.info.key, bearer.key, holder.key, amount);
        self.freeze(&mut batch, from);
        self.run(batch, [from.info, bearer, self.mint, self.security, holder], &[])
    }

    /// Burns `amount` of registered shares; their holder has signed.
    pub fn burn(&self, from: &Registered<'_, 'info>, holder: &AccountInfo<'info>, amount: u64) -> Result<()> {
        let mut batch = Batch::new();
        self.thaw(&mut batch, from);
        batch.step(
            [
                Meta::writable(from.info.key),
                Meta::writable(self.mint.key),
                Meta::signer(holder.key),
            ],
            &[&[tag::BURN], &amount.to_le_bytes()],
        );
        self.freeze(&mut batch, from);
        self.run(batch, [from.info, self.mint, self.security, holder], &[])
    }

    /// Closes an empty registered account; its holder has signed, its rent goes to `receiver`. One that is missing, or whose holder's
    /// CPI guard would send the rent elsewhere, is left alone: it holds nothing, and its holder can close it.
    pub fn close(
        &self,
        registered: &Registered<'_, 'info>,
        holder: &AccountInfo<'info>,
        receiver: &AccountInfo<'info>,
    ) -> Result<()> {
        if *registered.info.owner != TOKEN_2022_PROGRAM_ID || is_cpi_guarded(registered.info)? {
            return Ok(());
        }
        assert_registered(registered.info, 0)?;
        let instruction = Instruction {
            program_id: TOKEN_2022_PROGRAM_ID,
            accounts: vec![
                AccountMeta::new(*registered.info.key, false),
                AccountMeta::new(*receiver.key, false),
                AccountMeta::new_readonly(*holder.key, true),
            ],
            data: vec![tag::CLOSE_ACCOUNT],
        };
        let infos = [registered.info.clone(), receiver.clone(), holder.clone()];
        // Unchecked skips only the RefCell probes; no borrow of these accounts is held across the call.
        invoke_signed_unchecked(&instruction, &infos, &[])?;
        Ok(())
    }
}

/// S-1 after a move: the registered account is frozen and holds exactly the position's shares.
pub fn assert_registered(info: &AccountInfo, shares_atoms: u64) -> Result<()> {
    match read_token_account(info, &TOKEN_2022_PROGRAM_ID) {
        Some(TokenAccountView {
            amount, frozen: true, ..
        }) if amount == shares_atoms => Ok(()),
        _ => err!(UpsideError::RegisteredMismatch),
    }
}
