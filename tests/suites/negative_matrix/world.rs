//! The prepared VM: five open securities of three issuers, two curated ones, positions, vaults, approvals, bearer shares, owed upside, tickets, grants,
//! rounds at every point of their lives.

use anchor_lang::{
    prelude::{Clock, Pubkey},
    solana_program::instruction::Instruction,
};
use litesvm::LiteSVM;
use solana_account_v4::Account;
use upside::{
    constants::{MEMO_PROGRAM_ID, NEVER_TS, TOKEN_2022_PROGRAM_ID, TOKEN_PROGRAM_ID},
    instructions::{
        collective::{AdmitArgs, CreateCollectiveArgs},
        grant::CreateGrantArgs,
        round::CreateRoundArgs,
        security::CreateSecurityArgs,
    },
    state::{Kind, Terms, TransferPolicy},
};
use upside_client::{
    instructions::{
        token, Admit, Apply, ApproveHolder, CloseRound, CreateCollective, CreateGrant, CreateRound, CreateSecurity,
        DepositEquity, DepositShares, Distribute, Invite, OpenShareVault, OpenVault, ProposeIssuer, Redeem,
        SettleSubscription, Subscribe, TransferShares, Unregister,
    },
    pda, SecurityKeys,
};
use upside_lookalike_mints::{balances::MintRef, EQUITIES, PAYOUT};
use upside_tests::negative::Matrix;

pub const DAY: i64 = 86_400;
pub const NOW: i64 = 1_800_000_000;

/// A fixed key. The VM does not check signatures, so a key signs by being named.
pub const fn fixed(n: u8) -> Pubkey {
    Pubkey::new_from_array([n; 32])
}

pub const FEE_PAYER: Pubkey = fixed(1);
pub const PAYER: Pubkey = fixed(2);
pub const ALICE: Pubkey = fixed(3);
pub const BOB: Pubkey = fixed(4);
pub const CAROL: Pubkey = fixed(5);
pub const HOLDER: Pubkey = fixed(6);
pub const RECEIVER: Pubkey = fixed(7);
pub const FUNDER: Pubkey = fixed(8);
pub const STRANGER: Pubkey = fixed(9);
pub const MINTER: Pubkey = fixed(10);

/// The holder's ticket in D that reaches its vaults.
pub const TICKET: u64 = 1;
/// The holder's ticket in D that is older than the vaults.
pub const CLOSABLE_TICKET: u64 = 2;

/// The holder's grant in D that has vested in part: revocable.
pub const GRANT: u64 = 1;
/// The holder's grant in D that waits for Carol's signature.
pub const MILESTONE: u64 = 2;
/// The holder's grant in D whose deadline has passed.
pub const LAPSED_GRANT: u64 = 3;

/// A revocable grant of 1,000 atoms over 1,000 days, from a day after the least notice.
pub fn granted(id: u64) -> CreateGrantArgs {
    CreateGrantArgs {
        id,
        amount: 1_000,
        start_ts: NOW + 7 * DAY,
        cliff_ts: NOW + 7 * DAY,
        end_ts: NOW + 1_007 * DAY,
        revocable: true,
        approver: Pubkey::default(),
        deadline_ts: 0,
    }
}

/// Carol's round in E of invited investors, of whom the receiver is one.
pub const INVITED_ROUND: u64 = 1;
/// Carol's public round in E that takes subscriptions; the receiver has one.
pub const OPEN_ROUND: u64 = 2;
/// Carol's public round in E that may be closed.
pub const OVER_ROUND: u64 = 3;
/// Carol's round in E that has sold: the holder's subscription is to be settled, the receiver's refund is booked, and its runway has begun.
pub const SOLD_ROUND: u64 = 4;

/// A public round of 10^6 atoms that opens at [`NOW`], at two payout atoms each; half of the money becomes backing.
pub fn offered(id: u64, commit_days: i64) -> CreateRoundArgs {
    CreateRoundArgs {
        id,
        price: 2_000_000,
        for_sale: 1_000_000,
        minimum: 0,
        opens_ts: NOW,
        commit_ts: NOW + commit_days * DAY,
        closes_ts: NOW + 2 * commit_days * DAY,
        runway_seconds: 10 * DAY,
        backing_bps: 5_000,
        invited: false,
    }
}

/// Members give one basis point of what they have authorised, 10^8 atoms, and receive 1,000 over ten days.
pub const BY_ONE_BP: CreateCollectiveArgs = CreateCollectiveArgs {
    contribution_bps: 1,
    shares: 1_000,
    cliff_seconds: DAY,
    vesting_seconds: 10 * DAY,
};

/// Carol's consent to an application to F.
pub fn admit(f: &SecurityKeys, member_security: Pubkey, wallet: Pubkey) -> Admit<'_> {
    Admit {
        keys: f,
        issuer: CAROL,
        member_security,
        args: AdmitArgs {
            wallet,
            contribution: 100_000_000,
            applied_ts: NOW,
            expires_ts: NOW + 100 * DAY,
        },
    }
}

pub struct World {
    pub matrix: Matrix,
    /// Open, of Alice; held by Alice, the holder and the receiver.
    pub a: SecurityKeys,
    /// Open, of Alice, who holds all of it; its inbox is filled.
    pub a2: SecurityKeys,
    /// Open, of Bob, with another payout mint; the receiver's position in it is empty.
    pub b: SecurityKeys,
    /// Curated, of Carol; the holder is approved, the filled inbox is frozen.
    pub c: SecurityKeys,
    /// Curated, of Bob; holder and receiver are approved.
    pub c2: SecurityKeys,
    /// Open, of Bob, redeemable; the holder has the tickets [`TICKET`] and [`CLOSABLE_TICKET`], the receiver has one too, and
    /// both have grants.
    pub d: SecurityKeys,
    /// Open, of Carol; with the rounds [`INVITED_ROUND`], [`OPEN_ROUND`], [`OVER_ROUND`] and [`SOLD_ROUND`].
    pub e: SecurityKeys,
    /// Open, of Carol, with a notice of a day; a collective to which A, A2 and D have applied, and A and A2 are admitted.
    pub f: SecurityKeys,
    pub payout: MintRef,
    pub equity: MintRef,
    pub other_equity: MintRef,
}

pub fn create(issuer: Pubkey, index: u16, policy: TransferPolicy, payout: &MintRef) -> CreateSecurity {
    CreateSecurity {
        payer: PAYER,
        issuer,
        payout_mint: payout.mint,
        payout_token_program: payout.token_program,
        args: CreateSecurityArgs {
            kind: Kind::Expression,
            index,
            terms: Terms {
                decimals: 6,
                policy,
                authorised_atoms: 1_000_000_000_000,
                drip_seconds: 7 * DAY,
                notice_seconds: 7 * DAY,
                redeem_after_ts: NEVER_TS,
                agreement_sha256: [0; 32],
            },
            name: "Expression".to_owned(),
            symbol: "EXP".to_owned(),
            uri: "https://example.org/e.json".to_owned(),
            initial_shares_atoms: 500_000_000_000,
        },
    }
}

impl World {
    pub fn new() -> Self {
        let path = std::env::var("UPSIDE_PROGRAM_SO")
            .expect("UPSIDE_PROGRAM_SO must be the path of the compiled program; `cargo xtask test` sets it");
        let mut svm = LiteSVM::new().with_sigverify(false).with_transaction_history(0);
        svm.add_program_from_file(upside::ID, &path)
            .unwrap_or_else(|e| panic!("the program {path} must load: {e:?}"));
        let mut clock = svm.get_sysvar::<Clock>();
        clock.unix_timestamp = NOW;
        svm.set_sysvar(&clock);
        for wallet in [
            FEE_PAYER, PAYER, ALICE, BOB, CAROL, HOLDER, RECEIVER, FUNDER, STRANGER, MINTER,
        ] {
            let account = Account {
                lamports: 1_000_000_000_000,
                ..Account::default()
            };
            svm.set_account(wallet, account).expect("a wallet can be funded");
        }
        let legacy = |n| MintRef {
            mint: fixed(n),
            token_program: TOKEN_PROGRAM_ID,
            decimals: PAYOUT.decimals,
        };
        let stock = |n| MintRef {
            mint: fixed(n),
            token_program: TOKEN_2022_PROGRAM_ID,
            decimals: EQUITIES[0].decimals,
        };
        let (payout, other_payout) = (legacy(20), legacy(21));
        let (equity, other_equity) = (stock(22), stock(23));
        let redeemable = |index, payout| {
            let mut creation = create(BOB, index, TransferPolicy::Open, payout);
            creation.args.terms.redeem_after_ts = NOW;
            creation
        };
        let creations = [
            create(ALICE, 0, TransferPolicy::Open, &payout),
            create(ALICE, 1, TransferPolicy::Open, &payout),
            redeemable(0, &other_payout),
            create(CAROL, 0, TransferPolicy::Curated, &payout),
            create(BOB, 1, TransferPolicy::Curated, &other_payout),
            redeemable(2, &payout),
            create(CAROL, 1, TransferPolicy::Open, &payout),
            {
                let mut creation = create(CAROL, 2, TransferPolicy::Open, &payout);
                creation.args.terms.notice_seconds = DAY;
                creation
            },
        ];
        let [a, a2, b, c, c2, d, e, f] = [0, 1, 2, 3, 4, 5, 6, 7].map(|i: usize| creations[i].keys());
        let transfer = |keys, from, to, amount| {
            TransferShares {
                keys,
                payer: PAYER,
                from,
                to,
                amount,
            }
            .instruction()
        };
        let open_vault = |keys, issuer, mint: &MintRef| {
            OpenVault {
                keys,
                payer: PAYER,
                issuer,
                asset_mint: mint.mint,
                asset_token_program: mint.token_program,
            }
            .instruction()
        };
        let approve = |keys, issuer, holder| {
            ApproveHolder {
                keys,
                payer: PAYER,
                issuer,
                holder,
            }
            .instruction()
        };
        let redeem = |keys, holder, id| {
            Redeem {
                keys,
                payer: PAYER,
                holder,
                id,
                amount: 1_000_000_000,
            }
            .instruction()
        };
        let grant = |keys, issuer, recipient, args| {
            CreateGrant {
                keys,
                payer: PAYER,
                issuer,
                recipient,
                args,
            }
            .instruction()
        };
        let milestone = |id, deadline_ts| CreateGrantArgs {
            approver: CAROL,
            deadline_ts,
            ..granted(id)
        };
        let round = |keys, issuer, args| {
            CreateRound {
                keys,
                payer: PAYER,
                issuer,
                args,
            }
            .instruction()
        };
        let invite = |keys, issuer, id, investor| {
            Invite {
                keys,
                payer: PAYER,
                issuer,
                id,
                investor,
                cap: 800_000,
            }
            .instruction()
        };
        let deposit = |keys, mint: &MintRef, atoms| {
            DepositEquity::from_ata(keys, FUNDER, mint.mint, mint.token_program, atoms).instruction()
        };
        let mut steps: Vec<Instruction> = Vec::new();
        for mint in [&payout, &other_payout] {
            steps.extend(PAYOUT.create_instructions(&PAYER, &mint.mint, &MINTER).expect("valid"));
        }
        for mint in [&equity, &other_equity] {
            steps.extend(
                EQUITIES[0]
                    .create_instructions(&PAYER, &mint.mint, &MINTER)
                    .expect("valid"),
            );
        }
        for mint in [&payout, &equity] {
            steps.push(mint.open_account(&PAYER, &FUNDER));
            steps.push(mint.mint_to(&MINTER, &FUNDER, 1_000_000_000).expect("valid"));
        }
        steps.push(payout.open_account(&PAYER, &STRANGER));
        steps.push(payout.open_account(&PAYER, &CAROL));
        for investor in [HOLDER, RECEIVER] {
            steps.push(payout.open_account(&PAYER, &investor));
            steps.push(payout.mint_to(&MINTER, &investor, 10_000_000).expect("valid"));
        }
        steps.extend(creations.iter().map(CreateSecurity::instruction));
        steps.push(transfer(&a, ALICE, HOLDER, 200_000_000_000));
        steps.push(transfer(&a, ALICE, RECEIVER, 1_000_000));
        steps.push(token::create_ata(&PAYER, &HOLDER, &a.mint, &TOKEN_2022_PROGRAM_ID));
        steps.push(
            Unregister {
                keys: &a,
                holder: HOLDER,
                bearer_account: a.bearer_account(&HOLDER),
                amount: 50_000_000_000,
            }
            .instruction(),
        );
        // The receiver's position in B is opened and emptied.
        steps.push(transfer(&b, BOB, RECEIVER, 1_000));
        steps.push(transfer(&b, RECEIVER, BOB, 1_000));
        steps.push(approve(&c, CAROL, HOLDER));
        steps.push(approve(&c2, BOB, HOLDER));
        steps.push(approve(&c2, BOB, RECEIVER));
        steps.push(open_vault(&a, ALICE, &equity));
        steps.push(open_vault(&b, BOB, &equity));
        steps.push(deposit(&a, &equity, 1_000));
        // Bob holds everything, so nothing need be announced.
        let begun = CreateGrantArgs {
            start_ts: NOW,
            cliff_ts: NOW,
            ..granted(GRANT)
        };
        for recipient in [HOLDER, RECEIVER] {
            steps.push(grant(&d, BOB, recipient, begun));
        }
        steps.push(grant(&d, BOB, HOLDER, milestone(MILESTONE, NOW + 30 * DAY)));
        steps.push(grant(&d, BOB, HOLDER, milestone(LAPSED_GRANT, NOW + DAY)));
        steps.push(grant(&c2, BOB, HOLDER, begun));
        steps.push(transfer(&d, BOB, HOLDER, 10_000_000_000));
        steps.push(transfer(&d, BOB, RECEIVER, 10_000_000_000));
        steps.push(redeem(&d, HOLDER, CLOSABLE_TICKET));
        for mint in [&payout, &equity, &other_equity] {
            steps.push(open_vault(&d, BOB, mint));
        }
        let open_share_vault = |keys, held| {
            OpenShareVault {
                keys,
                held,
                payer: PAYER,
                issuer: BOB,
            }
            .instruction()
        };
        let deposit_shares = |keys, held, holder| {
            DepositShares {
                keys,
                held,
                payer: PAYER,
                holder,
                amount: 1_000_000_000,
            }
            .instruction()
        };
        for (keys, held) in [(&d, &a), (&d, &c2), (&b, &a)] {
            steps.push(open_share_vault(keys, held));
        }
        for keys in [&d, &b] {
            steps.push(deposit_shares(keys, &a, ALICE));
        }
        steps.push(
            token::transfer_between_atas(&TOKEN_2022_PROGRAM_ID, &a.mint, 6, &HOLDER, &d.vault(&a.mint), 1_000)
                .expect("valid"),
        );
        steps.push(deposit(&d, &payout, 100_000_000));
        steps.push(deposit(&d, &equity, 100_000_000));
        steps.push(equity.open_account(&PAYER, &HOLDER));
        steps.push(redeem(&d, HOLDER, TICKET));
        steps.push(redeem(&d, RECEIVER, TICKET));
        steps.push(redeem(&b, BOB, TICKET));
        steps.push(
            ProposeIssuer {
                keys: &a,
                issuer: ALICE,
                pending_issuer: Some(RECEIVER),
            }
            .instruction(),
        );
        let apply = |keys, member, wallet| {
            Apply {
                keys,
                member,
                payer: PAYER,
                wallet,
            }
            .instruction()
        };
        for (keys, issuer) in [(&f, CAROL), (&a2, ALICE)] {
            steps.push(
                CreateCollective {
                    keys,
                    payer: PAYER,
                    issuer,
                    args: BY_ONE_BP,
                }
                .instruction(),
            );
        }
        for (keys, member, wallet) in [(&f, &a, ALICE), (&f, &a2, ALICE), (&f, &d, BOB), (&a2, &d, BOB)] {
            steps.push(apply(keys, member, wallet));
        }
        for member in [&a, &a2] {
            steps.push(admit(&f, member.security, ALICE).instruction());
        }
        steps.push(Distribute::from_ata(&a, FUNDER, 100_000_000).instruction());
        // Money that was just sent, one time to an inbox that is then frozen.
        for keys in [&a2, &c] {
            steps.push(payout.open_account(&PAYER, &keys.security));
            steps.push(payout.mint_to(&MINTER, &keys.security, 1_000_000).expect("valid"));
        }
        steps.push(payout.freeze(&MINTER, &c.security).expect("valid"));
        // Nobody else holds C2 and E, so nothing need be announced; nor is it funded until somebody subscribes.
        let without_backing = |args| CreateRoundArgs { backing_bps: 0, ..args };
        let by_invitation = |id| CreateRoundArgs {
            invited: true,
            ..offered(id, 10)
        };
        steps.push(round(&c2, BOB, without_backing(by_invitation(INVITED_ROUND))));
        steps.push(invite(&c2, BOB, INVITED_ROUND, HOLDER));
        // From now on the vault of D is another holder of C2.
        steps.push(deposit_shares(&d, &c2, BOB));
        steps.push(open_vault(&e, CAROL, &payout));
        for args in [
            by_invitation(INVITED_ROUND),
            offered(OPEN_ROUND, 10),
            offered(OVER_ROUND, 1),
            offered(SOLD_ROUND, 1),
        ] {
            steps.push(round(&e, CAROL, args));
        }
        steps.push(invite(&e, CAROL, INVITED_ROUND, RECEIVER));
        for (id, investor) in [(OPEN_ROUND, RECEIVER), (SOLD_ROUND, HOLDER), (SOLD_ROUND, RECEIVER)] {
            steps.push(Subscribe::from_ata(&e, PAYER, investor, id, 800_000).instruction());
        }
        let later = [
            CloseRound {
                keys: &e,
                id: SOLD_ROUND,
            }
            .instruction(),
            // The refund stays booked.
            payout.freeze(&MINTER, &RECEIVER).expect("valid"),
            SettleSubscription {
                keys: &e,
                payer: PAYER,
                id: SOLD_ROUND,
                investor: RECEIVER,
                refund_account: payout.account_of(&RECEIVER),
                rent_payer: PAYER,
            }
            .instruction(),
            payout.thaw(&MINTER, &RECEIVER).expect("valid"),
        ];
        let prepare = |svm: &mut LiteSVM, step: Instruction| {
            let program = step.program_id;
            if let Err((error, by, logs)) = Matrix::send(svm, &FEE_PAYER, step) {
                panic!("preparing ({program}): {error} by {by}\n{}", logs.join("\n"));
            }
        };
        for step in steps {
            prepare(&mut svm, step);
        }
        let mut clock = svm.get_sysvar::<Clock>();
        clock.unix_timestamp = NOW + 3 * DAY;
        svm.set_sysvar(&clock);
        for step in later {
            prepare(&mut svm, step);
        }

        let mut catalogue = Vec::new();
        let mut name = |label: &str, key| catalogue.push((label.to_owned(), key));
        for (label, keys) in [
            ("A", &a),
            ("A2", &a2),
            ("B", &b),
            ("C", &c),
            ("C2", &c2),
            ("D", &d),
            ("E", &e),
            ("F", &f),
        ] {
            name(&format!("security {label}"), keys.security);
            name(&format!("share mint of {label}"), keys.mint);
            name(&format!("payout vault of {label}"), keys.payout_vault());
            name(&format!("inbox of {label}"), keys.inbox());
        }
        for (label, keys, holder) in [
            ("Alice in A", &a, ALICE),
            ("holder in A", &a, HOLDER),
            ("receiver in A", &a, RECEIVER),
            ("Alice in A2", &a2, ALICE),
            ("Bob in B", &b, BOB),
            ("receiver in B", &b, RECEIVER),
            ("Carol in C", &c, CAROL),
            ("holder in D", &d, HOLDER),
            ("receiver in E", &e, RECEIVER),
        ] {
            name(&format!("position of {label}"), keys.position(&holder));
            name(&format!("registered account of {label}"), keys.registered(&holder));
        }
        name("bearer account", a.bearer_account(&HOLDER));
        for (label, keys, mint) in [
            ("A", &a, &equity),
            ("B", &b, &equity),
            ("D", &d, &equity),
            ("D for money", &d, &payout),
            ("D for another equity", &d, &other_equity),
            ("E for money", &e, &payout),
        ] {
            name(&format!("vault of {label}"), keys.vault(&mint.mint));
            name(
                &format!("vault account of {label}"),
                pda::vault_account(&keys.vault(&mint.mint), &mint.mint, &mint.token_program),
            );
        }
        for (label, keys) in [("A2", &a2), ("F", &f)] {
            name(&format!("collective {label}"), keys.collective());
        }
        for (label, keys, member) in [
            ("A in F", &f, &a),
            ("A2 in F", &f, &a2),
            ("D in F", &f, &d),
            ("D in A2", &a2, &d),
        ] {
            name(&format!("application of {label}"), keys.member(&member.security));
        }
        for (label, keys, held) in [
            ("D for shares of A", &d, &a),
            ("D for shares of C2", &d, &c2),
            ("B for shares of A", &b, &a),
        ] {
            let vault = keys.vault(&held.mint);
            name(&format!("vault of {label}"), vault);
            name(&format!("vault account of {label}"), held.bearer_account(&vault));
            name(&format!("position of the vault of {label}"), held.position(&vault));
            name(
                &format!("registered account of the vault of {label}"),
                held.registered(&vault),
            );
        }
        for (label, keys, money) in [("B", &b, &payout), ("D", &d, &other_payout)] {
            let vault = keys.vault(&money.mint);
            name(&format!("vault of {label} for harvests"), vault);
            name(
                &format!("vault account of {label} for harvests"),
                money.account_of(&vault),
            );
        }
        for (label, keys, holder, id) in [
            ("the holder's ticket", &d, HOLDER, TICKET),
            ("the holder's closable ticket", &d, HOLDER, CLOSABLE_TICKET),
            ("the receiver's ticket", &d, RECEIVER, TICKET),
            ("Bob's ticket in B", &b, BOB, TICKET),
        ] {
            name(label, keys.redemption(&holder, id));
        }
        for (label, keys, holder, id) in [
            ("the holder's grant", &d, HOLDER, GRANT),
            ("the holder's milestone", &d, HOLDER, MILESTONE),
            ("the holder's lapsed grant", &d, HOLDER, LAPSED_GRANT),
            ("the receiver's grant", &d, RECEIVER, GRANT),
            ("the holder's grant in C2", &c2, HOLDER, GRANT),
        ] {
            name(label, keys.grant(&holder, id));
        }
        for (label, keys, id) in [
            ("invited round of C2", &c2, INVITED_ROUND),
            ("invited round", &e, INVITED_ROUND),
            ("open round", &e, OPEN_ROUND),
            ("round that is over", &e, OVER_ROUND),
            ("round that has sold", &e, SOLD_ROUND),
        ] {
            name(label, keys.round(id));
            name(&format!("money of the {label}"), keys.round_account(id));
        }
        for (label, keys, id, investor) in [
            ("the holder's invitation of C2", &c2, INVITED_ROUND, HOLDER),
            ("the receiver's invitation", &e, INVITED_ROUND, RECEIVER),
            ("the receiver's subscription", &e, OPEN_ROUND, RECEIVER),
            ("the holder's subscription to settle", &e, SOLD_ROUND, HOLDER),
            ("the receiver's booked refund", &e, SOLD_ROUND, RECEIVER),
        ] {
            name(label, keys.subscription(id, &investor));
        }
        name("receiver's payout account", payout.account_of(&RECEIVER));
        name("holder's equity account", equity.account_of(&HOLDER));
        name("approval of another security", c2.approval(&HOLDER));
        name("approval of another holder and security", c2.approval(&RECEIVER));
        name("payout mint", payout.mint);
        name("another payout mint", other_payout.mint);
        name("equity mint", equity.mint);
        name("another equity mint", other_equity.mint);
        name("stranger's payout account", payout.account_of(&STRANGER));
        name("holder's payout account", payout.account_of(&HOLDER));
        name("stranger's wallet", STRANGER);
        name(
            "absent address",
            Pubkey::find_program_address(&[b"absent"], &MEMO_PROGRAM_ID).0,
        );
        name("SPL Token", TOKEN_PROGRAM_ID);
        name("Token-2022", TOKEN_2022_PROGRAM_ID);
        name("memo program", MEMO_PROGRAM_ID);
        name("system program", anchor_lang::system_program::ID);
        name("Upside", upside::ID);

        Self {
            matrix: Matrix {
                svm,
                fee_payer: FEE_PAYER,
                stranger: STRANGER,
                catalogue,
            },
            a,
            a2,
            b,
            c,
            c2,
            d,
            e,
            f,
            payout,
            equity,
            other_equity,
        }
    }
}
