//! What the binary does on a terminal: colours, `NO_COLOR`, the width, and questions.

use std::{
    io::Write,
    process::{Command, Stdio},
};

use crate::network::{binary, network, Ran, Wallet};

/// Runs the binary under `script`, which gives it a terminal of this width (`script` is part of every Debian).
fn on_terminal(wallet: &Wallet, columns: u16, environment: &[(&str, &str)], arguments: &[&str], typed: &str) -> Ran {
    let net = network();
    let quoted: Vec<String> = [
        &["-u", net.rpc.as_str(), "-k", wallet.file.to_str().unwrap()],
        arguments,
    ]
    .concat()
    .iter()
    .map(|argument| format!("'{argument}'"))
    .collect();
    let program = binary().get_program().to_str().unwrap().to_owned();
    let line = format!("stty cols {columns} rows 60; '{program}' {}", quoted.join(" "));
    let mut command = Command::new("script");
    command
        .args(["-q", "-e", "-c", &line, "/dev/null"])
        .env("HOME", "/nonexistent")
        .env_remove("NO_COLOR")
        .env("TERM", "xterm-256color")
        .envs(environment.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().expect("`script`, of the package bsdutils");
    child.stdin.take().unwrap().write_all(typed.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    Ran {
        code: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

#[test]
fn a_page_has_colours_and_the_width_of_the_terminal() {
    let net = network();
    let issuer = net.wallet();
    let mint = net.token(&issuer, "COLOUR");
    let command = ["token", "show", mint.as_str()];
    let wide = on_terminal(&issuer, 100, &[], &command, "");
    assert_eq!(wide.code, 0, "{}", wide.out);
    assert!(wide.out.contains("\u{1b}["), "{}", wide.out);
    let width = |ran: &Ran| ran.out.lines().map(console::measure_text_width).max().unwrap();
    assert_eq!(width(&wide), 100, "{}", wide.out);
    let narrow = on_terminal(&issuer, 64, &[("NO_COLOR", "1")], &command, "");
    assert!(!narrow.out.contains('\u{1b}'), "{}", narrow.out);
    assert_eq!(width(&narrow), 64, "{}", narrow.out);
}

#[test]
fn the_answer_decides() {
    let net = network();
    let (issuer, friend) = (net.wallet(), net.poor_wallet());
    let mint = net.token(&issuer, "ANSWER");
    let (friend, mint) = (friend.text(), mint.as_str());
    let command = ["shares", "send", mint, "1", &friend];
    let no = on_terminal(&issuer, 100, &[], &command, "no\n");
    assert_eq!(no.code, 5, "{}", no.out);
    assert!(no.out.contains("Type yes to go on"), "{}", no.out);
    let yes = on_terminal(&issuer, 100, &[], &command, "yes\n");
    assert_eq!(yes.code, 0, "{}", yes.out);
    let held = net.json(&issuer, &["shares", "list", mint]);
    assert_eq!(held["holders"].as_array().unwrap().len(), 2);
}
