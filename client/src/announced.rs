//! What is announced of a security: what will dilute its holders, when, to whom, and by how much at worst.

use anchor_lang::prelude::Pubkey;
use upside::state::{Grant, Round, Security};

use crate::{accounts, error::Result, pda::SecurityKeys, quote, Sender};

/// A part of a whole, in share atoms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// The part.
    pub part_atoms: u64,
    /// The whole.
    pub whole_atoms: u64,
}

/// Everything that a holder must know before it happens.
#[derive(Clone, Debug)]
pub struct Announced {
    /// Grants that have not started, by start.
    pub grants: Vec<(Pubkey, Grant)>,
    /// Grants that have started and may still issue shares, by start.
    pub running: Vec<(Pubkey, Grant)>,
    /// Rounds that are not decided, by opening.
    pub rounds: Vec<(Pubkey, Round)>,
    /// Share atoms in existence.
    pub supply_atoms: u64,
    /// Share atoms promised and not issued: to all grants and rounds.
    pub reserved_atoms: u64,
    /// Share atoms that the issuer may still announce.
    pub capacity_atoms: u64,
    /// The earliest that something announced now may start, unix seconds; `None` if no notice is due.
    pub earliest_start_ts: Option<i64>,
    /// Share atoms that the issuer has registered.
    pub issuer_atoms: u64,
    /// Whether shares can be redeemed now.
    pub redemption_open: bool,
    /// What the issuer's registered shares stand for in each vault now: asset mint, asset atoms. They can be redeemed for it when redemption
    /// is open.
    pub issuer_backing: Vec<(Pubkey, u64)>,
}

impl Announced {
    /// What is announced of a security at `now`.
    ///
    /// # Errors
    /// When the cluster does not answer, or accounts contradict each other.
    pub fn read(sender: &dyn Sender, security: &Security, now: i64) -> Result<Self> {
        let keys = SecurityKeys::from(security);
        let supply_atoms = accounts::get_mint(sender, &keys.mint)?.supply;
        let issuer_atoms = accounts::find_position(sender, &keys.security, &security.issuer)?
            .map_or(0, |position| position.shares_atoms);
        let mut promised: Vec<(Pubkey, Grant)> = accounts::grants_of(sender, &keys.security)?
            .into_iter()
            .filter(|(_, grant)| quote::grant(grant, now).promised_atoms > 0)
            .collect();
        promised.sort_by_key(|(address, grant)| (grant.start_ts, *address));
        let (grants, running) = promised.into_iter().partition(|(_, grant)| now < grant.start_ts);
        let mut rounds = accounts::rounds_of(sender, &keys.security)?;
        rounds.retain(|(_, round)| quote::round(round, now).phase.is_undecided());
        rounds.sort_by_key(|(_, round)| (round.opens_ts, round.id));
        let issuer_backing = accounts::vaults_of(sender, &keys.security)?
            .into_iter()
            .map(|(_, vault)| {
                let balance = accounts::token_balance(sender, &vault.token_account)?;
                let atoms = quote::backing(security, &vault, supply_atoms, balance, issuer_atoms)?;
                Ok((vault.asset_mint, atoms))
            })
            .collect::<Result<_>>()?;
        Ok(Self {
            grants,
            running,
            rounds,
            supply_atoms,
            reserved_atoms: security.reserved_atoms,
            capacity_atoms: quote::capacity_left(security),
            earliest_start_ts: quote::earliest_start(security, issuer_atoms, supply_atoms, now),
            issuer_atoms,
            redemption_open: now >= security.redeem_after_ts,
            issuer_backing,
        })
    }

    /// The worst case of all that is promised: what the shares of today are of all shares, once every promise is issued.
    #[must_use]
    pub fn worst_case(&self) -> Part {
        // Issued and reserved shares are at most the authorised ones: the sum fits.
        Part {
            part_atoms: self.supply_atoms,
            whole_atoms: self.supply_atoms.saturating_add(self.reserved_atoms),
        }
    }

    /// As [`Self::worst_case`], if the issuer also announced and issued all that is left.
    #[must_use]
    pub fn worst_case_ever(&self) -> Part {
        let promised = self.worst_case();
        Part {
            whole_atoms: promised.whole_atoms.saturating_add(self.capacity_atoms),
            ..promised
        }
    }
}
