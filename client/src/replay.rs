//! State rebuilt from events alone (E-1).
//!
//! A [`Replay`] takes the events of one or more securities in the order they happened and holds the accounts that must then exist, byte for
//! byte. Sequence numbers are checked: a lost, doubled or reordered event is an error, not a wrong account.

use std::collections::BTreeMap;

use anchor_lang::prelude::Pubkey;
use bytemuck::{bytes_of, Zeroable};
use upside::{
    constants::{ACCOUNT_VERSION, EVENT_VERSION, TOKEN_2022_PROGRAM_ID, TOKEN_PROGRAM_ID},
    state::{
        Approval, Collective, Grant, Member, MemberStatus, Position, Redemption, Round, Security, Subscription, Vault,
    },
};

use crate::{
    accounts::{self, ProgramAccount},
    error::Result,
    events::{
        Event, EventRecord, PositionTotals, RoundCreated, RoundTotals, SecurityCreated, SecurityTotals, VaultOpened,
    },
    pda,
    sender::Sender,
};

/// Why events do not fit together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReplayError {
    /// An event of an account came before the one that created it.
    #[error("an event names {what} {address}, which no event created; replay the whole history, oldest first")]
    Unknown {
        /// Which account.
        what: &'static str,
        /// Where.
        address: Pubkey,
    },
    /// An account was created twice.
    #[error("{what} {address} was created twice; replay each event once")]
    Twice {
        /// Which account.
        what: &'static str,
        /// Where.
        address: Pubkey,
    },
    /// A sequence number has a gap.
    #[error(
        "{what} {address} has event {found} where {expected} must come; an event is missing, doubled or out of order"
    )]
    Gap {
        /// Which account.
        what: &'static str,
        /// Where.
        address: Pubkey,
        /// The number that must come.
        expected: u64,
        /// The number that came.
        found: u64,
    },
    /// The event is of a later version of the program.
    #[error("the event has version {0}, which this build does not know; update the client")]
    Version(u8),
}

/// Name, symbol and URI of a security.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReplayedMetadata {
    /// Name.
    pub name: String,
    /// Symbol.
    pub symbol: String,
    /// URI.
    pub uri: String,
}

/// The accounts that events say exist, by address.
#[derive(Clone, Debug, Default)]
pub struct Replay {
    /// Securities.
    pub securities: BTreeMap<Pubkey, Security>,
    /// Positions.
    pub positions: BTreeMap<Pubkey, Position>,
    /// Vaults.
    pub vaults: BTreeMap<Pubkey, Vault>,
    /// Open tickets.
    pub redemptions: BTreeMap<Pubkey, Redemption>,
    /// Open grants.
    pub grants: BTreeMap<Pubkey, Grant>,
    /// Rounds.
    pub rounds: BTreeMap<Pubkey, Round>,
    /// Subscriptions that are not closed.
    pub subscriptions: BTreeMap<Pubkey, Subscription>,
    /// Approvals.
    pub approvals: BTreeMap<Pubkey, Approval>,
    /// Collectives.
    pub collectives: BTreeMap<Pubkey, Collective>,
    /// Applications that are not withdrawn, and members.
    pub members: BTreeMap<Pubkey, Member>,
    /// What the share mints say, by security.
    pub metadata: BTreeMap<Pubkey, ReplayedMetadata>,
}

fn check_sequence(what: &'static str, address: &Pubkey, present: u64, found: u64) -> Result<(), ReplayError> {
    let expected = present.wrapping_add(1);
    if found == expected {
        return Ok(());
    }
    Err(ReplayError::Gap {
        what,
        address: *address,
        expected,
        found,
    })
}

fn unknown(what: &'static str, address: Pubkey) -> ReplayError {
    ReplayError::Unknown { what, address }
}

impl Replay {
    /// Replays events, oldest first.
    ///
    /// # Errors
    /// See [`ReplayError`].
    pub fn of<'a>(records: impl IntoIterator<Item = &'a EventRecord>) -> Result<Self, ReplayError> {
        let mut replay = Self::default();
        for record in records {
            replay.apply(&record.event)?;
        }
        Ok(replay)
    }

    /// Replays one more event.
    ///
    /// # Errors
    /// See [`ReplayError`]; the replay is then of no more use.
    pub fn apply(&mut self, event: &Event) -> Result<(), ReplayError> {
        if event.version() != EVENT_VERSION {
            return Err(ReplayError::Version(event.version()));
        }
        let key = event.security();
        if let Event::SecurityCreated(e) = event {
            return self.create_security(e);
        }
        if let Some(totals) = event.security_totals() {
            let security = self
                .securities
                .get_mut(&key)
                .ok_or_else(|| unknown(Security::NAME, key))?;
            check_sequence(Security::NAME, &key, security.sequence, totals.sequence)?;
            set_totals(security, totals);
        }
        if let Event::RoundCreated(e) = event {
            self.create_round(e)?;
        } else if let Some((round, totals)) = event.round_totals() {
            self.round(&key, round, totals)?;
        }
        match event {
            Event::SecurityCreated(_)
            | Event::CapacityRetired(_)
            | Event::UpdatePosted(_)
            | Event::UpsideDistributed(_)
            | Event::UpsideHarvested(_)
            | Event::RoundCreated(_)
            | Event::RoundCancelled(_)
            | Event::RoundClosed(_) => {}
            Event::SharesIssued(e) => self.hold(&key, &e.holder, &e.opened_by, &e.position)?,
            Event::RedemptionAdvanced(e) => self.security(&key)?.redeem_after_ts = e.redeem_after_ts,
            Event::IssuerProposed(e) => self.security(&key)?.pending_issuer = e.pending_issuer,
            Event::IssuerAccepted(e) => {
                let security = self.security(&key)?;
                security.issuer = e.issuer;
                security.pending_issuer = Pubkey::default();
            }
            Event::MetadataUpdated(e) => {
                self.metadata.insert(
                    key,
                    ReplayedMetadata {
                        name: e.name.clone(),
                        symbol: e.symbol.clone(),
                        uri: e.uri.clone(),
                    },
                );
            }
            Event::HolderApproved(e) => {
                let (address, bump) = pda::find_approval(&key, &e.holder);
                let mut approval = Approval::zeroed();
                approval.version = ACCOUNT_VERSION;
                approval.bump = bump;
                approval.security = key;
                approval.holder = e.holder;
                approval.rent_payer = e.rent_payer;
                approval.approved_ts = e.ts;
                if self.approvals.insert(address, approval).is_some() {
                    return Err(ReplayError::Twice {
                        what: Approval::NAME,
                        address,
                    });
                }
            }
            Event::ApprovalRemoved(e) => {
                let address = pda::approval(&key, &e.holder);
                self.approvals
                    .remove(&address)
                    .ok_or_else(|| unknown(Approval::NAME, address))?;
            }
            Event::SharesRegistered(e) => self.hold(&key, &e.holder, &e.opened_by, &e.position)?,
            Event::SharesUnregistered(e) => self.hold(&key, &e.holder, &Pubkey::default(), &e.position)?,
            Event::SharesTransferred(e) => {
                self.hold(&key, &e.from, &Pubkey::default(), &e.from_position)?;
                self.hold(&key, &e.to, &e.opened_by, &e.to_position)?;
            }
            Event::PayoutAccountSet(e) => {
                self.hold(&key, &e.holder, &Pubkey::default(), &e.position)?;
                let address = pda::position(&key, &e.holder);
                let position = self
                    .positions
                    .get_mut(&address)
                    .ok_or_else(|| unknown(Position::NAME, address))?;
                position.payout_account = e.payout_account;
            }
            Event::PositionClosed(e) => {
                self.hold(&key, &e.holder, &Pubkey::default(), &e.position)?;
                self.positions.remove(&pda::position(&key, &e.holder));
            }
            Event::UpsideClaimed(e) => self.hold(&key, &e.holder, &Pubkey::default(), &e.position)?,
            Event::VaultOpened(e) => self.open_vault(e)?,
            Event::EquityDeposited(e) => self.fill(&e.vault, e.sequence, e.deposited_total_atoms)?,
            Event::SharesDeposited(e) => self.fill(&e.vault, e.sequence, e.deposited_total_atoms)?,
            Event::BackingHarvested(e) => self.fill(&e.vault, e.sequence, e.deposited_total_atoms)?,
            Event::SharesRedeemed(e) => {
                self.hold(&key, &e.holder, &Pubkey::default(), &e.position)?;
                let mut redemption = Redemption::zeroed();
                redemption.version = ACCOUNT_VERSION;
                redemption.bump = pda::find_redemption(&key, &e.holder, e.id).1;
                redemption.vault_count = e.vault_count;
                redemption.security = key;
                redemption.holder = e.holder;
                redemption.rent_payer = e.rent_payer;
                redemption.id = e.id;
                redemption.shares_atoms = e.amount_atoms;
                redemption.redeemed_ts = e.ts;
                redemption.sequence = 1;
                if self.redemptions.insert(e.redemption, redemption).is_some() {
                    return Err(ReplayError::Twice {
                        what: Redemption::NAME,
                        address: e.redemption,
                    });
                }
            }
            Event::AssetCollected(e) => {
                self.vault(&e.vault, e.sequence)?.collected_total_atoms = e.collected_total_atoms;
                let redemption = self.redemption(&e.redemption, e.redemption_sequence)?;
                redemption.collected[usize::from(e.index / 8)] |= 1 << (e.index % 8);
            }
            Event::InvestorInvited(e) => {
                self.open_subscription(&e.round, &e.investor, &e.rent_payer, e.cap_atoms)?;
            }
            Event::InvestorUninvited(e) => self.close_subscription(&e.round, &e.investor)?,
            Event::SharesSubscribed(e) => {
                if e.opened_by != Pubkey::default() {
                    let cap = self.rounds.get(&e.round).map_or(0, |round| round.for_sale_atoms);
                    self.open_subscription(&e.round, &e.investor, &e.opened_by, cap)?;
                }
                let subscription = self.subscription(&e.round, &e.investor)?;
                subscription.refund_account = e.refund_account;
                subscription.wanted_atoms = e.wanted_atoms;
                subscription.paid_atoms = e.paid_atoms;
            }
            Event::SubscriptionWithdrawn(e) => {
                let subscription = self.subscription(&e.round, &e.investor)?;
                subscription.refund_account = Pubkey::default();
                subscription.wanted_atoms = 0;
                subscription.paid_atoms = 0;
                if e.closed {
                    self.close_subscription(&e.round, &e.investor)?;
                }
            }
            Event::SubscriptionSettled(e) => {
                if e.allocation_atoms > 0 {
                    self.hold(&key, &e.investor, &e.opened_by, &e.position)?;
                }
                let subscription = self.subscription(&e.round, &e.investor)?;
                subscription.settled = 1;
                subscription.refund_atoms = e.refund_atoms - e.refunded_atoms;
                if e.closed {
                    self.close_subscription(&e.round, &e.investor)?;
                }
            }
            Event::RefundWithdrawn(e) => self.close_subscription(&e.round, &e.investor)?,
            Event::RunwayReleased(e) => {
                if e.backing_atoms > 0 {
                    self.fill(&e.vault, e.vault_sequence, e.deposited_total_atoms)?;
                }
            }
            Event::GrantCreated(e) => {
                let mut grant = Grant::zeroed();
                grant.version = ACCOUNT_VERSION;
                grant.bump = pda::find_grant(&key, &e.recipient, e.id).1;
                grant.revocable = u8::from(e.revocable);
                grant.security = key;
                grant.recipient = e.recipient;
                grant.approver = e.approver;
                grant.rent_payer = e.rent_payer;
                grant.id = e.id;
                grant.amount_atoms = e.amount_atoms;
                grant.start_ts = e.start_ts;
                grant.cliff_ts = e.cliff_ts;
                grant.end_ts = e.end_ts;
                grant.deadline_ts = e.deadline_ts;
                grant.announced_ts = e.ts;
                grant.sequence = 1;
                if self.grants.insert(e.grant, grant).is_some() {
                    return Err(ReplayError::Twice {
                        what: Grant::NAME,
                        address: e.grant,
                    });
                }
            }
            Event::GrantClaimed(e) => {
                self.hold(&key, &e.recipient, &e.opened_by, &e.position)?;
                self.grant(&e.grant, e.sequence)?.claimed_atoms = e.claimed_atoms;
            }
            Event::MilestoneApproved(e) => self.grant(&e.grant, e.sequence)?.approved = 1,
            Event::GrantRevoked(e) => {
                let grant = self.grant(&e.grant, e.sequence)?;
                grant.revoked = 1;
                grant.amount_atoms = e.amount_atoms;
            }
            Event::GrantClosed(e) => {
                self.grant(&e.grant, e.sequence)?;
                self.grants.remove(&e.grant);
            }
            Event::CollectiveCreated(e) => {
                let mut collective = Collective::zeroed();
                collective.version = ACCOUNT_VERSION;
                collective.bump = pda::find_collective(&key).1;
                collective.contribution_bps = e.contribution_bps;
                collective.security = key;
                collective.shares_atoms = e.shares_atoms;
                collective.cliff_seconds = e.cliff_seconds;
                collective.vesting_seconds = e.vesting_seconds;
                collective.sequence = 1;
                collective.created_ts = e.ts;
                if self.collectives.insert(e.collective, collective).is_some() {
                    return Err(ReplayError::Twice {
                        what: Collective::NAME,
                        address: e.collective,
                    });
                }
            }
            Event::MemberApplied(e) => {
                let mut member = Member::zeroed();
                member.version = ACCOUNT_VERSION;
                member.bump = pda::find_member(&e.collective, &e.member_security).1;
                member.status = MemberStatus::Applied as u8;
                member.collective = e.collective;
                member.member_security = e.member_security;
                member.wallet = e.wallet;
                member.rent_payer = e.rent_payer;
                member.contribution_atoms = e.contribution_atoms;
                member.shares_atoms = e.shares_atoms;
                member.applied_ts = e.ts;
                member.sequence = 1;
                if self.members.insert(e.member, member).is_some() {
                    return Err(ReplayError::Twice {
                        what: Member::NAME,
                        address: e.member,
                    });
                }
            }
            Event::ApplicationWithdrawn(e) => {
                self.member(&e.member, e.sequence)?;
                self.members.remove(&e.member);
            }
            Event::MemberAdmitted(e) => {
                let member = self.member(&e.member, e.sequence)?;
                member.status = MemberStatus::Admitted as u8;
                member.expires_ts = e.expires_ts;
            }
            Event::AdmissionRevoked(e) => {
                let member = self.member(&e.member, e.sequence)?;
                member.status = MemberStatus::Applied as u8;
                member.expires_ts = 0;
            }
            Event::MemberJoined(e) => {
                let member = self.member(&e.member, e.sequence)?;
                member.status = MemberStatus::Joined as u8;
                member.expires_ts = 0;
                member.joined_ts = e.ts;
                member.grant = e.grant;
                let applied_ts = member.applied_ts;
                let collective = self
                    .collectives
                    .get_mut(&e.collective)
                    .ok_or_else(|| unknown(Collective::NAME, e.collective))?;
                check_sequence(
                    Collective::NAME,
                    &e.collective,
                    collective.sequence,
                    e.collective_sequence,
                )?;
                collective.sequence = e.collective_sequence;
                collective.members = e.members;
                // The grant was announced by the application.
                self.grants
                    .get_mut(&e.grant)
                    .ok_or_else(|| unknown(Grant::NAME, e.grant))?
                    .announced_ts = applied_ts;
            }
            Event::RedemptionClosed(e) => {
                self.redemption(&e.redemption, e.sequence)?;
                self.redemptions.remove(&e.redemption);
            }
        }
        Ok(())
    }

    fn security(&mut self, address: &Pubkey) -> Result<&mut Security, ReplayError> {
        self.securities
            .get_mut(address)
            .ok_or_else(|| unknown(Security::NAME, *address))
    }

    /// A vault after its event number `sequence`.
    fn vault(&mut self, address: &Pubkey, sequence: u64) -> Result<&mut Vault, ReplayError> {
        let vault = self
            .vaults
            .get_mut(address)
            .ok_or_else(|| unknown(Vault::NAME, *address))?;
        check_sequence(Vault::NAME, address, vault.sequence, sequence)?;
        vault.sequence = sequence;
        Ok(vault)
    }

    /// A vault after its event number `sequence`, in which something arrived.
    fn fill(&mut self, address: &Pubkey, sequence: u64, deposited_total_atoms: u64) -> Result<(), ReplayError> {
        self.vault(address, sequence)?.deposited_total_atoms = deposited_total_atoms;
        Ok(())
    }

    /// An application or membership after its event number `sequence`.
    fn member(&mut self, address: &Pubkey, sequence: u64) -> Result<&mut Member, ReplayError> {
        let member = self
            .members
            .get_mut(address)
            .ok_or_else(|| unknown(Member::NAME, *address))?;
        check_sequence(Member::NAME, address, member.sequence, sequence)?;
        member.sequence = sequence;
        Ok(member)
    }

    /// A ticket after its event number `sequence`.
    fn redemption(&mut self, address: &Pubkey, sequence: u64) -> Result<&mut Redemption, ReplayError> {
        let redemption = self
            .redemptions
            .get_mut(address)
            .ok_or_else(|| unknown(Redemption::NAME, *address))?;
        check_sequence(Redemption::NAME, address, redemption.sequence, sequence)?;
        redemption.sequence = sequence;
        Ok(redemption)
    }

    /// A grant after its event number `sequence`.
    fn grant(&mut self, address: &Pubkey, sequence: u64) -> Result<&mut Grant, ReplayError> {
        let grant = self
            .grants
            .get_mut(address)
            .ok_or_else(|| unknown(Grant::NAME, *address))?;
        check_sequence(Grant::NAME, address, grant.sequence, sequence)?;
        grant.sequence = sequence;
        Ok(grant)
    }

    fn create_round(&mut self, e: &RoundCreated) -> Result<(), ReplayError> {
        check_sequence(Round::NAME, &e.round, 0, e.round_totals.sequence)?;
        let mut round = Round::zeroed();
        round.version = ACCOUNT_VERSION;
        round.bump = pda::find_round(&e.security, e.id).1;
        round.invited = u8::from(e.invited);
        round.backing_bps = e.backing_bps;
        round.decimals = self.security(&e.security)?.decimals;
        round.security = e.security;
        round.token_account = e.token_account;
        round.rent_payer = e.rent_payer;
        round.id = e.id;
        round.price_atoms = e.price_atoms;
        round.for_sale_atoms = e.for_sale_atoms;
        round.minimum_atoms = e.minimum_atoms;
        round.opens_ts = e.opens_ts;
        round.commit_ts = e.commit_ts;
        round.closes_ts = e.closes_ts;
        round.announced_ts = e.ts;
        round.runway_seconds = e.runway_seconds;
        set_round_totals(&mut round, &e.round_totals);
        if self.rounds.insert(e.round, round).is_some() {
            return Err(ReplayError::Twice {
                what: Round::NAME,
                address: e.round,
            });
        }
        Ok(())
    }

    /// A round after one of its later events. The security counts it as funded while it has money.
    fn round(&mut self, security: &Pubkey, address: &Pubkey, totals: &RoundTotals) -> Result<(), ReplayError> {
        let round = self
            .rounds
            .get_mut(address)
            .ok_or_else(|| unknown(Round::NAME, *address))?;
        check_sequence(Round::NAME, address, round.sequence, totals.sequence)?;
        let (before, after) = (round.money_atoms > 0, totals.money_atoms > 0);
        set_round_totals(round, totals);
        let funded = &mut self.security(security)?.funded_rounds;
        *funded = funded.wrapping_sub(u32::from(before)).wrapping_add(u32::from(after));
        Ok(())
    }

    fn open_subscription(
        &mut self,
        round: &Pubkey,
        investor: &Pubkey,
        rent_payer: &Pubkey,
        cap_atoms: u64,
    ) -> Result<(), ReplayError> {
        let (address, bump) = pda::find_subscription(round, investor);
        let mut subscription = Subscription::zeroed();
        subscription.version = ACCOUNT_VERSION;
        subscription.bump = bump;
        subscription.round = *round;
        subscription.investor = *investor;
        subscription.rent_payer = *rent_payer;
        subscription.cap_atoms = cap_atoms;
        if self.subscriptions.insert(address, subscription).is_some() {
            return Err(ReplayError::Twice {
                what: Subscription::NAME,
                address,
            });
        }
        Ok(())
    }

    fn subscription(&mut self, round: &Pubkey, investor: &Pubkey) -> Result<&mut Subscription, ReplayError> {
        let address = pda::subscription(round, investor);
        self.subscriptions
            .get_mut(&address)
            .ok_or_else(|| unknown(Subscription::NAME, address))
    }

    fn close_subscription(&mut self, round: &Pubkey, investor: &Pubkey) -> Result<(), ReplayError> {
        let address = pda::subscription(round, investor);
        self.subscriptions
            .remove(&address)
            .map(|_| ())
            .ok_or_else(|| unknown(Subscription::NAME, address))
    }

    fn create_security(&mut self, e: &SecurityCreated) -> Result<(), ReplayError> {
        check_sequence(Security::NAME, &e.security, 0, e.totals.sequence)?;
        let payout_program = if e.payout_is_token_2022 == 1 {
            TOKEN_2022_PROGRAM_ID
        } else {
            TOKEN_PROGRAM_ID
        };
        let (payout_vault, payout_vault_bump) = pda::find_payout_vault(&e.security);
        let mut s = Security::zeroed();
        s.version = ACCOUNT_VERSION;
        s.bump = pda::find_security(&e.mint).1;
        s.mint_bump = pda::find_mint(&e.issuer, e.kind, e.index).1;
        s.payout_vault_bump = payout_vault_bump;
        s.kind = e.kind as u8;
        s.policy = e.terms.policy as u8;
        s.decimals = e.terms.decimals;
        s.payout_decimals = e.payout_decimals;
        s.payout_is_token_2022 = e.payout_is_token_2022;
        s.mint = e.mint;
        s.issuer = e.issuer;
        s.payout_mint = e.payout_mint;
        s.payout_vault = payout_vault;
        s.inbox = pda::inbox(&e.security, &e.payout_mint, &payout_program);
        s.agreement_sha256 = e.terms.agreement_sha256;
        s.index = e.index;
        s.drip_seconds = e.terms.drip_seconds;
        s.notice_seconds = e.terms.notice_seconds;
        s.redeem_after_ts = e.terms.redeem_after_ts;
        s.created_ts = e.ts;
        set_totals(&mut s, &e.totals);
        if self.securities.insert(e.security, s).is_some() {
            return Err(ReplayError::Twice {
                what: Security::NAME,
                address: e.security,
            });
        }
        self.metadata.insert(
            e.security,
            ReplayedMetadata {
                name: e.name.clone(),
                symbol: e.symbol.clone(),
                uri: e.uri.clone(),
            },
        );
        self.hold(&e.security, &e.issuer, &e.rent_payer, &e.position)
    }

    fn open_vault(&mut self, e: &VaultOpened) -> Result<(), ReplayError> {
        self.security(&e.security)?.vault_count = u16::from(e.index) + 1;
        let mut vault = Vault::zeroed();
        vault.version = ACCOUNT_VERSION;
        vault.bump = pda::find_vault(&e.security, &e.asset_mint).1;
        vault.index = e.index;
        vault.decimals = e.decimals;
        vault.holds_shares = u8::from(e.holds_shares);
        vault.security = e.security;
        vault.asset_mint = e.asset_mint;
        vault.token_account = e.token_account;
        vault.collected_total_atoms = e.collected_total_atoms;
        vault.opened_ts = e.ts;
        if self.vaults.insert(e.vault, vault).is_some() {
            return Err(ReplayError::Twice {
                what: Vault::NAME,
                address: e.vault,
            });
        }
        Ok(())
    }

    /// A position after an event. `opened_by` paid its rent if this event opened it, else zeros.
    fn hold(
        &mut self,
        security: &Pubkey,
        holder: &Pubkey,
        opened_by: &Pubkey,
        totals: &PositionTotals,
    ) -> Result<(), ReplayError> {
        let (address, bump) = pda::find_position(security, holder);
        if *opened_by != Pubkey::default() {
            let keys = pda::SecurityKeys::from(&*self.security(security)?);
            let mut position = Position::zeroed();
            position.version = ACCOUNT_VERSION;
            position.bump = bump;
            position.registered_bump = pda::find_registered(&address).1;
            position.security = *security;
            position.holder = *holder;
            position.payout_account = keys.payout_account(holder);
            position.rent_payer = *opened_by;
            if self.positions.insert(address, position).is_some() {
                return Err(ReplayError::Twice {
                    what: Position::NAME,
                    address,
                });
            }
        }
        let position = self
            .positions
            .get_mut(&address)
            .ok_or_else(|| unknown(Position::NAME, address))?;
        check_sequence(Position::NAME, &address, position.sequence, totals.sequence)?;
        position.sequence = totals.sequence;
        position.shares_atoms = totals.shares_atoms;
        position.checkpoint_x64 = totals.checkpoint_x64.into();
        position.accrued_x64 = totals.accrued_x64.into();
        position.claimed_total_atoms = totals.claimed_total_atoms;
        Ok(())
    }

    /// Compares with the live accounts: one line per account that differs, is missing, or that no event created. Empty when E-1 holds.
    ///
    /// # Errors
    /// When the cluster does not answer.
    pub fn differences(&self, sender: &dyn Sender) -> Result<Vec<String>> {
        let mut found = Vec::new();
        for (address, security) in &self.securities {
            compare(
                address,
                Some(security),
                accounts::find(sender, address)?.as_ref(),
                &mut found,
            );
            compare_all(
                &self.positions,
                &accounts::positions_of(sender, address)?,
                |p| p.security == *address,
                &mut found,
            );
            compare_all(
                &self.vaults,
                &accounts::vaults_of(sender, address)?,
                |v| v.security == *address,
                &mut found,
            );
            compare_all(
                &self.redemptions,
                &accounts::redemptions_of(sender, address)?,
                |r| r.security == *address,
                &mut found,
            );
            compare_all(
                &self.grants,
                &accounts::grants_of(sender, address)?,
                |g| g.security == *address,
                &mut found,
            );
            let rounds = accounts::rounds_of(sender, address)?;
            compare_all(&self.rounds, &rounds, |r| r.security == *address, &mut found);
            for (round, _) in &rounds {
                compare_all(
                    &self.subscriptions,
                    &accounts::subscriptions_of(sender, round)?,
                    |s| s.round == *round,
                    &mut found,
                );
            }
            compare_all(
                &self.approvals,
                &accounts::approvals_of(sender, address)?,
                |a| a.security == *address,
                &mut found,
            );
            let collective = pda::collective(address);
            compare(
                &collective,
                self.collectives.get(&collective),
                accounts::find(sender, &collective)?.as_ref(),
                &mut found,
            );
            compare_all(
                &self.members,
                &accounts::members_of(sender, &collective)?,
                |m| m.collective == collective,
                &mut found,
            );
            let mint = accounts::get_mint(sender, &security.mint)?;
            let live = mint.metadata.map(|metadata| ReplayedMetadata {
                name: metadata.name,
                symbol: metadata.symbol,
                uri: metadata.uri,
            });
            if live.as_ref() != self.metadata.get(address) {
                found.push(format!("the metadata on mint {} differs", security.mint));
            }
        }
        Ok(found)
    }
}

fn set_totals(s: &mut Security, totals: &SecurityTotals) {
    s.sequence = totals.sequence;
    s.authorised_atoms = totals.authorised_atoms;
    s.issued_atoms = totals.issued_atoms;
    s.reserved_atoms = totals.reserved_atoms;
    s.registered_atoms = totals.registered_atoms;
    s.redeemed_total_atoms = totals.redeemed_total_atoms;
    s.stream_total_atoms = totals.stream_total_atoms;
    s.stream_dripped_atoms = totals.stream_dripped_atoms;
    s.stream_start_ts = totals.stream_start_ts;
    s.stream_end_ts = totals.stream_end_ts;
    s.stream_last_ts = totals.stream_last_ts;
    s.upside_per_share_x64 = totals.upside_per_share_x64.into();
    s.remainder_x64 = totals.remainder_x64.into();
    s.received_total_atoms = totals.received_total_atoms.into();
}

fn set_round_totals(r: &mut Round, totals: &RoundTotals) {
    r.sequence = totals.sequence;
    r.status = totals.status;
    r.total_wanted_atoms = totals.total_wanted_atoms.into();
    r.unsettled = totals.unsettled;
    r.reserved_left_atoms = totals.reserved_left_atoms;
    r.money_atoms = totals.money_atoms;
    r.refunds_atoms = totals.refunds_atoms;
    r.raised_atoms = totals.raised_atoms;
    r.backed_atoms = totals.backed_atoms;
    r.released_atoms = totals.released_atoms;
}

fn compare_all<T: ProgramAccount + bytemuck::NoUninit>(
    replayed: &BTreeMap<Pubkey, T>,
    live: &[(Pubkey, T)],
    belongs: impl Fn(&T) -> bool,
    found: &mut Vec<String>,
) {
    let live: BTreeMap<&Pubkey, &T> = live.iter().map(|(address, account)| (address, account)).collect();
    for (address, account) in replayed.iter().filter(|(_, account)| belongs(account)) {
        compare(address, Some(account), live.get(address).copied(), found);
    }
    for (address, account) in live {
        if !replayed.contains_key(address) {
            compare(address, None, Some(account), found);
        }
    }
}

fn compare<T: ProgramAccount + bytemuck::NoUninit>(
    address: &Pubkey,
    replayed: Option<&T>,
    live: Option<&T>,
    found: &mut Vec<String>,
) {
    match (replayed, live) {
        (Some(replayed), Some(live)) => {
            let at = bytes_of(replayed).iter().zip(bytes_of(live)).position(|(a, b)| a != b);
            if let Some(at) = at {
                found.push(format!(
                    "{} {address} differs from byte {} on",
                    T::NAME,
                    at + T::DISCRIMINATOR.len()
                ));
            }
        }
        (Some(_), None) => found.push(format!("{} {address} does not exist", T::NAME)),
        (None, Some(_)) => found.push(format!("{} {address} was created by no event", T::NAME)),
        (None, None) => {}
    }
}

/// All events of a security, oldest first.
///
/// # Errors
/// When the cluster does not answer or one of the events does not decode.
pub fn history_of(sender: &dyn Sender, security: &Pubkey) -> Result<Vec<EventRecord>> {
    let mut records = sender.events_of(security)?;
    records.retain(|record| record.event.security() == *security);
    Ok(records)
}
