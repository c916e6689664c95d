//! The program's file.

use anchor_lang::{error::ErrorCode, prelude::Pubkey};
use litesvm::LiteSVM;
use solana_keypair::Keypair;
use solana_signer::Signer;
use upside_client::{instructions::PostUpdate, sender::LiteSvmSender, Sender};
use upside_tests::{context::program_bytes, TestContext};

/// The fields between the marks of security.txt, as name and value.
fn security_txt() -> Vec<(String, String)> {
    const BEGIN: &str = "=======BEGIN SECURITY.TXT V1=======\0";
    const END: &str = "=======END SECURITY.TXT V1=======\0";
    let file = program_bytes();
    let find = |mark: &str| {
        let mut places = file
            .windows(mark.len())
            .enumerate()
            .filter(|(_, window)| *window == mark.as_bytes());
        let place = places.next().expect("the mark is in the file").0;
        assert!(places.next().is_none(), "the mark is in the file once");
        place
    };
    let text = std::str::from_utf8(&file[find(BEGIN) + BEGIN.len()..find(END)]).expect("UTF-8");
    let parts: Vec<&str> = text.trim_end_matches('\0').split('\0').collect();
    parts
        .chunks(2)
        .map(|pair| (pair[0].to_owned(), pair[1].to_owned()))
        .collect()
}

#[test]
fn the_file_says_who_to_tell_about_a_weakness() {
    let fields = security_txt();
    let value = |name: &str| {
        fields
            .iter()
            .find(|(field, _)| field == name)
            .map_or("", |(_, value)| value)
    };
    assert_eq!(value("name"), "Upside");
    for required in ["project_url", "contacts", "policy"] {
        assert!(
            value(required).contains("https://"),
            "{required}: {:?}",
            value(required)
        );
    }
    assert!(value("contacts").starts_with("link:") || value("contacts").starts_with("email:"));
    assert!(value("policy").ends_with("SECURITY.md"));
    assert!(value("source_code").starts_with("https://"));
    assert_eq!(value("preferred_languages"), "en");
}

/// Names of files go into panic messages. If one were where it lies on the machine that built, two machines would build two programs.
#[test]
fn the_file_does_not_say_where_it_was_built() {
    let file = program_bytes();
    let contains = |text: &str| file.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(
        contains("programs/upside/src/") && contains("crates/"),
        "panic messages name files"
    );
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("a workspace");
    let home = std::env::var("HOME").expect("HOME");
    for place in [
        root.to_str().expect("UTF-8"),
        &home,
        ".cargo/registry",
        "toolchain/std-",
    ] {
        assert!(place.len() > 3 && !contains(place), "the file names {place}");
    }
}

#[test]
fn the_program_answers_to_its_own_id_only() {
    let elsewhere = Pubkey::new_from_array([7; 32]);
    let mut svm = LiteSVM::new();
    svm.add_program(elsewhere, program_bytes()).unwrap();
    let sender = LiteSvmSender::new(svm);
    let payer = Keypair::new_from_array([1; 32]);
    sender.airdrop(&payer.pubkey(), 1_000_000_000).unwrap();
    let ctx = TestContext::new();
    let alice = ctx.security("alice").create();
    let mut post = PostUpdate {
        keys: &alice.keys,
        issuer: payer.pubkey(),
        uri: String::new(),
        sha256: [0; 32],
    }
    .instruction();
    post.program_id = elsewhere;
    let error = sender.send(&[post], &payer, &[]).unwrap_err();
    let failure = error.program_failure().unwrap();
    assert_eq!(
        (failure.program, failure.custom_code()),
        (Some(elsewhere), Some(u32::from(ErrorCode::DeclaredProgramIdMismatch)))
    );
}

#[test]
fn nobody_but_the_program_emits_its_events() {
    let ctx = TestContext::new();
    let alice = ctx.security("alice").create();
    let post = PostUpdate {
        keys: &alice.keys,
        issuer: alice.issuer_key(),
        uri: String::new(),
        sha256: [0; 32],
    }
    .instruction();
    let mut forged = post;
    forged.data = anchor_lang::event::EVENT_IX_TAG_LE.to_vec();
    forged.data.extend_from_slice(&[0; 64]);
    forged.accounts = vec![anchor_lang::prelude::AccountMeta::new_readonly(
        upside_client::pda::event_authority(),
        false,
    )];
    ctx.refuse(std::slice::from_ref(&forged), &[], ErrorCode::ConstraintSigner);
    forged.accounts = vec![anchor_lang::prelude::AccountMeta::new_readonly(
        alice.issuer_key(),
        true,
    )];
    ctx.refuse(&[forged], &[&alice.issuer], ErrorCode::ConstraintSeeds);
}
