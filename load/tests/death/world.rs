//! Grants by the dozen, a redemption, a crank and a round, each disturbed once.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
    time::Duration,
};

use anchor_lang::prelude::Pubkey;
use rand::{rngs::StdRng, SeedableRng};
use serde_json::Value;
use upside_client::{
    accounts,
    instructions::OpenVault,
    pda, quote,
    replay::history_of,
    sender::{PriorityFee, RpcConfig, RpcSender},
    solana_keypair::Keypair,
    solana_signer::Signer,
    transactions,
    upside::constants::{TOKEN_2022_PROGRAM_ID, TOKEN_PROGRAM_ID},
    upside_math::payable,
    SecurityKeys, Sender,
};
use upside_localnet_process::{airdrop, path, travel, Process};
use upside_lookalike_mints::{balances::MintRef, keys, EquityMint, EQUITIES, PAYOUT};

use crate::{
    processes::{copy, disturbed, key_file, undisturbed},
    seeds,
};

const DAY: i64 = 86_400;
/// Holders that are cranked, and investors of the round.
const PEOPLE: usize = 8;
/// Assets of a redemption.
const ASSETS: usize = 5;
/// Rows of the table of grants.
const GRANTS: usize = 40;

/// People and securities of the world; the same in every copy.
struct World {
    folder: tempfile::TempDir,
    mint: String,
    keys: SecurityKeys,
    assets: Vec<MintRef>,
    table: PathBuf,
    /// When the round is over and everything has dripped, unix seconds.
    over_ts: i64,
}

fn key(name: &str) -> Keypair {
    keys::keypair(&format!("death {name}"))
}

fn person(index: usize) -> String {
    format!("person {index}")
}

/// Everybody whose money is compared.
fn names() -> impl Iterator<Item = String> {
    ["issuer", "redeemer"]
        .map(str::to_owned)
        .into_iter()
        .chain((0..PEOPLE).map(person))
}

fn payout() -> MintRef {
    MintRef {
        mint: keys::payout_mint().pubkey(),
        token_program: TOKEN_PROGRAM_ID,
        decimals: PAYOUT.decimals,
    }
}

fn sender(url: &str) -> RpcSender {
    let config = RpcConfig {
        priority_fee: PriorityFee::None,
        ..RpcConfig::default()
    };
    RpcSender::connect(url, config).unwrap()
}

/// Moves the clock to a time, unix seconds.
fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The command line as `who`, without any configuration of this machine.
fn upside(url: &str, folder: &Path, who: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(path("UPSIDE_CLI_BIN"));
    command
        .env_clear()
        .env("HOME", "/nonexistent")
        .args(["-u", url, "--output", "json-compact", "--yes", "-k"])
        .arg(folder.join(format!("{who}.json")))
        .args(arguments);
    command
}

fn json_of(command: &mut Command) -> Value {
    let (output, _) = undisturbed(command);
    assert!(output.status.success(), "{command:?}: {}", said(&output));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn validator(folder: &Path) -> Process {
    Process::kept(folder, ["--upside".into(), path("UPSIDE_PROGRAM_SO")])
}

impl World {
    fn make() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let validator = validator(folder.path());
        let url = validator.rpc.clone();
        let net = sender(&url);
        let (money, authority) = (payout(), keys::payout_authority());
        for name in names() {
            let key = key(&name);
            key_file(folder.path(), &name, &key);
            let owner = key.pubkey();
            airdrop(net.rpc(), &owner, 20_000_000_000).unwrap();
            let gift = [
                money.open_account(&owner, &owner),
                money.mint_to(&authority.pubkey(), &owner, 10_000_000_000).unwrap(),
            ];
            net.send(&gift, &key, &[&authority]).unwrap();
        }
        let issuer = |arguments: &[&str]| json_of(&mut upside(&url, folder.path(), "issuer", arguments));
        let money = money.mint.to_string();
        let made = issuer(&[
            "token",
            "create",
            "--kind",
            "expression",
            "--name",
            "Mortal",
            "--symbol",
            "MORTAL",
            "--authorised",
            "1000000",
            "--payout-mint",
            &money,
            "--initial",
            "400000",
            "--redeem-after",
            "2020-01-01",
        ]);
        let mint = made["mint"].as_str().unwrap().to_owned();
        let security = pda::security(&mint.parse().unwrap());
        let keys = SecurityKeys::from(&accounts::get_security(&net, &security).unwrap());
        let assets: Vec<MintRef> = (0..ASSETS).map(|index| back(&net, &keys, index)).collect();
        issuer(&["vault", "open", &mint, &money]);
        for name in names().filter(|name| name != "issuer") {
            issuer(&["shares", "send", &mint, "1000", &key(&name).pubkey().to_string()]);
        }
        issuer(&["upside", "distribute", &mint, "900"]);
        issuer(&[
            "round",
            "create",
            &mint,
            "--for-sale",
            "1000",
            "--price",
            "0.5",
            "--minimum",
            "100",
            "--opens",
            "8d",
            "--closes",
            "10d",
            "--backing",
            "10",
        ]);
        let made_ts = net.now().unwrap();
        travel(net.rpc(), made_ts + 9 * DAY).unwrap();
        for index in 0..PEOPLE {
            let wanted = (200 + index).to_string();
            json_of(&mut upside(
                &url,
                folder.path(),
                &person(index),
                &["round", "subscribe", &mint, &wanted],
            ));
        }
        let over_ts = made_ts + 60 * DAY;
        drop(validator);

        let table = folder.path().join("grants.csv");
        let start = upside_client::time::date_to_text(over_ts + 400 * DAY);
        let rows =
            (0..GRANTS).map(|row| format!("{},{},{start},1y\n", key(&format!("helper {row}")).pubkey(), 10 + row));
        fs::write(
            &table,
            "recipient,amount,start,end\n".to_owned() + &rows.collect::<String>(),
        )
        .unwrap();
        Self {
            folder,
            mint,
            keys,
            assets,
            table,
            over_ts,
        }
    }

    /// The commands that are disturbed, in their order: name, who, arguments.
    fn commands(&self) -> Vec<(&'static str, &'static str, Vec<&str>)> {
        let mint = self.mint.as_str();
        let table = self.table.to_str().unwrap();
        vec![
            ("grants", "issuer", vec!["grant", "batch", mint, table]),
            ("redemption", "redeemer", vec!["redeem", "start", mint, "600"]),
            ("decision", "issuer", vec!["round", "close", mint]),
            ("settlement", "issuer", vec!["round", "settle", mint]),
            ("crank", "issuer", vec!["crank", mint]),
        ]
    }

    fn upside(&self, url: &str, who: &str, arguments: &[&str]) -> Command {
        upside(url, self.folder.path(), who, arguments)
    }

    fn copy(&self) -> (tempfile::TempDir, Process) {
        let folder = tempfile::tempdir().unwrap();
        copy(self.folder.path(), folder.path());
        let validator = validator(folder.path());
        let url = validator.rpc.clone();
        travel(sender(&url).rpc(), self.over_ts).unwrap();
        // A validator that was killed goes on at the time of its latest transaction.
        let (issuer, authority) = (key("issuer"), keys::payout_authority());
        let gift = payout().mint_to(&authority.pubkey(), &issuer.pubkey(), 1).unwrap();
        sender(&url).send(&[gift], &issuer, &[&authority]).unwrap();
        (folder, validator)
    }

    /// Everything that must be the same, whoever died: by name, in atoms.
    fn end(&self, url: &str) -> BTreeMap<String, u64> {
        let net = sender(url);
        let security = accounts::get_security(&net, &self.keys.security).unwrap();
        let now = net.now().unwrap();
        let mut end = BTreeMap::from([
            ("issued".to_owned(), security.issued_atoms),
            ("reserved".to_owned(), security.reserved_atoms),
            ("registered".to_owned(), security.registered_atoms),
            ("redeemed".to_owned(), security.redeemed_total_atoms),
            ("payout vault".to_owned(), balance(&net, &self.keys.payout_vault())),
            (
                "open tickets".to_owned(),
                accounts::redemptions_of(&net, &self.keys.security).unwrap().len() as u64,
            ),
        ]);
        for (_, grant) in accounts::grants_of(&net, &self.keys.security).unwrap() {
            let grant_of = |what: &str| format!("grant {} of {}: {what}", grant.id, grant.recipient);
            end.insert(grant_of("amount"), grant.amount_atoms);
            end.insert(grant_of("claimed"), grant.claimed_atoms);
        }
        for (at, round) in accounts::rounds_of(&net, &self.keys.security).unwrap() {
            end.insert(format!("round {}: raised", round.id), round.raised_atoms);
            end.insert(format!("round {}: unsettled", round.id), round.unsettled);
            end.insert(format!("round {}: money", round.id), round.money_atoms);
            end.insert(
                format!("round {}: subscriptions", round.id),
                accounts::subscriptions_of(&net, &at).unwrap().len() as u64,
            );
        }
        for (_, position) in accounts::positions_of(&net, &self.keys.security).unwrap() {
            let mut settled = position;
            settled.settle(security.upside_per_share_at(now).unwrap()).unwrap();
            end.insert(format!("shares of {}", position.holder), position.shares_atoms);
            end.insert(
                format!("owed to {}", position.holder),
                payable(settled.accrued_x64.get()),
            );
        }
        assert_eq!(
            quote::stream(&security, now).unwrap().undripped_atoms,
            0,
            "all has dripped"
        );
        for asset in self.assets.iter().chain(&[payout()]) {
            for name in names() {
                end.insert(
                    format!("{} of {name}", asset.mint),
                    balance(&net, &asset.account_of(&key(&name).pubkey())),
                );
            }
            let vault = pda::vault_account(&self.keys.vault(&asset.mint), &asset.mint, &asset.token_program);
            end.insert(format!("{} in its vault", asset.mint), balance(&net, &vault));
        }
        for record in history_of(&net, &self.keys.security).unwrap() {
            let event = format!("{:?}", record.event);
            let kind = event.split('(').next().unwrap_or_default();
            *end.entry(format!("events {kind}")).or_default() += 1;
        }
        let audit = json_of(&mut self.upside(url, "issuer", &["audit", &self.mint]));
        assert_eq!(audit["sound"], true, "{audit}");
        end
    }
}

fn balance(net: &RpcSender, account: &Pubkey) -> u64 {
    match accounts::find_token_account(net, account).unwrap() {
        Some(account) => account.amount,
        None => 0,
    }
}

/// Makes an asset and backs the security with 1,000 of it.
fn back(net: &RpcSender, keys: &SecurityKeys, index: usize) -> MintRef {
    const PLAIN: EquityMint = EquityMint {
        extensions: &[],
        ..EQUITIES[0]
    };
    let (mint, authority, issuer) = (key(&format!("asset {index}")), keys::equity_authority(), key("issuer"));
    let owner = issuer.pubkey();
    let create = PLAIN
        .create_instructions(&owner, &mint.pubkey(), &authority.pubkey())
        .unwrap();
    net.send(&create, &issuer, &[&mint, &authority]).unwrap();
    let asset = MintRef {
        mint: mint.pubkey(),
        token_program: TOKEN_2022_PROGRAM_ID,
        decimals: PLAIN.decimals,
    };
    let atoms = 1_000 * 10u64.pow(u32::from(asset.decimals));
    let open = OpenVault {
        keys,
        payer: owner,
        issuer: owner,
        asset_mint: asset.mint,
        asset_token_program: asset.token_program,
    };
    let mut instructions = vec![
        asset.open_account(&owner, &owner),
        asset.mint_to(&authority.pubkey(), &owner, atoms).unwrap(),
    ];
    let vault = transactions::open_vault_with(keys, owner, owner, owner, asset.mint, asset.token_program, atoms);
    assert_eq!(vault[0], open.instruction(), "the vault is opened first");
    instructions.extend(vault);
    net.send(&instructions, &issuer, &[&authority]).unwrap();
    asset
}

/// Runs a command again until it says that all is done, and does what it says where it names another one. Returns everything that it said.
fn finish(world: &World, url: &str, who: &str, arguments: &[&str], context: &str) -> Vec<String> {
    let mut told = Vec::new();
    for _ in 0..5 {
        let (output, _) = undisturbed(&mut world.upside(url, who, arguments));
        if output.status.success() {
            return told;
        }
        let error = said(&output);
        told.push(error.clone());
        // What was begun is not begun again: the ticket is gone on with, or everything is redeemed already.
        if error.contains("upside redeem collect") {
            let (output, _) = undisturbed(&mut world.upside(url, who, &["redeem", "collect", &world.mint]));
            assert!(output.status.success(), "{context}: {}", said(&output));
            return told;
        }
        // Or all of it had landed before the command died.
        if error.contains("holds 400 MORTAL registered") || error.contains("has no round that") {
            return told;
        }
    }
    panic!("{context}: run again, it does not come to an end: {told:#?}");
}

/// What a command said when it was run again, in short.
fn outcome(told: &[String]) -> String {
    match told.last() {
        None => "did what was left".to_owned(),
        Some(last) => format!("said: {}", last.lines().next().unwrap_or_default()),
    }
}

#[test]
fn whatever_dies_nothing_is_paid_twice_lost_or_left_half_done() {
    let world = World::make();
    let (_folder, validator) = world.copy();
    let url = validator.rpc.clone();
    let usual: Vec<Duration> = world
        .commands()
        .iter()
        .map(|(name, who, arguments)| {
            let (output, took) = undisturbed(&mut world.upside(&url, who, arguments));
            assert!(output.status.success(), "{name}: {}", said(&output));
            took
        })
        .collect();
    let expected = world.end(&url);
    assert_eq!(expected["open tickets"], 0);
    drop(validator);

    for seed in seeds() {
        let (_folder, mut validator) = world.copy();
        let url = validator.rpc.clone();
        let mut random = StdRng::seed_from_u64(seed);
        let mut deaths = Vec::new();
        for ((name, who, arguments), usual) in world.commands().iter().zip(&usual) {
            let death = disturbed(
                &mut world.upside(&url, who, arguments),
                *usual,
                &mut validator,
                &mut random,
            );
            let context = format!("seed {seed}, {name}: {death}");
            let told = finish(&world, &url, who, arguments, &context);
            println!("{context}; run again, it {}", outcome(&told));
            deaths.push(context);
            deaths.extend(told);
        }
        let end = world.end(&url);
        let different: Vec<_> = expected
            .keys()
            .chain(end.keys())
            .filter(|name| expected.get(*name) != end.get(*name))
            .map(|name| format!("{name}: {:?} undisturbed, {:?} now", expected.get(name), end.get(name)))
            .collect();
        assert!(different.is_empty(), "seed {seed}: {deaths:#?}\n{different:#?}");
        drop(validator);
    }
}
