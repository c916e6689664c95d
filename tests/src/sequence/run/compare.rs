//! The live accounts against the model, field by field.

use crate::{
    invariants::SecurityView,
    model::{Rule, Security},
};
use anchor_lang::prelude::Pubkey;
use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{One, Zero};
use upside::state::{Collective, Member, MemberStatus};
use upside_client::accounts::decode;

use super::Run;
use crate::sequence::{step::HOLDERS, world::Snapshot};

impl Run<'_> {
    /// E-1 for what is on the mint.
    pub(super) fn compare_metadata(&self) -> Result<(), String> {
        for (s, model) in self.models.iter().enumerate() {
            let Some(model) = model else { continue };
            let keys = &self.fixture.places[s].keys;
            let live = self
                .mint_at(&keys.mint)
                .and_then(|mint| mint.metadata)
                .map(|metadata| metadata.name);
            let replayed = self
                .replay
                .metadata
                .get(&keys.security)
                .map(|metadata| metadata.name.clone());
            let expected = Some(model.name.clone());
            if live != expected || replayed != expected {
                return Err(format!(
                    "E-1: the name is {live:?}, by events {replayed:?}, by the model {expected:?}"
                ));
            }
        }
        Ok(())
    }

    /// The live accounts against the model, field by field.
    pub(super) fn compare(&self, s: usize, view: Option<&SecurityView>, snapshot: &Snapshot) -> Result<(), String> {
        let (model, view) = match (&self.models[s], view) {
            (None, None) => return Ok(()),
            (Some(model), Some(view)) => (model, view),
            (model, view) => {
                return Err(format!(
                    "security {s} exists: {} in the model, {} live",
                    model.is_some(),
                    view.is_some()
                ))
            }
        };
        let f = self.fixture;
        let place = &f.places[s];
        let live = &view.security;
        let x64 = |value: u128| BigInt::from(value);
        let in_x64 = |value: &BigRational| {
            let scaled = value * BigRational::from(BigInt::one() << 64);
            if scaled.is_integer() {
                scaled.to_integer() % (BigInt::one() << 128)
            } else {
                BigInt::from(-1)
            }
        };
        let same = |what: &str, model: BigInt, live: BigInt| {
            if model == live {
                Ok(())
            } else {
                Err(format!("security {s}: {what} is {live}, the model says {model}"))
            }
        };
        let accrual = &model.accrual;
        same(
            "authorised",
            model.terms.authorised.into(),
            live.authorised_atoms.into(),
        )?;
        same("issued", model.issued.clone(), live.issued_atoms.into())?;
        same("reserved", model.reserved.clone(), live.reserved_atoms.into())?;
        same("registered", model.registered.clone(), live.registered_atoms.into())?;
        same("supply", model.supply(), view.supply.into())?;
        same(
            "redeemed_total",
            model.redeemed.clone(),
            live.redeemed_total_atoms.into(),
        )?;
        same(
            "redeem_after",
            model.terms.redeem_after.into(),
            live.redeem_after_ts.into(),
        )?;
        same("stream total", accrual.total.clone(), live.stream_total_atoms.into())?;
        same(
            "stream dripped",
            accrual.dripped.clone(),
            live.stream_dripped_atoms.into(),
        )?;
        same("stream start", accrual.start.clone(), live.stream_start_ts.into())?;
        same("stream end", accrual.end.clone(), live.stream_end_ts.into())?;
        same("stream last", accrual.last.clone(), live.stream_last_ts.into())?;
        same(
            "upside per share",
            in_x64(&accrual.per_share),
            x64(live.upside_per_share_x64.get()),
        )?;
        same("remainder", in_x64(&accrual.remainder), x64(live.remainder_x64.get()))?;
        same(
            "received",
            model.received.clone(),
            live.received_total_atoms.get().into(),
        )?;
        same("claimed ever", model.paid.clone(), view.claimed.into())?;
        same("payout vault", model.payout_vault.clone(), view.payout_vault.into())?;
        same("vault count", model.vaults.len().into(), live.vault_count.into())?;
        let inbox = self.view_in(snapshot, &place.inbox).map_or(0, |account| account.amount);
        same("inbox", model.inbox.clone(), inbox.into())?;
        let pending = model.pending.map_or_else(Pubkey::default, |w| f.wallets[w]);
        if live.issuer != f.wallets[model.issuer] || live.pending_issuer != pending {
            return Err(format!(
                "security {s}: the issuer or the proposed one differs from the model"
            ));
        }
        for w in 0..HOLDERS {
            let bearer = self
                .view_in(snapshot, &place.bearer[w])
                .map_or(0, |account| account.amount);
            let expected = model.bearer.get(&w).cloned().unwrap_or_default();
            same(&format!("holder {w}'s bearer shares"), expected, bearer.into())?;
            let approved = place.approval.get(w).is_some_and(|address| {
                let account = snapshot[f.at(address).expect("tracked")].as_ref();
                account.is_some_and(|account| account.owner == upside::ID)
            });
            if approved != model.approved.contains(&w) {
                return Err(format!("security {s}: holder {w} approved: {approved}"));
            }
            match (model.positions.get(&w), &view.holders[w].position) {
                (None, None) => {}
                (Some(expected), Some(live)) => {
                    let name = |field: &str| format!("holder {w}'s {field}");
                    same(&name("shares"), expected.shares.clone(), live.shares_atoms.into())?;
                    same(
                        &name("checkpoint"),
                        in_x64(&expected.checkpoint),
                        x64(live.checkpoint_x64.get()),
                    )?;
                    same(&name("accrued"), in_x64(&expected.accrued), x64(live.accrued_x64.get()))?;
                    same(
                        &name("claimed"),
                        expected.claimed.clone(),
                        live.claimed_total_atoms.into(),
                    )?;
                    let payout = expected.payout.map_or(place.first_payout[w], Pubkey::new_from_array);
                    if live.payout_account != payout {
                        return Err(format!(
                            "security {s}: holder {w}'s payout account differs from the model"
                        ));
                    }
                }
                (expected, live) => {
                    return Err(format!(
                        "security {s}: holder {w} has a position: {} in the model, {} live",
                        expected.is_some(),
                        live.is_some()
                    ))
                }
            }
        }
        for (a, vault) in &model.vaults {
            let Some(live) = view.vaults.get(a) else {
                return Err(format!("security {s}: the vault of asset {a} is missing"));
            };
            same(
                &format!("balance of asset {a}"),
                vault.balance.clone(),
                live.balance.into(),
            )?;
            same(
                &format!("collected of asset {a}"),
                vault.collected.clone(),
                live.collected.into(),
            )?;
            same(
                &format!("index of asset {a}, live"),
                vault.index.into(),
                live.index.into(),
            )?;
            let taken = view.taken.get(a).copied().unwrap_or_default();
            same(
                &format!("what was collected of asset {a}"),
                vault.paid.clone(),
                taken.paid.into(),
            )?;
            same(
                &format!("what arrived of asset {a}"),
                vault.arrived.clone(),
                taken.arrived.into(),
            )?;
            if let Some(replayed) = self.replay.vaults.get(&place.vault[*a]) {
                same(
                    &format!("index of asset {a}"),
                    vault.index.into(),
                    replayed.index.into(),
                )?;
                same(
                    &format!("deposits of asset {a}"),
                    vault.deposited.clone(),
                    replayed.deposited_total_atoms.into(),
                )?;
            }
        }
        same("vaults", model.vaults.len().into(), view.vaults.len().into())?;
        for (id, ticket) in &model.tickets {
            let Some(live) = view.tickets.get(id) else {
                return Err(format!("security {s}: ticket {id:?} is missing"));
            };
            let name = |field: &str| format!("ticket {id:?}'s {field}");
            same(&name("shares"), ticket.shares.clone(), live.shares_atoms.into())?;
            same(&name("reach"), ticket.reach.into(), live.vault_count.into())?;
            let mut bits = [0; 32];
            for index in ticket.collected.keys() {
                bits[index / 8] |= 1 << (index % 8);
            }
            if live.collected != bits {
                return Err(format!("security {s}: ticket {id:?} has collected from other vaults"));
            }
        }
        same("tickets", model.tickets.len().into(), view.tickets.len().into())?;
        self.compare_collective(s, model, snapshot)?;
        self.compare_grants(s, model, view)?;
        self.compare_rounds(s, model, view)
    }

    fn compare_collective(&self, s: usize, model: &Security, snapshot: &Snapshot) -> Result<(), String> {
        let f = self.fixture;
        let place = &f.places[s];
        let live = |address: &Pubkey| {
            let account = snapshot[f.at(address).expect("tracked")].as_ref();
            account.filter(|account| account.owner == upside::ID)
        };
        let collective = live(&place.collective)
            .map(|account| decode::<Collective>(&place.collective, account))
            .transpose()
            .map_err(|e| e.to_string())?
            .map(|live| {
                let rule = Rule {
                    bps: live.contribution_bps,
                    shares: live.shares_atoms,
                    cliff: live.cliff_seconds,
                    vesting: live.vesting_seconds,
                };
                (rule, BigInt::from(live.members))
            });
        let expected = model.collective.as_ref().map(|one| (one.rule, one.members.clone()));
        if collective != expected {
            return Err(format!(
                "security {s}: the collective is {collective:?}, the model says {expected:?}"
            ));
        }
        for (of, address) in place.member.iter().enumerate() {
            let member = live(address)
                .map(|account| decode::<Member>(address, account))
                .transpose()
                .map_err(|e| e.to_string())?
                .map(|live| {
                    (
                        live.status,
                        live.wallet,
                        (BigInt::from(live.contribution_atoms), live.shares_atoms),
                        (live.applied_ts, live.expires_ts, live.joined_ts),
                        live.grant,
                    )
                });
            let rule = model.collective.as_ref().map(|one| one.rule.shares);
            let application = model.collective.as_ref().and_then(|one| one.applications.get(&of));
            let expected = application.map(|one| {
                let status = match (one.joined, one.consent) {
                    (Some(_), _) => MemberStatus::Joined,
                    (None, Some(_)) => MemberStatus::Admitted,
                    (None, None) => MemberStatus::Applied,
                };
                let grant = one
                    .joined
                    .map(|(_, (w, id))| place.grant[w][usize::try_from(id).unwrap_or_default()]);
                (
                    status as u8,
                    f.wallets[one.wallet],
                    (one.contribution.clone(), rule.unwrap_or_default()),
                    (
                        one.applied,
                        one.consent.unwrap_or_default(),
                        one.joined.map_or(0, |(at, _)| at),
                    ),
                    grant.unwrap_or_default(),
                )
            });
            if member != expected {
                return Err(format!(
                    "security {s}: what security {of} applied for is {member:?}, the model says {expected:?}"
                ));
            }
        }
        Ok(())
    }

    fn compare_grants(&self, s: usize, model: &Security, view: &SecurityView) -> Result<(), String> {
        for (id, grant) in &model.grants {
            let Some(live) = view.grants.get(id) else {
                return Err(format!("security {s}: grant {id:?} is missing"));
            };
            let terms = &grant.terms;
            let (approver, deadline) = terms
                .milestone
                .map_or_else(Default::default, |(w, deadline)| (self.fixture.wallets[w], deadline));
            let expected = (
                (grant.amount.clone(), grant.claimed.clone()),
                (terms.start, terms.cliff, terms.end, deadline),
                (terms.revocable, grant.revoked, grant.approved, approver),
            );
            let is = (
                (BigInt::from(live.amount_atoms), BigInt::from(live.claimed_atoms)),
                (live.start_ts, live.cliff_ts, live.end_ts, live.deadline_ts),
                (
                    live.revocable == 1,
                    live.revoked == 1,
                    live.approved == 1,
                    live.approver,
                ),
            );
            if expected != is {
                return Err(format!(
                    "security {s}: grant {id:?} is {is:?}, the model says {expected:?}"
                ));
            }
        }
        if model.grants.len() == view.grants.len() {
            Ok(())
        } else {
            Err(format!("security {s}: there are grants that the model does not have"))
        }
    }

    fn compare_rounds(&self, s: usize, model: &Security, view: &SecurityView) -> Result<(), String> {
        let funded = model.rounds.values().filter(|round| !round.money().is_zero()).count();
        if u32::try_from(funded) != Ok(view.security.funded_rounds) || model.rounds.len() != view.rounds.len() {
            return Err(format!(
                "security {s}: {} rounds, {} of them with money; the model says {} and {funded}",
                view.rounds.len(),
                view.security.funded_rounds,
                model.rounds.len()
            ));
        }
        for (id, round) in &model.rounds {
            let Some(view) = view.rounds.get(id) else {
                return Err(format!("security {s}: round {id} is missing"));
            };
            let live = &view.round;
            let same = |what: &str, model: BigInt, live: BigInt| {
                if model == live {
                    Ok(())
                } else {
                    Err(format!(
                        "security {s}: {what} of round {id} is {live}, the model says {model}"
                    ))
                }
            };
            let terms = &round.terms;
            same("price", terms.price.into(), live.price_atoms.into())?;
            same("for_sale", terms.for_sale.into(), live.for_sale_atoms.into())?;
            same("minimum", terms.minimum.into(), live.minimum_atoms.into())?;
            same("opening", terms.opens.into(), live.opens_ts.into())?;
            same("commitment", terms.commit.into(), live.commit_ts.into())?;
            same("closing", terms.closes.into(), live.closes_ts.into())?;
            same("runway", terms.runway.into(), live.runway_seconds.into())?;
            same("backing", terms.backing_bps.into(), live.backing_bps.into())?;
            same("invited", u8::from(terms.invited).into(), live.invited.into())?;
            same("status", (round.status as u8).into(), live.status.into())?;
            same("wanted", round.wanted(), live.total_wanted_atoms.get().into())?;
            same("unsettled", round.unsettled().into(), live.unsettled.into())?;
            same("reserve", round.reserved.clone(), live.reserved_left_atoms.into())?;
            same("money", round.money(), live.money_atoms.into())?;
            same("refunds", round.refunds(), live.refunds_atoms.into())?;
            same("raised", round.raised.clone(), live.raised_atoms.into())?;
            same("backed", round.backed.clone(), live.backed_atoms.into())?;
            same("released", round.released.clone(), live.released_atoms.into())?;
            same("balance", round.balance.clone(), view.balance.into())?;
            same("allocated", round.allocated.clone(), view.sold.shares.into())?;
            same(
                "subscriptions",
                round.subscriptions.len().into(),
                view.subscriptions.len().into(),
            )?;
            for (w, expected) in &round.subscriptions {
                let Some(live) = view.subscriptions.get(w) else {
                    return Err(format!("security {s}: wallet {w} has no subscription to round {id}"));
                };
                let name = |field: &str| format!("wallet {w}'s {field}");
                let refund = expected.refund.clone();
                same(&name("cap"), expected.cap.into(), live.cap_atoms.into())?;
                same(&name("wanted"), expected.wanted.into(), live.wanted_atoms.into())?;
                same(&name("paid"), expected.paid.clone(), live.paid_atoms.into())?;
                same(&name("settled"), u8::from(refund.is_some()).into(), live.settled.into())?;
                same(&name("refund"), refund.unwrap_or_default(), live.refund_atoms.into())?;
                if live.refund_account.to_bytes() != expected.refund_account.unwrap_or_default() {
                    return Err(format!(
                        "security {s}: wallet {w}'s account for refunds of round {id} differs from the model"
                    ));
                }
            }
        }
        Ok(())
    }
}
