//! The config file, the cluster, and key files.

use std::{fs, os::unix::fs::PermissionsExt};

use upside_client::solana_keypair::Keypair;

use crate::network::{binary, ended, network, run, write_key};

#[test]
fn without_a_config_no_cluster_is_guessed() {
    let ran = run(&["token", "list", "--all"]);
    assert_eq!(ran.code, 4);
    assert!(ran.err.contains("no cluster is chosen"), "{}", ran.err);
    assert!(ran.err.contains("-u localhost"), "{}", ran.err);
}

#[test]
fn the_config_file_of_the_solana_cli_is_read() {
    let net = network();
    let wallet = net.wallet();
    let mint = net.token(&wallet, "CONFIG");
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join(".config/solana/cli");
    fs::create_dir_all(&folder).unwrap();
    let text = format!(
        "---\njson_rpc_url: \"{}\"\nwebsocket_url: ''\nkeypair_path: {}\naddress_labels:\n  \"11111111111111111111111111111111\": System Program\ncommitment: confirmed\n",
        net.rpc,
        wallet.file.display()
    );
    fs::write(folder.join("config.yml"), &text).unwrap();
    let ran = ended(binary().env("HOME", home.path()).args(["token", "list"]));
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.out.contains(&mint), "{}", ran.out);

    let other = home.path().join("other.yml");
    fs::write(&other, &text).unwrap();
    let ran = run(&["-C", other.to_str().unwrap(), "shares", "list"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    fs::write(&other, "json_rpc_url: [1, 2").unwrap();
    let ran = run(&["-C", other.to_str().unwrap(), "shares", "list"]);
    assert_eq!(ran.code, 4);
    assert!(
        ran.err.contains("is not a config file of the Solana CLI"),
        "{}",
        ran.err
    );
    let ran = run(&["-C", "/nonexistent/config.yml", "shares", "list"]);
    assert_eq!(ran.code, 4, "a file that is named must exist: {}", ran.err);
}

#[test]
fn a_key_that_others_can_read_is_refused() {
    let net = network();
    let folder = tempfile::tempdir().unwrap();
    let (file, key) = (folder.path().join("key.json"), Keypair::new());
    write_key(&file, &key, 0o644);
    let path = file.to_str().unwrap();
    for mode in [0o644, 0o640, 0o604, 0o620, 0o610] {
        fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
        let ran = run(&["-u", &net.rpc, "-k", path, "token", "list"]);
        assert_eq!(ran.code, 4, "{mode:o}");
        assert!(ran.err.contains(&format!("chmod 600 {path}")), "{}", ran.err);
        assert!(!ran.err.contains(&key.to_base58_string()));
    }
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(run(&["-u", &net.rpc, "-k", path, "token", "list"]).code, 0);
}

#[test]
fn what_a_broken_key_file_holds_is_never_shown() {
    let net = network();
    let folder = tempfile::tempdir().unwrap();
    let secret = "SECRETWORDS 12, 34, 56";
    for (name, content) in [
        ("words", secret.to_owned()),
        ("short", "[12, 34, 56]".to_owned()),
        ("foreign", format!("{{\"key\": \"{secret}\"}}")),
        ("zeros", serde_json::to_string(&vec![7u8; 64]).unwrap()),
        ("empty", String::new()),
    ] {
        let file = folder.path().join(name);
        fs::write(&file, &content).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        let ran = run(&["-u", &net.rpc, "-k", file.to_str().unwrap(), "token", "list"]);
        assert_eq!(ran.code, 4, "{name}: {}", ran.err);
        assert!(ran.err.contains("does not hold a key"), "{name}: {}", ran.err);
        for part in ["SECRETWORDS", "12, 34", "7,7"] {
            assert!(!(ran.err.clone() + &ran.out).contains(part), "{name}: {}", ran.err);
        }
    }
    let missing = run(&["-u", &net.rpc, "-k", "/nonexistent/id.json", "token", "list"]);
    assert_eq!(missing.code, 4);
    let folder = run(&["-u", &net.rpc, "-k", folder.path().to_str().unwrap(), "token", "list"]);
    assert_eq!(folder.code, 4, "{}", folder.err);
    let ledger = run(&["-u", &net.rpc, "-k", "usb://ledger", "token", "list"]);
    assert_eq!(ledger.code, 4);
    assert!(ledger.err.contains("--base64"), "{}", ledger.err);
    let none = run(&["-u", &net.rpc, "token", "list"]);
    assert_eq!(none.code, 4);
    assert_eq!(
        run(&["-u", &net.rpc, "token", "list", "--all"]).code,
        0,
        "reading needs no key"
    );
}

#[test]
fn a_key_on_the_command_line_is_not_repeated() {
    let net = network();
    let key = Keypair::new();
    let (list, text) = (
        serde_json::to_string(&key.to_bytes().to_vec()).unwrap(),
        key.to_base58_string(),
    );
    let wallet = net.poor_wallet();
    let file = wallet.file.to_str().unwrap();
    for secret in [list.as_str(), text.as_str(), &"abandon ".repeat(12)] {
        for (arguments, code) in [
            (vec!["-u", &net.rpc, "-k", secret, "token", "list"], 4),
            (
                vec![
                    "-u",
                    &net.rpc,
                    "-k",
                    file,
                    "--fee-payer",
                    secret,
                    "shares",
                    "unregister",
                    file,
                    "1",
                ],
                1,
            ),
            (vec!["-u", &net.rpc, "-k", file, "shares", "list", secret], 1),
        ] {
            let ran = run(&arguments);
            assert_eq!(ran.code, code, "{}", ran.err);
            assert!(!(ran.err.clone() + &ran.out).contains(secret.trim()), "{}", ran.err);
        }
        let mint = net.token(&net.wallet(), "SECRET");
        let ran = run(&[
            "-u",
            &net.rpc,
            "-k",
            file,
            "--fee-payer",
            secret,
            "shares",
            "unregister",
            &mint,
            "1",
        ]);
        assert_eq!(ran.code, 4, "{}", ran.err);
        assert!(!ran.err.contains(secret.trim()), "{}", ran.err);
    }
}

#[test]
fn another_key_can_pay() {
    let net = network();
    let (issuer, sponsor) = (net.wallet(), net.wallet());
    let mint = net.token(&issuer, "SPONS");
    let sender = net.sender();
    let lamports = || sender.rpc().get_balance(&issuer.address()).unwrap();
    let before = lamports();
    let file = sponsor.file.to_str().unwrap();
    net.json(&issuer, &["shares", "unregister", &mint, "5", "--fee-payer", file]);
    assert_eq!(lamports(), before);
    let address = net.run(
        &issuer,
        &["shares", "unregister", &mint, "5", "--fee-payer", &sponsor.text()],
    );
    assert_eq!(address.code, 4, "{}", address.err);
}
