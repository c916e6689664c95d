//! Which accounts an event changed.
//!
//! Every event carries, for each account that it changed, the account's sequence number: it counts from one, without gaps, until the account is
//! closed, and from one again if it is opened anew.

use anchor_lang::prelude::Pubkey;
use upside_client::{
    events::{Event, PositionTotals},
    pda,
};

/// What an account is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A security.
    Security,
    /// What a holder has of it.
    Position,
    /// A backing asset.
    Vault,
    /// A ticket.
    Redemption,
    /// A grant.
    Grant,
    /// A round.
    Round,
    /// The rule of a collective.
    Collective,
    /// An application or membership.
    Member,
}

impl Kind {
    /// As the database has it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Security => "security",
            Self::Position => "position",
            Self::Vault => "vault",
            Self::Redemption => "redemption",
            Self::Grant => "grant",
            Self::Round => "round",
            Self::Collective => "collective",
            Self::Member => "member",
        }
    }
}

/// An account after an event.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Change {
    /// What it is.
    pub kind: Kind,
    /// Its address.
    pub account: Pubkey,
    /// Whose it is, where it is somebody's.
    pub holder: Option<Pubkey>,
    /// Number of this event among the account's.
    pub sequence: u64,
    /// What a position is then.
    pub position: Option<PositionTotals>,
    /// Whether the event closed it.
    pub closed: bool,
}

impl Change {
    fn of(kind: Kind, account: Pubkey, holder: Option<Pubkey>, sequence: u64) -> Self {
        Self {
            kind,
            account,
            holder,
            sequence,
            position: None,
            closed: false,
        }
    }

    fn closing(mut self) -> Self {
        self.closed = true;
        self
    }
}

/// The accounts that an event changed, each once. Approvals and subscriptions have no number of their own: they change with their security or
/// round.
#[must_use]
pub fn changes(event: &Event) -> Vec<Change> {
    let security = event.security();
    let position = |holder: &Pubkey, totals: &PositionTotals| Change {
        position: Some(*totals),
        ..Change::of(
            Kind::Position,
            pda::position(&security, holder),
            Some(*holder),
            totals.sequence,
        )
    };
    let of = |kind, account: &Pubkey, sequence| Change::of(kind, *account, None, sequence);
    let owned = |kind, account: &Pubkey, holder: &Pubkey, sequence| Change::of(kind, *account, Some(*holder), sequence);
    let mut changed = Vec::new();
    if let Some(totals) = event.security_totals() {
        changed.push(of(Kind::Security, &security, totals.sequence));
    }
    if let Some((round, totals)) = event.round_totals() {
        changed.push(of(Kind::Round, round, totals.sequence));
    }
    match event {
        Event::SecurityCreated(e) => changed.push(position(&e.issuer, &e.position)),
        Event::SharesIssued(e) => changed.push(position(&e.holder, &e.position)),
        Event::SharesRegistered(e) => changed.push(position(&e.holder, &e.position)),
        Event::SharesUnregistered(e) => changed.push(position(&e.holder, &e.position)),
        Event::SharesTransferred(e) => {
            changed.push(position(&e.from, &e.from_position));
            changed.push(position(&e.to, &e.to_position));
        }
        Event::PayoutAccountSet(e) => changed.push(position(&e.holder, &e.position)),
        Event::PositionClosed(e) => changed.push(position(&e.holder, &e.position).closing()),
        Event::UpsideClaimed(e) => changed.push(position(&e.holder, &e.position)),
        Event::EquityDeposited(e) => changed.push(of(Kind::Vault, &e.vault, e.sequence)),
        Event::SharesDeposited(e) => changed.push(of(Kind::Vault, &e.vault, e.sequence)),
        Event::BackingHarvested(e) => changed.push(of(Kind::Vault, &e.vault, e.sequence)),
        Event::SharesRedeemed(e) => {
            changed.push(position(&e.holder, &e.position));
            changed.push(owned(Kind::Redemption, &e.redemption, &e.holder, 1));
        }
        Event::AssetCollected(e) => {
            changed.push(of(Kind::Vault, &e.vault, e.sequence));
            changed.push(owned(Kind::Redemption, &e.redemption, &e.holder, e.redemption_sequence));
        }
        Event::RedemptionClosed(e) => {
            changed.push(owned(Kind::Redemption, &e.redemption, &e.holder, e.sequence).closing());
        }
        Event::SubscriptionSettled(e) if e.allocation_atoms > 0 => changed.push(position(&e.investor, &e.position)),
        Event::RunwayReleased(e) if e.backing_atoms > 0 => changed.push(of(Kind::Vault, &e.vault, e.vault_sequence)),
        Event::GrantCreated(e) => changed.push(owned(Kind::Grant, &e.grant, &e.recipient, 1)),
        Event::GrantClaimed(e) => {
            changed.push(position(&e.recipient, &e.position));
            changed.push(owned(Kind::Grant, &e.grant, &e.recipient, e.sequence));
        }
        Event::MilestoneApproved(e) => changed.push(of(Kind::Grant, &e.grant, e.sequence)),
        Event::GrantRevoked(e) => changed.push(of(Kind::Grant, &e.grant, e.sequence)),
        Event::GrantClosed(e) => changed.push(of(Kind::Grant, &e.grant, e.sequence).closing()),
        Event::CollectiveCreated(e) => changed.push(of(Kind::Collective, &e.collective, 1)),
        Event::MemberApplied(e) => changed.push(of(Kind::Member, &e.member, 1)),
        Event::ApplicationWithdrawn(e) => changed.push(of(Kind::Member, &e.member, e.sequence).closing()),
        Event::MemberAdmitted(e) => changed.push(of(Kind::Member, &e.member, e.sequence)),
        Event::AdmissionRevoked(e) => changed.push(of(Kind::Member, &e.member, e.sequence)),
        Event::MemberJoined(e) => {
            changed.push(of(Kind::Member, &e.member, e.sequence));
            changed.push(of(Kind::Collective, &e.collective, e.collective_sequence));
        }
        Event::CapacityRetired(_)
        | Event::RedemptionAdvanced(_)
        | Event::IssuerProposed(_)
        | Event::IssuerAccepted(_)
        | Event::MetadataUpdated(_)
        | Event::UpdatePosted(_)
        | Event::HolderApproved(_)
        | Event::ApprovalRemoved(_)
        | Event::UpsideDistributed(_)
        | Event::UpsideHarvested(_)
        | Event::VaultOpened(_)
        | Event::RoundCreated(_)
        | Event::InvestorInvited(_)
        | Event::InvestorUninvited(_)
        | Event::SharesSubscribed(_)
        | Event::SubscriptionWithdrawn(_)
        | Event::RoundCancelled(_)
        | Event::RoundClosed(_)
        | Event::SubscriptionSettled(_)
        | Event::RefundWithdrawn(_)
        | Event::RunwayReleased(_) => {}
    }
    changed
}
