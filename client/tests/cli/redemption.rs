//! `redeem`: one asset never holds up another, and what was begun is gone on with, never begun again.

use serde_json::Value;
use upside_client::{
    accounts, instructions::OpenVault, redemption, solana_keypair::Keypair, solana_signer::Signer, transactions,
    SecurityKeys, Sender,
};
use upside_lookalike_mints::{balances::MintRef, keys, EquityMint, Extension, EQUITIES};

use crate::{
    network::{network, payout, Network, Wallet},
    proxy::held_up_after,
};

/// Terms under which shares can be redeemed at once.
const REDEEMABLE: [&str; 2] = ["--redeem-after", "2020-01-01"];

fn amount(value: &Value) -> &str {
    value["amount"].as_str().unwrap_or_else(|| panic!("no amount: {value}"))
}

/// A mint of this test's own, like `equity`: pausing it disturbs nobody.
fn mint_like(net: &Network, payer: &Wallet, equity: &EquityMint) -> MintRef {
    let (mint, authority) = (Keypair::new(), keys::equity_authority());
    let instructions = equity
        .create_instructions(&payer.address(), &mint.pubkey(), &authority.pubkey())
        .unwrap();
    net.sender()
        .send(&instructions, &payer.key, &[&mint, &authority])
        .unwrap();
    MintRef {
        mint: mint.pubkey(),
        token_program: upside_client::upside::constants::TOKEN_2022_PROGRAM_ID,
        decimals: equity.decimals,
    }
}

/// Opens a vault and puts `whole` tokens into it; thaws what is born frozen.
fn back(net: &Network, issuer: &Wallet, keys: &SecurityKeys, asset: &MintRef, whole: u64, born_frozen: bool) {
    let authority = keys::equity_authority();
    let (sender, owner) = (net.sender(), issuer.address());
    let atoms = whole * 10u64.pow(u32::from(asset.decimals));
    let vault = keys.vault(&asset.mint);
    let open = OpenVault {
        keys,
        payer: owner,
        issuer: owner,
        asset_mint: asset.mint,
        asset_token_program: asset.token_program,
    };
    let mut instructions = vec![asset.open_account(&owner, &owner)];
    if born_frozen {
        instructions.push(asset.thaw(&authority.pubkey(), &owner).unwrap());
    }
    instructions.push(asset.mint_to(&authority.pubkey(), &owner, atoms).unwrap());
    if born_frozen {
        instructions.push(open.instruction());
        instructions.push(asset.thaw(&authority.pubkey(), &vault).unwrap());
        sender.send(&instructions, &issuer.key, &[&authority]).unwrap();
        instructions = vec![upside_client::instructions::DepositEquity::from_ata(
            keys,
            owner,
            asset.mint,
            asset.token_program,
            atoms,
        )
        .instruction()];
    } else {
        instructions.extend(transactions::open_vault_with(
            keys,
            owner,
            owner,
            owner,
            asset.mint,
            asset.token_program,
            atoms,
        ));
    }
    sender.send(&instructions, &issuer.key, &[&authority]).unwrap();
}

fn keys_of(net: &Network, mint: &str) -> SecurityKeys {
    let security = upside_client::pda::security(&mint.parse().unwrap());
    SecurityKeys::from(&accounts::get_security(&net.sender(), &security).unwrap())
}

fn by_authority(net: &Network, payer: &Wallet, instruction: anchor_lang::solana_program::instruction::Instruction) {
    net.send(&[instruction], payer, &keys::equity_authority());
}

/// The entry of an asset in a list of a command's output.
fn of<'a>(list: &'a Value, asset: &MintRef) -> &'a Value {
    let mint = asset.mint.to_string();
    list.as_array()
        .unwrap()
        .iter()
        .find(|entry| entry["asset"].as_str() == Some(&mint))
        .unwrap_or_else(|| panic!("{mint} is missing: {list}"))
}

fn balance(net: &Network, asset: &MintRef, owner: &Wallet) -> u64 {
    accounts::token_balance(&net.sender(), &asset.account_of(&owner.address())).unwrap()
}

#[test]
fn blocked_assets_wait_while_the_others_pay_and_pay_when_they_can() {
    let net = network();
    let (issuer, holder) = (net.wallet(), net.wallet());
    let mint = &net.token_with(&issuer, "INKIND", &[&REDEEMABLE[..], &["--initial", "400000"]].concat());
    let keys = keys_of(net, mint);
    let [acme, globex, initech, umbrella] = [0, 1, 2, 3].map(|row| mint_like(net, &issuer, &EQUITIES[row]));
    back(net, &issuer, &keys, &acme, 1_000, false);
    back(net, &issuer, &keys, &globex, 500, false);
    back(net, &issuer, &keys, &initech, 100, true);
    back(net, &issuer, &keys, &umbrella, 200, false);
    net.json(&issuer, &["vault", "open", mint, &payout().mint.to_string()]);
    net.json(&issuer, &["vault", "deposit", mint, &payout().mint.to_string(), "50"]);
    net.json(&issuer, &["shares", "send", mint, "1500", &holder.text()]);

    let authority = keys::equity_authority().pubkey();
    by_authority(net, &issuer, globex.pause(&authority).unwrap());
    by_authority(
        net,
        &issuer,
        umbrella.freeze(&authority, &keys.vault(&umbrella.mint)).unwrap(),
    );

    let quoted = net.json(&holder, &["redeem", "quote", mint, "1000"]);
    // 1,000 of the 1,000,000 that may ever exist.
    let arrives = |asset: &MintRef| amount(&of(&quoted["assets"], asset)["arrives"]).to_owned();
    assert_eq!(arrives(&acme), "1");
    assert_eq!(arrives(&globex), "0.5");
    assert_eq!(arrives(&initech), "0.1");
    assert_eq!(arrives(&payout()), "0.05");
    // 199 of 200 arrived in the vault; 0.199 leaves it, and 0.5 % of that is withheld.
    assert_eq!(arrives(&umbrella), "0.198005");
    assert_eq!(amount(&of(&quoted["assets"], &umbrella)["fee"]), "0.000995");
    assert_eq!(of(&quoted["assets"], &globex)["walletsShow"], "0.625");
    assert_eq!(amount(&of(&quoted["assets"], &acme)["least"]), "0.99");
    let blocked = |asset: &MintRef| of(&quoted["assets"], asset)["blocked"].to_string();
    assert_eq!(blocked(&acme), "[]");
    assert!(blocked(&globex).contains("has paused all transfers"));
    assert!(blocked(&umbrella).contains("has frozen the vault's account"));
    assert!(blocked(&initech).contains("will be born frozen"));
    let risk = &of(&quoted["assets"], &globex)["risk"];
    assert_eq!(risk["pause"], authority.to_string());
    assert_eq!(risk["paused"], true);
    assert_eq!(risk["multiplier"]["now"], "1.25");

    // It is said before it is signed.
    let asked = net.run(&holder, &["redeem", "start", mint, "1000"]);
    assert_eq!(asked.code, 5, "{}", asked.err);
    assert!(asked.err.contains("burnt for ever"), "{}", asked.err);
    assert!(asked.err.contains("0.5 GLBXx: blocked now"), "{}", asked.err);

    let started = net.json(&holder, &["redeem", "start", mint, "1000"]);
    let ticket = &started["tickets"][0];
    assert_eq!(ticket["closed"], false, "{started}");
    assert_eq!(ticket["collected"].as_array().unwrap().len(), 2, "{started}");
    assert_eq!(ticket["blocked"].as_array().unwrap().len(), 3, "{started}");
    assert_eq!(balance(net, &acme, &holder), 100_000_000);
    assert_eq!(balance(net, &globex, &holder), 0);

    let again = net.run(&holder, &["redeem", "start", mint, "1000", "--yes"]);
    assert_eq!(again.code, 1, "{}", again.err);
    assert!(again.err.contains("is begun already: ticket 0"), "{}", again.err);
    assert!(again.err.contains("upside redeem collect"), "{}", again.err);

    let shown = net.json(&issuer, &["token", "show", mint]);
    assert_eq!(shown["tickets"][0]["uncollected"], 3);
    // 600,000 of 1,000,000 are not issued; the ticket still shares GLBXx and has collected ACMEx.
    assert_eq!(amount(&of(&shown["vaults"], &globex)["unissued"]), "300");
    assert_eq!(amount(&of(&shown["vaults"], &acme)["unissued"]), "600");
    let page = net.run(&issuer, &["token", "show", mint]).out;
    assert!(page.contains("What is being redeemed"), "{page}");
    assert!(page.contains("belongs to shares that are not issued yet"), "{page}");
    assert_eq!(net.json(&issuer, &["audit", mint])["sound"], true);

    // Nothing can be done yet, and that is no failure.
    let waiting = net.json(&holder, &["redeem", "collect", mint]);
    assert_eq!(
        waiting["tickets"][0]["transactions"].as_array().unwrap().len(),
        0,
        "{waiting}"
    );

    by_authority(net, &issuer, globex.resume(&authority).unwrap());
    by_authority(
        net,
        &issuer,
        umbrella.thaw(&authority, &keys.vault(&umbrella.mint)).unwrap(),
    );
    let more = net.json(&holder, &["redeem", "collect", mint]);
    assert_eq!(more["tickets"][0]["collected"].as_array().unwrap().len(), 2, "{more}");
    assert_eq!(balance(net, &globex, &holder), 50_000_000);
    assert_eq!(balance(net, &umbrella, &holder), 198_005);

    // The receiving account was created, so that its issuer could thaw it.
    by_authority(net, &issuer, initech.thaw(&authority, &holder.address()).unwrap());
    let status = net.json(&holder, &["redeem", "status", mint]);
    assert_eq!(status["tickets"][0]["assets"].as_array().unwrap().len(), 1, "{status}");
    assert_eq!(
        of(&status["tickets"][0]["assets"], &initech)["blocked"].to_string(),
        "[]"
    );
    let last = net.json(&holder, &["redeem", "collect", mint]);
    assert_eq!(last["tickets"][0]["closed"], true, "{last}");
    assert_eq!(balance(net, &initech, &holder), 100_000);
    assert_eq!(net.json(&issuer, &["audit", mint])["sound"], true);

    let statement = net.json(&holder, &["account", "statement", mint, "--period", "all"]);
    let row = &statement["rows"][0];
    assert_eq!(amount(&row["sharesRedeemed"]), "1000");
    assert_eq!(amount(&row["sharesAtEnd"]), "500");
    let assets = &row["assetsCollected"];
    assert_eq!(assets.as_array().unwrap().len(), 5, "{statement}");
    assert_eq!(amount(&of(assets, &umbrella)["arrived"]), "0.198005");
    let csv = net.run(&holder, &["account", "statement", mint, "--period", "all"]).out;
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let head = reader.headers().unwrap().clone();
    let row = reader.records().next().unwrap().unwrap();
    let column = |name: &str| &row[head.iter().position(|column| column == name).unwrap()];
    assert_eq!(column("shares_redeemed"), "1000");
    assert!(
        column("assets_collected").contains(&format!("0.5 GLBXx {}", globex.mint)),
        "{csv}"
    );
    let none = net.run(&holder, &["redeem", "collect", mint]);
    assert_eq!(none.code, 1, "{}", none.err);
}

/// A security with twelve vaults of one whole token per thousand shares, and a holder of 1,000 of its 1,000,000 shares.
fn twelve(net: &Network, symbol: &str) -> (Wallet, Wallet, String, Vec<MintRef>) {
    const PLAIN: EquityMint = EquityMint {
        extensions: &[Extension::Pausable],
        ..EQUITIES[0]
    };
    let (issuer, holder) = (net.wallet(), net.wallet());
    let mint = net.token_with(&issuer, symbol, &REDEEMABLE);
    let keys = keys_of(net, &mint);
    let assets: Vec<MintRef> = (0..12).map(|_| mint_like(net, &issuer, &PLAIN)).collect();
    for asset in &assets {
        back(net, &issuer, &keys, asset, 1_000, false);
    }
    net.json(&issuer, &["shares", "send", &mint, "1000", &holder.text()]);
    (issuer, holder, mint, assets)
}

#[test]
fn twelve_assets_are_packed_into_few_transactions() {
    let net = network();
    let (issuer, holder, mint, assets) = twelve(net, "TWELVE");
    // Something is owed: it is claimed first.
    net.json(&issuer, &["upside", "distribute", &mint, "1000"]);
    net.travel(86_400);
    let done = net.json(&holder, &["redeem", "start", &mint, "1000"]);
    let ticket = &done["tickets"][0];
    assert_eq!(ticket["closed"], true, "{done}");
    assert_eq!(ticket["collected"].as_array().unwrap().len(), 12, "{done}");
    let transactions = ticket["transactions"].as_array().unwrap();
    assert_eq!(transactions[0]["events"][0], "UpsideClaimed", "{done}");
    // One claims, the others redeem, create twelve accounts, collect and close.
    assert!(transactions.len() <= 5, "{} transactions: {done}", transactions.len());
    for asset in &assets {
        assert_eq!(balance(net, asset, &holder), 100_000_000);
    }
    assert_eq!(net.json(&issuer, &["audit", &mint])["sound"], true);
}

#[test]
fn a_command_killed_between_assets_is_gone_on_with_and_nothing_is_redeemed_twice() {
    let net = network();
    let (issuer, holder, mint, assets) = twelve(net, "KILLED");
    let mut child = held_up_after(&holder, 2, &["redeem", "start", &mint, "600"]);
    child.kill().unwrap();
    child.wait().unwrap();

    let keys = keys_of(net, &mint);
    let sender = net.sender();
    let open = || redemption::open_tickets(&sender, &keys, &holder.address()).unwrap();
    let ticket = open()[0];
    assert_eq!(ticket.shares_atoms, 600_000_000);
    assert!(
        ticket.uncollected() > 0 && ticket.uncollected() < 12,
        "{}",
        ticket.uncollected()
    );

    let rerun = net.run(&holder, &["redeem", "start", &mint, "600", "--yes"]);
    assert_eq!(rerun.code, 1, "{}", rerun.err);
    assert!(rerun.err.contains("upside redeem collect"), "{}", rerun.err);
    assert_eq!(open().len(), 1);

    let done = net.json(&holder, &["redeem", "collect", &mint]);
    assert_eq!(done["tickets"][0]["closed"], true, "{done}");
    assert!(open().is_empty());
    for asset in &assets {
        assert_eq!(balance(net, asset, &holder), 60_000_000);
    }
    let held = net.json(&holder, &["shares", "list"]);
    assert_eq!(amount(&held["shares"][0]["registered"]), "400");
    assert_eq!(net.json(&issuer, &["audit", &mint])["sound"], true);
}

#[test]
fn a_dry_run_changes_nothing_and_what_cannot_be_redeemed_is_refused_with_the_reason() {
    let net = network();
    let (issuer, holder) = (net.wallet(), net.wallet());
    let mint = net.token_with(&issuer, "DRYRED", &REDEEMABLE);
    let keys = keys_of(net, &mint);
    let acme = mint_like(net, &issuer, &EQUITIES[0]);
    back(net, &issuer, &keys, &acme, 1_000, false);
    net.json(&issuer, &["shares", "send", &mint, "10", &holder.text()]);

    let dry = net.json(&holder, &["redeem", "start", &mint, "10", "--dry-run"]);
    let text = dry.to_string();
    for event in ["SharesRedeemed", "AssetCollected", "RedemptionClosed"] {
        assert!(text.contains(event), "{text}");
    }
    assert!(text.contains("0.01 ACMEx"), "{text}");
    assert_eq!(
        net.json(&holder, &["shares", "list"])["shares"][0]["registered"]["amount"],
        "10"
    );

    let more = net.run(&holder, &["redeem", "start", &mint, "10.5", "--yes"]);
    assert_eq!(more.code, 1, "{}", more.err);
    assert!(more.err.contains("holds 10 DRYRED registered"), "{}", more.err);
    let wrong = net.run(&holder, &["redeem", "start", &mint, "1", "--without", &mint, "--yes"]);
    assert_eq!(wrong.code, 1, "{}", wrong.err);
    assert!(wrong.err.contains("has no vault for"), "{}", wrong.err);
    let odd = net.run(&holder, &["redeem", "quote", &mint, "1", "--to", "nowhere"]);
    assert_eq!(odd.code, 1, "{}", odd.err);

    // An asset that is left waits, and can be received elsewhere.
    let left = net.json(
        &holder,
        &["redeem", "start", &mint, "4", "--without", &acme.mint.to_string()],
    );
    assert_eq!(left["tickets"][0]["collected"].as_array().unwrap().len(), 0, "{left}");
    let elsewhere = acme.account_of(&issuer.address());
    let before = balance(net, &acme, &issuer);
    let to = format!("{}={elsewhere}", acme.mint);
    let collected = net.json(&holder, &["redeem", "collect", &mint, "--to", &to, "--tolerance", "0"]);
    assert_eq!(collected["tickets"][0]["closed"], true, "{collected}");
    assert_eq!(balance(net, &acme, &issuer) - before, 400_000);

    let closed = net.token_with(&issuer, "SHUT", &["--redeem-after", "2090-01-01"]);
    let refused = net.run(&issuer, &["redeem", "start", &closed, "1", "--yes"]);
    assert_eq!(refused.code, 1, "{}", refused.err);
    assert!(
        refused.err.contains("can be redeemed from 2090-01-01"),
        "{}",
        refused.err
    );
    let never = net.token(&issuer, "NEVER");
    let refused = net.run(&issuer, &["redeem", "start", &never, "1", "--yes"]);
    assert!(refused.err.contains("has not opened redemption"), "{}", refused.err);
}
