//! `upside round subscribe`, `withdraw` and `refund`: what investors do.

use anchor_lang::prelude::Pubkey;
use serde_json::json;
use upside_client::{
    accounts,
    events::Event,
    instructions::{token as tokens, Subscribe, WithdrawRefund, WithdrawSubscription},
    quote::{self, RoundPhase},
    time::{countdown, date_to_text},
    upside::state::Round,
    Sender,
};

use super::{
    chosen, crowding, name_of,
    show::{allocation_json, allocation_lines},
    subscription_of, Choice,
};
use crate::{
    app::{positive, App},
    commands::print_done,
    failure::{Failure, Result},
    output::amount_json,
    plan::{carry_out, Plan},
};

fn taking(_: &Round, phase: RoundPhase) -> bool {
    matches!(phase, RoundPhase::Open | RoundPhase::Binding)
}

/// Wants shares, in all.
pub fn subscribe(app: &App, choice: &Choice, text: &str, from: Option<Pubkey>) -> Result<()> {
    let token = app.token(&choice.token)?;
    let wanted = positive(text, token.security.decimals)?;
    let actor = app.signing_actor()?;
    let sender = app.sender()?;
    let round = chosen(app, &token, choice, taking, "taking subscriptions now")?;
    let now = sender.now()?;
    let name = name_of(&token, &round);
    let phase = quote::round(&round, now).phase;
    if !taking(&round, phase) {
        return Err(
            Failure::input(format!("{name} takes no subscriptions: it is {}", phase.name())).remedy(
                if phase == RoundPhase::Announced {
                    format!(
                        "it opens at {}, in {}",
                        date_to_text(round.opens_ts),
                        countdown(round.opens_ts - now)
                    )
                } else {
                    format!("`upside round list {}` shows every round", token.keys.mint)
                },
            ),
        );
    }
    if wanted > round.for_sale_atoms {
        return Err(Failure::input(format!(
            "{name} sells {} in all, less than {}",
            token.shares(round.for_sale_atoms),
            token.shares(wanted)
        ))
        .remedy("want less"));
    }
    let existing = subscription_of(app, &token, &round, &actor.address)?;
    if round.invited == 1 {
        let Some(invitation) = &existing else {
            return Err(
                Failure::input(format!("{name} is by invitation, and {} has none", actor.address))
                    .remedy("ask the issuer to run `upside round invite`"),
            );
        };
        if wanted > invitation.cap_atoms {
            return Err(Failure::input(format!(
                "the invitation is for up to {}, less than {}",
                token.shares(invitation.cap_atoms),
                token.shares(wanted)
            ))
            .remedy("want less, or ask the issuer for another invitation"));
        }
    }
    let before = existing.map_or(0, |subscription| subscription.wanted_atoms);
    let paid_before = existing.map_or(0, |subscription| subscription.paid_atoms);
    if wanted == before {
        return Err(Failure::input(format!("you want {} already", token.shares(wanted)))
            .remedy("name how many you want in all, not how many more"));
    }
    if wanted < before && now >= round.commit_ts {
        return Err(Failure::input(format!(
            "subscriptions bind since {}: {} can no longer be lowered",
            date_to_text(round.commit_ts),
            token.shares(before)
        ))
        .remedy("more can still be wanted until the close"));
    }
    let got = quote::allocation(&round, before, wanted)?;
    let paid = round.cost(wanted).map_err(upside_client::ClientError::from)?;
    let source = from.unwrap_or_else(|| token.keys.payout_account(&actor.address));
    let held = accounts::token_balance(sender, &source)?;
    let money = |atoms: u64| app.money(&token.security, atoms);
    if held < paid.saturating_sub(paid_before) {
        return Err(Failure::input(format!(
            "{source} holds {}, less than the {} to pay",
            money(held)?,
            money(paid.saturating_sub(paid_before))?
        ))
        .remedy("want less, or name another account with --from"));
    }
    let mut irreversible = vec![if paid >= paid_before {
        format!(
            "{} is paid now; it lies in the round's own account, and nobody can take it out before the round is decided.",
            money(paid - paid_before)?
        )
    } else {
        format!("{} is paid back now.", money(paid_before - paid)?)
    }];
    irreversible.push(if now < round.commit_ts {
        format!(
            "You can lower or withdraw it for {} more, until {}; from then on it binds until the round is decided at {}.",
            countdown(round.commit_ts - now),
            date_to_text(round.commit_ts),
            date_to_text(round.closes_ts)
        )
    } else {
        format!(
            "It binds at once, until the round is decided at {}.",
            date_to_text(round.closes_ts)
        )
    });
    if round.minimum_atoms > 0 {
        irreversible.push(format!(
            "If fewer than {} are wanted at the close, all of it comes back; {} are wanted with yours.",
            token.shares(round.minimum_atoms),
            token.shares(got.total_wanted_atoms)
        ));
    }
    irreversible.push(crowding(round.invited == 1).to_owned());
    irreversible.extend(allocation_lines(app, &token, &round, &got)?);
    let plan = Plan {
        what: format!("Want {} of {name}, for {} in all", token.shares(wanted), money(paid)?),
        irreversible,
        instructions: vec![Subscribe {
            keys: &token.keys,
            payer: app.payer()?.address,
            investor: actor.address,
            id: round.id,
            source,
            wanted,
        }
        .instruction()],
        actor,
        expects: "SharesSubscribed",
    };
    let Some(receipt) = carry_out(app, &plan)? else {
        return Ok(());
    };
    print_done(
        app,
        &receipt,
        &[
            format!(
                "You want {} of {name}, and have paid {}.",
                token.shares(wanted),
                money(paid)?
            ),
            format!(
                "  `upside round show {} --id {}` shows how it goes.",
                token.keys.mint, round.id
            ),
        ],
        json!({
            "mint": token.keys.mint.to_string(),
            "round": round.id,
            "investor": actor.address.to_string(),
            "paid": amount_json(paid, token.security.payout_decimals),
            "ifNothingChanges": allocation_json(&token, &got),
        }),
    );
    Ok(())
}

/// Wants nothing any more.
pub fn withdraw(app: &App, choice: &Choice, to: Option<Pubkey>) -> Result<()> {
    let token = app.token(&choice.token)?;
    let actor = app.signing_actor()?;
    let sender = app.sender()?;
    let round = chosen(app, &token, choice, taking, "taking subscriptions now")?;
    let now = sender.now()?;
    let name = name_of(&token, &round);
    let subscription = subscription_of(app, &token, &round, &actor.address)?
        .filter(|subscription| subscription.wanted_atoms > 0)
        .ok_or_else(|| Failure::input(format!("{} wants nothing of {name}", actor.address)))?;
    if now >= round.commit_ts {
        return Err(Failure::input(format!(
            "subscriptions to {name} bind since {}",
            date_to_text(round.commit_ts)
        ))
        .remedy("wait until it is decided; what does not become shares comes back then"));
    }
    let plan = Plan {
        what: format!("Withdraw the subscription to {name}"),
        irreversible: Vec::new(),
        instructions: vec![WithdrawSubscription {
            keys: &token.keys,
            investor: actor.address,
            id: round.id,
            rent_payer: subscription.rent_payer,
            receiver: to.unwrap_or(subscription.refund_account),
        }
        .instruction()],
        actor,
        expects: "SubscriptionWithdrawn",
    };
    let Some(receipt) = carry_out(app, &plan)? else {
        return Ok(());
    };
    print_done(
        app,
        &receipt,
        &[format!(
            "{} is back; you want nothing of {name} any more.",
            app.money(&token.security, subscription.paid_atoms)?
        )],
        json!({
            "mint": token.keys.mint.to_string(),
            "round": round.id,
            "investor": actor.address.to_string(),
            "returned": amount_json(subscription.paid_atoms, token.security.payout_decimals),
        }),
    );
    Ok(())
}

/// Fetches a refund.
pub fn refund(app: &App, choice: &Choice, to: Option<Pubkey>) -> Result<()> {
    let token = app.token(&choice.token)?;
    let actor = app.signing_actor()?;
    let decided = |_: &Round, phase: RoundPhase| {
        matches!(
            phase,
            RoundPhase::Succeeded | RoundPhase::Failed | RoundPhase::Cancelled
        )
    };
    let round = chosen(app, &token, choice, decided, "with a decision")?;
    let name = name_of(&token, &round);
    let subscription = subscription_of(app, &token, &round, &actor.address)?
        .ok_or_else(|| Failure::input(format!("nothing of {name} waits for {}", actor.address)))?;
    if subscription.refund_atoms == 0 {
        return Err(
            Failure::input(format!("no refund of {name} is booked for {}", actor.address)).remedy(format!(
                "`upside round settle {} --id {}` gives everybody their shares and refunds",
                token.keys.mint, round.id
            )),
        );
    }
    let receiver = to.unwrap_or_else(|| token.keys.payout_account(&actor.address));
    let mut instructions = Vec::with_capacity(2);
    if to.is_none() {
        instructions.push(tokens::create_ata(
            &app.payer()?.address,
            &actor.address,
            &token.keys.payout_mint,
            &token.keys.payout_token_program,
        ));
    }
    instructions.push(
        WithdrawRefund {
            keys: &token.keys,
            investor: actor.address,
            id: round.id,
            rent_payer: subscription.rent_payer,
            receiver,
        }
        .instruction(),
    );
    let plan = Plan {
        what: format!("Fetch the refund of {name}"),
        irreversible: Vec::new(),
        instructions,
        actor,
        expects: "RefundWithdrawn",
    };
    let Some(receipt) = carry_out(app, &plan)? else {
        return Ok(());
    };
    let paid = receipt.events.iter().find_map(|event| match event {
        Event::RefundWithdrawn(event) => Some(event.amount_atoms),
        _ => None,
    });
    let paid = paid.unwrap_or(subscription.refund_atoms);
    print_done(
        app,
        &receipt,
        &[format!(
            "Refunded {} into {receiver}.",
            app.money(&token.security, paid)?
        )],
        json!({
            "mint": token.keys.mint.to_string(),
            "round": round.id,
            "investor": actor.address.to_string(),
            "refunded": amount_json(paid, token.security.payout_decimals),
            "receiver": receiver.to_string(),
        }),
    );
    Ok(())
}
