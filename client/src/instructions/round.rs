//! Rounds.

use anchor_lang::{prelude::Pubkey, solana_program::instruction::Instruction};
use upside::{
    constants::{ASSOCIATED_TOKEN_PROGRAM_ID, MEMO_PROGRAM_ID, TOKEN_2022_PROGRAM_ID},
    instructions::round::CreateRoundArgs,
    state::Subscription,
};

use super::{build, event_authority, SYSTEM_PROGRAM_ID};
use crate::pda::{self, SecurityKeys};

/// Announces a round. Signed by `payer` and `issuer`.
#[derive(Clone, Copy, Debug)]
pub struct CreateRound<'a> {
    /// The security.
    pub keys: &'a SecurityKeys,
    /// Pays rent.
    pub payer: Pubkey,
    /// The issuer of the moment.
    pub issuer: Pubkey,
    /// Id, price, amounts, times and what becomes of the money.
    pub args: CreateRoundArgs,
}

impl CreateRound<'_> {
    /// The accounts by name.
    #[must_use]
    pub fn accounts(&self) -> upside::accounts::CreateRound {
        let keys = self.keys;
        upside::accounts::CreateRound {
            payer: self.payer,
            issuer: self.issuer,
            security: keys.security,
            mint: keys.mint,
            issuer_position: keys.position(&self.issuer),
            round: keys.round(self.args.id),
            round_account: keys.round_account(self.args.id),
            vault: (self.args.backing_bps > 0).then(|| keys.vault(&keys.payout_mint)),
            payout_mint: keys.payout_mint,
            payout_token_program: keys.payout_token_program,
            associated_token_program: ASSOCIATED_TOKEN_PROGRAM_ID,
            system_program: SYSTEM_PROGRAM_ID,
            event_authority: event_authority(),
            program: upside::ID,
        }
    }

    /// The instruction.
    #[must_use]
    pub fn instruction(&self) -> Instruction {
        build(&self.accounts(), &upside::instruction::CreateRound { args: self.args })
    }
}

/// Invites an investor. Signed by `payer` and `issuer`.
#[derive(Clone, Copy, Debug)]
pub struct Invite<'a> {
    /// The security.
    pub keys: &'a SecurityKeys,
    /// Pays the subscription's rent.
    pub payer: Pubkey,
    /// The issuer of the moment.
    pub issuer: Pubkey,
    /// The round's id.
    pub id: u64,
    /// The investor.
    pub investor: Pubkey,
    /// Most share atoms they may want.
    pub cap: u64,
}

impl Invite<'_> {
    /// The accounts by name.
    #[must_use]
    pub fn accounts(&self) -> upside::accounts::Invite {
        upside::accounts::Invite {
            payer: self.payer,
            issuer: self.issuer,
            security: self.keys.security,
            round: self.keys.round(self.id),
            investor: self.investor,
            subscription: self.keys.subscription(self.id, &self.investor),
            system_program: SYSTEM_PROGRAM_ID,
            event_authority: event_authority(),
            program: upside::ID,
        }
    }

    /// The instruction.
    #[must_use]
    pub fn instruction(&self) -> Instruction {
        build(&self.accounts(), &upside::instruction::Invite { cap: self.cap })
    }
}

/// Takes an invitation back. Signed by `issuer`.
#[derive(Clone, Copy, Debug)]
pub struct Uninvite<'a> {
    /// The security.
    pub keys: &'a SecurityKeys,
    /// The issuer of the moment.
    pub issuer: Pubkey,
    /// The round's id.
    pub id: u64,
    /// The investor.
    pub investor: Pubkey,
    /// Who paid the subscription's rent.
    pub rent_payer: Pubkey,
}

impl Uninvite<'_> {
    /// The accounts by name.
    #[must_use]
    pub fn accounts(&self) -> upside::accounts::Uninvite {
        upside::accounts::Uninvite {
            issuer: self.issuer,
            security: self.keys.security,
            round: self.keys.round(self.id),
            subscription: self.keys.subscription(self.id, &self.investor),
            rent_payer: self.rent_payer,
            event_authority: event_authority(),
            program: upside::ID,
        }
    }

    /// The instruction.
    #[must_use]
    pub fn instruction(&self) -> Instruction {
        build(&self.accounts(), &upside::instruction::Uninvite {})
    }
}

/// Wants shares, or another number of them than before. Signed by `payer` and `investor`.
#[derive(Clone, Copy, Debug)]
pub struct Subscribe<'a> {
    /// The security.
    pub keys: &'a SecurityKeys,
    /// Pays rent if the subscription is missing.
    pub payer: Pubkey,
    /// The investor.
    pub investor: Pubkey,
    /// The round's id.
    pub id: u64,
    /// Token account of the investor that pays, or gets the difference back.
    pub source: Pubkey,
    /// Share atoms wanted.
    pub wanted: u64,
}

impl<'a> Subscribe<'a> {
    /// Pays from the investor's associated token account.
    #[must_use]
    pub fn from_ata(keys: &'a SecurityKeys, payer: Pubkey, investor: Pubkey, id: u64, wanted: u64) -> Self {
        Self {
            keys,
            payer,
            investor,
            id,
            source: keys.payout_account(&investor),
            wanted,
        }
    }

    /// The accounts by name.
    #[must_use]
    pub fn accounts(&self) -> upside::accounts::Subscribe {
        upside::accounts::Subscribe {
            payer: self.payer,
            investor: self.investor,
            security: self.keys.security,
            round: self.keys.round(self.id),
            round_account: self.keys.round_account(self.id),
            subscription: self.keys.subscription(self.id, &self.investor),
            source: self.source,
            payout_mint: self.keys.payout_mint,
            payout_token_program: self.keys.payout_token_program,
            memo_program: MEMO_PROGRAM_ID,
            system_program: SYSTEM_PROGRAM_ID,
            event_authority: event_authority(),
            program: upside::ID,
        }
    }

    /// The instruction.
    #[must_use]
    pub fn instruction(&self) -> Instruction {
        build(
            &self.accounts(),
            &upside::instruction::Subscribe { wanted: self.wanted },
        )
    }
}

/// Wants nothing any more. Signed by `investor`.
#[derive(Clone, Copy, Debug)]
pub struct WithdrawSubscription<'a> {
    /// The security.
    pub keys: &'a SecurityKeys,
    /// The investor.
    pub investor: Pubkey,
    /// The round's id.
    pub id: u64,
    /// Who paid the subscription's rent.
    pub rent_payer: Pubkey,
    /// Token account of the investor that gets the money back.
    pub receiver: Pubkey,
}

impl WithdrawSubscription<'_> {
    /// The accounts by name.
    #[must_use]
    pub fn accounts(&self) -> upside::accounts::WithdrawSubscription {
        upside::accounts::WithdrawSubscription {
            investor: self.investor,
            security: self.keys.security,
            round: self.keys.round(self.id),
            round_account: self.keys.round_account(self.id),
            subscription: self.keys.subscription(self.id, &self.investor),
            rent_payer: self.rent_payer,
            receiver: self.receiver,
            payout_mint: self.keys.payout_mint,
            payout_token_program: self.keys.payout_token_program,
            memo_program: MEMO_PROGRAM_ID,
            event_authority: event_authority(),
            program: upside::ID,
        }
    }

    /// The instruction.
    #[must_use]
    pub fn instruction(&self) -> Instruction {
        build(&self.accounts(), &upside::instruction::WithdrawSubscription {})
    }
}

/// Calls a round off. Signed by `issuer`.
#[derive(Clone, Copy, Debug)]
pub struct CancelRound<'a> {
    /// The security.
    pub keys: &'a SecurityKeys,
    /// The issuer of the moment.
    pub issuer: Pubkey,
    /// The round's id.
    pub id: u64,
}

impl CancelRound<'_> {
    /// The accounts by name.
    #[must_use]
    pub fn accounts(&self) -> upside::accounts::CancelRound {
        upside::accounts::CancelRound {
            issuer: self.issuer,
            security: self.keys.security,
            round: self.keys.round(self.id),
            event_authority: event_authority(),
            program: upside::ID,
        }
    }

    /// The instruction.
    #[must_use]
    pub fn instruction(&self) -> Instruction {
        build(&self.accounts(), &upside::instruction::CancelRound {})
    }
}

/// Decides a round. Anyone; nobody signs.
#[derive(Clone, Copy, Debug)]
pub struct CloseRound<'a> {
    /// The security.
    pub keys: &'a SecurityKeys,
    /// The round's id.
    pub id: u64,
}

impl CloseRound<'_> {
    /// The accounts by name.
    #[must_use]
    pub fn accounts(&self) -> upside::accounts::CloseRound {
        upside::accounts::CloseRound {
            security: self.keys.security,
            round: self.keys.round(self.id),
            event_authority: event_authority(),
            program: upside::ID,
        }
    }

    /// The instruction.
    #[must_use]
    pub fn instruction(&self) -> Instruction {
        build(&self.accounts(), &upside::instruction::CloseRound {})
    }
}

/// Gives a subscription its shares and its refund. Signed by `payer`, who may be anyone.
#[derive(Clone, Copy, Debug)]
pub struct SettleSubscription<'a> {
    /// The security.
    pub keys: &'a SecurityKeys,
    /// Pays rent if the investor's position or registered account is missing.
    pub payer: Pubkey,
    /// The round's id.
    pub id: u64,
    /// The investor.
    pub investor: Pubkey,
    /// The account that the subscription records for refunds.
    pub refund_account: Pubkey,
    /// Who paid the subscription's rent.
    pub rent_payer: Pubkey,
}

impl<'a> SettleSubscription<'a> {
    /// With what the subscription records.
    #[must_use]
    pub fn of(keys: &'a SecurityKeys, payer: Pubkey, id: u64, subscription: &Subscription) -> Self {
        Self {
            keys,
            payer,
            id,
            investor: subscription.investor,
            refund_account: subscription.refund_account,
            rent_payer: subscription.rent_payer,
        }
    }

    /// The accounts by name.
    #[must_use]
    pub fn accounts(&self) -> upside::accounts::SettleSubscription {
        let keys = self.keys;
        upside::accounts::SettleSubscription {
            payer: self.payer,
            investor: self.investor,
            security: keys.security,
            mint: keys.mint,
            round: keys.round(self.id),
            round_account: keys.round_account(self.id),
            subscription: keys.subscription(self.id, &self.investor),
            rent_payer: self.rent_payer,
            refund_account: self.refund_account,
            position: keys.position(&self.investor),
            registered: keys.registered(&self.investor),
            payout_mint: keys.payout_mint,
            payout_token_program: keys.payout_token_program,
            memo_program: MEMO_PROGRAM_ID,
            token_program: TOKEN_2022_PROGRAM_ID,
            system_program: SYSTEM_PROGRAM_ID,
            event_authority: event_authority(),
            program: upside::ID,
        }
    }

    /// The instruction.
    #[must_use]
    pub fn instruction(&self) -> Instruction {
        build(&self.accounts(), &upside::instruction::SettleSubscription {})
    }
}

/// Fetches a booked refund. Signed by `investor`.
#[derive(Clone, Copy, Debug)]
pub struct WithdrawRefund<'a> {
    /// The security.
    pub keys: &'a SecurityKeys,
    /// The investor.
    pub investor: Pubkey,
    /// The round's id.
    pub id: u64,
    /// Who paid the subscription's rent.
    pub rent_payer: Pubkey,
    /// Token account of the investor that is paid.
    pub receiver: Pubkey,
}

impl WithdrawRefund<'_> {
    /// The accounts by name.
    #[must_use]
    pub fn accounts(&self) -> upside::accounts::WithdrawRefund {
        upside::accounts::WithdrawRefund {
            investor: self.investor,
            security: self.keys.security,
            round: self.keys.round(self.id),
            round_account: self.keys.round_account(self.id),
            subscription: self.keys.subscription(self.id, &self.investor),
            rent_payer: self.rent_payer,
            receiver: self.receiver,
            payout_mint: self.keys.payout_mint,
            payout_token_program: self.keys.payout_token_program,
            memo_program: MEMO_PROGRAM_ID,
            event_authority: event_authority(),
            program: upside::ID,
        }
    }

    /// The instruction.
    #[must_use]
    pub fn instruction(&self) -> Instruction {
        build(&self.accounts(), &upside::instruction::WithdrawRefund {})
    }
}

/// Releases what is due of a round's money. Anyone; nobody signs, unless the issuer names another account of theirs.
#[derive(Clone, Copy, Debug)]
pub struct ReleaseRunway<'a> {
    /// The security.
    pub keys: &'a SecurityKeys,
    /// The issuer of the moment.
    pub issuer: Pubkey,
    /// Whether the issuer signs.
    pub issuer_signs: bool,
    /// The round's id.
    pub id: u64,
    /// The issuer's token account.
    pub issuer_account: Pubkey,
    /// Whether a part becomes backing.
    pub backing: bool,
}

impl<'a> ReleaseRunway<'a> {
    /// To the issuer's associated token account; nobody signs.
    #[must_use]
    pub fn crank(keys: &'a SecurityKeys, issuer: Pubkey, id: u64, backing: bool) -> Self {
        Self {
            keys,
            issuer,
            issuer_signs: false,
            id,
            issuer_account: keys.payout_account(&issuer),
            backing,
        }
    }

    /// The accounts by name.
    #[must_use]
    pub fn accounts(&self) -> upside::accounts::ReleaseRunway {
        let keys = self.keys;
        let vault = keys.vault(&keys.payout_mint);
        upside::accounts::ReleaseRunway {
            issuer: self.issuer,
            security: keys.security,
            round: keys.round(self.id),
            round_account: keys.round_account(self.id),
            issuer_account: self.issuer_account,
            vault: self.backing.then_some(vault),
            vault_account: self
                .backing
                .then(|| pda::vault_account(&vault, &keys.payout_mint, &keys.payout_token_program)),
            payout_mint: keys.payout_mint,
            payout_token_program: keys.payout_token_program,
            memo_program: MEMO_PROGRAM_ID,
            event_authority: event_authority(),
            program: upside::ID,
        }
    }

    /// The instruction.
    #[must_use]
    pub fn instruction(&self) -> Instruction {
        let mut instruction = build(&self.accounts(), &upside::instruction::ReleaseRunway {});
        // The accounts struct cannot know: the program asks whether the issuer has signed.
        instruction.accounts[0].is_signer = self.issuer_signs;
        instruction
    }
}
