//! L-1: what every holder must be able to do, tried without consequences.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    invariants::*,
    model::{Asset, Wallet},
};
use anchor_lang::{prelude::Pubkey, solana_program::instruction::Instruction, Discriminator};
use anchor_spl::token_2022::spl_token_2022::{extension::transfer_hook, instruction as token_ix};
use num_bigint::BigInt;
use num_traits::Zero;
use upside_client::{
    events::Event,
    instructions::{
        ApproveHolder, Claim, ClaimGrant, CloseRedemption, CloseRound, Collect, CollectShares, Harvest, Redeem,
        WithdrawRefund,
    },
};

use super::{protocol::atoms, Run};
use crate::sequence::step::{share_of, vault_of, FIRST_SHARE, ROUNDS, SECURITIES, TICKETS, WALLETS};

/// The id of tickets that only exist in simulations.
const TRIAL_ID: u64 = u64::MAX;

impl Run<'_> {
    /// Each holder claims, signing, to an account that nobody can meddle with; what a vault's shares earn is harvested.
    pub(super) fn try_claims(&mut self) -> Result<(), String> {
        for s in 0..SECURITIES {
            let Some(mut view) = self.views[s].clone() else {
                continue;
            };
            // Paid ahead of a clock that was set back: the vault is short until the clock is there again.
            if !view.paid_ahead().is_zero() {
                continue;
            }
            // What lies at the address of a vault that is not there waits for it.
            let holds = |u: usize| {
                self.views[u]
                    .as_ref()
                    .is_some_and(|upper| upper.vaults.contains_key(&share_of(s)))
            };
            view.holders
                .retain(|holder| holder.wallet.checked_sub(WALLETS).is_none_or(holds));
            l1_every_holder_can_claim(&view, self.now, |h| {
                let instructions = match h.checked_sub(WALLETS) {
                    None => self.claim_to_the_third_account(s, h),
                    Some(upper) => self.harvest_unstopped(upper, s),
                };
                let (events, _) = self.machine.simulate(&instructions, &self.snapshot)?;
                match events.as_slice() {
                    [Event::UpsideClaimed(event)]
                    | [Event::UpsideClaimed(event), Event::UpsideHarvested(_) | Event::BackingHarvested(_)] => {
                        Ok(event.amount_atoms)
                    }
                    other => Err(format!("the claim emitted {other:?}")),
                }
            })
            .map_err(|e| e.to_string())?;
        }
        Ok(())
    }

    fn claim_to_the_third_account(&self, s: usize, w: usize) -> Vec<Instruction> {
        let place = &self.fixture.places[s];
        let claim = Claim {
            keys: &place.keys,
            holder: self.fixture.wallets[w],
            payout_account: place.payout[w][2],
            holder_signs: true,
        };
        vec![claim.instruction()]
    }

    /// A harvest, once the money's issuer lets the vault receive it.
    fn harvest_unstopped(&self, upper: usize, lower: usize) -> Vec<Instruction> {
        let places = &self.fixture.places;
        let harvest = Harvest {
            keys: &places[upper].keys,
            held: &places[lower].keys,
        };
        let mut instructions = Vec::new();
        if let Some(money) = self.payout_asset(lower).filter(|_| harvest.goes_into_a_vault()) {
            instructions.extend(self.release(money, &places[upper].vault_account[money]));
        }
        instructions.push(harvest.instruction());
        instructions
    }

    /// Whether the clock was set back behind one of the positions that shares move between when a ticket of a security collects them.
    fn waits_for_the_clock(&self, s: usize, w: usize) -> bool {
        let Some(view) = &self.views[s] else { return false };
        let held = view
            .vaults
            .values()
            .filter(|vault| vault.balance > 0)
            .filter_map(|vault| vault.shares_of);
        held.filter_map(|of| self.views[of].as_ref())
            .any(|lower| lower.is_behind(vault_of(s), self.now) || lower.is_behind(w, self.now))
    }

    /// One holder after another, a different one each time, redeems everything and collects it all; and so does each of the holder's open tickets.
    pub(super) fn try_redemptions(&mut self) -> Result<(), String> {
        self.tried += 1;
        let (s, w) = (self.tried % SECURITIES, self.tried / SECURITIES % WALLETS);
        let Some(view) = self.views[s].clone() else {
            return Ok(());
        };
        let vaults: Vec<Asset> = view.vaults.keys().copied().collect();
        let f = self.fixture;
        if self.waits_for_the_clock(s, w) {
            return Ok(());
        }
        let guarded = self.guarded(s, w);
        l1_every_holder_can_redeem(&view, self.now, &view.holders[w], |w, shares| {
            (!guarded).then(|| {
                let redeem = Redeem {
                    keys: &f.places[s].keys,
                    payer: f.bank,
                    holder: f.wallets[w],
                    id: TRIAL_ID,
                    amount: shares,
                };
                self.collect_all(s, w, TRIAL_ID, &vaults, vec![redeem.instruction()])
            })
        })
        .map_err(|e| e.to_string())?;
        for id in 0..TICKETS as u64 {
            l1_every_ticket_can_collect(&view, (w, id), |assets| self.collect_all(s, w, id, assets, Vec::new()))
                .map_err(|e| e.to_string())?;
        }
        Ok(())
    }

    /// Simulates that the assets' issuers let them move and that a ticket collects them all and is closed; what each paid.
    fn collect_all(
        &mut self,
        s: usize,
        w: usize,
        id: u64,
        assets: &[Asset],
        mut instructions: Vec<Instruction>,
    ) -> Result<BTreeMap<Asset, u64>, String> {
        let f = self.fixture;
        instructions.extend(self.collects(s, w, id, assets));
        let (events, _) = self.machine.simulate(&instructions, &self.snapshot)?;
        let paid = events.iter().filter_map(|event| match event {
            Event::AssetCollected(e) => {
                let asset = f.places[s].vault.iter().position(|vault| *vault == e.vault);
                asset.map(|asset| (asset, e.paid_atoms))
            }
            _ => None,
        });
        Ok(paid.collect())
    }

    /// What lets the assets move, what collects them all, and what closes the ticket.
    fn collects(&self, s: usize, w: usize, id: u64, assets: &[Asset]) -> Vec<Instruction> {
        let f = self.fixture;
        let (keys, holder) = (&f.places[s].keys, f.wallets[w]);
        let mut instructions = Vec::new();
        for a in assets {
            if let Some(of) = a.checked_sub(FIRST_SHARE) {
                let held = self.keys(of, &self.models);
                instructions.extend(self.approval(of, w));
                let collect = CollectShares {
                    keys,
                    held: &held,
                    payer: f.bank,
                    holder,
                    id,
                    least_atoms: 0,
                };
                instructions.push(collect.instruction());
                continue;
            }
            let asset = f.asset(*a);
            instructions.extend(self.release(*a, &f.places[s].vault_account[*a]));
            let mut collect = Collect::to_ata(keys, holder, id, asset.mint, asset.token_program);
            // Nobody meddles with the bank.
            collect.receiver = asset.account_of(&f.bank);
            instructions.push(collect.instruction());
        }
        let close = CloseRedemption {
            keys,
            holder,
            id,
            rent_payer: f.bank,
        };
        instructions.push(close.instruction());
        instructions
    }

    /// What the issuer of curated shares has to do so that a wallet may receive some.
    fn approval(&self, s: usize, w: usize) -> Option<Instruction> {
        let f = self.fixture;
        let model = self.models[s].as_ref()?;
        let approve = ApproveHolder {
            keys: &self.keys(s, &self.models),
            payer: f.bank,
            issuer: f.wallets[model.issuer],
            holder: f.wallets[w],
        }
        .instruction();
        (model.terms.curated && !model.approved.contains(&w)).then_some(approve)
    }

    /// C-2: one holder after another, a different one each time, redeems everything, collects it all, and does the same with the shares that came
    /// out, now in one order and now in the other: that pays what the shares were worth.
    pub(super) fn try_hops(&mut self) -> Result<(), String> {
        let (s, w) = (self.tried % SECURITIES, self.tried / SECURITIES % WALLETS);
        let (Some(view), Some(before)) = (&self.views[s], &self.worth) else {
            return Ok(());
        };
        let f = self.fixture;
        // Who can redeem now: the clock is not behind, and the holder guards nothing.
        let redeems = |of: usize| {
            self.views[of].as_ref().filter(|view| {
                let opens = view.security.redeem_after_ts;
                let guarded = self.guarded(of, w);
                let behind = view.is_behind(w, self.now) || self.waits_for_the_clock(of, w);
                opens != i64::MAX && self.now >= opens && !guarded && !behind
            })
        };
        let shares = view.holders[w].position.map_or(0, |position| position.shares_atoms);
        let holds_some = view
            .vaults
            .values()
            .any(|vault| vault.shares_of.is_some() && vault.balance > 0);
        if shares == 0 || !holds_some || redeems(s).is_none() {
            return Ok(());
        }
        let redeem = |of: usize, amount: u64| {
            let redeem = Redeem {
                keys: &f.places[of].keys,
                payer: f.bank,
                holder: f.wallets[w],
                id: TRIAL_ID,
                amount,
            };
            let vaults = self.views[of].iter().flat_map(|view| view.vaults.keys().copied());
            let mut instructions = vec![redeem.instruction()];
            instructions.extend(self.collects(of, w, TRIAL_ID, &vaults.collect::<Vec<_>>()));
            instructions
        };
        let parts = view
            .vaults
            .values()
            .filter_map(|vault| Some((vault.shares_of?, view.part_of(vault, shares))));
        let mut next: Vec<(usize, u64)> = parts
            .filter(|(of, part)| !part.is_zero() && redeems(*of).is_some())
            .map(|(of, part)| (of, atoms(&part)))
            .collect();
        if self.tried.is_multiple_of(2) {
            next.reverse();
        }
        let mut hops = Hops {
            shares,
            ..Hops::default()
        };
        // On a machine of their own: one transaction for each security.
        let mut machine = self.machine.clone();
        let mut events = Vec::new();
        let mut approved = BTreeSet::new();
        for (of, amount) in std::iter::once(&(s, shares)).chain(&next) {
            if *of != s {
                *hops.redeemed.entry(*of).or_default() += u128::from(*amount);
            }
            let mut instructions = redeem(*of, *amount);
            // An approval is given once; its account is the fifth.
            let approves = upside::instruction::ApproveHolder::DISCRIMINATOR;
            instructions.retain(|one| !one.data.starts_with(approves) || approved.insert(one.accounts[4].pubkey));
            let sent = machine.send(&instructions);
            events.extend(sent.map_err(|failed| format!("C-2: {:?}\n{}", failed.err, failed.meta.logs.join("\n")))?);
        }
        let after = machine.snapshot();
        let (mut replay, mut outflows) = (self.replay.clone(), self.outflows.clone());
        super::apply_events(&mut replay, &mut outflows, f, &events)?;
        for event in &events {
            let Event::AssetCollected(e) = event else { continue };
            let asset = f
                .places
                .iter()
                .find_map(|place| place.vault.iter().position(|vault| *vault == e.vault));
            hops.collect(asset.ok_or("a vault that nobody watches")?, FIRST_SHARE, e.paid_atoms);
        }
        let Some(after) = LookThrough::of(&self.views_of(&after, &outflows)?) else {
            return Ok(());
        };
        c2_hop_by_hop_pays_what_shares_are_worth(s, before, &after, &hops).map_err(|e| e.to_string())
    }

    /// Every grant of which something has vested is claimed, whoever asks.
    pub(super) fn try_grants(&mut self) -> Result<(), String> {
        for s in 0..SECURITIES {
            let Some(view) = self.views[s].clone() else { continue };
            let f = self.fixture;
            l1_every_grant_can_be_claimed(&view, self.now, |(w, id)| {
                let claim = ClaimGrant {
                    keys: &f.places[s].keys,
                    payer: f.bank,
                    recipient: f.wallets[w],
                    id,
                };
                let (events, _) = self.machine.simulate(&[claim.instruction()], &self.snapshot)?;
                match events.as_slice() {
                    [Event::GrantClaimed(event)] => Ok(event.amount_atoms),
                    other => Err(format!("the claim emitted {other:?}")),
                }
            })
            .map_err(|e| e.to_string())?;
        }
        Ok(())
    }

    /// One round after another, a different one each time, is closed if its time has come, and everybody in it gets shares and money, in one
    /// order or another, as soon as the payout mint's issuer lets the money move.
    pub(super) fn try_rounds(&mut self) -> Result<(), String> {
        let (s, id) = (self.tried % SECURITIES, self.tried / SECURITIES % ROUNDS);
        let first = self.tried % WALLETS;
        let Some(view) = self.views[s].clone() else {
            return Ok(());
        };
        l1_everybody_in_a_round_can_get_out(&view, id as u64, self.now, |close, investors| {
            self.leave_round(s, id, close, first, investors)
        })
        .map_err(|e| e.to_string())
    }

    /// Simulates that investors of a round are settled, one after another from one of them on, and fetch what is still owed to them; the shares
    /// and the money of each.
    fn leave_round(
        &mut self,
        s: usize,
        id: usize,
        close: bool,
        first: usize,
        investors: &BTreeMap<Wallet, Leaving>,
    ) -> Result<BTreeMap<Wallet, (u64, u64)>, String> {
        let f = self.fixture;
        let place = &f.places[s];
        let (keys, number) = (&place.keys, id as u64);
        let frozen = |address: &Pubkey| self.token_at(address).is_some_and(|account| account.frozen);
        let mut instructions = Vec::new();
        if frozen(&place.round_account[id]) {
            let mint = &f.payouts[s];
            let thaw = token_ix::thaw_account(
                &mint.token_program,
                &place.round_account[id],
                &mint.mint,
                &f.payout_authority,
                &[],
            );
            instructions.push(thaw.expect("instruction"));
        }
        if close {
            instructions.push(CloseRound { keys, id: number }.instruction());
        }
        let model = self.models[s].as_ref();
        for w in (first..WALLETS).chain(0..first) {
            let Some(leaving) = investors.get(&w) else { continue };
            let settle = self.settlement(keys, number, w, model);
            if !leaving.settled {
                instructions.push(settle.instruction());
            }
            // What cannot go to the recorded account waits for its investor.
            let receives = self
                .token_at(&settle.refund_account)
                .is_some_and(|account| !account.frozen && account.owner == f.wallets[w]);
            let waits = leaving.settled || (leaving.money > BigInt::zero() && !receives);
            if waits {
                let withdraw = WithdrawRefund {
                    keys,
                    investor: f.wallets[w],
                    id: number,
                    rent_payer: f.bank,
                    receiver: place.payout[w][2],
                };
                instructions.push(withdraw.instruction());
            }
        }
        let (events, _) = self.machine.simulate(&instructions, &self.snapshot)?;
        let mut got: BTreeMap<Wallet, (u64, u64)> = BTreeMap::new();
        for event in &events {
            let (investor, shares, money) = match event {
                Event::SubscriptionSettled(e) => (e.investor, e.allocation_atoms, e.refunded_atoms),
                Event::RefundWithdrawn(e) => (e.investor, 0, e.amount_atoms),
                _ => continue,
            };
            let w = f.wallets.iter().position(|wallet| *wallet == investor);
            let has = got.entry(w.ok_or("an investor who is no wallet")?).or_default();
            has.0 += shares;
            has.1 += money;
        }
        Ok(got)
    }

    /// What an asset's issuer has to do so that it moves out of a vault.
    fn release(&self, a: Asset, vault_account: &Pubkey) -> Vec<Instruction> {
        let Some(asset) = self.fixture.assets.get(a) else {
            return Vec::new();
        };
        let (mint, authority) = (&asset.mint, &asset.authority);
        let mut instructions = Vec::new();
        if let Some(state) = self.mint_at(&mint.mint) {
            if state.paused {
                instructions.push(mint.resume(authority).expect("instruction"));
            }
            if state.hook_program.is_some() {
                let hook = transfer_hook::instruction::update(&mint.token_program, &mint.mint, authority, &[], None);
                instructions.push(hook.expect("instruction"));
            }
        }
        if self.token_at(vault_account).is_some_and(|account| account.frozen) {
            let thaw = token_ix::thaw_account(&mint.token_program, vault_account, &mint.mint, authority, &[]);
            instructions.push(thaw.expect("instruction"));
        }
        instructions
    }
}
