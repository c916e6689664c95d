//! What anybody may do for others, found and done: harvests, claims, grants that have vested, rounds that are over, money in inboxes, bearer
//! shares that were sent to vaults.
//!
//! Nothing here needs anybody's consent, and nothing can go anywhere else than where the program sends it. [`plan`] reads the cluster and
//! says what is due; [`run`] does it, from the bottom up, so that what the lower layers pay has arrived before the upper ones pay. Every step
//! is idempotent on chain: two cranks at once, or one that was killed and is run again, do nothing twice. What another did first is told as
//! [`Progress::Elsewhere`], not as a failure.
//!
//! **What is worth a transaction.** Lamports of fee and atoms of money cannot be compared without prices, which nothing here knows. So
//! [`Worth`] has a least amount for each mint, a hundredth of a whole unit by default, and a claim, harvest, release, sweep or registration
//! below it is left for later, unless it is the last of a runway. A grant is claimed when a hundredth of it, or the rest of it, has vested. Steps
//! that end something are always taken: they free capacity or give rent back.
//!
//! **Cycles.** Money that was harvested onto a stream that drips is due later, and left for another run. Where it drips at once, it is followed
//! hop by hop: each pass reads again the securities that it arrived at, until what is due there is not worth it any more. Around a cycle each
//! turn moves less, as long as anybody outside holds a share of it; [`MOST_PASSES`] ends one in which nobody does.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use anchor_lang::{prelude::Pubkey, solana_program::instruction::Instruction};
use solana_account::Account;
use solana_signer::Signer;
use upside::{
    error::UpsideError,
    state::{Grant, Position, Round, RoundStatus, Security, Subscription, Vault},
};

use crate::{
    accounts::{self, TokenAccount},
    error::{ClientError, Result},
    events::Event,
    instructions::{
        Claim, ClaimGrant, CloseGrant, CloseRound, Distribute, RegisterVaultBearer, ReleaseRunway, SettleSubscription,
    },
    layers::{Holding, Layers, Rank},
    pda, quote,
    sender::{Receipt, Sender},
    transactions, SecurityKeys,
};

/// Most times that one run reads again what money has arrived at.
pub const MOST_PASSES: usize = 64;
/// A grant is claimed when this part of it has vested: one in so many.
const GRANT_PART: u64 = 100;
/// Most accounts asked for at once.
const MOST_ACCOUNTS: usize = 100;

/// What a task does. In one layer, tasks are done in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Deed {
    /// Decides a round whose time is over.
    CloseRound,
    /// Gives a subscription its shares and its refund.
    Settle,
    /// Releases what is due of a round's money.
    Release,
    /// Issues what has vested of a grant.
    ClaimGrant,
    /// Ends a grant that is claimed in full or has lapsed.
    CloseGrant,
    /// Registers bearer shares that were sent to a vault, so that they earn.
    Register,
    /// Puts what lies in a security's inbox on its stream.
    Sweep,
    /// Moves what shares in a vault have earned one hop up.
    Harvest,
    /// Pays a holder.
    Claim,
}

impl Deed {
    /// Every deed, in order.
    pub const ALL: [Self; 9] = [
        Self::CloseRound,
        Self::Settle,
        Self::Release,
        Self::ClaimGrant,
        Self::CloseGrant,
        Self::Register,
        Self::Sweep,
        Self::Harvest,
        Self::Claim,
    ];

    /// What people call it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::CloseRound => "close round",
            Self::Settle => "settle",
            Self::Release => "release",
            Self::ClaimGrant => "claim grant",
            Self::CloseGrant => "close grant",
            Self::Register => "register",
            Self::Sweep => "sweep",
            Self::Harvest => "harvest",
            Self::Claim => "claim",
        }
    }

    /// The most compute units that it takes, with room.
    fn compute_units(self) -> u32 {
        match self {
            Self::CloseRound | Self::CloseGrant => 25_000,
            Self::Settle => 110_000,
            Self::Release => 50_000,
            Self::ClaimGrant | Self::Register => 60_000,
            Self::Sweep | Self::Harvest => 25_000,
            // The payout account may have to be created.
            Self::Claim => 50_000,
        }
    }
}

/// One thing to do.
#[derive(Clone, Debug)]
pub struct Task {
    /// What it does.
    pub deed: Deed,
    /// The security that pays, issues, or whose round or inbox it is; for a harvest or a registration the one whose shares they are.
    pub security: Pubkey,
    /// Its height among the layers: lower ones are done first.
    pub level: usize,
    /// The position, grant, round, subscription, vault, or inbox.
    pub subject: Pubkey,
    /// The holder, recipient, investor or issuer; for a harvest or a registration the security that holds; for a sweep the security itself.
    pub whom: Pubkey,
    /// Mint of what it moves.
    pub mint: Pubkey,
    /// Decimals of that mint.
    pub decimals: u8,
    /// Atoms that it moves, as quoted when it was planned: rounded down, and more by the time it lands; 0 if it only ends something. For a
    /// subscription what was paid for it.
    pub atoms: u64,
    /// Whether it makes a position for whom it is for, whose rent the payer pays.
    pub opens_position: bool,
    /// Its instructions. Only the payer signs.
    pub instructions: Vec<Instruction>,
    /// Where it lets money arrive that may be due at once: it is looked at again.
    arrives_at: Option<Pubkey>,
}

impl Task {
    /// Whose position of the security it changes: the vault's, when shares in one are registered or harvested.
    fn holder(&self) -> Pubkey {
        match self.deed {
            Deed::Register | Deed::Harvest => self.subject,
            _ => self.whom,
        }
    }
}

/// Something due that nobody but its owner can receive, or that would be refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blocked {
    /// What would be done.
    pub deed: Deed,
    /// The security.
    pub security: Pubkey,
    /// For whom.
    pub whom: Pubkey,
    /// Mint of what waits.
    pub mint: Pubkey,
    /// Decimals of that mint.
    pub decimals: u8,
    /// Atoms that wait.
    pub atoms: u64,
    /// Why, as the rest of a sentence, and what helps.
    pub reason: String,
}

/// What is due and not worth it yet, by mint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Left {
    /// The mint.
    pub mint: Pubkey,
    /// Decimals of that mint.
    pub decimals: u8,
    /// How many claims, harvests, releases, sweeps, registrations or grants.
    pub count: usize,
    /// Atoms of all of them.
    pub atoms: u64,
}

/// Everything that is due.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// What to do, in order.
    pub tasks: Vec<Task>,
    /// What cannot be done for others.
    pub blocked: Vec<Blocked>,
    /// What is not worth it yet.
    pub left: Vec<Left>,
}

/// What is worth a transaction: see the module.
#[derive(Clone, Debug, Default)]
pub struct Worth {
    /// Least atoms of a payout or share mint that are moved; a hundredth of a whole unit for mints that are not named.
    pub least_atoms: BTreeMap<Pubkey, u64>,
    /// Whether holders whose payout account is missing are given one, whose rent the payer pays and never gets back. Else they are told as
    /// blocked.
    pub opens_accounts: bool,
}

impl Worth {
    /// Least atoms of a mint that are moved; at least 1.
    #[must_use]
    pub fn least(&self, mint: &Pubkey, decimals: u8) -> u64 {
        self.least_atoms
            .get(mint)
            .copied()
            .unwrap_or_else(|| 10u64.pow(u32::from(decimals.saturating_sub(2).min(19))))
            .max(1)
    }
}

/// All that a pass looks at, read at one go.
struct Snapshot {
    layers: Layers,
    ranks: BTreeMap<Pubkey, Rank>,
    positions: BTreeMap<Pubkey, Position>,
    vaults: BTreeSet<Pubkey>,
    grants: Vec<(Pubkey, Grant)>,
    rounds: BTreeMap<Pubkey, Round>,
    subscriptions: Vec<(Pubkey, Subscription)>,
    now: i64,
}

impl Snapshot {
    /// Seven questions to the cluster, however many securities there are; token accounts are asked for later.
    fn read(sender: &dyn Sender) -> Result<Self> {
        // What refers to others is read before them, so that whatever it names is there.
        let vaults: Vec<(Pubkey, Vault)> = accounts::all_vaults(sender)?;
        let subscriptions = accounts::all_subscriptions(sender)?;
        let positions: BTreeMap<Pubkey, Position> = accounts::all_positions(sender)?.into_iter().collect();
        let grants = accounts::all_grants(sender)?;
        let rounds = accounts::all_rounds(sender)?.into_iter().collect();
        let securities = accounts::all_securities(sender)?.into_iter().collect();
        let addresses = vaults.iter().map(|(address, _)| *address).collect();
        let layers = Layers::of(securities, vaults, &positions)?;
        Ok(Self {
            ranks: layers.ranks(),
            layers,
            positions,
            vaults: addresses,
            grants,
            rounds,
            subscriptions,
            now: sender.now()?,
        })
    }

    fn level(&self, security: &Pubkey) -> usize {
        self.ranks.get(security).map_or(0, |rank| rank.level)
    }
}

/// Collects what is due.
struct Planner<'a> {
    snapshot: &'a Snapshot,
    scope: &'a BTreeSet<Pubkey>,
    worth: &'a Worth,
    payer: Pubkey,
    plan: Plan,
    left: BTreeMap<Pubkey, Left>,
}

impl Planner<'_> {
    /// A security in scope, with its keys.
    fn security(&self, address: &Pubkey) -> Option<(Security, SecurityKeys)> {
        let security = self.snapshot.layers.securities.get(address)?;
        self.scope
            .contains(address)
            .then(|| (*security, SecurityKeys::from(security)))
    }

    fn leave(&mut self, mint: Pubkey, decimals: u8, atoms: u64) {
        if atoms == 0 {
            return;
        }
        let left = self.left.entry(mint).or_insert(Left {
            mint,
            decimals,
            count: 0,
            atoms: 0,
        });
        left.count += 1;
        left.atoms = left.atoms.saturating_add(atoms);
    }

    fn rounds(&mut self) {
        let now = self.snapshot.now;
        for (address, round) in &self.snapshot.rounds {
            let Some((security, keys)) = self.security(&round.security) else {
                continue;
            };
            let task = |deed, subject, whom, atoms, instruction| Task {
                deed,
                security: keys.security,
                level: self.snapshot.level(&keys.security),
                subject,
                whom,
                mint: keys.payout_mint,
                decimals: security.payout_decimals,
                atoms,
                opens_position: false,
                instructions: vec![instruction],
                // What is settled is released.
                arrives_at: Some(keys.security),
            };
            let over = round.is(RoundStatus::Open) && now >= round.closes_ts;
            let mut tasks = Vec::new();
            if over {
                let close = CloseRound {
                    keys: &keys,
                    id: round.id,
                };
                tasks.push(task(
                    Deed::CloseRound,
                    *address,
                    security.issuer,
                    0,
                    close.instruction(),
                ));
            }
            if over || !round.is(RoundStatus::Open) {
                let of_round = self.snapshot.subscriptions.iter().filter(|(_, s)| s.round == *address);
                for (at, subscription) in of_round {
                    if subscription.settled == 1 {
                        self.plan.blocked.push(Blocked {
                            deed: Deed::Settle,
                            security: keys.security,
                            whom: subscription.investor,
                            mint: keys.payout_mint,
                            decimals: security.payout_decimals,
                            atoms: subscription.refund_atoms,
                            reason: "its account could not be paid; the investor can fetch the refund to another one"
                                .to_owned(),
                        });
                    } else if subscription.wanted_atoms > 0 {
                        let settle = SettleSubscription::of(&keys, self.payer, round.id, subscription);
                        let position = keys.position(&subscription.investor);
                        tasks.push(Task {
                            opens_position: !self.snapshot.positions.contains_key(&position),
                            ..task(
                                Deed::Settle,
                                *at,
                                subscription.investor,
                                subscription.paid_atoms,
                                settle.instruction(),
                            )
                        });
                    }
                }
            }
            self.plan.tasks.extend(tasks);
        }
    }

    fn releases(&mut self, accounts: &BTreeMap<Pubkey, Account>) -> Result<()> {
        let now = self.snapshot.now;
        for (address, round) in &self.snapshot.rounds {
            let Some((security, keys)) = self.security(&round.security) else {
                continue;
            };
            if !round.is(RoundStatus::Succeeded) {
                continue;
            }
            let due = round.runway_due(now)?;
            let atoms = due.backing.saturating_add(due.issuer);
            let last = now >= round.closes_ts.saturating_add(round.runway_seconds) && round.unsettled == 0;
            let release = ReleaseRunway::crank(&keys, security.issuer, round.id, round.backing_bps > 0);
            let (mint, decimals) = (keys.payout_mint, security.payout_decimals);
            if atoms == 0 || (!last && atoms < self.worth.least(&mint, decimals)) {
                self.leave(mint, decimals, atoms);
                continue;
            }
            let blocked = cannot_receive(accounts, &release.issuer_account, &security.issuer, &mint);
            if let (0, Some(reason)) = (due.backing, blocked) {
                self.plan.blocked.push(Blocked {
                    deed: Deed::Release,
                    security: keys.security,
                    whom: security.issuer,
                    mint,
                    decimals,
                    atoms,
                    reason: format!("the issuer's account {reason}"),
                });
                continue;
            }
            self.plan.tasks.push(Task {
                deed: Deed::Release,
                security: keys.security,
                level: self.snapshot.level(&keys.security),
                subject: *address,
                whom: security.issuer,
                mint,
                decimals,
                atoms,
                opens_position: false,
                instructions: vec![release.instruction()],
                arrives_at: None,
            });
        }
        Ok(())
    }

    fn grants(&mut self) {
        let now = self.snapshot.now;
        for (address, grant) in &self.snapshot.grants {
            let Some((security, keys)) = self.security(&grant.security) else {
                continue;
            };
            let quoted = quote::grant(grant, now);
            let task = |deed, atoms, opens_position, instruction| Task {
                deed,
                security: keys.security,
                level: self.snapshot.level(&keys.security),
                subject: *address,
                whom: grant.recipient,
                mint: security.mint,
                decimals: security.decimals,
                atoms,
                opens_position,
                instructions: vec![instruction],
                arrives_at: None,
            };
            let rest = quoted.claimable_atoms > 0 && quoted.claimable_atoms == quoted.promised_atoms;
            let worth_it = rest || quoted.claimable_atoms >= (grant.amount_atoms / GRANT_PART).max(1);
            let mut tasks = Vec::new();
            if worth_it {
                let claim = ClaimGrant {
                    keys: &keys,
                    payer: self.payer,
                    recipient: grant.recipient,
                    id: grant.id,
                };
                let opens = !self.snapshot.positions.contains_key(&keys.position(&grant.recipient));
                tasks.push(task(
                    Deed::ClaimGrant,
                    quoted.claimable_atoms,
                    opens,
                    claim.instruction(),
                ));
            }
            if rest || quoted.closable {
                let close = CloseGrant {
                    keys: &keys,
                    recipient: grant.recipient,
                    id: grant.id,
                    rent_payer: grant.rent_payer,
                };
                tasks.push(task(Deed::CloseGrant, 0, false, close.instruction()));
            }
            self.plan.tasks.extend(tasks);
            if !worth_it {
                self.leave(security.mint, security.decimals, quoted.claimable_atoms);
            }
        }
    }

    fn harvests(&mut self) -> Result<()> {
        for holding in &self.snapshot.layers.holdings {
            let Some((security, keys)) = self.security(&holding.held.security) else {
                continue;
            };
            let atoms = holding.harvestable_atoms(self.snapshot.now)?;
            if atoms < self.worth.least(&keys.payout_mint, security.payout_decimals) {
                self.leave(keys.payout_mint, security.payout_decimals, atoms);
                continue;
            }
            let upper = holding.keys.security;
            let at_once = self
                .snapshot
                .layers
                .securities
                .get(&upper)
                .is_some_and(|s| s.drip_seconds == 0);
            self.plan.tasks.push(Task {
                deed: Deed::Harvest,
                security: keys.security,
                level: self.snapshot.level(&keys.security),
                subject: holding.vault_address,
                whom: upper,
                mint: keys.payout_mint,
                decimals: security.payout_decimals,
                atoms,
                opens_position: false,
                instructions: vec![holding.harvest()],
                arrives_at: (at_once && !holding.harvests_into_a_vault()).then_some(upper),
            });
        }
        Ok(())
    }

    /// Bearer shares that were sent to vaults. A curated security has none.
    fn registrations(&mut self, accounts: &BTreeMap<Pubkey, Account>) {
        for holding in &self.snapshot.layers.holdings {
            if !in_reach(self.scope, holding) {
                continue;
            }
            let (security, keys) = (&holding.held_security, &holding.held);
            let register = RegisterVaultBearer::from_ata(&holding.keys, &holding.held, self.payer);
            let bearer = token_of(accounts, &register.bearer_account, &keys.mint);
            let atoms = bearer.map_or(0, |token| token.amount);
            if keys.curated || atoms < self.worth.least(&keys.mint, security.decimals) {
                self.leave(keys.mint, security.decimals, atoms);
                continue;
            }
            self.plan.tasks.push(Task {
                deed: Deed::Register,
                security: keys.security,
                level: self.snapshot.level(&keys.security),
                subject: holding.vault_address,
                whom: holding.keys.security,
                mint: keys.mint,
                decimals: security.decimals,
                atoms,
                opens_position: holding.position.is_none(),
                instructions: vec![register.instruction()],
                arrives_at: None,
            });
        }
    }

    /// Money that was sent to inboxes.
    fn sweeps(&mut self, accounts: &BTreeMap<Pubkey, Account>) {
        for address in self.scope {
            let Some((security, keys)) = self.security(address) else {
                continue;
            };
            let inbox = token_of(accounts, &keys.inbox(), &keys.payout_mint);
            let (mint, decimals) = (keys.payout_mint, security.payout_decimals);
            let atoms = inbox.as_ref().map_or(0, |token| token.amount);
            if atoms < self.worth.least(&mint, decimals) {
                self.leave(mint, decimals, atoms);
                continue;
            }
            if inbox.is_some_and(|token| token.frozen) {
                self.plan.blocked.push(Blocked {
                    deed: Deed::Sweep,
                    security: keys.security,
                    whom: keys.security,
                    mint,
                    decimals,
                    atoms,
                    reason: "its inbox is frozen by the issuer of the money, who alone can thaw it".to_owned(),
                });
                continue;
            }
            self.plan.tasks.push(Task {
                deed: Deed::Sweep,
                security: keys.security,
                level: self.snapshot.level(&keys.security),
                subject: keys.inbox(),
                whom: keys.security,
                mint,
                decimals,
                atoms,
                opens_position: false,
                instructions: vec![Distribute::sweep(&keys, self.payer).instruction()],
                arrives_at: (security.drip_seconds == 0).then_some(keys.security),
            });
        }
    }

    /// Positions of wallets that are worth a claim, with what it pays.
    fn claims(&mut self) -> Result<Vec<(Pubkey, Position, u64)>> {
        let mut due = Vec::new();
        for (address, position) in &self.snapshot.positions {
            if self.snapshot.vaults.contains(&position.holder) {
                continue;
            }
            let Some((security, keys)) = self.security(&position.security) else {
                continue;
            };
            let atoms = quote::position(&security, position, self.snapshot.now)?.claimable_atoms;
            if atoms < self.worth.least(&keys.payout_mint, security.payout_decimals) {
                self.leave(keys.payout_mint, security.payout_decimals, atoms);
            } else {
                due.push((*address, *position, atoms));
            }
        }
        Ok(due)
    }

    fn claim(&mut self, address: Pubkey, position: &Position, atoms: u64, accounts: &BTreeMap<Pubkey, Account>) {
        let Some((security, keys)) = self.security(&position.security) else {
            return;
        };
        let opens = self.worth.opens_accounts
            && !accounts.contains_key(&position.payout_account)
            && position.payout_account == keys.payout_account(&position.holder);
        let reason = cannot_receive(accounts, &position.payout_account, &position.holder, &keys.payout_mint);
        if let (Some(reason), false) = (reason, opens) {
            self.plan.blocked.push(Blocked {
                deed: Deed::Claim,
                security: keys.security,
                whom: position.holder,
                mint: keys.payout_mint,
                decimals: security.payout_decimals,
                atoms,
                reason: format!("the payout account {reason}"),
            });
            return;
        }
        self.plan.tasks.push(Task {
            deed: Deed::Claim,
            security: keys.security,
            level: self.snapshot.level(&keys.security),
            subject: address,
            whom: position.holder,
            mint: keys.payout_mint,
            decimals: security.payout_decimals,
            atoms,
            opens_position: false,
            instructions: if opens {
                transactions::claim_for(&keys, &self.payer, position)
            } else {
                vec![Claim::crank(&keys, position).instruction()]
            },
            arrives_at: None,
        });
    }
}

/// Whether bearer shares in a vault are looked at: a security's vault may have nothing else yet, so that it reaches nobody.
fn in_reach(scope: &BTreeSet<Pubkey>, holding: &Holding) -> bool {
    scope.contains(&holding.keys.security) || scope.contains(&holding.held.security)
}

/// A token account of a mint, if it is there.
fn token_of(accounts: &BTreeMap<Pubkey, Account>, address: &Pubkey, mint: &Pubkey) -> Option<TokenAccount> {
    accounts
        .get(address)
        .and_then(|account| accounts::read_token_account(address, account).ok())
        .filter(|token| token.mint == *mint)
}

/// Why a token account cannot be paid without its owner, if so.
fn cannot_receive(
    accounts: &BTreeMap<Pubkey, Account>,
    address: &Pubkey,
    owner: &Pubkey,
    mint: &Pubkey,
) -> Option<String> {
    match token_of(accounts, address, mint) {
        None => Some(format!("{address} is missing; anybody can create it")),
        Some(token) if token.owner != *owner => Some(format!(
            "{address} belongs to somebody else now; {owner} must choose another"
        )),
        Some(token) if token.frozen => Some(format!("{address} is frozen by the issuer of the money")),
        Some(_) => None,
    }
}

fn read_accounts(sender: &dyn Sender, addresses: &BTreeSet<Pubkey>) -> Result<BTreeMap<Pubkey, Account>> {
    let addresses: Vec<Pubkey> = addresses.iter().copied().collect();
    let mut found = BTreeMap::new();
    for some in addresses.chunks(MOST_ACCOUNTS) {
        for (address, account) in some.iter().zip(sender.get_multiple_accounts(some)?) {
            if let Some(account) = account.filter(|account| account.owner != anchor_lang::system_program::ID) {
                found.insert(*address, account);
            }
        }
    }
    Ok(found)
}

fn plan_of(
    sender: &dyn Sender,
    snapshot: &Snapshot,
    scope: &BTreeSet<Pubkey>,
    worth: &Worth,
    payer: &Pubkey,
) -> Result<Plan> {
    let mut planner = Planner {
        snapshot,
        scope,
        worth,
        payer: *payer,
        plan: Plan::default(),
        left: BTreeMap::new(),
    };
    let claims = planner.claims()?;
    let mut tokens: BTreeSet<Pubkey> = claims.iter().map(|(_, position, _)| position.payout_account).collect();
    for round in snapshot.rounds.values() {
        if let Some((security, keys)) = planner.security(&round.security) {
            tokens.insert(keys.payout_account(&security.issuer));
        }
    }
    for holding in &snapshot.layers.holdings {
        if in_reach(scope, holding) {
            tokens.insert(holding.held.bearer_account(&holding.vault_address));
        }
    }
    for address in scope {
        tokens.extend(planner.security(address).map(|(_, keys)| keys.inbox()));
    }
    let accounts = read_accounts(sender, &tokens)?;
    planner.rounds();
    planner.releases(&accounts)?;
    planner.grants();
    planner.registrations(&accounts);
    planner.sweeps(&accounts);
    planner.harvests()?;
    for (address, position, atoms) in &claims {
        planner.claim(*address, position, *atoms, &accounts);
    }
    let mut plan = planner.plan;
    plan.left = planner.left.into_values().collect();
    // Stable: a grant is claimed before it is closed.
    plan.tasks
        .sort_by_key(|task| (task.level, task.security, order_of(task), task.subject));
    Ok(plan)
}

/// Order inside one security: a grant is claimed before it is closed, and both before the next grant, so that they share a transaction.
fn order_of(task: &Task) -> Deed {
    match task.deed {
        Deed::CloseGrant => Deed::ClaimGrant,
        deed => deed,
    }
}

/// Everything that is due now of the securities in `scope`, from the bottom up. Sends nothing.
///
/// # Errors
/// When the cluster does not answer, or its answers contradict each other.
pub fn plan(sender: &dyn Sender, payer: &Pubkey, scope: &BTreeSet<Pubkey>, worth: &Worth) -> Result<Plan> {
    plan_of(sender, &Snapshot::read(sender)?, scope, worth, payer)
}

/// Packs tasks into transactions, in order: which tasks go into each.
///
/// # Errors
/// [`ClientError::TooLarge`] if one alone does not fit.
pub fn pack(payer: &Pubkey, tasks: &[Task]) -> Result<Vec<std::ops::Range<usize>>> {
    let pieces: Vec<(Vec<Instruction>, u32)> = tasks
        .iter()
        .map(|task| (task.instructions.clone(), task.deed.compute_units()))
        .collect();
    transactions::pack(payer, &pieces)
}

/// The securities that a wallet issues or holds shares of, and all that these hold, at any depth.
///
/// # Errors
/// When the cluster does not answer, or its answers contradict each other.
pub fn scope_of(sender: &dyn Sender, layers: &Layers, wallet: &Pubkey) -> Result<BTreeSet<Pubkey>> {
    let issued = layers
        .securities
        .iter()
        .filter(|(_, security)| security.issuer == *wallet)
        .map(|(address, _)| *address);
    let held = accounts::positions_of_holder(sender, wallet)?
        .into_iter()
        .map(|(_, position)| position.security);
    Ok(layers.below(issued.chain(held)))
}

/// What a run tells while it runs.
#[derive(Debug)]
pub enum Progress<'a> {
    /// A pass has been planned.
    Planned {
        /// Number of the pass, from 1.
        pass: usize,
        /// What it will do.
        plan: &'a Plan,
        /// In how many transactions.
        transactions: usize,
    },
    /// A transaction landed.
    Done {
        /// What it did, with what it really moved.
        tasks: &'a [Task],
        /// The transaction.
        receipt: &'a Receipt,
    },
    /// Somebody else did it first, or nothing is due of it any more.
    Elsewhere {
        /// What it was.
        task: &'a Task,
    },
    /// A task was refused; the others go on.
    Refused {
        /// What it was.
        task: &'a Task,
        /// Why.
        error: &'a ClientError,
    },
}

/// What a run did.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Passes.
    pub passes: usize,
    /// Tasks that landed, in order, with what they really moved.
    pub done: Vec<Task>,
    /// The transactions that landed.
    pub receipts: Vec<Receipt>,
    /// How many tasks somebody else did first.
    pub elsewhere: usize,
    /// What was refused, and why.
    pub refused: Vec<(Task, ClientError)>,
    /// What could not be done for others, by the first pass.
    pub blocked: Vec<Blocked>,
    /// What was not worth it, by the last pass.
    pub left: Vec<Left>,
    /// Why it ended early, if it did: what was done stays done.
    pub interrupted: Option<ClientError>,
    /// Whether it ended because money went round a cycle [`MOST_PASSES`] times.
    pub went_round: bool,
}

/// Does everything that is due of the securities in `scope`, and tells what it does.
///
/// # Errors
/// When nothing could be done at all; what ends it later is in [`Outcome::interrupted`].
pub fn run(
    sender: &dyn Sender,
    payer: &dyn Signer,
    scope: &BTreeSet<Pubkey>,
    worth: &Worth,
    tell: &mut dyn FnMut(Progress<'_>),
) -> Result<Outcome> {
    let address = payer.try_pubkey()?;
    let mut outcome = Outcome::default();
    let mut looked_at = scope.clone();
    while !looked_at.is_empty() {
        if outcome.passes == MOST_PASSES {
            outcome.went_round = true;
            break;
        }
        let planned = plan(sender, &address, &looked_at, worth).and_then(|plan| {
            let packed = pack(&address, &plan.tasks)?;
            Ok((plan, packed))
        });
        let (plan, packed) = match planned {
            Ok(planned) => planned,
            Err(error) if outcome.receipts.is_empty() => return Err(error),
            Err(error) => {
                outcome.interrupted = Some(error);
                break;
            }
        };
        outcome.passes += 1;
        if outcome.passes == 1 {
            outcome.blocked.clone_from(&plan.blocked);
            outcome.left.clone_from(&plan.left);
        }
        tell(Progress::Planned {
            pass: outcome.passes,
            plan: &plan,
            transactions: packed.len(),
        });
        let before = outcome.done.len();
        let result = send_all(sender, payer, &plan.tasks, packed, &mut outcome, tell);
        // What another did first has arrived all the same, and is theirs to follow.
        looked_at = outcome.done[before..]
            .iter()
            .filter_map(|task| task.arrives_at)
            .filter(|security| scope.contains(security))
            .collect();
        if let Err(error) = result {
            if outcome.receipts.is_empty() {
                return Err(error);
            }
            outcome.interrupted = Some(error);
            break;
        }
    }
    Ok(outcome)
}

fn send_all(
    sender: &dyn Sender,
    payer: &dyn Signer,
    tasks: &[Task],
    packed: Vec<std::ops::Range<usize>>,
    outcome: &mut Outcome,
    tell: &mut dyn FnMut(Progress<'_>),
) -> Result<()> {
    let mut queue: VecDeque<Vec<usize>> = packed.into_iter().map(Iterator::collect).collect();
    while let Some(mut group) = queue.pop_front() {
        let instructions: Vec<Instruction> = group.iter().flat_map(|at| tasks[*at].instructions.clone()).collect();
        let error = match sender.send(&instructions, payer, &[]) {
            Ok(receipt) => {
                let landed = as_landed(group.iter().map(|at| tasks[*at].clone()).collect(), &receipt);
                tell(Progress::Done {
                    tasks: &landed,
                    receipt: &receipt,
                });
                outcome.done.extend(landed);
                outcome.receipts.push(receipt);
                continue;
            }
            Err(error) => error,
        };
        let Some(failure) = error.program_failure() else {
            return Err(error);
        };
        // The instruction that was refused is one task's: the others of the transaction go on without it.
        let mut first = 0;
        let at = group.iter().position(|at| {
            first += tasks[*at].instructions.len();
            usize::from(failure.instruction) < first
        });
        let Some(at) = at else {
            return Err(error);
        };
        let task = &tasks[group.remove(at)];
        if !group.is_empty() {
            queue.push_front(group);
        }
        if is_done_already(sender, task, &error)? {
            outcome.elsewhere += 1;
            tell(Progress::Elsewhere { task });
        } else {
            tell(Progress::Refused { task, error: &error });
            outcome.refused.push((task.clone(), error));
        }
    }
    Ok(())
}

/// The tasks of a landed transaction, with the atoms that its events tell.
fn as_landed(mut tasks: Vec<Task>, receipt: &Receipt) -> Vec<Task> {
    for task in &mut tasks {
        let holder = task.holder();
        let told = receipt.events.iter().find_map(|event| match (task.deed, event) {
            (Deed::Claim | Deed::Harvest, Event::UpsideClaimed(event)) => {
                (event.security == task.security && event.holder == holder).then_some(event.amount_atoms)
            }
            (Deed::Register, Event::SharesRegistered(event)) => {
                (event.security == task.security && event.holder == holder).then_some(event.amount_atoms)
            }
            (Deed::Sweep, Event::UpsideDistributed(event)) => {
                (event.security == task.security).then_some(event.swept_atoms)
            }
            (Deed::ClaimGrant, Event::GrantClaimed(event)) => {
                (event.grant == task.subject).then_some(event.amount_atoms)
            }
            (Deed::Release, Event::RunwayReleased(event)) => {
                (event.round == task.subject).then_some(event.issuer_atoms.saturating_add(event.backing_atoms))
            }
            _ => None,
        });
        if let Some(atoms) = told {
            task.atoms = atoms;
        }
    }
    tasks
}

/// Whether a refusal means that somebody else was faster.
fn is_done_already(sender: &dyn Sender, task: &Task, error: &ClientError) -> Result<bool> {
    let meant = match task.deed {
        Deed::CloseRound => &[UpsideError::TooEarlyToClose][..],
        Deed::Settle => &[UpsideError::AlreadySettled],
        Deed::Release => &[UpsideError::NothingToRelease],
        Deed::ClaimGrant => &[UpsideError::NothingVested],
        Deed::CloseGrant => &[],
        Deed::Register => &[UpsideError::NothingToRegister],
        Deed::Sweep => &[UpsideError::NothingToDistribute],
        Deed::Harvest => &[UpsideError::NothingToHarvest, UpsideError::ClockBehindCheckpoint],
        Deed::Claim => &[UpsideError::NothingToClaim, UpsideError::ClockBehindCheckpoint],
    };
    if meant.iter().any(|meant| error.is(*meant)) {
        return Ok(true);
    }
    // What ends is closed, and the account is gone.
    let gone = |account: Option<Account>| account.is_none_or(|account| account.owner != upside::ID);
    Ok(matches!(task.deed, Deed::Settle | Deed::ClaimGrant | Deed::CloseGrant)
        && gone(sender.get_account(&task.subject)?))
}

/// What tasks move, by mint: the mint, its decimals, and atoms.
#[must_use]
pub fn moved(tasks: &[Task], deed: Deed) -> BTreeMap<Pubkey, (u8, u64)> {
    let mut moved: BTreeMap<Pubkey, (u8, u64)> = BTreeMap::new();
    for task in tasks.iter().filter(|task| task.deed == deed && task.atoms > 0) {
        let entry = moved.entry(task.mint).or_insert((task.decimals, 0));
        entry.1 = entry.1.saturating_add(task.atoms);
    }
    moved
}

/// Lamports of rent that the payer leaves in positions that tasks open.
///
/// # Errors
/// When the cluster does not answer.
pub fn rent_of(sender: &dyn Sender, tasks: &[Task]) -> Result<u64> {
    /// Bytes of a registered account: a token account that cannot change hands.
    const REGISTERED_BYTES: usize = 170;
    let mut opened: BTreeSet<Pubkey> = BTreeSet::new();
    for task in tasks.iter().filter(|task| task.opens_position) {
        opened.insert(pda::position(&task.security, &task.holder()));
    }
    if opened.is_empty() {
        return Ok(0);
    }
    let one = sender.minimum_rent(Position::SPACE)? + sender.minimum_rent(REGISTERED_BYTES)?;
    Ok(one.saturating_mul(opened.len() as u64))
}
