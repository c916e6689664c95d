//! L-1: what every holder must be able to do, tried without consequences.

use std::collections::BTreeMap;

use crate::{
    invariants::*,
    model::{Asset, Wallet},
};
use anchor_lang::{prelude::Pubkey, solana_program::instruction::Instruction};
use anchor_spl::token_2022::spl_token_2022::{extension::transfer_hook, instruction as token_ix};
use num_bigint::BigInt;
use num_traits::Zero;
use upside_client::{
    events::Event,
    instructions::{Claim, ClaimGrant, CloseRedemption, CloseRound, Collect, Redeem, WithdrawRefund},
};

use super::Run;
use crate::sequence::step::{ROUNDS, SECURITIES, TICKETS, WALLETS};

/// The id of tickets that only exist in simulations.
const TRIAL_ID: u64 = u64::MAX;

impl Run<'_> {
    /// Each holder claims, signing, to an account that nobody can meddle with.
    pub(super) fn try_claims(&mut self) -> Result<(), String> {
        for s in 0..SECURITIES {
            let Some(view) = self.views[s].clone() else { continue };
            // Paid ahead of a clock that was set back: the vault is short until the clock is there again.
            if !view.paid_ahead().is_zero() {
                continue;
            }
            let place = &self.fixture.places[s];
            let (machine, snapshot, wallets) = (&mut self.machine, &self.snapshot, &self.fixture.wallets);
            l1_every_holder_can_claim(&view, self.now, |w| {
                let claim = Claim {
                    keys: &place.keys,
                    holder: wallets[w],
                    payout_account: place.payout[w][2],
                    holder_signs: true,
                };
                let (events, _) = machine.simulate(&[claim.instruction()], snapshot)?;
                match events.as_slice() {
                    [Event::UpsideClaimed(event)] => Ok(event.amount_atoms),
                    other => Err(format!("the claim emitted {other:?}")),
                }
            })
            .map_err(|e| e.to_string())?;
        }
        Ok(())
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
        let guarded = self
            .token_at(&f.places[s].registered[w])
            .is_some_and(|account| account.guarded);
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
        let keys = &f.places[s].keys;
        let holder = f.wallets[w];
        for a in assets {
            let asset = f.asset(s, *a);
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
