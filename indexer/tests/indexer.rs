//! The indexer on a real local validator while a story is played, and on histories made by hand.

use std::{
    collections::BTreeSet,
    path::Path,
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

use anchor_lang::{event::EVENT_IX_TAG_LE, prelude::Pubkey, Event as _};
use rand::{rngs::StdRng, seq::SliceRandom, Rng, SeedableRng};
use upside_client::{
    accounts,
    events::{PositionClosed, PositionTotals, SecurityTotals, SharesRegistered, SharesTransferred},
    pda,
    sender::RpcSender,
    solana_keypair::Keypair,
    solana_signer::Signer,
};
use upside_demo::{
    localnet::{Funding, Localnet},
    play::play,
    story::{Source, Story},
    world::{World, BANK_SOL_A_PERSON},
};
use upside_indexer::{
    chain::Chain,
    store::{Gap, Store, Transaction},
    watch::Watch,
    SCHEMA,
};
use upside_localnet_process::path;

fn story(name: &str) -> Story {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../demo").join(name))
        .expect("a story that ships");
    let name = name.to_owned();
    Story::read(&Source { name, text }).expect("a story that is right")
}

fn tell(story: &Story, bank: &Keypair, localnet: &Localnet) {
    let world = World::enter(story, bank.insecure_clone(), &localnet.ready).expect("the world");
    let report = play(story, &world, &mut |_| Ok(())).expect("every figure agrees");
    assert!(report.broke_off.is_none());
}

/// Says that the story is over, also when it fails: the threads that wait for that end then.
struct Ended<'a>(&'a AtomicBool);

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// The indexer as people run it.
fn follower(db: &Path, localnet: &Localnet) -> Child {
    Command::new(env!("CARGO_BIN_EXE_upside-indexer"))
        .arg("--db")
        .arg(db)
        .args(["follow", "--url", &localnet.ready.rpc, "--ws", &localnet.ready.ws])
        .stderr(Stdio::null())
        .spawn()
        .expect("the indexer starts")
}

/// Every holder of every security, as the accounts say.
fn assert_cap_tables_are_the_accounts(store: &mut Store, sender: &RpcSender) -> usize {
    let live = accounts::all_securities(sender).expect("securities");
    let known: BTreeSet<String> = store.securities().expect("securities").into_iter().collect();
    assert_eq!(known, live.iter().map(|(address, _)| address.to_string()).collect());
    let mut compared = 0;
    for (address, security) in live {
        let table = store
            .cap_table(&address.to_string())
            .expect("a table")
            .expect("a security");
        assert_eq!(
            store.cap_table(&security.mint.to_string()).expect("a table"),
            Some(table.clone())
        );
        let mint = accounts::get_mint(sender, &security.mint).expect("a mint");
        let metadata = mint.metadata.expect("metadata");
        assert_eq!((&table.name, &table.symbol), (&metadata.name, &metadata.symbol));
        assert_eq!(table.issuer, security.issuer.to_string());
        assert_eq!(
            (
                table.authorised,
                table.issued,
                table.reserved,
                table.registered,
                table.redeemed,
                table.received
            ),
            (
                security.authorised_atoms,
                security.issued_atoms,
                security.reserved_atoms,
                security.registered_atoms,
                security.redeemed_total_atoms,
                security.received_total_atoms.get(),
            )
        );
        let mut positions: Vec<_> = accounts::positions_of(sender, &address)
            .expect("positions")
            .into_iter()
            .map(|(_, position)| upside_indexer::store::Holding {
                holder: position.holder.to_string(),
                shares: position.shares_atoms,
                checkpoint_x64: position.checkpoint_x64.get(),
                accrued_x64: position.accrued_x64.get(),
                claimed: position.claimed_total_atoms,
                sequence: position.sequence,
            })
            .collect();
        positions.sort_by(|a, b| b.shares.cmp(&a.shares).then_with(|| a.holder.cmp(&b.holder)));
        assert_eq!(table.holders, positions, "{}", table.symbol);
        for holding in &table.holders {
            let history = store.history(&holding.holder, Some(&table.mint)).expect("a history");
            assert_eq!(history.last().expect("an entry").shares, holding.shares);
            assert_eq!(
                history.iter().map(|e| e.shares_change).sum::<i128>(),
                i128::from(holding.shares)
            );
            assert!(history.windows(2).all(|two| two[0].ts <= two[1].ts));
            let since = history
                .iter()
                .rposition(|e| e.event == "PositionClosed")
                .map_or(0, |at| at + 1);
            let paid: i128 = history[since..].iter().map(|e| e.claimed_change).sum();
            assert_eq!(paid, i128::from(holding.claimed));
        }
        compared += table.holders.len();
    }
    compared
}

#[test]
fn a_story_is_indexed_as_it_happens_whoever_kills_the_indexer_and_its_cap_table_is_the_accounts() {
    let every_verb = story("every-verb.toml");
    let bank = Keypair::new();
    let funding = Funding {
        wallet: bank.pubkey().to_string(),
        sol: BANK_SOL_A_PERSON * (every_verb.people.len() as u64 + 1),
        others: Vec::new(),
    };
    let localnet = Localnet::start(&path("UPSIDE_LOCALNET_BIN"), &path("UPSIDE_PROGRAM_SO"), &funding)
        .expect("the local validator");
    let folder = tempfile::tempdir().expect("a folder");
    let db = folder.path().join("killed.db");

    let mut watch = Watch::subscribe(&localnet.ready.ws).expect("the websocket");
    let over = AtomicBool::new(false);
    let heard = thread::scope(|scope| {
        let ended = Ended(&over);
        let killer = scope.spawn(|| {
            let mut random = StdRng::seed_from_u64(10);
            let mut killed = 0;
            while !over.load(Ordering::SeqCst) {
                let mut child = follower(&db, &localnet);
                thread::sleep(Duration::from_millis(random.gen_range(50..900)));
                child.kill().expect("it is killed");
                child.wait().expect("it has ended");
                killed += 1;
            }
            killed
        });
        let ear = scope.spawn(|| {
            let mut heard = BTreeSet::new();
            loop {
                let ended = over.load(Ordering::SeqCst);
                let more = watch.wait(Duration::from_secs(1)).expect("the websocket");
                if ended && more.is_empty() {
                    return heard;
                }
                heard.extend(more);
            }
        });
        tell(&every_verb, &bank, &localnet);
        drop(ended);
        let killed = killer.join().expect("the killer");
        assert!(killed > 3, "killed {killed} times only");
        ear.join().expect("the ear")
    });

    let sender = RpcSender::connect(&localnet.ready.rpc, Default::default()).expect("the network");
    let chain = Chain::new(&localnet.ready.rpc);
    let mut store = Store::open(&db).expect("the database");
    chain.catch_up(&mut store, |_, _| {}).expect("the rest");
    assert_eq!(store.gaps().expect("gaps"), []);
    let positions = assert_cap_tables_are_the_accounts(&mut store, &sender);
    assert!(positions >= 5, "{positions} positions");
    assert_eq!(chain.catch_up(&mut store, |_, _| {}).expect("nothing"), 0);
    // The websocket told of every transaction of the program, and of nothing else.
    let all = store.transactions().expect("transactions");
    assert!(all.len() > 40, "{} transactions", all.len());
    assert_eq!(
        heard,
        all.iter().map(|transaction| transaction.signature.clone()).collect()
    );

    // A database that was never disturbed says the same, and so does one that was told in any order, twice, and corrected.
    let dump = store.dump().expect("a dump");
    let mut undisturbed = Store::open(&folder.path().join("undisturbed.db")).expect("a database");
    chain.catch_up(&mut undisturbed, |_, _| {}).expect("everything");
    assert!(
        undisturbed.dump().expect("a dump") == dump,
        "killed and undisturbed differ"
    );
    let mut shuffled = Store::open(&folder.path().join("shuffled.db")).expect("a database");
    let mut random = StdRng::seed_from_u64(11);
    let mut order = [all.clone(), all.clone()].concat();
    order.shuffle(&mut random);
    for some in order.chunks(7) {
        let wrong: Vec<Transaction> = some
            .iter()
            .map(|t| Transaction {
                place: random.gen_range(0..9),
                ..t.clone()
            })
            .collect();
        shuffled.insert(&wrong).expect("written");
    }
    for transaction in &all {
        shuffled
            .place_again(&transaction.signature, transaction.slot, transaction.place)
            .expect("placed");
    }
    assert!(shuffled.dump().expect("a dump") == dump, "shuffled and ordered differ");

    // What people are told.
    let ask = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_upside-indexer"))
            .arg("--db")
            .arg(&db)
            .args(arguments)
            .output()
            .expect("an answer");
        (output.status.success(), String::from_utf8(output.stdout).expect("text"))
    };
    let first = store.securities().expect("securities").swap_remove(0);
    let mint = store.cap_table(&first).expect("a table").expect("a security").mint;
    let (sound, text) = ask(&["cap-table", &mint]);
    assert!(sound && text.contains(&mint), "{text}");
    assert_eq!(ask(&["gaps"]), (true, "[]\n".to_owned()));
    assert!(!ask(&["cap-table", "nothing"]).0);
}

fn totals(sequence: u64, shares_atoms: u64) -> PositionTotals {
    PositionTotals {
        sequence,
        shares_atoms,
        ..PositionTotals::default()
    }
}

fn security_totals(sequence: u64) -> SecurityTotals {
    SecurityTotals {
        sequence,
        authorised_atoms: 0,
        issued_atoms: 0,
        reserved_atoms: 0,
        registered_atoms: 0,
        redeemed_total_atoms: 0,
        stream_total_atoms: 0,
        stream_dripped_atoms: 0,
        stream_start_ts: 0,
        stream_end_ts: 0,
        stream_last_ts: 0,
        upside_per_share_x64: 0,
        remainder_x64: 0,
        received_total_atoms: 0,
    }
}

/// A position that is opened, closed, and opened again within one slot.
fn two_lives(security: Pubkey, holder: Pubkey) -> Vec<Transaction> {
    let registered = |security_sequence, position| SharesRegistered {
        version: 1,
        ts: 1,
        security,
        holder,
        opened_by: holder,
        bearer_account: holder,
        amount_atoms: 5,
        totals: security_totals(security_sequence),
        position,
    };
    let closed = PositionClosed {
        version: 1,
        ts: 1,
        security,
        holder,
        fraction_x64: 0,
        totals: security_totals(3),
        position: totals(3, 0),
    };
    let away = SharesTransferred {
        version: 1,
        ts: 1,
        security,
        from: holder,
        to: security,
        opened_by: security,
        amount_atoms: 5,
        from_position: totals(2, 0),
        to_position: totals(1, 5),
    };
    let events = [
        registered(2, totals(1, 5)).data(),
        away.data(),
        closed.data(),
        registered(4, totals(1, 7)).data(),
    ];
    events
        .into_iter()
        .enumerate()
        .map(|(place, data)| Transaction {
            signature: format!("signature {place}"),
            slot: 9,
            place: place as u64,
            events: vec![[EVENT_IX_TAG_LE, &data].concat()],
        })
        .collect()
}

#[test]
fn a_position_that_is_closed_and_opened_again_in_one_slot_ends_as_the_second() {
    let (security, holder) = (Pubkey::new_unique(), Pubkey::new_unique());
    let mut transactions = two_lives(security, holder);
    let mut random = StdRng::seed_from_u64(12);
    let mut dumps = BTreeSet::new();
    for _ in 0..30 {
        let folder = tempfile::tempdir().expect("a folder");
        let mut store = Store::open(&folder.path().join("a.db")).expect("a database");
        transactions.shuffle(&mut random);
        for transaction in &transactions {
            store.insert(std::slice::from_ref(transaction)).expect("written");
        }
        let history = store.history(&holder.to_string(), None).expect("a history");
        let changes: Vec<i128> = history.iter().map(|entry| entry.shares_change).collect();
        assert_eq!(changes, [5, -5, 0, 7]);
        let dump = store.dump().expect("a dump");
        assert!(dump
            .iter()
            .any(|line| line.starts_with("positions") && line.contains("'00000000000000000007'")));
        dumps.insert(dump);
    }
    assert_eq!(dumps.len(), 1);
}

#[test]
fn a_missing_event_is_a_gap_until_it_comes() {
    let (security, holder) = (Pubkey::new_unique(), Pubkey::new_unique());
    let transactions = two_lives(security, holder);
    let folder = tempfile::tempdir().expect("a folder");
    let mut store = Store::open(&folder.path().join("a.db")).expect("a database");
    let (late, rest): (Vec<_>, Vec<_>) = transactions.into_iter().partition(|t| t.place == 1);
    store.insert(&rest).expect("written");
    let account = pda::position(&security, &holder).to_string();
    let gap = Gap {
        account,
        account_kind: "position".to_owned(),
        before: 1,
        after: 3,
    };
    // The security's first event is that of its creation, which this history lacks.
    let of_positions = |store: &mut Store| -> Vec<Gap> {
        let gaps = store.gaps().expect("gaps");
        gaps.into_iter().filter(|gap| gap.account_kind == "position").collect()
    };
    assert_eq!(of_positions(&mut store), [gap]);
    store.insert(&late).expect("written");
    assert_eq!(of_positions(&mut store), []);
}

#[test]
fn an_event_that_does_not_decode_leaves_the_database_as_it_was() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut store = Store::open(&folder.path().join("a.db")).expect("a database");
    let mut transactions = two_lives(Pubkey::new_unique(), Pubkey::new_unique());
    transactions[3].events[0].truncate(40);
    let error = store.insert(&transactions).expect_err("cut");
    assert!(error.to_string().contains("signature 3"), "{error}");
    assert_eq!(store.dump().expect("a dump"), Vec::<String>::new());
}

#[test]
fn the_page_on_scale_has_every_table_and_column() {
    let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/scale.md")).expect("a page");
    let mut table = "";
    let mut columns = 0;
    for line in SCHEMA.lines() {
        if let Some(rest) = line.strip_prefix("CREATE TABLE IF NOT EXISTS ") {
            table = rest.trim_end_matches(" (");
        }
        let Some(column) = line
            .strip_prefix("    ")
            .filter(|rest| !rest.starts_with("PRIMARY KEY"))
        else {
            continue;
        };
        let column = column.split(' ').next().expect("a name");
        let row = page
            .lines()
            .find(|line| line.starts_with(&format!("| `{table}` |")))
            .unwrap_or_else(|| panic!("docs/scale.md has no row for the table {table}"));
        assert!(
            row.split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
                .any(|word| word == column),
            "docs/scale.md does not name the column {column} of {table}"
        );
        columns += 1;
    }
    assert_eq!(columns, 3 + 17 + 11 + 16);
}
