//! One run through every instruction and case, with the keys of one set.

use std::collections::BTreeMap;

use anchor_lang::{prelude::Pubkey, solana_program::instruction::Instruction};
use anchor_spl::token_2022::spl_token_2022::{
    extension::{memo_transfer, ExtensionType},
    instruction::reallocate,
};
use litesvm::LiteSVM;
use solana_keypair::Keypair;
use solana_signer::Signer;
use upside::{
    constants::{NEVER_TS, TOKEN_2022_PROGRAM_ID},
    instructions::{grant::CreateGrantArgs, round::CreateRoundArgs, security::UpdateMetadataArgs},
};
use upside_client::instructions::{
    token, AcceptIssuer, AdvanceRedemption, ApproveHolder, Claim, ClosePosition, CloseRedemption, Distribute, Issue,
    PostUpdate, ProposeIssuer, Register, RemoveApproval, Retire, SetPayoutAccount, TransferShares, Unregister,
    UpdateMetadata,
};
use upside_lookalike_mints::balances::MintRef;
use upside_tests::{
    context::DAY,
    setup::{a_tenth, over_time, public_round, SecurityBuilder, TestSecurity},
    TestContext,
};

/// Compute units by instruction and case.
pub type Costs = BTreeMap<(&'static str, &'static str), u64>;

/// Turns p-token on; the machine runs its predecessor without it.
const P_TOKEN_FEATURE: Pubkey = Pubkey::from_str_const("ptokFjwyJtrwCa9Kgo9xoDS59V4QccBGEaRFnRPnSdP");

/// The program behind SPL Token's address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Payout {
    /// What mainnet runs, and the machine by default.
    PToken,
    /// SPL Token 3.5.
    Predecessor,
}

fn machine(payout: Payout) -> LiteSVM {
    let machine = LiteSVM::new().with_sigverify(false);
    match payout {
        Payout::PToken => machine,
        Payout::Predecessor => {
            let mut features = LiteSVM::mainnet_feature_set();
            features.deactivate(&P_TOKEN_FEATURE);
            machine.with_feature_set(features).with_default_programs()
        }
    }
}

/// Compute units of one `TransferChecked` of the payout mint.
pub fn plain_transfer(payout: Payout) -> u64 {
    let ctx = TestContext::on(machine(payout));
    let (from, to) = (ctx.wallet("from"), ctx.wallet("to"));
    let mint = ctx.payout();
    ctx.fund(&mint, &from.pubkey(), 1_000);
    ctx.open_account(&mint, &to.pubkey());
    let transfer = token::transfer_between_atas(
        &mint.token_program,
        &mint.mint,
        mint.decimals,
        &from.pubkey(),
        &to.pubkey(),
        1,
    )
    .expect("instruction");
    ctx.send(&[transfer], &[&from]).compute_units
}

/// The wallets of one set.
struct Story<'a> {
    ctx: TestContext,
    set: &'a str,
    costs: Costs,
}

impl Story<'_> {
    fn wallet(&self, name: &str) -> Keypair {
        self.ctx.wallet(&format!("{}: {name}", self.set))
    }

    /// A security whose strings have the same length in every set.
    fn security(&self, issuer: &str) -> SecurityBuilder<'_> {
        self.ctx.security(&format!("{}: {issuer}", self.set)).with(|args| {
            args.name = "A personal token".to_owned();
            args.symbol = "TOKEN".to_owned();
            args.uri = "https://upside.invalid/a-personal-token.json".to_owned();
        })
    }

    fn measure(&mut self, instruction: &'static str, case: &'static str, call: Instruction, signers: &[&dyn Signer]) {
        let units = self.ctx.send(&[call], signers).compute_units;
        self.note(instruction, case, units);
    }

    fn note(&mut self, instruction: &'static str, case: &'static str, units: u64) {
        let before = self.costs.insert((instruction, case), units);
        assert_eq!(before, None, "{instruction} ({case}) is measured once");
    }

    fn payer(&self) -> Pubkey {
        self.ctx.payer.pubkey()
    }

    fn transfer<'k>(&self, security: &'k TestSecurity, from: &Keypair, to: &Keypair) -> TransferShares<'k> {
        TransferShares {
            keys: &security.keys,
            payer: self.payer(),
            from: from.pubkey(),
            to: to.pubkey(),
            amount: 1_000_000,
        }
    }

    /// Makes a holder's registered account demand a memo before each transfer into it.
    fn require_memo(&self, security: &TestSecurity, holder: &Keypair) {
        let account = security.keys.registered(&holder.pubkey());
        let (payer, owner) = (self.payer(), holder.pubkey());
        let reallocate = reallocate(
            &TOKEN_2022_PROGRAM_ID,
            &account,
            &payer,
            &owner,
            &[&owner],
            &[ExtensionType::MemoTransfer],
        )
        .expect("instruction");
        let require = memo_transfer::instruction::enable_required_transfer_memos(
            &TOKEN_2022_PROGRAM_ID,
            &account,
            &owner,
            &[&owner],
        )
        .expect("instruction");
        self.ctx.send(&[reallocate, require], &[holder]);
    }

    fn creation(&mut self) {
        let (_, receipt) = self.security("open").create_with_receipt();
        self.note("create_security", "open", receipt.compute_units);
        let (_, receipt) = self.security("curated").curated().create_with_receipt();
        self.note("create_security", "curated", receipt.compute_units);
        let money = self.ctx.mint_with("Token-2022 money", &[]);
        let (_, receipt) = self.security("open, token-2022").payout(money).create_with_receipt();
        self.note("create_security", "open, Token-2022 payout", receipt.compute_units);
        let builder = self.security("funded before");
        let accounts = builder.instruction().accounts();
        for address in [
            accounts.mint,
            accounts.security,
            accounts.payout_vault,
            accounts.position,
            accounts.registered,
        ] {
            // The least that an account without data may hold.
            self.ctx.airdrop(&address, 890_880);
        }
        let units = builder.create_with_receipt().1.compute_units;
        self.note("create_security", "open, every address funded before", units);
    }

    fn supply_and_issuer(&mut self) {
        let security = self.security("issuer").create();
        let keys = security.keys;
        let issuer = self.wallet("issuer");
        let issue = Issue {
            keys: &keys,
            payer: self.payer(),
            issuer: issuer.pubkey(),
            amount: 1_000_000,
        };
        self.measure("issue", "existing position", issue.instruction(), &[&issuer]);
        let retire = Retire {
            keys: &keys,
            issuer: issuer.pubkey(),
            amount: 1_000_000,
        };
        self.measure("retire", "", retire.instruction(), &[&issuer]);
        let advance = AdvanceRedemption {
            keys: &keys,
            issuer: issuer.pubkey(),
            redeem_after_ts: NEVER_TS - 1,
        };
        self.measure("advance_redemption", "", advance.instruction(), &[&issuer]);
        let post = PostUpdate {
            keys: &keys,
            issuer: issuer.pubkey(),
            uri: "https://upside.invalid/news/1.md".to_owned(),
            sha256: [7; 32],
        };
        self.measure("post_update", "", post.instruction(), &[&issuer]);
        let update = |args| UpdateMetadata {
            keys: &keys,
            payer: self.payer(),
            issuer: issuer.pubkey(),
            args,
        };
        let one = update(UpdateMetadataArgs {
            name: None,
            symbol: Some("OTHER".to_owned()),
            uri: None,
        });
        let three = update(UpdateMetadataArgs {
            name: Some("A personal token with a longer name".to_owned()),
            symbol: Some("LONGER".to_owned()),
            uri: Some("https://upside.invalid/short.json".to_owned()),
        });
        self.measure(
            "update_metadata",
            "one field, same length",
            one.instruction(),
            &[&issuer],
        );
        self.measure(
            "update_metadata",
            "three fields, longer",
            three.instruction(),
            &[&issuer],
        );

        // Another issuer, of a security nobody holds shares of.
        let empty = self.security("without shares").supply(1_000_000_000_000, 0).create();
        let heir = self.wallet("heir");
        let propose = ProposeIssuer {
            keys: &empty.keys,
            issuer: empty.issuer_key(),
            pending_issuer: Some(heir.pubkey()),
        };
        self.measure("propose_issuer", "", propose.instruction(), &[&empty.issuer]);
        let accept = AcceptIssuer {
            keys: &empty.keys,
            pending_issuer: heir.pubkey(),
        };
        self.measure("accept_issuer", "", accept.instruction(), &[&heir]);
        let issue = Issue {
            keys: &empty.keys,
            payer: self.payer(),
            issuer: heir.pubkey(),
            amount: 1_000_000,
        };
        self.measure("issue", "new position", issue.instruction(), &[&heir]);
    }

    fn shares(&mut self) {
        let security = self.security("shares").create();
        let keys = security.keys;
        let issuer = self.wallet("shares");
        let [teacher, designer, buyer, careful] =
            ["teacher", "designer", "buyer", "careful"].map(|name| self.wallet(name));
        // Money on the stream, so that every settling below has something to emit.
        self.ctx.distribute(&security, 700_000_000);
        self.ctx.warp(DAY);

        let give = self.transfer(&security, &issuer, &teacher);
        self.measure("transfer_shares", "new position", give.instruction(), &[&issuer]);
        self.ctx.warp(DAY);
        let give = self.transfer(&security, &issuer, &teacher);
        self.measure("transfer_shares", "existing position", give.instruction(), &[&issuer]);
        let give = self.transfer(&security, &issuer, &careful);
        self.ctx.send(&[give.instruction()], &[&issuer]);
        self.require_memo(&security, &careful);
        let give = self.transfer(&security, &issuer, &careful);
        self.measure(
            "transfer_shares",
            "existing position, memo required",
            give.instruction(),
            &[&issuer],
        );

        // To bearer and back; a buyer registers what they bought.
        let bearer = keys.bearer_account(&teacher.pubkey());
        let share = self.ctx.share(&security);
        self.ctx.open_account(&share, &teacher.pubkey());
        self.ctx.open_account(&share, &buyer.pubkey());
        let leave = Unregister {
            keys: &keys,
            holder: teacher.pubkey(),
            bearer_account: bearer,
            amount: 1_000_000,
        };
        self.measure("unregister", "", leave.instruction(), &[&teacher]);
        let sell = token::transfer_between_atas(
            &TOKEN_2022_PROGRAM_ID,
            &keys.mint,
            share.decimals,
            &teacher.pubkey(),
            &buyer.pubkey(),
            400_000,
        )
        .expect("instruction");
        self.ctx.send(&[sell], &[&teacher]);
        let enter = |holder: &Keypair| Register {
            keys: &keys,
            payer: self.payer(),
            holder: holder.pubkey(),
            bearer_account: keys.bearer_account(&holder.pubkey()),
            amount: 300_000,
        };
        let (existing, new) = (enter(&teacher).instruction(), enter(&buyer).instruction());
        self.measure("register", "existing position", existing, &[&teacher]);
        self.measure("register", "new position", new, &[&buyer]);

        // Empty positions.
        for (holder, case) in [
            (&designer, "with its registered account"),
            (&buyer, "registered account closed before"),
        ] {
            let held = self
                .ctx
                .find_position(&security, &holder.pubkey())
                .map_or(0, |position| position.shares_atoms);
            if held == 0 {
                self.ctx.give_shares(&security, holder, 1);
            }
            let held = self.ctx.position(&security, &holder.pubkey()).shares_atoms;
            self.ctx.transfer_shares(&security, holder, &issuer.pubkey(), held);
            if case == "registered account closed before" {
                let close = anchor_spl::token_2022::spl_token_2022::instruction::close_account(
                    &TOKEN_2022_PROGRAM_ID,
                    &keys.registered(&holder.pubkey()),
                    &holder.pubkey(),
                    &holder.pubkey(),
                    &[],
                )
                .expect("instruction");
                self.ctx.send(&[close], &[holder]);
            }
            let close = ClosePosition {
                keys: &keys,
                holder: holder.pubkey(),
                rent_payer: self.payer(),
            };
            self.measure("close_position", case, close.instruction(), &[holder]);
        }
    }

    fn curated(&mut self) {
        let security = self.security("curated shares").curated().create();
        let issuer = self.wallet("curated shares");
        let member = self.wallet("member");
        let approve = ApproveHolder {
            keys: &security.keys,
            payer: self.payer(),
            issuer: issuer.pubkey(),
            holder: member.pubkey(),
        };
        self.measure("approve_holder", "", approve.instruction(), &[&issuer]);
        let give = self.transfer(&security, &issuer, &member);
        self.measure(
            "transfer_shares",
            "curated, new position",
            give.instruction(),
            &[&issuer],
        );
        self.ctx.warp(1);
        let give = self.transfer(&security, &issuer, &member);
        self.measure(
            "transfer_shares",
            "curated, existing position",
            give.instruction(),
            &[&issuer],
        );
        let remove = RemoveApproval {
            keys: &security.keys,
            issuer: issuer.pubkey(),
            holder: member.pubkey(),
            rent_payer: self.payer(),
        };
        self.measure("remove_approval", "", remove.instruction(), &[&issuer]);
    }

    fn upside(&mut self, issuer: &str, money: MintRef, cases: [&'static str; 5]) {
        let security = self.security(issuer).payout(money).create();
        let keys = security.keys;
        let (holder, funder) = (self.wallet(&format!("{issuer}, holder")), self.wallet("funder"));
        self.ctx.give_shares(&security, &holder, 100_000_000_000);
        self.ctx.fund(&money, &funder.pubkey(), 10_000_000);
        self.ctx.open_account(&money, &holder.pubkey());
        let pay = Distribute::from_ata(&keys, funder.pubkey(), 5_000_000);
        let [from_funder, with_inbox, sweep, crank, by_holder] = cases;
        // The second payment meets a stream that runs.
        self.ctx.send(&[pay.instruction()], &[&funder]);
        self.ctx.warp(DAY);
        self.measure(
            "distribute",
            from_funder,
            Distribute::from_ata(&keys, funder.pubkey(), 1_000_000).instruction(),
            &[&funder],
        );
        self.ctx.fund(&money, &keys.security, 1_000_000);
        self.measure(
            "distribute",
            with_inbox,
            Distribute::from_ata(&keys, funder.pubkey(), 1_000_001).instruction(),
            &[&funder],
        );
        self.ctx.fund(&money, &keys.security, 1_000_000);
        self.measure(
            "distribute",
            sweep,
            Distribute::sweep(&keys, funder.pubkey()).instruction(),
            &[&funder],
        );
        self.ctx.warp(DAY);
        let position = self.ctx.position(&security, &holder.pubkey());
        self.measure("claim", crank, Claim::crank(&keys, &position).instruction(), &[]);
        self.ctx.warp(DAY);
        self.measure(
            "claim",
            by_holder,
            Claim::by_holder(&keys, holder.pubkey()).instruction(),
            &[&holder],
        );
        if !self.costs.contains_key(&("set_payout_account", "")) {
            let set = SetPayoutAccount {
                keys: &keys,
                holder: holder.pubkey(),
                payout_account: keys.payout_account(&holder.pubkey()),
            };
            self.measure("set_payout_account", "", set.instruction(), &[&holder]);
        }
    }

    fn vaults(&mut self) {
        let security = self.security("backed").create();
        let depositor = self.ctx.wallet("depositor");
        let assets = [
            (self.ctx.legacy_mint("legacy equity"), "SPL Token (p-token)"),
            (self.ctx.equity("ACMEx"), "stock look-alike"),
            (self.ctx.equity("INITx"), "stock look-alike, frozen by default"),
            (self.ctx.equity("UMBRx"), "stock look-alike, transfer fee"),
        ];
        for (asset, case) in assets {
            let open = self.ctx.open_vault_instruction(&security, &asset);
            let vault = open.accounts().vault;
            self.measure("open_vault", case, open.instruction(), &[&security.issuer]);
            let account = asset.account_of(&vault);
            if self.ctx.token(&account).expect("the vault's account").frozen {
                let authority = self.ctx.authority_of(&asset);
                let thaw = asset.thaw(&authority.pubkey(), &vault).expect("instruction");
                self.ctx.send(&[thaw], &[&authority]);
            }
            self.ctx.fund(&asset, &depositor.pubkey(), 1_000_000);
            let deposit = self.ctx.deposit_instruction(&security, &asset, 1_000_000);
            self.measure("deposit_equity", case, deposit.instruction(), &[&depositor]);
        }
    }

    fn redemption(&mut self) {
        let security = self.security("redeemed").redeemable(0).create();
        let (keys, issuer) = (security.keys, self.wallet("redeemed"));
        let assets = [
            (self.ctx.legacy_mint("legacy equity"), "SPL Token (p-token)"),
            (self.ctx.equity("ACMEx"), "stock look-alike"),
            (self.ctx.equity("UMBRx"), "stock look-alike, transfer fee"),
        ];
        for (asset, _) in &assets {
            self.ctx.open_vault(&security, asset);
            self.ctx.deposit(&security, asset, 1_000_000);
            self.ctx.fund(asset, &issuer.pubkey(), 0);
        }
        // Money on the stream, so that settling has something to emit.
        self.ctx.distribute(&security, 700_000_000);
        self.ctx.warp(DAY);
        let redeem = self
            .ctx
            .redeem_instruction(&security, &issuer.pubkey(), 0, 100_000_000_000);
        self.measure("redeem", "", redeem.instruction(), &[&issuer]);
        for (asset, case) in &assets {
            let collect = self.ctx.collect_instruction(&security, &issuer.pubkey(), 0, asset);
            self.measure("collect", case, collect.instruction(), &[&issuer]);
        }
        let close = CloseRedemption {
            keys: &keys,
            holder: issuer.pubkey(),
            id: 0,
            rent_payer: self.payer(),
        };
        self.measure("close_redemption", "", close.instruction(), &[&issuer]);
    }

    fn layers(&mut self) {
        let upper = self.security("upper").redeemable(0).create();
        let held = self.security("held").create();
        let money = self.ctx.legacy_mint("other money");
        let other = self.security("held, other money").payout(money).create();
        let (issuer, giver) = (self.wallet("upper"), self.wallet("held"));
        for (held, case) in [
            (&held, "shares that earn the same money"),
            (&other, "shares that earn other money, with its vault"),
        ] {
            let open = self.ctx.open_share_vault_instruction(&upper, held);
            self.measure("open_vault", case, open.instruction(), &[&issuer]);
        }
        // Money on both streams, so that settling has something to emit.
        for security in [&upper, &held, &other] {
            self.ctx.distribute(security, 700_000_000);
        }
        self.ctx.warp(DAY);
        for case in ["new position", "existing position"] {
            let deposit = self
                .ctx
                .deposit_shares_instruction(&upper, &held, &giver.pubkey(), 100_000_000_000);
            self.measure("deposit_shares", case, deposit.instruction(), &[&giver]);
            self.ctx.warp(DAY);
        }
        self.ctx.deposit_shares(&upper, &other, &other.issuer, 100_000_000_000);
        self.ctx.warp(DAY);
        for (held, case) in [(&held, "onto the stream"), (&other, "into a vault")] {
            let harvest = self.ctx.harvest_instruction(&upper, held);
            self.measure("harvest", case, harvest.instruction(), &[]);
        }
        self.ctx.go_bearer(&held, &giver, 1_000_000);
        let vault = upper.keys.vault(&held.keys.mint);
        let send = token::transfer_between_atas(
            &TOKEN_2022_PROGRAM_ID,
            &held.keys.mint,
            held.terms.decimals,
            &giver.pubkey(),
            &vault,
            1_000_000,
        )
        .expect("instruction");
        self.ctx.send(&[send], &[&giver]);
        self.ctx.warp(DAY);
        let register = self.ctx.register_vault_bearer_instruction(&upper, &held);
        self.measure("register_vault_bearer", "", register.instruction(), &[]);
        for (id, case) in [(0, "new position"), (1, "existing position")] {
            self.ctx.redeem(&upper, &issuer, id, 1_000_000_000);
            self.ctx.warp(DAY);
            let collect = self.ctx.collect_shares_instruction(&upper, &held, &issuer.pubkey(), id);
            self.measure("collect_shares", case, collect.instruction(), &[&issuer]);
        }
    }

    fn collectives(&mut self) {
        let village = self.security("village").create();
        let [alice, bob] = ["member one", "member two"].map(|name| self.security(name).create());
        let create = self.ctx.create_collective_instruction(&village, a_tenth());
        self.measure("create_collective", "", create.instruction(), &[&village.issuer]);
        let apply = self.ctx.apply_instruction(&village, &bob);
        self.measure("apply", "", apply.instruction(), &[&bob.issuer]);
        let withdraw = self
            .ctx
            .withdraw_application_instruction(&village, &bob, &bob.issuer_key());
        self.measure("withdraw_application", "", withdraw.instruction(), &[&bob.issuer]);
        let expires_ts = self.ctx.now() + 100 * DAY;
        self.ctx.apply_to(&village, &alice);
        let admit = self.ctx.admit_instruction(&village, &alice, expires_ts);
        self.measure("admit", "", admit.instruction(), &[&village.issuer]);
        let revoke = self.ctx.revoke_admission_instruction(&village, &alice);
        self.measure("revoke_admission", "", revoke.instruction(), &[&village.issuer]);
        self.ctx.admit(&village, &alice, expires_ts);
        // Money on the stream, so that settling has something to emit.
        self.ctx.distribute(&alice, 700_000_000);
        self.ctx.warp(8 * DAY);
        let join = self.ctx.join_instruction(&village, &alice, 0);
        self.measure("join", "with its vault", join.instruction(), &[&alice.issuer]);
    }

    fn grants(&mut self) {
        let security = self.security("grantor").create();
        let (issuer, judge) = (self.wallet("grantor"), self.wallet("judge"));
        let recipient = self.wallet("helper").pubkey();
        let now = self.ctx.now();
        // Money on the stream, so that settling has something to emit.
        self.ctx.distribute(&security, 700_000_000);
        let linear = over_time(0, 1_000_000, now, 10 * DAY);
        let create = self.ctx.create_grant_instruction(&security, &recipient, linear);
        self.measure("create_grant", "over time", create.instruction(), &[&issuer]);
        let milestone = CreateGrantArgs {
            approver: judge.pubkey(),
            deadline_ts: now + DAY,
            ..over_time(1, 1_000_000, now, 0)
        };
        let create = self.ctx.create_grant_instruction(&security, &recipient, milestone);
        self.measure("create_grant", "a milestone", create.instruction(), &[&issuer]);
        let approve = self
            .ctx
            .approve_milestone_instruction(&security, &judge.pubkey(), &recipient, 1);
        self.measure("approve_milestone", "", approve.instruction(), &[&judge]);
        self.ctx.warp(DAY);
        for (id, case) in [(0, "new position"), (1, "existing position")] {
            let claim = self.ctx.claim_grant_instruction(&security, &recipient, id);
            self.measure("claim_grant", case, claim.instruction(), &[]);
        }
        let revoke = self.ctx.revoke_grant_instruction(&security, &recipient, 0);
        self.measure("revoke_grant", "", revoke.instruction(), &[&issuer]);
        let close = self.ctx.close_grant_instruction(&security, &recipient, 1);
        self.measure("close_grant", "", close.instruction(), &[]);
    }

    fn rounds(&mut self) {
        let security = self.security("seller").create();
        let issuer = self.wallet("seller");
        let investors = ["first investor", "second investor", "third investor"].map(|name| self.wallet(name));
        let [first, second, third] = &investors;
        let now = self.ctx.now();
        self.ctx.open_vault(&security, &security.payout);
        // Money on the stream, so that settling has something to emit.
        self.ctx.distribute(&security, 700_000_000);
        for investor in investors.iter().chain([&issuer]) {
            self.ctx.fund(&security.payout, &investor.pubkey(), 100_000_000);
        }
        let args = |id| CreateRoundArgs {
            runway_seconds: 10 * DAY,
            backing_bps: 5_000,
            ..public_round(id, 1_000_000, now)
        };
        let create = self.ctx.create_round_instruction(&security, args(0));
        self.measure("create_round", "", create.instruction(), &[&issuer]);
        self.ctx.create_round(
            &security,
            CreateRoundArgs {
                invited: true,
                ..args(1)
            },
        );
        let invite = self.ctx.invite_instruction(&security, 1, &first.pubkey(), 1_000_000);
        self.measure("invite", "", invite.instruction(), &[&issuer]);
        let uninvite = self.ctx.uninvite_instruction(&security, 1, &first.pubkey());
        self.measure("uninvite", "", uninvite.instruction(), &[&issuer]);
        let subscribe = |context: &TestContext, investor: &Keypair, wanted| {
            context
                .subscribe_instruction(&security, 0, &investor.pubkey(), wanted)
                .instruction()
        };
        let new = subscribe(&self.ctx, first, 800_000);
        self.measure("subscribe", "new subscription", new, &[first]);
        let more = subscribe(&self.ctx, first, 900_000);
        self.measure("subscribe", "more", more, &[first]);
        let less = subscribe(&self.ctx, first, 800_000);
        self.measure("subscribe", "less", less, &[first]);
        for investor in [second, third, &issuer] {
            self.ctx.subscribe(&security, 0, investor, 800_000);
        }
        let withdraw = self
            .ctx
            .withdraw_subscription_instruction(&security, 0, &third.pubkey());
        self.measure("withdraw_subscription", "", withdraw.instruction(), &[third]);
        let cancel = self.ctx.cancel_round_instruction(&security, 1);
        self.measure("cancel_round", "", cancel.instruction(), &[&issuer]);
        self.ctx.warp(2 * DAY);
        let close = self.ctx.close_round_instruction(&security, 0);
        self.measure("close_round", "", close.instruction(), &[]);
        // The second investor's account cannot receive for a while.
        let authority = self.ctx.authority_of(&security.payout);
        let freeze = security.payout.freeze(&authority.pubkey(), &second.pubkey());
        self.ctx.send(&[freeze.expect("instruction")], &[&authority]);
        for (investor, case) in [
            (first, "new position"),
            (&issuer, "existing position"),
            (second, "new position, refund booked"),
        ] {
            let settle = self.ctx.settle_instruction(&security, 0, &investor.pubkey());
            self.measure("settle_subscription", case, settle.instruction(), &[]);
        }
        let thaw = security.payout.thaw(&authority.pubkey(), &second.pubkey());
        self.ctx.send(&[thaw.expect("instruction")], &[&authority]);
        let fetch = self.ctx.withdraw_refund_instruction(&security, 0, &second.pubkey());
        self.measure("withdraw_refund", "", fetch.instruction(), &[second]);
        self.ctx.warp(DAY);
        let release = self.ctx.release_instruction(&security, 0);
        self.measure("release_runway", "to backing and issuer", release.instruction(), &[]);
    }
}

/// What everything costs with the keys of `set`. The keys come from labels by a hash, so they are the same in every run.
pub fn costs(set: &str) -> Costs {
    let mut story = Story {
        ctx: TestContext::on(machine(Payout::PToken)),
        set,
        costs: Costs::new(),
    };
    story.creation();
    story.supply_and_issuer();
    story.shares();
    story.curated();
    let money = story.ctx.payout();
    story.upside(
        "money",
        money,
        [
            "from the funder",
            "from the funder and the inbox",
            "from the inbox",
            "by anyone, SPL Token (p-token) payout",
            "by the holder, SPL Token (p-token) payout",
        ],
    );
    let money = story.ctx.mint_with("Token-2022 money", &[]);
    story.upside(
        "token-2022 money",
        money,
        [
            "from the funder, Token-2022 payout",
            "from the funder and the inbox, Token-2022 payout",
            "from the inbox, Token-2022 payout",
            "by anyone, Token-2022 payout",
            "by the holder, Token-2022 payout",
        ],
    );
    story.vaults();
    story.redemption();
    story.layers();
    story.collectives();
    story.grants();
    story.rounds();

    let mut before = Story {
        ctx: TestContext::on(machine(Payout::Predecessor)),
        set,
        costs: story.costs,
    };
    let money = before.ctx.payout();
    before.upside(
        "money",
        money,
        [
            "from the funder, SPL Token (predecessor) payout",
            "from the funder and the inbox, SPL Token (predecessor) payout",
            "from the inbox, SPL Token (predecessor) payout",
            "by anyone, SPL Token (predecessor) payout",
            "by the holder, SPL Token (predecessor) payout",
        ],
    );
    before.costs
}
