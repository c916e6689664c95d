//! What the issuer of any mint can do to those who hold it: a [`RiskCard`], as data and as sentences.

use anchor_lang::prelude::Pubkey;
use anchor_spl::token_2022::spl_token_2022::extension::ExtensionType;

use crate::{
    accounts::{Fee, Interest, Mint},
    amount,
    time::date_to_text,
};

/// What can happen to a holder of a mint without their signature, and what is so right now.
#[derive(Clone, Debug, PartialEq)]
pub struct RiskCard {
    /// Who can move or burn anybody's tokens (permanent delegate).
    pub claw_back: Option<Pubkey>,
    /// Who can freeze accounts.
    pub freeze: Option<Pubkey>,
    /// Whether new accounts are born frozen and wait for that authority.
    pub frozen_by_default: bool,
    /// Who can stop all transfers.
    pub pause: Option<Pubkey>,
    /// Whether all transfers are stopped now.
    pub paused: bool,
    /// What transfers withhold.
    pub fee: Option<FeeRisk>,
    /// The program that decides about transfers.
    pub hook: Option<HookRisk>,
    /// What wallets show per stored unit.
    pub multiplier: Option<MultiplierRisk>,
    /// Interest that wallets show.
    pub interest: Option<Interest>,
    /// Who can make more of it.
    pub mint: Option<Pubkey>,
    /// Who can close the mint once nothing of it exists.
    pub close: Option<Pubkey>,
}

/// What transfers withhold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FeeRisk {
    /// Who can change it, two epochs ahead.
    pub authority: Option<Pubkey>,
    /// The fee now.
    pub now: Fee,
    /// The fee that takes over in its epoch, if one will.
    pub scheduled: Option<Fee>,
}

/// The program that decides about transfers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HookRisk {
    /// Who can name another program.
    pub authority: Option<Pubkey>,
    /// The program called at each transfer now.
    pub program: Option<Pubkey>,
}

/// What wallets show per stored unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MultiplierRisk {
    /// Who can change it.
    pub authority: Option<Pubkey>,
    /// Shown per stored now.
    pub now: f64,
    /// From when on, unix seconds, another number will count.
    pub scheduled: Option<(i64, f64)>,
}

impl MultiplierRisk {
    /// Whether wallets show something else than is stored.
    #[must_use]
    pub fn differs(&self) -> bool {
        self.now.to_bits() != 1f64.to_bits()
    }
}

impl RiskCard {
    /// The card of a mint in an epoch and at a time, unix seconds, of the cluster's clock.
    #[must_use]
    pub fn of(mint: &Mint, epoch: u64, now: i64) -> Self {
        Self {
            claw_back: mint.permanent_delegate,
            freeze: mint.freeze_authority,
            frozen_by_default: mint.frozen_by_default,
            pause: mint.pause_authority,
            paused: mint.paused,
            fee: mint.transfer_fee.as_ref().map(|fees| FeeRisk {
                authority: mint.fee_authority,
                now: fees.at(epoch),
                scheduled: fees.scheduled_after(epoch),
            }),
            hook: mint
                .extensions
                .contains(&ExtensionType::TransferHook)
                .then_some(HookRisk {
                    authority: mint.hook_authority,
                    program: mint.hook_program,
                })
                .filter(|hook| hook.authority.is_some() || hook.program.is_some()),
            multiplier: mint.scaled_ui.as_ref().map(|scaled| MultiplierRisk {
                authority: mint.scaled_ui_authority,
                now: scaled.at(now),
                scheduled: scaled.scheduled_after(now),
            }),
            interest: mint.interest,
            mint: mint.mint_authority,
            close: mint.close_authority,
        }
    }

    /// What its issuer can do, one phrase each that follows `can`. Empty if nobody can do anything.
    #[must_use]
    pub fn powers(&self) -> Vec<String> {
        let mut powers = Vec::new();
        let mut say = |text: &str| powers.push(text.to_owned());
        if self.claw_back.is_some() {
            say("claw it back");
        }
        if self.freeze.is_some() {
            say("freeze it");
        }
        if self.pause.is_some() {
            say("pause all transfers");
        }
        if let Some(fee) = &self.fee {
            let now = percent(fee.now.bps);
            match fee.authority {
                Some(_) => say(&format!("take a fee of each transfer (now {now})")),
                None if fee.now.bps > 0 || fee.scheduled.is_some() => {
                    say(&format!("take a fixed fee of each transfer (now {now})"));
                }
                None => {}
            }
        }
        match self.hook {
            Some(HookRisk {
                program: Some(program), ..
            }) => say(&format!("refuse transfers by program {program}")),
            Some(_) => say("make a program decide about transfers"),
            None => {}
        }
        let shows = self.multiplier.is_some_and(|m| m.authority.is_some())
            || self.interest.is_some_and(|i| i.authority.is_some());
        if shows {
            say("change what wallets show");
        }
        if self.mint.is_some() {
            say("make more of it");
        }
        if self.close.is_some() {
            say("close the mint once none of it exists");
        }
        powers
    }

    /// What is so right now, or will be, that a holder should know: one sentence each.
    #[must_use]
    pub fn notices(&self) -> Vec<String> {
        let mut notices = Vec::new();
        if self.paused {
            notices.push("all transfers are paused now".to_owned());
        }
        if self.frozen_by_default {
            notices.push("new accounts are born frozen and wait until its issuer thaws them".to_owned());
        }
        if let Some(fee) = &self.fee {
            if let Some(later) = fee.scheduled {
                notices.push(format!(
                    "from epoch {} on, each transfer withholds {} instead of {}",
                    later.epoch,
                    percent(later.bps),
                    percent(fee.now.bps)
                ));
            }
        }
        if let Some(multiplier) = self.multiplier {
            if multiplier.differs() {
                notices.push(format!("one stored unit counts {} in wallets", multiplier.now));
            }
            if let Some((from, later)) = multiplier.scheduled {
                notices.push(format!(
                    "from {} on, one stored unit counts {later}",
                    date_to_text(from)
                ));
            }
        }
        if let Some(interest) = self.interest.filter(|interest| interest.rate_bps != 0) {
            let sign = if interest.rate_bps < 0 { "-" } else { "" };
            notices.push(format!(
                "wallets show it growing by {sign}{} a year; what is stored stays",
                percent(interest.rate_bps.unsigned_abs())
            ));
        }
        notices
    }

    /// The card as sentences about `symbol`: who can do what, by name, then what is so now.
    #[must_use]
    pub fn sentences(&self, symbol: &str) -> Vec<String> {
        let powers = [
            (self.claw_back, "move or burn it in any account"),
            (self.freeze, "freeze any account of it"),
            (self.pause, "pause all transfers"),
            (
                self.fee.and_then(|fee| fee.authority),
                "change the fee that each transfer pays",
            ),
            (
                self.hook.and_then(|hook| hook.authority),
                "make a program decide about transfers",
            ),
            (
                self.multiplier
                    .and_then(|multiplier| multiplier.authority)
                    .or(self.interest.and_then(|interest| interest.authority)),
                "change what wallets show",
            ),
            (self.mint, "make more of it"),
            (self.close, "close the mint once none of it exists"),
        ];
        // One sentence for each who can do something: usually all of it is one key's.
        let mut by: Vec<(Pubkey, Vec<&str>)> = Vec::new();
        for (who, what) in powers {
            let Some(who) = who else { continue };
            match by.iter_mut().find(|(known, _)| *known == who) {
                Some((_, whats)) => whats.push(what),
                None => by.push((who, vec![what])),
            }
        }
        let mut sentences: Vec<String> = by
            .into_iter()
            .map(|(who, whats)| format!("{who} has power over {symbol}: it can {}.", whats.join(", ")))
            .collect();
        if let Some(program) = self.hook.and_then(|hook| hook.program) {
            sentences.push(format!(
                "Program {program} is called at each transfer and can refuse it."
            ));
        }
        if let Some(fee) = self.fee.filter(|fee| fee.now.bps > 0) {
            sentences.push(format!("Each transfer withholds {} now.", percent(fee.now.bps)));
        }
        sentences.extend(self.notices().into_iter().map(|notice| {
            let mut letters = notice.chars();
            let first = letters.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
            format!("{first}{}.", letters.as_str())
        }));
        if sentences.is_empty() {
            sentences.push(format!(
                "Nobody can do anything to {symbol} that its holders have not signed."
            ));
        }
        sentences
    }
}

fn percent(bps: u16) -> String {
    format!("{}%", amount::to_plain(bps, 2))
}
