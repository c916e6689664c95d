//! The steps that go past the program: donations, clawbacks, frozen and closed accounts, meddling.

use anchor_lang::{
    prelude::{ProgramError, Pubkey},
    solana_program::{instruction::Instruction, system_instruction},
};
use anchor_spl::token_2022::spl_token_2022::{
    extension::{cpi_guard, memo_transfer, transfer_fee, transfer_hook, ExtensionType},
    instruction as token_ix,
};
use upside::constants::{TOKEN_2022_PROGRAM_ID, TOKEN_PROGRAM_ID};
use upside_client::instructions::token;
use upside_lookalike_mints::balances::MintRef;

use super::Run;
use crate::sequence::{
    step::{vault_of, Form, Meddling, Step, FEE_ASSET, WALLETS},
    world::SHARE_DECIMALS,
};

impl Run<'_> {
    /// The instructions of a step that does not call the program; `None` for the others.
    pub(super) fn outside(&self, step: &Step) -> Option<Vec<Instruction>> {
        let f = self.fixture;
        let bank = &f.bank;
        let balance = |address: &Pubkey| self.token_at(address).map_or(0, |view| view.amount);
        let move_tokens = |mint: &MintRef, from: &Pubkey, to: &Pubkey, authority: &Pubkey, amount: u64| {
            token::transfer(
                &mint.token_program,
                &mint.mint,
                mint.decimals,
                from,
                to,
                authority,
                amount,
            )
        };
        let share = |s: usize| MintRef {
            mint: f.places[s].keys.mint,
            token_program: TOKEN_2022_PROGRAM_ID,
            decimals: SHARE_DECIMALS,
        };
        // Nobody has power over the shares of the other security: the bank will be refused.
        let authority = |a: usize| f.assets.get(a).map_or(*bank, |asset| asset.authority);
        let set_frozen = |mint: &MintRef, account: &Pubkey, authority: &Pubkey, freeze: bool| {
            if freeze {
                token_ix::freeze_account(&mint.token_program, account, &mint.mint, authority, &[])
            } else {
                token_ix::thaw_account(&mint.token_program, account, &mint.mint, authority, &[])
            }
        };
        let one = |instruction: Result<Instruction, _>| -> Vec<Instruction> {
            let instruction: Result<Instruction, ProgramError> = instruction;
            vec![instruction.expect("instruction")]
        };
        Some(match step {
            Step::DonateToPayoutVault { s, amount } => {
                let mint = &f.payouts[*s];
                vec![
                    move_tokens(mint, &mint.account_of(bank), &f.places[*s].payout_vault, bank, *amount)
                        .expect("instruction"),
                ]
            }
            Step::DonateToInbox { s, amount } => {
                let mint = &f.payouts[*s];
                vec![
                    mint.open_account(bank, &f.places[*s].keys.security),
                    move_tokens(mint, &mint.account_of(bank), &f.places[*s].inbox, bank, *amount).expect("instruction"),
                ]
            }
            Step::DonateToRound { s, id, amount } => {
                let (mint, id) = (&f.payouts[*s], usize::try_from(*id).expect("a small number"));
                let place = &f.places[*s];
                vec![
                    mint.open_account(bank, &place.round[id]),
                    move_tokens(mint, &mint.account_of(bank), &place.round_account[id], bank, *amount)
                        .expect("instruction"),
                ]
            }
            Step::FundPayout { s, w, amount } => {
                let mint = &f.payouts[*s];
                vec![
                    move_tokens(mint, &mint.account_of(bank), &f.places[*s].payout[*w][0], bank, *amount)
                        .expect("instruction"),
                ]
            }
            Step::DonateToVault { s, a, amount } => {
                let mint = &f.asset(*a);
                vec![
                    mint.open_account(bank, &f.places[*s].vault[*a]),
                    move_tokens(
                        mint,
                        &mint.account_of(bank),
                        &f.places[*s].vault_account[*a],
                        bank,
                        *amount,
                    )
                    .expect("instruction"),
                ]
            }
            Step::DonateLamports { s, slot } => {
                let place = &f.places[*s];
                let derived: Vec<&Pubkey> = [
                    &place.keys.security,
                    &place.keys.mint,
                    &place.payout_vault,
                    &place.inbox,
                ]
                .into_iter()
                .chain(&place.position)
                .chain(&place.registered)
                .chain(&place.approval)
                .chain(&place.vault)
                .chain(&place.bearer)
                .chain(place.redemption.iter().flatten())
                .chain(place.grant.iter().flatten())
                .chain(&place.round)
                .chain(place.subscription.iter().flatten())
                .chain([&place.collective])
                .chain(&place.member)
                .collect();
                vec![system_instruction::transfer(
                    bank,
                    derived[slot % derived.len()],
                    1_000_000,
                )]
            }
            Step::ClawBack { s, a, part } => {
                let mint = &f.asset(*a);
                let vault = &f.places[*s].vault_account[*a];
                let amount = part.of(balance(vault));
                vec![move_tokens(mint, vault, &mint.account_of(bank), &authority(*a), amount).expect("instruction")]
            }
            Step::FreezeVault { s, a, freeze } => {
                let (mint, vault) = (&f.asset(*a), &f.places[*s].vault_account[*a]);
                one(set_frozen(mint, vault, &authority(*a), *freeze))
            }
            Step::Pause { a, pause } => {
                let mint = &f.asset(*a);
                if mint.token_program == TOKEN_PROGRAM_ID {
                    return Some(Vec::new());
                }
                one(if *pause {
                    mint.pause(&authority(*a))
                } else {
                    mint.resume(&authority(*a))
                })
            }
            Step::SetFee { bps, maximum } => {
                let mint = &f.asset(FEE_ASSET);
                one(transfer_fee::instruction::set_transfer_fee(
                    &mint.token_program,
                    &mint.mint,
                    &authority(FEE_ASSET),
                    &[],
                    *bps,
                    *maximum,
                ))
            }
            Step::SetHook { a, on } => {
                let mint = &f.asset(*a);
                // The bank is no program: whatever would move the asset fails.
                let hook = on.then_some(*bank);
                one(transfer_hook::instruction::update(
                    &mint.token_program,
                    &mint.mint,
                    &authority(*a),
                    &[],
                    hook,
                ))
            }
            Step::FreezeReceiver { w, a, freeze } => {
                one(set_frozen(&f.asset(*a), &f.receiver[*w][*a], &authority(*a), *freeze))
            }
            Step::CloseReceiver { w, a } => {
                let mint = &f.asset(*a);
                let (account, owner) = (&f.receiver[*w][*a], &f.wallets[*w]);
                vec![
                    move_tokens(mint, account, &mint.account_of(bank), owner, balance(account)).expect("instruction"),
                    token_ix::close_account(&mint.token_program, account, bank, owner, &[]).expect("instruction"),
                ]
            }
            Step::ReopenReceiver { w, a } => {
                let mint = &f.asset(*a);
                let mut instructions = vec![mint.open_account(bank, &f.wallets[*w])];
                // One that is missing is born as its mint has accounts born.
                if self.token_at(&f.receiver[*w][*a]).is_none() && self.born_frozen(&mint.mint) {
                    instructions.push(mint.thaw(&authority(*a), &f.wallets[*w]).expect("instruction"));
                }
                instructions
            }
            Step::ReceiverWantsMemo { w, a, on } => self.want_memo(&f.receiver[*w][*a], &f.wallets[*w], *on),
            Step::FreezeInbox { s, freeze } => one(set_frozen(
                &f.payouts[*s],
                &f.places[*s].inbox,
                &f.payout_authority,
                *freeze,
            )),
            Step::FreezeRound { s, id, freeze } => {
                let account = &f.places[*s].round_account[usize::try_from(*id).expect("a small number")];
                one(set_frozen(&f.payouts[*s], account, &f.payout_authority, *freeze))
            }
            Step::FreezePayout { s, w, to, freeze } => {
                let account = self.payee(*s, *w, *to);
                if account == f.places[*s].payout_vault && *freeze {
                    return Some(Vec::new()); // the payout mint's own issuer can stop everything; nothing to learn
                }
                one(set_frozen(&f.payouts[*s], &account, &f.payout_authority, *freeze))
            }
            Step::ClosePayout { s, w, to } => {
                let mint = &f.payouts[*s];
                let account = self.payee(*s, *w, *to);
                let owner = &f.wallets[*w];
                vec![
                    move_tokens(mint, &account, &mint.account_of(bank), owner, balance(&account)).expect("instruction"),
                    token_ix::close_account(&mint.token_program, &account, bank, owner, &[]).expect("instruction"),
                ]
            }
            Step::ReopenPayout { s, w } => vec![f.payouts[*s].open_account(bank, &f.wallets[*w])],
            Step::HandPayoutOver { s, w, to, new_owner } => one(token_ix::set_authority(
                &f.payouts[*s].token_program,
                &self.payee(*s, *w, *to),
                Some(&f.wallets[*new_owner]),
                token_ix::AuthorityType::AccountOwner,
                &f.wallets[*w],
                &[],
            )),
            Step::SendBearer { s, from, to, part } => {
                let mint = &share(*s);
                let place = &f.places[*s];
                let amount = part.of(balance(&place.bearer[*from]));
                vec![
                    mint.open_account(bank, &f.wallets[*to]),
                    move_tokens(
                        mint,
                        &place.bearer[*from],
                        &place.bearer[*to],
                        &f.wallets[*from],
                        amount,
                    )
                    .expect("instruction"),
                ]
            }
            Step::SendBearerToVault { s, from, to, part } => {
                let mint = &share(*s);
                let place = &f.places[*s];
                let (vault, amount) = (vault_of(*to), part.of(balance(&place.bearer[*from])));
                let (source, owner) = (&place.bearer[*from], &f.wallets[*from]);
                vec![
                    mint.open_account(bank, &f.holder(*s, vault)),
                    move_tokens(mint, source, &place.bearer[vault], owner, amount).expect("instruction"),
                ]
            }
            Step::BurnBearer { s, w, part } => {
                let account = &f.places[*s].bearer[*w];
                let amount = part.of(balance(account));
                one(token_ix::burn(
                    &TOKEN_2022_PROGRAM_ID,
                    account,
                    &share(*s).mint,
                    &f.wallets[*w],
                    &[],
                    amount,
                ))
            }
            Step::RequireMemo { s, w, form, on } => {
                self.want_memo(&self.share_account(*s, *w, *form), &f.wallets[*w], *on)
            }
            Step::GuardCpi { s, w, form, on } => {
                let account = &self.share_account(*s, *w, *form);
                let owner = &f.wallets[*w];
                let switch = if *on {
                    cpi_guard::instruction::enable_cpi_guard
                } else {
                    cpi_guard::instruction::disable_cpi_guard
                };
                vec![
                    self.reallocate(account, owner, ExtensionType::CpiGuard),
                    switch(&TOKEN_2022_PROGRAM_ID, account, owner, &[]).expect("instruction"),
                ]
            }
            Step::Meddle { s, w, how } => {
                let place = &f.places[*s];
                let mint = &place.keys.mint;
                let account = &place.registered[*w];
                let owner = &f.wallets[*w];
                let issuer = &f.wallets[self.models[*s].as_ref().map_or(*s, |model| model.issuer)];
                let amount = balance(account).max(1);
                let other = &place.registered[(w + 1) % WALLETS];
                let t = &TOKEN_2022_PROGRAM_ID;
                one(match how {
                    Meddling::MoveOut => {
                        return Some(vec![
                            move_tokens(&share(*s), account, other, owner, amount).expect("instruction")
                        ])
                    }
                    Meddling::Burn => token_ix::burn(t, account, mint, owner, &[], amount),
                    Meddling::Delegate => token_ix::approve(t, account, bank, owner, &[], amount),
                    Meddling::SetOwner => token_ix::set_authority(
                        t,
                        account,
                        Some(bank),
                        token_ix::AuthorityType::AccountOwner,
                        owner,
                        &[],
                    ),
                    Meddling::Thaw => token_ix::thaw_account(t, account, mint, issuer, &[]),
                    Meddling::Mint => token_ix::mint_to(t, mint, account, issuer, &[], amount),
                    Meddling::CloseEmpty => token_ix::close_account(t, account, owner, owner, &[]),
                    Meddling::TakeExcessLamports => token_ix::withdraw_excess_lamports(t, account, owner, owner, &[]),
                })
            }
            _ => return None,
        })
    }

    fn share_account(&self, s: usize, w: usize, form: Form) -> Pubkey {
        let place = &self.fixture.places[s];
        match form {
            Form::Bearer => place.bearer[w],
            Form::Registered => place.registered[w],
        }
    }

    fn want_memo(&self, account: &Pubkey, owner: &Pubkey, on: bool) -> Vec<Instruction> {
        let switch = if on {
            memo_transfer::instruction::enable_required_transfer_memos
        } else {
            memo_transfer::instruction::disable_required_transfer_memos
        };
        vec![
            self.reallocate(account, owner, ExtensionType::MemoTransfer),
            switch(&TOKEN_2022_PROGRAM_ID, account, owner, &[]).expect("instruction"),
        ]
    }

    fn reallocate(&self, account: &Pubkey, owner: &Pubkey, extension: ExtensionType) -> Instruction {
        token_ix::reallocate(
            &TOKEN_2022_PROGRAM_ID,
            account,
            &self.fixture.bank,
            owner,
            &[],
            &[extension],
        )
        .expect("instruction")
    }
}
