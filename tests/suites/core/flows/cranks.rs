//! Cranks: everything that anybody may do for others, found and done from the bottom up; twice at once, after a kill, and around cycles.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeSet,
    time::Instant,
};

use anchor_lang::{
    prelude::{Clock, Pubkey},
    solana_program::instruction::Instruction,
};
use anchor_spl::token_2022::spl_token_2022::instruction as token_ix;
use solana_signer::Signer;
use upside::{
    constants::TOKEN_2022_PROGRAM_ID,
    state::{Kind, Position},
};
use upside_client::{
    crank::{self, Deed, Outcome, Worth, MOST_PASSES},
    events::EventRecord,
    instructions::token,
    layers,
    sender::{Filter, Simulation},
    solana_account::Account,
    ClientError, Receipt, Sender,
};
use upside_tests::{
    context::{DAY, START_TS},
    setup::{a_tenth, over_time, public_round},
    TestContext, TestSecurity,
};

/// Share atoms authorised in most of these tests.
const AUTHORISED: u64 = 1_000_000;
/// The notice of every security here.
const NOTICE: i64 = 7 * DAY;

fn everything(ctx: &TestContext) -> BTreeSet<Pubkey> {
    layers::read_layers(&ctx.sender)
        .unwrap()
        .securities
        .into_keys()
        .collect()
}

fn run_over(ctx: &TestContext, sender: &dyn Sender) -> Outcome {
    crank::run(sender, &ctx.payer, &everything(ctx), &Worth::default(), &mut |_| {}).unwrap()
}

fn run(ctx: &TestContext) -> Outcome {
    let outcome = run_over(ctx, &ctx.sender);
    assert!(outcome.refused.is_empty(), "{:?}", outcome.refused);
    assert!(outcome.interrupted.is_none());
    outcome
}

fn count(outcome: &Outcome, deed: Deed) -> usize {
    outcome.done.iter().filter(|task| task.deed == deed).count()
}

fn paid(ctx: &TestContext, security: &TestSecurity, holder: &Pubkey) -> u64 {
    ctx.balance(&security.keys.payout_account(holder))
}

/// Alice with a grant, a round and money that has dripped, a tenth of her shares in the vault of the village. Everything is over.
fn busy(ctx: &TestContext) -> (TestSecurity, TestSecurity, Pubkey) {
    let village = ctx
        .security("village")
        .kind(Kind::Collective, 0)
        .supply(AUTHORISED, AUTHORISED)
        .create();
    let alice = ctx.security("alice").supply(10 * AUTHORISED, 4 * AUTHORISED).create();
    ctx.back_with_shares(&village, &alice, AUTHORISED);
    let teacher = ctx.wallet("teacher").pubkey();
    ctx.create_grant(&alice, &teacher, over_time(0, 500_000, ctx.now() + NOTICE, 2 * DAY));
    ctx.create_round(&alice, public_round(0, 2 * AUTHORISED, ctx.now() + NOTICE));
    for issuer in [&village, &alice] {
        ctx.open_account(&ctx.payout(), &issuer.issuer_key());
    }
    ctx.distribute(&alice, 4_000_000);
    ctx.warp(NOTICE);
    for name in ["bruno", "chen", "dora"] {
        ctx.subscribe(&alice, 0, &ctx.wallet(name), AUTHORISED);
    }
    ctx.warp(3 * DAY);
    (village, alice, teacher)
}

#[test]
fn a_crank_finds_everything_and_a_second_one_finds_nothing() {
    let ctx = TestContext::new();
    let (village, alice, teacher) = busy(&ctx);
    let payer = ctx.payer.pubkey();
    let plan = crank::plan(&ctx.sender, &payer, &everything(&ctx), &Worth::default()).unwrap();
    let planned = |deed| plan.tasks.iter().filter(|task| task.deed == deed).count();
    assert_eq!(planned(Deed::CloseRound), 1);
    assert_eq!(planned(Deed::Settle), 3);
    assert_eq!((planned(Deed::ClaimGrant), planned(Deed::CloseGrant)), (1, 1));
    assert_eq!((planned(Deed::Harvest), planned(Deed::Claim)), (1, 1));
    // Alice's tasks come before those of who holds her.
    assert!(plan.tasks.windows(2).all(|pair| pair[0].level <= pair[1].level));
    assert!(crank::pack(&payer, &plan.tasks).unwrap().len() <= 4);
    // Four people who hold nothing yet get a position each.
    assert!(crank::rent_of(&ctx.sender, &plan.tasks).unwrap() > 4 * 3_000_000);

    let outcome = run(&ctx);
    assert_eq!(count(&outcome, Deed::Settle), 3);
    assert_eq!(
        count(&outcome, Deed::Release),
        1,
        "what was settled is released in a second pass"
    );
    // Three wanted a million each of two million, at 2 for each share atom: 666,666 each.
    for name in ["bruno", "chen", "dora"] {
        let key = ctx.wallet(name).pubkey();
        assert_eq!(ctx.position(&alice, &key).shares_atoms, 666_666);
        assert_eq!(paid(&ctx, &alice, &key), 2_000_000 - 2 * 666_666);
    }
    assert_eq!(ctx.position(&alice, &teacher).shares_atoms, 500_000);
    // Alice holds 3,000,000 of the 4,000,000 that were registered when everything dripped; the round paid her too.
    assert_eq!(paid(&ctx, &alice, &alice.issuer_key()), 3_000_000 + 3 * 2 * 666_666);
    assert_eq!(ctx.security_state(&village).received_total_atoms.get(), 1_000_000);

    let again = run(&ctx);
    assert!(again.done.is_empty(), "{:?}", again.done);
    assert_eq!(again.elsewhere, 0);
    // What the village received drips to its holders over a week.
    ctx.warp(NOTICE);
    let last = run(&ctx);
    assert_eq!((last.done.len(), last.done[0].deed), (1, Deed::Claim));
    assert_eq!(last.done[0].atoms, 1_000_000);
    ctx.assert_events_rebuild_state();
}

/// A sender before which something happens at the first transaction, or which goes away after some.
struct Troubled<'a> {
    inner: &'a dyn Sender,
    rival: RefCell<Option<Box<dyn FnOnce() + 'a>>>,
    sends_left: Cell<usize>,
}

impl Sender for Troubled<'_> {
    fn send(
        &self,
        instructions: &[Instruction],
        payer: &dyn Signer,
        signers: &[&dyn Signer],
    ) -> Result<Receipt, ClientError> {
        if let Some(rival) = self.rival.borrow_mut().take() {
            rival();
        }
        match self.sends_left.get() {
            0 => Err(ClientError::Rpc {
                url: "here".to_owned(),
                reason: "killed".to_owned(),
            }),
            left => {
                self.sends_left.set(left - 1);
                self.inner.send(instructions, payer, signers)
            }
        }
    }

    fn simulate(
        &self,
        instructions: &[Instruction],
        payer: &dyn Signer,
        signers: &[&dyn Signer],
        accounts: &[Pubkey],
    ) -> Result<Simulation, ClientError> {
        self.inner.simulate(instructions, payer, signers, accounts)
    }

    fn get_multiple_accounts(&self, addresses: &[Pubkey]) -> Result<Vec<Option<Account>>, ClientError> {
        self.inner.get_multiple_accounts(addresses)
    }

    fn get_program_accounts(
        &self,
        program: &Pubkey,
        filters: &[Filter],
    ) -> Result<Vec<(Pubkey, Account)>, ClientError> {
        self.inner.get_program_accounts(program, filters)
    }

    fn clock(&self) -> Result<Clock, ClientError> {
        self.inner.clock()
    }

    fn minimum_rent(&self, data_len: usize) -> Result<u64, ClientError> {
        self.inner.minimum_rent(data_len)
    }

    fn events_of(&self, address: &Pubkey) -> Result<Vec<EventRecord>, ClientError> {
        self.inner.events_of(address)
    }
}

#[test]
fn two_cranks_at_once_do_nothing_twice_and_fail_at_nothing() {
    let ctx = TestContext::new();
    let (village, alice, _) = busy(&ctx);
    let troubled = Troubled {
        inner: &ctx.sender,
        // Another has planned the same and is faster.
        rival: RefCell::new(Some(Box::new(|| {
            assert!(run(&ctx).done.len() >= 8);
        }))),
        sends_left: Cell::new(usize::MAX),
    };
    let slow = run_over(&ctx, &troubled);
    assert!(slow.refused.is_empty(), "{:?}", slow.refused);
    assert!(slow.done.is_empty(), "{:?}", slow.done);
    assert_eq!(slow.elsewhere, 8);
    assert_eq!(ctx.security_state(&village).received_total_atoms.get(), 1_000_000);
    assert_eq!(paid(&ctx, &alice, &alice.issuer_key()), 3_000_000 + 3 * 2 * 666_666);
    ctx.assert_events_rebuild_state();
}

#[test]
fn a_crank_that_is_killed_goes_on_where_it_was() {
    // The same end, wherever it is killed.
    for kill in 0..3 {
        let ctx = TestContext::new();
        let (village, alice, teacher) = busy(&ctx);
        let killed = Troubled {
            inner: &ctx.sender,
            rival: RefCell::new(None),
            sends_left: Cell::new(kill),
        };
        let result = crank::run(&killed, &ctx.payer, &everything(&ctx), &Worth::default(), &mut |_| {});
        match result {
            Err(ClientError::Rpc { .. }) => assert_eq!(kill, 0),
            Ok(outcome) => {
                assert_eq!(outcome.receipts.len(), kill);
                assert!(outcome.interrupted.is_some());
            }
            Err(error) => panic!("{error}"),
        }
        run(&ctx);
        assert_eq!(ctx.position(&alice, &teacher).shares_atoms, 500_000);
        assert_eq!(paid(&ctx, &alice, &alice.issuer_key()), 3_000_000 + 3 * 2 * 666_666);
        assert_eq!(ctx.security_state(&village).received_total_atoms.get(), 1_000_000);
        assert!(run(&ctx).done.is_empty());
        ctx.assert_events_rebuild_state();
    }
}

#[test]
fn what_is_small_waits_and_who_cannot_be_paid_is_named() {
    let ctx = TestContext::new();
    let alice = ctx.security("alice").supply(AUTHORISED, AUTHORISED).create();
    let (rich, small) = (ctx.wallet("rich"), ctx.wallet("small"));
    ctx.give_shares(&alice, &rich, 400_000);
    ctx.give_shares(&alice, &small, 9_999);
    ctx.open_account(&ctx.payout(), &alice.issuer_key());
    ctx.open_account(&ctx.payout(), &small.pubkey());
    ctx.distribute(&alice, 1_000_000);
    ctx.warp(NOTICE);
    let outcome = run(&ctx);
    assert_eq!(outcome.done.len(), 1);
    assert_eq!(outcome.done[0].whom, alice.issuer_key());
    // A hundredth of a unit is 10,000 atoms.
    assert_eq!((outcome.left[0].count, outcome.left[0].atoms), (1, 9_999));
    assert_eq!((outcome.blocked.len(), outcome.blocked[0].whom), (1, rich.pubkey()));
    assert!(
        outcome.blocked[0].reason.contains("is missing"),
        "{:?}",
        outcome.blocked
    );

    let worth = Worth {
        least_atoms: [(ctx.payout().mint, 1)].into(),
        opens_accounts: true,
    };
    let outcome = crank::run(&ctx.sender, &ctx.payer, &everything(&ctx), &worth, &mut |_| {}).unwrap();
    assert_eq!(outcome.done.len(), 2);
    assert_eq!(paid(&ctx, &alice, &rich.pubkey()), 400_000);
    assert_eq!(paid(&ctx, &alice, &small.pubkey()), 9_999);
    assert!(outcome.left.is_empty() && outcome.blocked.is_empty());
}

/// The village has a vault for Alice's shares, to which `shares` of them were sent as bearer shares, and `money` lies in Alice's inbox.
fn left_lying(ctx: &TestContext, shares: u64, money: u64) -> (TestSecurity, TestSecurity, Pubkey) {
    let village = ctx.security("village").supply(AUTHORISED, AUTHORISED).create();
    let alice = ctx.security("alice").supply(AUTHORISED, AUTHORISED).create();
    for security in [&village, &alice] {
        ctx.open_account(&ctx.payout(), &security.issuer_key());
    }
    let vault = ctx.open_share_vault(&village, &alice);
    ctx.go_bearer(&alice, &alice.issuer, AUTHORISED / 2);
    let (payer, owner, mint) = (ctx.payer.pubkey(), alice.issuer_key(), alice.keys.mint);
    let send = [
        token::create_ata(&payer, &vault, &mint, &TOKEN_2022_PROGRAM_ID),
        token::transfer_between_atas(
            &TOKEN_2022_PROGRAM_ID,
            &mint,
            ctx.share(&alice).decimals,
            &owner,
            &vault,
            shares,
        )
        .unwrap(),
    ];
    ctx.send(&send, &[&alice.issuer]);
    ctx.fund(&alice.payout, &alice.keys.security, money);
    (village, alice, vault)
}

#[test]
fn bearer_shares_in_a_vault_are_registered_and_an_inbox_is_swept() {
    let ctx = TestContext::new();
    let (village, alice, vault) = left_lying(&ctx, AUTHORISED / 4, 3_000_000);
    let plan = crank::plan(&ctx.sender, &ctx.payer.pubkey(), &everything(&ctx), &Worth::default()).unwrap();
    let planned: Vec<_> = plan
        .tasks
        .iter()
        .map(|task| (task.deed, task.atoms, task.mint))
        .collect();
    assert_eq!(
        planned,
        [
            (Deed::Register, AUTHORISED / 4, alice.keys.mint),
            (Deed::Sweep, 3_000_000, alice.keys.payout_mint),
        ]
    );
    // The vault gets a position, whose rent the payer leaves there.
    let (position, account) = (ctx.sender.minimum_rent(Position::SPACE), ctx.sender.minimum_rent(170));
    let rent = crank::rent_of(&ctx.sender, &plan.tasks).unwrap();
    assert_eq!(rent, position.unwrap() + account.unwrap());

    let outcome = run(&ctx);
    assert_eq!((outcome.done.len(), outcome.receipts.len(), outcome.passes), (2, 1, 1));
    ctx.assert_registered(&alice, &vault, AUTHORISED / 4);
    assert_eq!(ctx.balance(&alice.keys.bearer_account(&vault)), 0);
    assert_eq!(ctx.balance(&alice.keys.inbox()), 0);
    assert_eq!(ctx.security_state(&alice).received_total_atoms.get(), 3_000_000);
    assert!(run(&ctx).done.is_empty());

    // What was swept drips to Alice's half and the vault's quarter, and climbs.
    ctx.warp(NOTICE);
    let outcome = run(&ctx);
    let moved: Vec<_> = outcome.done.iter().map(|task| (task.deed, task.atoms)).collect();
    assert_eq!(moved, [(Deed::Harvest, 1_000_000), (Deed::Claim, 2_000_000)]);
    assert_eq!(ctx.security_state(&village).received_total_atoms.get(), 1_000_000);
    ctx.assert_events_rebuild_state();
}

#[test]
fn what_costs_more_than_it_moves_stays_where_it_lies_and_a_frozen_inbox_is_named() {
    let ctx = TestContext::new();
    // A hundredth of a share, and of a unit of money, is 10,000 atoms.
    let (_, alice, vault) = left_lying(&ctx, 9_999, 9_999);
    let outcome = run(&ctx);
    assert!(outcome.done.is_empty(), "{:?}", outcome.done);
    let mut left: Vec<_> = outcome
        .left
        .iter()
        .map(|left| (left.mint, left.count, left.atoms))
        .collect();
    left.sort_unstable();
    let mut small = [(alice.keys.mint, 1, 9_999), (alice.keys.payout_mint, 1, 9_999)];
    small.sort_unstable();
    assert_eq!(left, small);
    // Who wants to can still do it.
    let worth = Worth {
        least_atoms: [(alice.keys.mint, 1)].into(),
        ..Worth::default()
    };
    let outcome = crank::run(&ctx.sender, &ctx.payer, &everything(&ctx), &worth, &mut |_| {}).unwrap();
    assert_eq!((outcome.done.len(), outcome.done[0].deed), (1, Deed::Register));
    ctx.assert_registered(&alice, &vault, 9_999);

    ctx.fund(&alice.payout, &alice.keys.security, 1_000_000);
    let (mint, authority) = (&alice.payout, ctx.authority_of(&alice.payout));
    let freeze = token_ix::freeze_account(
        &mint.token_program,
        &alice.keys.inbox(),
        &mint.mint,
        &authority.pubkey(),
        &[],
    );
    ctx.send(&[freeze.unwrap()], &[&authority]);
    let outcome = run(&ctx);
    assert!(outcome.done.is_empty(), "{:?}", outcome.done);
    assert_eq!(
        (outcome.blocked[0].deed, outcome.blocked[0].atoms),
        (Deed::Sweep, 1_009_999)
    );
    assert!(outcome.blocked[0].reason.contains("frozen"), "{:?}", outcome.blocked);
}

#[test]
fn two_cranks_at_once_sweep_and_register_once() {
    let ctx = TestContext::new();
    let (_, alice, vault) = left_lying(&ctx, AUTHORISED / 4, 3_000_000);
    let troubled = Troubled {
        inner: &ctx.sender,
        rival: RefCell::new(Some(Box::new(|| {
            assert_eq!(run(&ctx).done.len(), 2);
        }))),
        sends_left: Cell::new(usize::MAX),
    };
    let slow = run_over(&ctx, &troubled);
    assert!(slow.refused.is_empty() && slow.done.is_empty(), "{slow:?}");
    assert_eq!(slow.elsewhere, 2);
    ctx.assert_registered(&alice, &vault, AUTHORISED / 4);
    assert_eq!(ctx.security_state(&alice).received_total_atoms.get(), 3_000_000);
}

#[test]
fn what_is_swept_onto_a_stream_that_drips_at_once_is_paid_in_the_same_run() {
    let ctx = TestContext::new();
    let alice = at_once(&ctx, "alice");
    ctx.fund(&alice.payout, &alice.keys.security, 5_000_000);
    let outcome = run(&ctx);
    let moved: Vec<_> = outcome.done.iter().map(|task| (task.deed, task.atoms)).collect();
    assert_eq!(moved, [(Deed::Sweep, 5_000_000), (Deed::Claim, 5_000_000)]);
    assert_eq!(outcome.passes, 2);
    assert_eq!(paid(&ctx, &alice, &alice.issuer_key()), 5_000_000);
}

/// Curated, so that money drips at once; `sold` of a million shares are somebody else's.
fn at_once(ctx: &TestContext, name: &str) -> TestSecurity {
    let security = ctx
        .security(name)
        .curated()
        .drip(0)
        .supply(AUTHORISED, AUTHORISED)
        .create();
    ctx.open_account(&ctx.payout(), &security.issuer_key());
    security
}

#[test]
fn money_that_drips_at_once_climbs_all_layers_in_one_run() {
    let ctx = TestContext::new();
    let company = at_once(&ctx, "company");
    let person = at_once(&ctx, "person");
    let school = at_once(&ctx, "school");
    ctx.back_with_shares(&person, &company, AUTHORISED / 2);
    ctx.back_with_shares(&school, &person, AUTHORISED / 10);
    ctx.distribute(&company, 1_000_000_000);
    let outcome = run(&ctx);
    assert_eq!(outcome.passes, 3);
    let order: Vec<(Deed, u64)> = outcome.done.iter().map(|task| (task.deed, task.atoms)).collect();
    assert_eq!(
        order,
        [
            (Deed::Harvest, 500_000_000),
            (Deed::Claim, 500_000_000),
            (Deed::Harvest, 50_000_000),
            (Deed::Claim, 450_000_000),
            (Deed::Claim, 50_000_000),
        ]
    );
}

#[test]
fn money_around_a_cycle_converges_to_what_the_equations_say() {
    let ctx = TestContext::new();
    let (alice, bruno) = (at_once(&ctx, "alice"), at_once(&ctx, "bruno"));
    ctx.back_with_shares(&alice, &bruno, AUTHORISED / 5);
    ctx.back_with_shares(&bruno, &alice, AUTHORISED / 2);
    ctx.distribute(&alice, 1_000_000_000);
    let outcome = run(&ctx);
    assert!(!outcome.went_round && outcome.passes < 12, "{} passes", outcome.passes);
    // All that ever reaches Alice is a = 10^9 + b / 5, and Bruno b = a / 2: a = 10^9 / 0.9. Half of a and four fifths of b are paid out.
    let (to_alice, to_bruno) = (
        paid(&ctx, &alice, &alice.issuer_key()),
        paid(&ctx, &bruno, &bruno.issuer_key()),
    );
    let near = |is: u64, should: u64| should - is < 30_000;
    assert!(near(to_alice, 555_555_555), "{to_alice}");
    assert!(near(to_bruno, 444_444_444), "{to_bruno}");
    assert!(to_alice + to_bruno <= 1_000_000_000);
    ctx.assert_events_rebuild_state();
}

#[test]
fn money_that_nobody_outside_has_a_part_of_goes_round_until_the_crank_says_so() {
    let ctx = TestContext::new();
    let (alice, bruno) = (at_once(&ctx, "alice"), at_once(&ctx, "bruno"));
    ctx.back_with_shares(&alice, &bruno, AUTHORISED);
    ctx.back_with_shares(&bruno, &alice, AUTHORISED);
    ctx.distribute(&alice, 1_000_000);
    let outcome = run(&ctx);
    assert!(outcome.went_round);
    assert_eq!(outcome.passes, MOST_PASSES);
}

#[test]
fn a_thousand_people_in_two_layers_are_cranked_in_few_transactions() {
    let started = Instant::now();
    let ctx = TestContext::without_signatures();
    let school = |name: &str, size: usize| {
        let school = ctx
            .security(name)
            .kind(Kind::Collective, 0)
            .supply(10_000_000, 1_000_000)
            .drip(3_600)
            .create();
        ctx.create_collective(&school, a_tenth());
        ctx.open_account(&ctx.payout(), &school.issuer_key());
        let people: Vec<TestSecurity> = (0..size)
            .map(|number| {
                let person = ctx
                    .security(&format!("{name}-{number}"))
                    .supply(AUTHORISED, AUTHORISED)
                    .drip(3_600)
                    .create();
                ctx.open_account(&ctx.payout(), &person.issuer_key());
                ctx.apply_to(&school, &person);
                ctx.admit(&school, &person, START_TS + 100 * DAY);
                person
            })
            .collect();
        (school, people)
    };
    let (district, _) = school("district", 0);
    let schools: Vec<_> = (0..4).map(|number| school(&format!("school-{number}"), 250)).collect();
    for (school, _) in &schools {
        ctx.apply_to(&district, school);
        ctx.admit(&district, school, START_TS + 100 * DAY);
    }
    ctx.warp(NOTICE);
    for (school, people) in &schools {
        for person in people {
            ctx.join(school, person);
        }
        ctx.join(&district, school);
    }
    for (_, people) in &schools {
        for person in people {
            ctx.distribute(person, 10_000_000);
        }
    }
    ctx.warp(20 * DAY);
    let layers = layers::read_layers(&ctx.sender).unwrap();
    assert_eq!(layers.below([district.keys.security]).len(), 1_005);
    let levels: Vec<usize> = layers.ranks().into_values().map(|rank| rank.level).collect();
    assert_eq!(levels.iter().filter(|level| **level == 0).count(), 1_000);
    assert_eq!(
        (levels.iter().filter(|level| **level == 1).count(), levels.iter().max()),
        (4, Some(&2))
    );

    let planning = Instant::now();
    let scope = layers.below([district.keys.security]);
    let payer = ctx.payer.pubkey();
    let plan = crank::plan(&ctx.sender, &payer, &scope, &Worth::default()).unwrap();
    let transactions = crank::pack(&payer, &plan.tasks).unwrap().len();
    println!(
        "planned {} tasks in {transactions} transactions within {:.1} s",
        plan.tasks.len(),
        planning.elapsed().as_secs_f64()
    );
    // Everybody's claim and harvest; the grants of the members, claimed and closed.
    assert_eq!(plan.tasks.len(), 2 * 1_000 + 2 * 1_004);
    assert!(transactions < 900, "{transactions}");
    let first = run(&ctx);
    assert_eq!(first.done.len(), plan.tasks.len());
    for (school, people) in &schools {
        assert_eq!(ctx.security_state(school).received_total_atoms.get(), 250 * 1_000_000);
        assert_eq!(paid(&ctx, school, &people[7].issuer_key()), 9_000_000);
        assert_eq!(ctx.position(school, &people[7].issuer_key()).shares_atoms, 5_000);
    }
    // A day later the schools pay their people and the district, and a day after that the district pays.
    ctx.warp(DAY);
    let second = run(&ctx);
    assert_eq!(count(&second, Deed::Harvest), 4);
    assert_eq!(count(&second, Deed::Claim), 1_000);
    ctx.warp(DAY);
    let third = run(&ctx);
    assert_eq!(count(&third, Deed::Harvest), 0);
    // The issuer of the district, and those of the schools with what they were granted.
    assert_eq!(count(&third, Deed::Claim), 5);
    assert!(run(&ctx).done.is_empty());
    // Nothing is lost: what is not paid out is less than an atom for each position.
    let received: u64 = 1_000 * 10_000_000;
    let out: u64 = [&first, &second, &third]
        .iter()
        .flat_map(|outcome| &outcome.done)
        .filter(|task| task.deed == Deed::Claim)
        .map(|task| task.atoms)
        .sum();
    assert!(out <= received && received - out < 100_000, "{out} of {received}");
    println!("a thousand people in {:.1} s", started.elapsed().as_secs_f64());
}
