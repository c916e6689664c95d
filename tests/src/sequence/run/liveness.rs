//! L-1: what every holder must be able to do, tried without consequences.

use std::collections::BTreeMap;

use crate::{invariants::*, model::Asset};
use anchor_lang::{prelude::Pubkey, solana_program::instruction::Instruction};
use anchor_spl::token_2022::spl_token_2022::{extension::transfer_hook, instruction as token_ix};
use num_traits::Zero;
use upside_client::{
    events::Event,
    instructions::{Claim, CloseRedemption, Collect, Redeem},
};

use super::Run;
use crate::sequence::step::{SECURITIES, TICKETS, WALLETS};

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
