//! The steps of securities that hold each other's shares, and of collectives: the instructions they send, and what the models make of them.

use crate::model::{Application, OtherMoney, Refusal, Rule, Security, Seen, ShareVault, TicketId};
use num_bigint::BigInt;
use num_traits::{One, Zero};
use upside::instructions::collective::{AdmitArgs, CreateCollectiveArgs};
use upside_client::instructions::{
    Admit, Apply, CollectShares, CreateCollective, DepositShares, Harvest, Join, OpenShareVault, RegisterVaultBearer,
    RevokeAdmission, WithdrawApplication,
};

use super::{
    protocol::{atoms, chosen, with_model, Planned},
    Models, Run,
};
use crate::sequence::step::{share_of, vault_of, Least, Pick, Step, SECURITIES};

/// A security and another one whose shares it may hold.
type Layer = (usize, usize);

/// Which two a step means, among those of the models that it suits.
fn layer_of(models: &Models, pick: Pick, suits: impl Fn(&Security, &Security, Layer) -> bool) -> Layer {
    let by_number = |n: usize| (n % SECURITIES, n / SECURITIES % SECURITIES);
    match pick {
        Pick::Number(n) => by_number(n),
        Pick::Fit(n) => {
            let all = (0..SECURITIES * SECURITIES).map(by_number).filter(|(s, of)| s != of);
            let fit = all.filter(|(s, of)| match (&models[*s], &models[*of]) {
                (Some(upper), Some(lower)) => suits(upper, lower, (*s, *of)),
                _ => false,
            });
            chosen(n, fit.collect(), by_number)
        }
    }
}

/// The one that has applied to the other, as the upper one has it.
fn application(models: &Models, (s, of): Layer) -> Option<&Application> {
    models[s].as_ref()?.collective.as_ref()?.applications.get(&of)
}

fn share_vault((s, of): Layer) -> ShareVault {
    ShareVault {
        asset: share_of(of),
        holder: vault_of(s),
    }
}

/// Lets two models act; a security does nothing with itself.
fn with_two<T>(
    models: &mut Models,
    (s, of): Layer,
    act: impl FnOnce(&mut Security, &mut Security) -> Result<T, Refusal>,
) -> Result<T, Refusal> {
    match models.get_disjoint_mut([s, of]) {
        Ok([Some(upper), Some(lower)]) => act(upper, lower),
        _ => Err(Refusal::Missing),
    }
}

impl Run<'_> {
    /// What the shares of one security earn in a vault of another that pays out other money.
    fn other_money(&self, (s, of): Layer, models: &Models) -> Option<OtherMoney> {
        let f = self.fixture;
        let asset = self
            .payout_asset(of)
            .filter(|_| f.payouts[s].mint != f.payouts[of].mint)?;
        let account = &f.places[s].vault_account[asset];
        Some(OtherMoney {
            asset,
            balance: self.token_at(account).map_or(0, |view| view.amount),
            vault_open: self.can_hold(asset, account, models),
        })
    }

    pub(super) fn guarded(&self, s: usize, w: usize) -> bool {
        self.token_at(&self.fixture.places[s].registered[w])
            .is_some_and(|account| account.guarded)
    }

    /// The instruction with which a ticket collects shares, and what the models make of it.
    pub(super) fn collect_shares(
        &self,
        s: usize,
        id: TicketId,
        of: usize,
        least: Least,
        models: &mut Models,
    ) -> Planned {
        let f = self.fixture;
        let (keys, held) = (self.keys(s, models), self.keys(of, models));
        let unbounded = with_two(&mut models.clone(), (s, of), |upper, lower| {
            upper.collect_shares(lower, id, share_vault((s, of)), 0, self.now)
        });
        let arrives = unbounded.map_or(0, |paid| atoms(&paid));
        let least_atoms = match least {
            Least::Any => 0,
            Least::Exact => arrives,
            Least::OneMore => arrives.saturating_add(1),
        };
        let collect = CollectShares {
            keys: &keys,
            held: &held,
            payer: f.bank,
            holder: f.wallets[id.0],
            id: id.1,
            least_atoms,
        };
        let result = with_two(models, (s, of), |upper, lower| {
            upper
                .collect_shares(lower, id, share_vault((s, of)), least_atoms, self.now)
                .map(drop)
        });
        (vec![collect.instruction()], result)
    }

    /// The instructions of a step of layers, and what the models make of it; `None` for other steps.
    pub(super) fn plan_layers(&self, step: &Step, models: &mut Models) -> Option<Planned> {
        let f = self.fixture;
        let (payer, now) = (f.bank, self.now);
        Some(match step {
            Step::OpenShareVault { s, by, of } => {
                let layer = (*s, *of);
                let (keys, held) = (self.keys(*s, models), self.keys(*of, models));
                let open = OpenShareVault {
                    keys: &keys,
                    held: &held,
                    payer,
                    issuer: f.wallets[*by],
                };
                let money = self.other_money(layer, models);
                let result = with_two(models, layer, |upper, lower| {
                    upper.open_share_vault(*by, lower, share_vault(layer), money)
                });
                (vec![open.instruction()], result)
            }
            Step::DepositShares { layer, w, part } => {
                let holds = |upper: &Security, lower: &Security, layer: Layer| {
                    upper.vaults.contains_key(&share_vault(layer).asset)
                        && lower
                            .positions
                            .get(w)
                            .is_some_and(|position| !position.shares.is_zero())
                };
                let layer @ (s, of) = layer_of(models, *layer, holds);
                let amount = part.of(self.shares(models, of, *w));
                let (keys, held) = (self.keys(s, models), self.keys(of, models));
                let deposit = DepositShares {
                    keys: &keys,
                    held: &held,
                    payer,
                    holder: f.wallets[*w],
                    amount,
                };
                let guarded = self.guarded(of, *w);
                let result = with_two(models, layer, |upper, lower| {
                    upper.deposit_shares(lower, share_vault(layer), *w, amount, guarded, now)
                });
                (vec![deposit.instruction()], result)
            }
            Step::RegisterVaultBearer { layer } => {
                let waits = |_: &Security, lower: &Security, layer: Layer| {
                    let bearer = lower.bearer.get(&share_vault(layer).holder);
                    bearer.is_some_and(|bearer| !bearer.is_zero())
                };
                let layer @ (s, of) = layer_of(models, *layer, waits);
                let (keys, held) = (self.keys(s, models), self.keys(of, models));
                let register = RegisterVaultBearer::from_ata(&keys, &held, payer);
                let result = with_two(models, layer, |upper, lower| {
                    upper.register_vault_bearer(lower, share_vault(layer), now)
                });
                (vec![register.instruction()], result)
            }
            Step::Harvest { layer } => {
                let due = |_: &Security, lower: &Security, layer: Layer| {
                    let owed = lower.owed(share_vault(layer).holder, now);
                    owed.is_some_and(|owed| owed >= One::one())
                };
                let layer @ (s, of) = layer_of(models, *layer, due);
                let (keys, held) = (self.keys(s, models), self.keys(of, models));
                let harvest = Harvest {
                    keys: &keys,
                    held: &held,
                };
                let money = self.other_money(layer, models);
                let result = with_two(models, layer, |upper, lower| {
                    upper.harvest(lower, share_vault(layer), money, now).map(drop)
                });
                (vec![harvest.instruction()], result)
            }
            Step::CollectShares { s, ticket, of, least } => {
                let id = self.ticket(*s, *ticket, models);
                self.collect_shares(*s, id, *of, *least, models)
            }
            _ => return None,
        })
    }

    /// The instructions of a step of collectives, and what the models make of it; `None` for other steps.
    pub(super) fn plan_collectives(&self, step: &Step, models: &mut Models) -> Option<Planned> {
        let f = self.fixture;
        let (payer, now) = (f.bank, self.now);
        let issuer = |models: &Models, s: usize| models[s].as_ref().map_or(s, |model| model.issuer);
        let has_applied = |upper: &Security, (_, of): Layer| {
            let applications = upper.collective.as_ref().map(|collective| &collective.applications);
            applications
                .and_then(|all| all.get(&of))
                .map(|one| one.joined.is_none())
        };
        let open = |upper: &Security, _: &Security, layer: Layer| has_applied(upper, layer) == Some(true);
        Some(match step {
            Step::CreateCollective {
                s,
                by,
                bps,
                part,
                cliff,
                vesting,
            } => {
                let keys = self.keys(*s, models);
                let rule = Rule {
                    bps: *bps,
                    shares: part.of(self.room(*s, models)),
                    cliff: *cliff,
                    vesting: *vesting,
                };
                let create = CreateCollective {
                    keys: &keys,
                    payer,
                    issuer: f.wallets[*by],
                    args: CreateCollectiveArgs {
                        contribution_bps: rule.bps,
                        shares: rule.shares,
                        cliff_seconds: rule.cliff,
                        vesting_seconds: rule.vesting,
                    },
                };
                let result = with_model(models, *s, |m| m.create_collective(*by, rule));
                (vec![create.instruction()], result)
            }
            Step::Apply { layer, by } => {
                let can = |upper: &Security, _: &Security, layer: Layer| {
                    let money = |s: usize| f.payouts[s].mint;
                    upper.collective.is_some()
                        && has_applied(upper, layer).is_none()
                        && money(layer.0) == money(layer.1)
                };
                let layer @ (s, of) = layer_of(models, *layer, can);
                let by = by.unwrap_or_else(|| issuer(models, of));
                let (keys, member) = (self.keys(s, models), self.keys(of, models));
                let apply = Apply {
                    keys: &keys,
                    member: &member,
                    payer,
                    wallet: f.wallets[by],
                };
                let same_money = f.payouts[s].mint == f.payouts[of].mint;
                let result = with_two(models, layer, |upper, lower| {
                    upper.apply(of, lower, by, same_money, now)
                });
                (vec![apply.instruction()], result)
            }
            Step::WithdrawApplication { layer, by } => {
                let layer @ (s, of) = layer_of(models, *layer, open);
                let recorded = application(models, layer).map(|one| one.wallet);
                let by = by.or(recorded).unwrap_or(of);
                let (keys, member) = (self.keys(s, models), self.keys(of, models));
                let withdraw = WithdrawApplication {
                    keys: &keys,
                    member: &member,
                    signer: f.wallets[by],
                    rent_payer: payer,
                };
                let result = with_two(models, layer, |upper, lower| {
                    upper.withdraw_application(of, by, lower.issuer)
                });
                (vec![withdraw.instruction()], result)
            }
            Step::Admit {
                layer,
                by,
                as_it_is,
                expires,
            } => {
                let layer @ (s, of) = layer_of(models, *layer, open);
                let by = by.unwrap_or_else(|| issuer(models, s));
                let keys = self.keys(s, models);
                let mut seen = application(models, layer).map_or_else(
                    || Seen {
                        wallet: of,
                        contribution: BigInt::zero(),
                        applied: 0,
                    },
                    Application::seen,
                );
                // Another amount that an instruction can carry; one atom more than all that there can be is none.
                if !as_it_is && !seen.contribution.is_zero() {
                    seen.contribution -= 1;
                }
                let admit = Admit {
                    keys: &keys,
                    issuer: f.wallets[by],
                    member_security: f.places[of].keys.security,
                    args: AdmitArgs {
                        wallet: f.wallets[seen.wallet],
                        contribution: atoms(&seen.contribution),
                        applied_ts: seen.applied,
                        expires_ts: now + expires,
                    },
                };
                let result = with_model(models, s, |m| m.admit(by, of, &seen, now + expires, now));
                (vec![admit.instruction()], result)
            }
            Step::RevokeAdmission { layer, by } => {
                let (s, of) = layer_of(models, *layer, open);
                let by = by.unwrap_or_else(|| issuer(models, s));
                let keys = self.keys(s, models);
                let revoke = RevokeAdmission {
                    keys: &keys,
                    issuer: f.wallets[by],
                    member_security: f.places[of].keys.security,
                };
                (
                    vec![revoke.instruction()],
                    with_model(models, s, |m| m.revoke_admission(by, of)),
                )
            }
            Step::Join { layer, by, id } => {
                let can = |upper: &Security, _: &Security, (_, of): Layer| {
                    let notice = upper.terms.notice_seconds;
                    let one = upper.collective.as_ref().and_then(|all| all.applications.get(&of));
                    one.is_some_and(|one| {
                        one.consent.is_some_and(|expires| now < expires) && now >= one.applied + notice
                    })
                };
                let layer @ (s, of) = layer_of(models, *layer, can);
                let recorded = application(models, layer).map(|one| one.wallet);
                let by = by.or(recorded).unwrap_or(of);
                let (keys, member) = (self.keys(s, models), self.keys(of, models));
                let join = Join {
                    keys: &keys,
                    member: &member,
                    payer,
                    wallet: f.wallets[by],
                    grant_id: *id,
                };
                let guarded = self.guarded(of, by);
                let result = with_two(models, layer, |upper, lower| {
                    upper.join(lower, of, share_vault(layer), (by, *id), guarded, now)
                });
                (vec![join.instruction()], result)
            }
            _ => return None,
        })
    }
}
