//! The security: terms, supply, accumulator and stream.

use anchor_lang::prelude::*;
use upside_math as m;

use super::X64;
use crate::{
    constants::*,
    error::{math, require, require_keys_neq, UpsideError},
};

/// What a security stands for. Stored as one byte, numbered in this order; append only.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One company, song, paper, film, product.
    Expression,
    /// Everything one person will ever do. One per wallet, ever.
    Person,
    /// People who rise together.
    Collective,
}

/// Who may receive shares. Stored as one byte, numbered in this order; fixed at creation, append only.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransferPolicy {
    /// A holder may unregister to bearer shares and back at will.
    Open,
    /// The issuer approves who may receive; bearer shares do not exist.
    Curated,
}

/// The terms of a security, fixed at creation.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Decimals of a share, 0 to 9.
    pub decimals: u8,
    /// Who may receive shares.
    pub policy: TransferPolicy,
    /// Most share atoms that may ever be issued; may be lowered by `retire`, never raised.
    pub authorised_atoms: u64,
    /// Seconds over which money paid in drips to registered shares.
    pub drip_seconds: i64,
    /// Least seconds between the announcement of a grant or round and its start, once others hold shares.
    pub notice_seconds: i64,
    /// When redemption opens, unix seconds; [`NEVER_TS`] for never. May be moved earlier only.
    pub redeem_after_ts: i64,
    /// Sha256 of an agreement, or zeros. Stored and shown, never interpreted.
    pub agreement_sha256: [u8; 32],
}

impl Terms {
    /// Refuses terms outside their ranges, each with its own error.
    pub fn validate(&self) -> Result<()> {
        require!(self.decimals <= MAX_DECIMALS, UpsideError::TooManyDecimals);
        require!(
            self.authorised_atoms >= m::supply::MIN_AUTHORISED,
            UpsideError::AuthorisedTooSmall
        );
        let least_drip = match self.policy {
            TransferPolicy::Open => MIN_OPEN_DRIP_SECONDS,
            TransferPolicy::Curated => 0,
        };
        require!(
            (least_drip..=MAX_DRIP_SECONDS).contains(&self.drip_seconds),
            UpsideError::DripOutOfRange
        );
        require!(
            (MIN_NOTICE_SECONDS..=MAX_NOTICE_SECONDS).contains(&self.notice_seconds),
            UpsideError::NoticeOutOfRange
        );
        Ok(())
    }
}

/// A security. Seeds: `security`, mint. It signs for its mint, its payout vault and its inbox.
#[account(zero_copy)]
#[derive(Debug)]
#[repr(C)]
pub struct Security {
    /// Layout version.
    pub version: u8,
    /// Canonical bump of this account.
    pub bump: u8,
    /// Canonical bump of the mint.
    pub mint_bump: u8,
    /// Canonical bump of the payout vault.
    pub payout_vault_bump: u8,
    /// [`Kind`].
    pub kind: u8,
    /// [`TransferPolicy`].
    pub policy: u8,
    /// Decimals of a share.
    pub decimals: u8,
    /// Decimals of the payout mint.
    pub payout_decimals: u8,
    /// The share mint.
    pub mint: Pubkey,
    /// Who may act for the security.
    pub issuer: Pubkey,
    /// Who may accept to become issuer; zeros for nobody.
    pub pending_issuer: Pubkey,
    /// The mint money is paid in.
    pub payout_mint: Pubkey,
    /// Money received and not yet claimed.
    pub payout_vault: Pubkey,
    /// This account's associated token account for the payout mint: money sent here is swept in by `distribute`. It need not exist.
    pub inbox: Pubkey,
    /// Sha256 of an agreement, or zeros.
    pub agreement_sha256: [u8; 32],
    /// Index among the securities of one issuer and kind.
    pub index: u16,
    /// Vaults opened; the next vault's index.
    pub vault_count: u16,
    /// Rounds that have taken money and not given or paid it all out yet.
    pub funded_rounds: u32,
    /// 0 if the payout mint is of SPL Token, 1 if of Token-2022.
    pub payout_is_token_2022: u8,
    /// Zero.
    pub padding: [u8; 7],
    /// Most share atoms that may ever be issued.
    pub authorised_atoms: u64,
    /// Share atoms ever newly issued; never falls.
    pub issued_atoms: u64,
    /// Share atoms promised to grants, rounds and joins.
    pub reserved_atoms: u64,
    /// Share atoms in registered accounts; these earn.
    pub registered_atoms: u64,
    /// Share atoms ever burnt by `redeem`.
    pub redeemed_total_atoms: u64,
    /// Seconds over which money paid in drips.
    pub drip_seconds: i64,
    /// Least seconds of notice.
    pub notice_seconds: i64,
    /// When redemption opens, unix seconds.
    pub redeem_after_ts: i64,
    /// Stream: payout atoms of the present line.
    pub stream_total_atoms: u64,
    /// Stream: payout atoms of it already emitted.
    pub stream_dripped_atoms: u64,
    /// Stream: start of the line, unix seconds.
    pub stream_start_ts: i64,
    /// Stream: end of the line, unix seconds.
    pub stream_end_ts: i64,
    /// Stream: the time it was last settled to, unix seconds.
    pub stream_last_ts: i64,
    /// Accumulator: payout atoms per share atom, modulo 2^128.
    pub upside_per_share_x64: X64,
    /// Emitted money not credited to any share yet.
    pub remainder_x64: X64,
    /// Payout atoms ever received, whole (not `_x64`): money that goes round may exceed 64 bits.
    pub received_total_atoms: X64,
    /// Number of the last event of this account.
    pub sequence: u64,
    /// When the security was created, unix seconds.
    pub created_ts: i64,
    /// Zero.
    pub reserved: [u8; 128],
}

const _: () = assert!(core::mem::size_of::<Security>() == 8 + 7 * 32 + 16 + 13 * 8 + 3 * 16 + 2 * 8 + 128);

impl Security {
    /// Account size with the discriminator, bytes.
    pub const SPACE: usize = 8 + core::mem::size_of::<Self>();

    /// Whether shares of this security have no bearer form.
    pub fn is_curated(&self) -> bool {
        self.policy == TransferPolicy::Curated as u8
    }

    /// The token program of the payout mint.
    pub fn payout_program(&self) -> &'static Pubkey {
        if self.payout_is_token_2022 == 1 {
            &TOKEN_2022_PROGRAM_ID
        } else {
            &TOKEN_PROGRAM_ID
        }
    }

    /// The stream as `math` has it.
    pub fn stream(&self) -> m::Stream {
        m::Stream {
            total: self.stream_total_atoms,
            dripped: self.stream_dripped_atoms,
            start_ts: self.stream_start_ts,
            end_ts: self.stream_end_ts,
            last_ts: self.stream_last_ts,
        }
    }

    /// The accumulator as `math` has it.
    pub fn accumulator(&self) -> m::Accumulator {
        m::Accumulator {
            upside_per_share_x64: self.upside_per_share_x64.get(),
            remainder_x64: self.remainder_x64.get(),
        }
    }

    fn set_stream(&mut self, stream: m::Stream) {
        self.stream_total_atoms = stream.total;
        self.stream_dripped_atoms = stream.dripped;
        self.stream_start_ts = stream.start_ts;
        self.stream_end_ts = stream.end_ts;
        self.stream_last_ts = stream.last_ts;
    }

    fn set_accumulator(&mut self, accumulator: m::Accumulator) {
        self.upside_per_share_x64 = accumulator.upside_per_share_x64.into();
        self.remainder_x64 = accumulator.remainder_x64.into();
    }

    /// Settles stream and accumulator to `max(now, last)` and returns the accumulator. For instructions that write the security.
    pub fn settle(&mut self, now: i64) -> Result<u128> {
        let (mut stream, mut accumulator) = (self.stream(), self.accumulator());
        math(m::settle(&mut stream, &mut accumulator, now, self.registered_atoms))?;
        self.set_stream(stream);
        self.set_accumulator(accumulator);
        Ok(accumulator.upside_per_share_x64)
    }

    /// The accumulator at `max(now, last)` without writing: it does not depend on when one settles.
    pub fn upside_per_share_at(&self, now: i64) -> Result<u128> {
        let (mut stream, mut accumulator) = (self.stream(), self.accumulator());
        math(m::settle(&mut stream, &mut accumulator, now, self.registered_atoms))?;
        Ok(accumulator.upside_per_share_x64)
    }

    /// Puts `amount` of payout atoms on the stream. Settle first.
    pub fn add_to_stream(&mut self, amount: u64) -> Result<()> {
        let mut stream = self.stream();
        math(stream.add(amount, self.drip_seconds))?;
        self.set_stream(stream);
        self.received_total_atoms = self
            .received_total_atoms
            .get()
            .checked_add(u128::from(amount))
            .ok_or(UpsideError::Overflow)?
            .into();
        Ok(())
    }

    /// Shares become registered. Settle first.
    pub fn add_registered(&mut self, amount: u64) -> Result<()> {
        self.registered_atoms = self.registered_atoms.checked_add(amount).ok_or(UpsideError::Overflow)?;
        Ok(())
    }

    /// Shares stop being registered; when the last one leaves, the stream waits. Settle first.
    pub fn remove_registered(&mut self, amount: u64) -> Result<()> {
        self.registered_atoms = self.registered_atoms.checked_sub(amount).ok_or(UpsideError::Overflow)?;
        if self.registered_atoms == 0 {
            let mut stream = self.stream();
            stream.pause();
            self.set_stream(stream);
        }
        Ok(())
    }

    /// Takes the fraction of a closed position back; the next emission shares it out.
    pub fn take_back(&mut self, fraction_x64: u128) -> Result<()> {
        let mut accumulator = self.accumulator();
        math(accumulator.take_back(fraction_x64))?;
        self.set_accumulator(accumulator);
        Ok(())
    }

    /// Counts `new` shares as issued: `issued + reserved + new <= authorised`.
    pub fn issue(&mut self, new: u64) -> Result<()> {
        math(m::supply::authorise(
            self.issued_atoms,
            self.reserved_atoms,
            new,
            self.authorised_atoms,
        ))?;
        self.issued_atoms = self.issued_atoms.checked_add(new).ok_or(UpsideError::Overflow)?;
        Ok(())
    }

    /// Takes `amount` of registered shares out of existence for a ticket: they count in every vault until the ticket has collected
    /// there. Settle first. `now` shall not be before `redeem_after_ts`.
    ///
    /// `redeemed_total <= issued` always, for a share is redeemed once and what is redeemed is never issued again: it cannot overflow.
    pub fn redeem(&mut self, amount: u64, now: i64) -> Result<()> {
        require!(
            self.redeem_after_ts != NEVER_TS && now >= self.redeem_after_ts,
            UpsideError::RedemptionNotOpen
        );
        self.remove_registered(amount)?;
        self.redeemed_total_atoms = self
            .redeemed_total_atoms
            .checked_add(amount)
            .ok_or(UpsideError::Overflow)?;
        Ok(())
    }

    /// Promises `amount` of new shares: `issued + reserved + amount <= authorised`.
    pub fn reserve(&mut self, amount: u64) -> Result<()> {
        math(m::supply::authorise(
            self.issued_atoms,
            self.reserved_atoms,
            amount,
            self.authorised_atoms,
        ))?;
        self.reserved_atoms = self.reserved_atoms.checked_add(amount).ok_or(UpsideError::Overflow)?;
        Ok(())
    }

    /// Takes back a promise of `amount` of new shares: it can be issued otherwise.
    pub fn unreserve(&mut self, amount: u64) -> Result<()> {
        self.reserved_atoms = self
            .reserved_atoms
            .checked_sub(amount)
            .ok_or(UpsideError::InvariantBroken)?;
        Ok(())
    }

    /// Counts `amount` of promised shares as issued.
    pub fn issue_reserved(&mut self, amount: u64) -> Result<()> {
        self.unreserve(amount)?;
        self.issue(amount)
    }

    /// No surprise: while anybody but the issuer holds a share, or a round has money in it, nothing that dilutes starts sooner than
    /// `notice_seconds` after its announcement, which is now. `own` is what the issuer has registered, of `supply` in existence.
    pub fn check_notice(&self, own: u64, supply: u64, now: i64, starts_ts: i64) -> Result<()> {
        if own < supply || self.funded_rounds > 0 {
            let earliest = now.checked_add(self.notice_seconds).ok_or(UpsideError::Overflow)?;
            require!(starts_ts >= earliest, UpsideError::NoticeTooShort);
        }
        Ok(())
    }

    /// Counts a round as funded, or not any more, when its money goes from `before` to `after` payout atoms.
    pub fn count_funded(&mut self, before: u64, after: u64) -> Result<()> {
        self.funded_rounds = self
            .funded_rounds
            .checked_sub(u32::from(before > 0))
            .and_then(|others| others.checked_add(u32::from(after > 0)))
            .ok_or(UpsideError::Overflow)?;
        Ok(())
    }

    /// Gives up `amount` of capacity for ever, leaving at least max(10^6, issued + reserved).
    pub fn retire(&mut self, amount: u64) -> Result<()> {
        self.authorised_atoms = math(m::supply::retire(
            self.authorised_atoms,
            amount,
            self.issued_atoms,
            self.reserved_atoms,
        ))?;
        Ok(())
    }

    /// Moves the opening of redemption to an earlier time; it never moves later.
    pub fn advance_redemption(&mut self, redeem_after_ts: i64) -> Result<()> {
        require!(
            redeem_after_ts < self.redeem_after_ts,
            UpsideError::RedemptionNotEarlier
        );
        self.redeem_after_ts = redeem_after_ts;
        Ok(())
    }

    /// Names who may accept to become issuer; zeros withdraw the name.
    pub fn propose_issuer(&mut self, pending_issuer: Pubkey) -> Result<()> {
        require_keys_neq!(pending_issuer, self.issuer, UpsideError::BadPendingIssuer);
        self.pending_issuer = pending_issuer;
        Ok(())
    }

    /// Makes the proposed issuer, who has signed, the issuer. Returns the issuer before.
    pub fn accept_issuer(&mut self) -> Pubkey {
        let issuer = core::mem::take(&mut self.pending_issuer);
        core::mem::replace(&mut self.issuer, issuer)
    }

    /// Takes the next vault index; none is ever used twice.
    pub fn open_vault(&mut self) -> Result<u8> {
        let index = u8::try_from(self.vault_count).map_err(|_| UpsideError::TooManyVaults)?;
        self.vault_count += 1;
        Ok(index)
    }

    /// Takes the next event number of this account.
    pub fn next_sequence(&mut self) -> Result<u64> {
        self.sequence = self.sequence.checked_add(1).ok_or(UpsideError::Overflow)?;
        Ok(self.sequence)
    }

    /// S-2 and the bounds between the counters; called before anything moves.
    pub fn invariant(&self) -> Result<()> {
        let promised = self.issued_atoms.checked_add(self.reserved_atoms);
        require!(
            promised.is_some_and(|promised| promised <= self.authorised_atoms)
                && self.registered_atoms <= self.issued_atoms
                && self.redeemed_total_atoms <= self.issued_atoms
                && self.stream_dripped_atoms <= self.stream_total_atoms,
            UpsideError::InvariantBroken
        );
        Ok(())
    }
}
