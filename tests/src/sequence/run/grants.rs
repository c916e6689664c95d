//! The steps of grants: the instructions they send, and what the model makes of them.

use crate::model::{Grant, GrantId, GrantTerms, Refusal, Security};
use anchor_lang::{prelude::Pubkey, solana_program::instruction::Instruction};
use upside::instructions::grant::CreateGrantArgs;
use upside_client::instructions::{ApproveMilestone, ClaimGrant, CloseGrant, CreateGrant, RevokeGrant};

use super::{
    protocol::{atoms, with_model},
    Models, Run,
};
use crate::sequence::step::{Pick, Step, GRANTS, WALLETS};

/// Which grant a step means, among those of the model that it suits.
fn grant_of(model: Option<&Security>, pick: Pick, suits: impl Fn(&Grant) -> bool) -> GrantId {
    let by_number = |n: usize| (n % WALLETS, (n / WALLETS % GRANTS) as u64);
    match pick {
        Pick::Number(n) => by_number(n),
        Pick::Fit(n) => {
            let fit: Vec<GrantId> = model
                .iter()
                .flat_map(|model| &model.grants)
                .filter(|(_, grant)| suits(grant))
                .map(|(id, _)| *id)
                .collect();
            fit.get(n % fit.len().max(1)).copied().unwrap_or_else(|| by_number(n))
        }
    }
}

impl Run<'_> {
    /// The instructions of a step of grants, and what the model makes of it; `None` for other steps.
    pub(super) fn plan_grants(
        &self,
        step: &Step,
        models: &mut Models,
    ) -> Option<(Vec<Instruction>, Result<(), Refusal>)> {
        let f = self.fixture;
        let now = self.now;
        Some(match step {
            Step::CreateGrant {
                s,
                by,
                w,
                id,
                part,
                start,
                cliff,
                end,
                revocable,
                milestone,
            } => {
                let keys = self.keys(*s, models);
                let start = now + start;
                let terms = GrantTerms {
                    amount: part.of(self.room(*s, models)),
                    start,
                    cliff: start + cliff,
                    end: start + end,
                    revocable: *revocable,
                    milestone: milestone.map(|(w, deadline)| (w, now + deadline)),
                };
                let create = CreateGrant {
                    keys: &keys,
                    payer: f.bank,
                    issuer: f.wallets[*by],
                    recipient: f.wallets[*w],
                    args: CreateGrantArgs {
                        id: *id,
                        amount: terms.amount,
                        start_ts: terms.start,
                        cliff_ts: terms.cliff,
                        end_ts: terms.end,
                        revocable: terms.revocable,
                        approver: terms.milestone.map_or_else(Pubkey::default, |(w, _)| f.wallets[w]),
                        deadline_ts: terms.milestone.map_or(0, |(_, deadline)| deadline),
                    },
                };
                let result = with_model(models, *s, |m| m.create_grant(*by, (*w, *id), terms, now));
                (vec![create.instruction()], result)
            }
            Step::ClaimGrant { s, grant } => {
                let due = |grant: &Grant| grant.vested(now, None) > grant.claimed;
                let (w, id) = grant_of(models[*s].as_ref(), *grant, due);
                let keys = self.keys(*s, models);
                let claim = ClaimGrant {
                    keys: &keys,
                    payer: f.bank,
                    recipient: f.wallets[w],
                    id,
                };
                let result = with_model(models, *s, |m| m.claim_grant((w, id), now).map(drop));
                (vec![claim.instruction()], result)
            }
            Step::ApproveMilestone { s, grant, by } => {
                let waits = |grant: &Grant| grant.terms.milestone.is_some() && !grant.approved && !grant.revoked;
                let (w, id) = grant_of(models[*s].as_ref(), *grant, waits);
                let keys = self.keys(*s, models);
                let named = || Some(models[*s].as_ref()?.grants.get(&(w, id))?.terms.milestone?.0);
                let by = by.or_else(named).unwrap_or(w);
                let approve = ApproveMilestone {
                    keys: &keys,
                    approver: f.wallets[by],
                    recipient: f.wallets[w],
                    id,
                };
                let result = with_model(models, *s, |m| m.approve_milestone(by, (w, id), now));
                (vec![approve.instruction()], result)
            }
            Step::RevokeGrant { s, by, grant } => {
                let stops = |grant: &Grant| grant.terms.revocable && grant.vested(now, None) < grant.amount;
                let (w, id) = grant_of(models[*s].as_ref(), *grant, stops);
                let keys = self.keys(*s, models);
                let revoke = RevokeGrant {
                    keys: &keys,
                    issuer: f.wallets[*by],
                    recipient: f.wallets[w],
                    id,
                };
                let result = with_model(models, *s, |m| m.revoke_grant(*by, (w, id), now));
                (vec![revoke.instruction()], result)
            }
            Step::CloseGrant { s, grant } => {
                let ends = |grant: &Grant| grant.has_lapsed(now) || grant.claimed == grant.amount;
                let (w, id) = grant_of(models[*s].as_ref(), *grant, ends);
                let keys = self.keys(*s, models);
                let close = CloseGrant {
                    keys: &keys,
                    recipient: f.wallets[w],
                    id,
                    rent_payer: f.bank,
                };
                let result = with_model(models, *s, |m| m.close_grant((w, id), now));
                (vec![close.instruction()], result)
            }
            _ => return None,
        })
    }

    /// Share atoms that could still be issued or promised.
    pub(super) fn room(&self, s: usize, models: &Models) -> u64 {
        models[s].as_ref().map_or(0, |m| {
            m.terms.authorised.saturating_sub(atoms(&(&m.issued + &m.reserved)))
        })
    }
}
