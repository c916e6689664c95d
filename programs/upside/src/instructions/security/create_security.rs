//! `create_security`

use bytemuck::Zeroable;

use crate::{
    address,
    constants::*,
    error::{require, require_keys_eq, UpsideError},
    events::{emit_text, PositionTotals, SecurityCreated, SecurityTotals},
    instructions::shares::{associated_token_account, check_position, load_position_mut, OpenPosition},
    prelude::*,
    seeds,
    state::{Kind, Security, Terms, TransferPolicy},
    token::{
        assert_registered, call, check_payout_mint, create_account, create_state, create_token_account, tag, token_len,
        update_len, Batch, Meta, ShareMint,
    },
    ID,
};

/// What `create_security` is given.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Debug, PartialEq, Eq)]
pub struct CreateSecurityArgs {
    /// What it stands for.
    pub kind: Kind,
    /// Index among the issuer's securities of this kind; 0 for a person.
    pub index: u16,
    /// The terms, fixed for ever.
    pub terms: Terms,
    /// Name, 1 to 64 bytes.
    pub name: String,
    /// Symbol, 1 to 16 bytes.
    pub symbol: String,
    /// Metadata URI, at most 200 bytes.
    pub uri: String,
    /// Share atoms registered to the issuer at once; may be 0.
    pub initial_shares_atoms: u64,
}

/// Accounts of `create_security`.
#[event_cpi]
#[derive(Accounts)]
pub struct CreateSecurity<'info> {
    /// Pays rent.
    #[account(mut)]
    pub payer: Signer<'info>,
    /// The issuer: its wallet is a seed of the mint, so nobody can take the address.
    pub issuer: Signer<'info>,
    /// CHECK: created here at its address.
    #[account(mut)]
    pub mint: UncheckedAccount<'info>,
    /// CHECK: created here at its address.
    #[account(mut)]
    pub security: UncheckedAccount<'info>,
    /// CHECK: checked against the policy for payout mints.
    pub payout_mint: UncheckedAccount<'info>,
    /// CHECK: compared with the program that owns the payout mint.
    pub payout_token_program: UncheckedAccount<'info>,
    /// CHECK: created here at its address.
    #[account(mut)]
    pub payout_vault: UncheckedAccount<'info>,
    /// CHECK: the issuer's position, created here at its address.
    #[account(mut)]
    pub position: UncheckedAccount<'info>,
    /// CHECK: the issuer's registered account, created here at its address.
    #[account(mut)]
    pub registered: UncheckedAccount<'info>,
    /// CHECK: the Token-2022 program.
    #[account(address = TOKEN_2022_PROGRAM_ID @ UpsideError::WrongTokenProgram)]
    pub token_program: UncheckedAccount<'info>,
    /// Creates the accounts.
    pub system_program: Program<'info, System>,
}

/// Name: 1 to 64 bytes, no control characters, not only spaces.
pub(super) fn check_name(name: &str) -> Result<()> {
    require!(
        is_text(name, MAX_NAME_BYTES) && !name.trim().is_empty(),
        UpsideError::BadName
    );
    Ok(())
}

/// Symbol: 1 to 16 bytes, no control characters, not only spaces.
pub(super) fn check_symbol(symbol: &str) -> Result<()> {
    require!(
        is_text(symbol, MAX_SYMBOL_BYTES) && !symbol.trim().is_empty(),
        UpsideError::BadSymbol
    );
    Ok(())
}

/// URI: at most 200 bytes, no spaces or control characters; empty for none.
pub(super) fn check_uri(uri: &str) -> Result<()> {
    require!(
        is_text(uri, MAX_URI_BYTES) && !uri.as_bytes().contains(&b' '),
        UpsideError::BadUri
    );
    Ok(())
}

fn is_text(text: &str, most_bytes: usize) -> bool {
    text.len() <= most_bytes && !text.chars().any(|c| c.is_control())
}

/// Bytes of a mint before its metadata: base and account type, metadata pointer, and for curated shares the default state.
const fn mint_space(curated: bool) -> usize {
    let base = 166 + 4 + 64;
    if curated {
        base + 4 + 1
    } else {
        base
    }
}

/// Bytes that the metadata adds: type and length, update authority, mint, three strings, no further fields.
fn metadata_space(args: &CreateSecurityArgs) -> usize {
    4 + 32 + 32 + 4 + args.name.len() + 4 + args.symbol.len() + 4 + args.uri.len() + 4
}

/// Canonical bumps of the accounts that a security is made of.
struct Bumps {
    mint: u8,
    security: u8,
    payout_vault: u8,
}

impl<'info> CreateSecurity<'info> {
    /// Proves the three addresses that anyone finds a security by. Derived here and not by the framework, which pays the runtime
    /// 1,500 units for each bump.
    #[inline(never)]
    fn bumps(&self, args: &CreateSecurityArgs) -> Result<Bumps> {
        let issuer = self.issuer.key.as_ref();
        let (mint, mint_bump) = address::find(
            [seeds::MINT, issuer, &[args.kind as u8], &args.index.to_le_bytes()],
            &ID,
        )?;
        require_keys_eq!(*self.mint.key, mint, ErrorCode::ConstraintSeeds);
        let (security, security_bump) = address::find([seeds::SECURITY, mint.as_ref()], &ID)?;
        require_keys_eq!(*self.security.key, security, ErrorCode::ConstraintSeeds);
        let (payout_vault, payout_vault_bump) = address::find([seeds::PAYOUT, security.as_ref()], &ID)?;
        require_keys_eq!(*self.payout_vault.key, payout_vault, ErrorCode::ConstraintSeeds);
        Ok(Bumps {
            mint: mint_bump,
            security: security_bump,
            payout_vault: payout_vault_bump,
        })
    }

    fn validate(&self, args: &CreateSecurityArgs) -> Result<()> {
        args.terms.validate()?;
        require!(
            args.kind != Kind::Person || args.index == 0,
            UpsideError::PersonIndexNotZero
        );
        check_name(&args.name)?;
        check_symbol(&args.symbol)?;
        check_uri(&args.uri)?;
        require_keys_eq!(
            *self.payout_token_program.key,
            *self.payout_mint.owner,
            UpsideError::WrongTokenProgram
        );
        Ok(())
    }

    #[inline(never)]
    fn new_security(
        &self,
        args: &CreateSecurityArgs,
        bumps: &Bumps,
        payout_decimals: u8,
        now: i64,
    ) -> Result<Box<Security>> {
        let mut s = Box::new(Security::zeroed());
        let terms = &args.terms;
        s.version = ACCOUNT_VERSION;
        s.bump = bumps.security;
        s.mint_bump = bumps.mint;
        s.payout_vault_bump = bumps.payout_vault;
        s.kind = args.kind as u8;
        s.policy = terms.policy as u8;
        s.decimals = terms.decimals;
        s.payout_decimals = payout_decimals;
        s.payout_is_token_2022 = u8::from(*self.payout_mint.owner == TOKEN_2022_PROGRAM_ID);
        s.mint = *self.mint.key;
        s.issuer = *self.issuer.key;
        s.payout_mint = *self.payout_mint.key;
        s.payout_vault = *self.payout_vault.key;
        s.inbox = associated_token_account(self.security.key, self.payout_mint.owner, self.payout_mint.key)?;
        s.agreement_sha256 = terms.agreement_sha256;
        s.index = args.index;
        s.authorised_atoms = terms.authorised_atoms;
        s.drip_seconds = terms.drip_seconds;
        s.notice_seconds = terms.notice_seconds;
        s.redeem_after_ts = terms.redeem_after_ts;
        s.stream_start_ts = now;
        s.stream_end_ts = now;
        s.stream_last_ts = now;
        s.created_ts = now;
        s.issue(args.initial_shares_atoms)?;
        s.add_registered(args.initial_shares_atoms)?;
        s.next_sequence()?;
        s.invariant()?;
        Ok(s)
    }

    /// The mint, with its metadata on itself. Authority and freeze authority are the security; there is nobody else.
    #[inline(never)]
    fn create_mint(&self, args: &CreateSecurityArgs, bumps: &Bumps) -> Result<()> {
        let curated = args.terms.policy == TransferPolicy::Curated;
        let space = mint_space(curated);
        create_account(
            &self.payer,
            &self.mint,
            &self.system_program,
            space,
            token_len(space + metadata_space(args)),
            &TOKEN_2022_PROGRAM_ID,
            &[
                seeds::MINT,
                self.issuer.key.as_ref(),
                &[args.kind as u8],
                &args.index.to_le_bytes(),
                &[bumps.mint],
            ],
        )?;
        let mint = Meta::writable(self.mint.key);
        let mut batch = Batch::new();
        // Pointer authority zeros: the metadata stays on the mint for ever.
        batch.step([mint], &[&[tag::METADATA_POINTER, 0], &[0; 32], self.mint.key.as_ref()]);
        if curated {
            const FROZEN: u8 = 2;
            batch.step([mint], &[&[tag::DEFAULT_ACCOUNT_STATE, 0, FROZEN]]);
        }
        batch.step(
            [mint],
            &[
                &[tag::INITIALIZE_MINT_2, args.terms.decimals],
                self.security.key.as_ref(),
                &[1],
                self.security.key.as_ref(),
            ],
        );
        let signer: &[&[u8]] = &[seeds::SECURITY, self.mint.key.as_ref(), &[bumps.security]];
        batch.invoke([&self.mint], &[signer])?;
        // The metadata interface: discriminator, then the three strings. Accounts: metadata, update authority, mint, mint authority.
        let mut data = Vec::with_capacity(8 + 3 * 4 + MAX_NAME_BYTES + MAX_SYMBOL_BYTES + MAX_URI_BYTES);
        data.extend_from_slice(&tag::METADATA_INITIALIZE);
        for text in [&args.name, &args.symbol, &args.uri] {
            text.serialize(&mut data)?;
        }
        call(
            self.token_program.key,
            &[
                mint,
                Meta::readonly(self.security.key),
                Meta::readonly(self.mint.key),
                Meta::signer(self.security.key),
            ],
            &data,
            [&self.mint, &self.security],
            signer,
        )?;
        update_len(&self.mint);
        Ok(())
    }
}

/// See [`crate::upside::create_security`].
pub fn create_security<'info>(ctx: Context<'info, CreateSecurity<'info>>, args: CreateSecurityArgs) -> Result<()> {
    let a = &ctx.accounts;
    let bumps = a.bumps(&args)?;
    a.validate(&args)?;
    let payout_mint = check_payout_mint(&a.payout_mint)?;
    let now = crate::instructions::now()?;
    let security = a.new_security(&args, &bumps, payout_mint.decimals, now)?;
    let security_key = *a.security.key;

    a.create_mint(&args, &bumps)?;
    create_state(
        &a.payer,
        &a.security,
        &a.system_program,
        &[seeds::SECURITY, a.mint.key.as_ref(), &[bumps.security]],
        &*security,
    )?;
    create_token_account(
        &a.payer,
        &a.payout_vault,
        &a.payout_mint,
        &security_key,
        &a.system_program,
        &[seeds::PAYOUT, security_key.as_ref(), &[bumps.payout_vault]],
    )?;
    OpenPosition {
        security_key: &security_key,
        position: &a.position,
        holder: &a.issuer,
        payer: &a.payer,
        system: &a.system_program,
    }
    .ensure(&security)?;
    let shares = ShareMint::new(&security, &a.security, &a.mint)?;
    let (registered, position) = {
        let mut position = load_position_mut(&a.position)?;
        // Another security's position would be credited with shares that it never issued, and be paid for them.
        check_position(&position, &security_key, a.issuer.key)?;
        position.credit(args.initial_shares_atoms)?;
        position.next_sequence()?;
        (
            shares.prove_or_create(&a.registered, a.position.key, &position, &a.payer, &a.system_program)?,
            PositionTotals::from(&*position),
        )
    };
    shares.mint_to(&registered, args.initial_shares_atoms)?;
    assert_registered(registered.info, position.shares_atoms)?;

    emit_text(
        &SecurityCreated {
            version: EVENT_VERSION,
            ts: now,
            security: security_key,
            mint: *a.mint.key,
            issuer: *a.issuer.key,
            rent_payer: *a.payer.key,
            payout_mint: *a.payout_mint.key,
            kind: args.kind,
            index: args.index,
            terms: args.terms,
            name: args.name,
            symbol: args.symbol,
            uri: args.uri,
            totals: SecurityTotals::from(&*security),
            position,
            payout_decimals: security.payout_decimals,
            payout_is_token_2022: security.payout_is_token_2022,
        },
        &a.event_authority,
    )
}
