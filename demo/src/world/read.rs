//! Reads every figure of a story back over JSON-RPC.

use std::collections::BTreeMap;

use anchor_lang::prelude::Pubkey;
use anyhow::{bail, Result};
use num_bigint::BigInt;
use num_rational::BigRational;
use upside_client::{
    accounts,
    events::Event,
    instructions::Claim,
    solana_account::Account,
    upside::{
        error::UpsideError,
        state::{
            Approval, Collective, Grant, Member, MemberStatus, Position, Redemption, Round, Security, Subscription,
            Vault,
        },
    },
    Sender,
};

use super::{Claimable, Sample, World};
use crate::{
    check::{
        AssetFigure, CollectiveFigure, Figure, Figures, GrantFigure, HolderFigure, MembershipFigure, RoundFigure,
        SecurityFigure, StakeFigure, SubscriptionFigure, Value, VaultFigure, WalletFigure,
    },
    story::{AssetId, GrantId, PersonId, Purse, RoundId, SecurityId},
    verb::redemption::TICKET,
};

/// Accounts that one request of an RPC server may name.
const ACCOUNTS_A_REQUEST: usize = 100;

fn number(n: impl Into<BigInt>) -> Value {
    Value::Number(BigRational::from_integer(n.into()))
}

/// A number with 64 binary places.
fn x64(n: u128) -> Value {
    Value::Number(BigRational::new(n.into(), BigInt::from(1u8) << 64u32))
}

/// The accounts of one reading.
struct Accounts(BTreeMap<Pubkey, Account>);

impl Accounts {
    fn state<T: accounts::ProgramAccount>(&self, address: &Pubkey) -> Result<Option<T>> {
        let account = self.0.get(address);
        Ok(account.map(|account| accounts::decode(address, account)).transpose()?)
    }

    fn token(&self, address: &Pubkey) -> Result<Option<accounts::TokenAccount>> {
        let account = self.0.get(address);
        Ok(account
            .map(|account| accounts::read_token_account(address, account))
            .transpose()?)
    }

    fn balance(&self, address: &Pubkey) -> Result<Value> {
        Ok(number(self.token(address)?.map_or(0, |account| account.amount)))
    }

    fn frozen(&self, address: &Pubkey) -> Result<Value> {
        let account = self.token(address)?;
        Ok(number(u8::from(account.is_some_and(|account| account.frozen))))
    }

    fn mint(&self, address: &Pubkey) -> Result<Option<accounts::Mint>> {
        let account = self.0.get(address);
        Ok(account
            .map(|account| accounts::read_mint(address, account))
            .transpose()?)
    }
}

impl World<'_> {
    pub(super) fn read_figures(&self) -> Result<Figures> {
        let mut addresses = Vec::new();
        for of in self.story.security_ids() {
            let keys = self.keys(of);
            addresses.extend([
                keys.security,
                keys.mint,
                keys.payout_vault(),
                keys.inbox(),
                keys.vault(&keys.payout_mint),
                self.money_vault(of),
            ]);
            for asset in self.story.asset_ids() {
                addresses.extend([keys.vault(&self.asset(asset).mint), self.vault_account(of, asset)]);
            }
            for person in self.story.person_ids() {
                let owner = self.address(person)?;
                addresses.extend([
                    keys.position(&owner),
                    keys.registered(&owner),
                    keys.bearer_account(&owner),
                    keys.approval(&owner),
                    keys.redemption(&owner, TICKET),
                ]);
            }
        }
        for (of, other) in self.pairs() {
            let (keys, held) = (self.keys(of), self.keys(other));
            let vault = keys.vault(&held.mint);
            addresses.extend([
                vault,
                held.position(&vault),
                held.registered(&vault),
                held.bearer_account(&vault),
                keys.collective(),
                keys.member(&held.security),
            ]);
        }
        for id in self.story.grant_ids() {
            addresses.push(self.grant(id)?);
        }
        for id in self.story.round_ids() {
            let keys = self.keys(id.of);
            addresses.extend([keys.round(id.number), keys.round_account(id.number)]);
            for person in self.story.person_ids() {
                addresses.push(keys.subscription(id.number, &self.address(person)?));
            }
        }
        for person in self.story.person_ids() {
            let owner = self.address(person)?;
            addresses.extend([self.purse(person, Purse::Wallet)?, self.purse(person, Purse::Savings)?]);
            addresses.extend(self.assets.iter().map(|asset| asset.account_of(&owner)));
        }
        for asset in &self.assets {
            addresses.extend([asset.mint, asset.account_of(&self.asset_issuer())]);
        }
        let mut accounts = BTreeMap::new();
        for some in addresses.chunks(ACCOUNTS_A_REQUEST) {
            let read = self.sender.get_multiple_accounts(some)?;
            let found = some.iter().zip(read);
            accounts.extend(found.filter_map(|(address, account)| Some((*address, account?))));
        }
        let accounts = Accounts(accounts);

        let mut figures = Figures::new();
        for of in self.story.security_ids() {
            self.read_security(of, &accounts, &mut figures)?;
            for asset in self.story.asset_ids() {
                self.read_vault(of, asset, &accounts, &mut figures)?;
            }
            for person in self.story.person_ids() {
                self.read_holder(of, person, &accounts, &mut figures)?;
            }
        }
        for of in self.story.security_ids() {
            let rule: Option<Collective> = accounts.state(&self.keys(of).collective())?;
            let read = |field: fn(&Collective) -> Value| rule.as_ref().map_or_else(|| number(0u8), field);
            use CollectiveFigure as C;
            figures.extend(
                [
                    (C::Gives, read(|c| number(c.contribution_bps))),
                    (C::Receives, read(|c| number(c.shares_atoms))),
                    (C::Members, read(|c| number(c.members))),
                    (C::Events, read(|c| number(c.sequence))),
                ]
                .map(|(figure, value)| (Figure::Collective(of, figure), value)),
            );
        }
        for (of, other) in self.pairs() {
            self.read_pair(of, other, &accounts, &mut figures)?;
        }
        for id in self.story.grant_ids() {
            self.read_grant(id, &accounts, &mut figures)?;
        }
        for id in self.story.round_ids() {
            self.read_round(id, &accounts, &mut figures)?;
        }
        for person in self.story.person_ids() {
            let owner = self.address(person)?;
            let mut wallet = |figure, value| figures.insert(Figure::Wallet(person, figure), value);
            wallet(
                WalletFigure::Money,
                accounts.balance(&self.purse(person, Purse::Wallet)?)?,
            );
            wallet(
                WalletFigure::Savings,
                accounts.balance(&self.purse(person, Purse::Savings)?)?,
            );
            for asset in self.story.asset_ids() {
                let balance = accounts.balance(&self.asset(asset).account_of(&owner))?;
                wallet(WalletFigure::Equity(asset), balance);
            }
        }
        for asset in self.story.asset_ids() {
            let mint = self.asset(asset);
            let paused = accounts.mint(&mint.mint)?.is_some_and(|mint| mint.paused);
            figures.insert(Figure::Asset(asset, AssetFigure::Paused), number(u8::from(paused)));
            let with_issuer = accounts.balance(&mint.account_of(&self.asset_issuer()))?;
            figures.insert(Figure::Asset(asset, AssetFigure::WithIssuer), with_issuer);
        }
        Ok(figures)
    }

    /// Somebody's name by their address; the address itself if it is nobody of the story, nothing for zeros.
    fn name_of(&self, address: &Pubkey) -> Result<Value> {
        if *address == Pubkey::default() {
            return Ok(Value::Text(String::new()));
        }
        for person in self.story.person_ids() {
            if self.address(person)? == *address {
                return Ok(Value::Text(self.story.name(person).to_owned()));
            }
        }
        Ok(Value::Text(address.to_string()))
    }

    fn read_security(&self, of: SecurityId, accounts: &Accounts, figures: &mut Figures) -> Result<()> {
        let keys = self.keys(of);
        let security: Option<Security> = accounts.state(&keys.security)?;
        let money: Option<Vault> = accounts.state(&keys.vault(&keys.payout_mint))?;
        let mint = accounts.mint(&keys.mint)?;
        let metadata = mint.as_ref().and_then(|mint| mint.metadata.clone());
        let text = |field: fn(&accounts::Metadata) -> &String| {
            Value::Text(
                metadata
                    .as_ref()
                    .map(|metadata| field(metadata).clone())
                    .unwrap_or_default(),
            )
        };
        let read = |field: fn(&Security) -> Value| security.as_ref().map_or_else(|| number(0u8), field);
        let name = |field: fn(&Security) -> Pubkey| self.name_of(&security.as_ref().map(field).unwrap_or_default());
        use SecurityFigure as F;
        figures.extend(
            [
                (F::Supply, number(mint.as_ref().map_or(0, |mint| mint.supply))),
                (F::Name, text(|metadata| &metadata.name)),
                (F::Symbol, text(|metadata| &metadata.symbol)),
                (F::Uri, text(|metadata| &metadata.uri)),
                (F::Issuer, name(|s| s.issuer)?),
                (F::PendingIssuer, name(|s| s.pending_issuer)?),
                (F::RedeemAfter, read(|s| number(s.redeem_after_ts))),
                (F::Authorised, read(|s| number(s.authorised_atoms))),
                (F::Issued, read(|s| number(s.issued_atoms))),
                (F::Reserved, read(|s| number(s.reserved_atoms))),
                (F::Redeemed, read(|s| number(s.redeemed_total_atoms))),
                (F::Registered, read(|s| number(s.registered_atoms))),
                (F::Received, read(|s| number(s.received_total_atoms.get()))),
                (F::StreamTotal, read(|s| number(s.stream_total_atoms))),
                (F::StreamDripped, read(|s| number(s.stream_dripped_atoms))),
                (F::StreamStart, read(|s| number(s.stream_start_ts))),
                (F::StreamEnd, read(|s| number(s.stream_end_ts))),
                (F::StreamLast, read(|s| number(s.stream_last_ts))),
                (F::UpsidePerShare, read(|s| x64(s.upside_per_share_x64.get()))),
                (F::Remainder, read(|s| x64(s.remainder_x64.get()))),
                (F::Vaults, read(|s| number(s.vault_count))),
                (F::Events, read(|s| number(s.sequence))),
                (F::FundedRounds, read(|s| number(s.funded_rounds))),
                (F::MoneyVault, accounts.balance(&self.money_vault(of))?),
                (
                    F::MoneyCollected,
                    number(money.map_or(0, |vault| vault.collected_total_atoms)),
                ),
                (F::PayoutVault, accounts.balance(&keys.payout_vault())?),
                (F::Inbox, accounts.balance(&keys.inbox())?),
            ]
            .map(|(figure, value)| (Figure::Security(of, figure), value)),
        );
        Ok(())
    }

    fn read_vault(&self, of: SecurityId, asset: AssetId, accounts: &Accounts, figures: &mut Figures) -> Result<()> {
        let vault: Option<Vault> = accounts.state(&self.keys(of).vault(&self.asset(asset).mint))?;
        let account = self.vault_account(of, asset);
        figures.extend(
            [
                (VaultFigure::Balance, accounts.balance(&account)?),
                (VaultFigure::Frozen, accounts.frozen(&account)?),
                (
                    VaultFigure::Deposited,
                    number(vault.map_or(0, |vault| vault.deposited_total_atoms)),
                ),
                (
                    VaultFigure::Collected,
                    number(vault.map_or(0, |vault| vault.collected_total_atoms)),
                ),
            ]
            .map(|(figure, value)| (Figure::Vault(of, asset, figure), value)),
        );
        Ok(())
    }

    fn read_holder(&self, of: SecurityId, person: PersonId, accounts: &Accounts, figures: &mut Figures) -> Result<()> {
        let (keys, owner) = (self.keys(of), self.address(person)?);
        let position: Option<Position> = accounts.state(&keys.position(&owner))?;
        let approval: Option<Approval> = accounts.state(&keys.approval(&owner))?;
        let ticket: Option<Redemption> = accounts.state(&keys.redemption(&owner, TICKET))?;
        let read = |field: fn(&Position) -> Value| position.as_ref().map_or_else(|| number(0u8), field);
        let (wallet, savings) = (self.purse(person, Purse::Wallet)?, self.purse(person, Purse::Savings)?);
        let pays_to = match &position {
            None => String::new(),
            Some(position) if position.payout_account == wallet => "wallet".to_owned(),
            Some(position) if position.payout_account == savings => "savings".to_owned(),
            Some(position) => position.payout_account.to_string(),
        };
        let registered = keys.registered(&owner);
        use HolderFigure as F;
        figures.extend(
            [
                (F::Shares, read(|p| number(p.shares_atoms))),
                (F::RegisteredAccount, accounts.balance(&registered)?),
                (F::Frozen, accounts.frozen(&registered)?),
                (F::Bearer, accounts.balance(&keys.bearer_account(&owner))?),
                (F::Checkpoint, read(|p| x64(p.checkpoint_x64.get()))),
                (F::Accrued, read(|p| x64(p.accrued_x64.get()))),
                (F::Claimed, read(|p| number(p.claimed_total_atoms))),
                (F::Events, read(|p| number(p.sequence))),
                (F::Ticket, number(ticket.map_or(0, |ticket| ticket.shares_atoms))),
                (F::Uncollected, number(ticket.map_or(0, |ticket| ticket.uncollected()))),
                (F::PaysTo, Value::Text(pays_to)),
                (F::Approved, number(u8::from(approval.is_some()))),
            ]
            .map(|(figure, value)| (Figure::Holder(of, person, figure), value)),
        );
        Ok(())
    }

    /// Every security with every other.
    fn pairs(&self) -> impl Iterator<Item = (SecurityId, SecurityId)> + use<> {
        let story = self.story;
        let all: Vec<SecurityId> = story.security_ids().collect();
        let others = all.clone();
        all.into_iter()
            .flat_map(move |of| others.clone().into_iter().map(move |other| (of, other)))
            .filter(|(of, other)| of != other)
    }

    fn read_pair(&self, of: SecurityId, other: SecurityId, accounts: &Accounts, figures: &mut Figures) -> Result<()> {
        let (keys, held) = (self.keys(of), self.keys(other));
        let address = keys.vault(&held.mint);
        let vault: Option<Vault> = accounts.state(&address)?;
        let position: Option<Position> = accounts.state(&held.position(&address))?;
        let read = |field: fn(&Position) -> Value| position.as_ref().map_or_else(|| number(0u8), field);
        use StakeFigure as S;
        figures.extend(
            [
                (S::Shares, read(|p| number(p.shares_atoms))),
                (S::RegisteredAccount, accounts.balance(&held.registered(&address))?),
                (S::Checkpoint, read(|p| x64(p.checkpoint_x64.get()))),
                (S::Accrued, read(|p| x64(p.accrued_x64.get()))),
                (S::Harvested, read(|p| number(p.claimed_total_atoms))),
                (
                    S::Deposited,
                    number(vault.map_or(0, |vault| vault.deposited_total_atoms)),
                ),
                (
                    S::Collected,
                    number(vault.map_or(0, |vault| vault.collected_total_atoms)),
                ),
                (S::Bearer, accounts.balance(&held.bearer_account(&address))?),
                (S::Events, read(|p| number(p.sequence))),
            ]
            .map(|(figure, value)| (Figure::Stake(of, other, figure), value)),
        );
        let member: Option<Member> = accounts.state(&keys.member(&held.security))?;
        let status = member
            .as_ref()
            .and_then(accounts::status_of)
            .map(|status| match status {
                MemberStatus::Applied => 1u8,
                MemberStatus::Admitted => 2,
                MemberStatus::Joined => 3,
            });
        let read = |field: fn(&Member) -> Value| member.as_ref().map_or_else(|| number(0u8), field);
        use MembershipFigure as M;
        figures.extend(
            [
                (M::Status, number(status.unwrap_or(0))),
                (M::Gives, read(|m| number(m.contribution_atoms))),
                (M::Receives, read(|m| number(m.shares_atoms))),
                (M::Expires, read(|m| number(m.expires_ts))),
                (M::Events, read(|m| number(m.sequence))),
            ]
            .map(|(figure, value)| (Figure::Membership(of, other, figure), value)),
        );
        Ok(())
    }

    fn read_grant(&self, id: GrantId, accounts: &Accounts, figures: &mut Figures) -> Result<()> {
        let grant: Option<Grant> = accounts.state(&self.grant(id)?)?;
        let read = |field: fn(&Grant) -> Value| grant.as_ref().map_or_else(|| number(0u8), field);
        use GrantFigure as F;
        figures.extend(
            [
                (F::Amount, read(|g| number(g.amount_atoms))),
                (F::Claimed, read(|g| number(g.claimed_atoms))),
                (F::Start, read(|g| number(g.start_ts))),
                (F::Cliff, read(|g| number(g.cliff_ts))),
                (F::End, read(|g| number(g.end_ts))),
                (F::Deadline, read(|g| number(g.deadline_ts))),
                (F::Revocable, read(|g| number(g.revocable))),
                (F::Revoked, read(|g| number(g.revoked))),
                (F::Approved, read(|g| number(g.approved))),
                (
                    F::Approver,
                    self.name_of(&grant.map(|grant| grant.approver).unwrap_or_default())?,
                ),
                (F::Events, read(|g| number(g.sequence))),
            ]
            .map(|(figure, value)| (Figure::Grant(id, figure), value)),
        );
        Ok(())
    }

    fn read_round(&self, id: RoundId, accounts: &Accounts, figures: &mut Figures) -> Result<()> {
        let keys = self.keys(id.of);
        let round: Option<Round> = accounts.state(&keys.round(id.number))?;
        let read = |field: fn(&Round) -> Value| round.as_ref().map_or_else(|| number(0u8), field);
        use RoundFigure as F;
        figures.extend(
            [
                (F::Status, read(|r| number(r.status))),
                (F::Invited, read(|r| number(r.invited))),
                (F::ForSale, read(|r| number(r.for_sale_atoms))),
                (F::Minimum, read(|r| number(r.minimum_atoms))),
                (F::Price, read(|r| number(r.price_atoms))),
                (F::Opens, read(|r| number(r.opens_ts))),
                (F::Commit, read(|r| number(r.commit_ts))),
                (F::Closes, read(|r| number(r.closes_ts))),
                (F::Wanted, read(|r| number(r.total_wanted_atoms.get()))),
                (F::Unsettled, read(|r| number(r.unsettled))),
                (F::Reserved, read(|r| number(r.reserved_left_atoms))),
                (F::Money, read(|r| number(r.money_atoms))),
                (F::Account, accounts.balance(&keys.round_account(id.number))?),
                (F::Refunds, read(|r| number(r.refunds_atoms))),
                (F::Raised, read(|r| number(r.raised_atoms))),
                (F::Backed, read(|r| number(r.backed_atoms))),
                (F::Released, read(|r| number(r.released_atoms))),
                (F::Events, read(|r| number(r.sequence))),
            ]
            .map(|(figure, value)| (Figure::Round(id, figure), value)),
        );
        use SubscriptionFigure as S;
        for person in self.story.person_ids() {
            let address = keys.subscription(id.number, &self.address(person)?);
            let wants: Option<Subscription> = accounts.state(&address)?;
            let read = |field: fn(&Subscription) -> u64| number(wants.as_ref().map_or(0, field));
            figures.extend(
                [
                    (S::Cap, read(|s| s.cap_atoms)),
                    (S::Wanted, read(|s| s.wanted_atoms)),
                    (S::Paid, read(|s| s.paid_atoms)),
                    (S::Refund, read(|s| s.refund_atoms)),
                ]
                .map(|(figure, value)| (Figure::Subscription(id, person, figure), value)),
            );
        }
        Ok(())
    }

    pub(super) fn read_sample(&self) -> Result<Sample> {
        let figures = self.read_figures()?;
        let mut claimable = Vec::new();
        for of in self.story.security_ids() {
            for holder in self.story.person_ids() {
                let pays_to = match figures.get(&Figure::Holder(of, holder, HolderFigure::PaysTo)) {
                    Some(Value::Text(purse)) if purse == "savings" => Purse::Savings,
                    Some(Value::Text(purse)) if !purse.is_empty() => Purse::Wallet,
                    _ => continue,
                };
                claimable.push(self.ask_claimable(of, holder, pays_to)?);
            }
        }
        Ok(Sample { claimable, figures })
    }

    /// Simulates a claim that anyone could send.
    fn ask_claimable(&self, of: SecurityId, holder: PersonId, pays_to: Purse) -> Result<Claimable> {
        let claim = Claim {
            keys: self.keys(of),
            holder: self.address(holder)?,
            payout_account: self.purse(holder, pays_to)?,
            holder_signs: false,
        };
        let before = self.sender.now()?;
        let answer = self.sender.simulate(&[claim.instruction()], &self.bank, &[], &[]);
        let after = self.sender.now()?;
        let (atoms, ts) = match answer {
            Ok(simulation) => match simulation.events.first() {
                Some(Event::UpsideClaimed(claimed)) => (claimed.amount_atoms, claimed.ts),
                _ => bail!("the simulated claim of {} told no payment", self.story.name(holder)),
            },
            Err(error) if error.is(UpsideError::NothingToClaim) => (0, before),
            Err(error) => return Err(error.into()),
        };
        if !(before..=after).contains(&ts) {
            bail!("the program's clock showed {ts}, the network's went from {before} to {after}");
        }
        Ok(Claimable { of, holder, atoms, ts })
    }
}
