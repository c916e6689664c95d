//! Risk cards of real mints: what is so now and what is scheduled, who can do what.

use anchor_spl::token_2022::spl_token_2022::extension::{transfer_fee, transfer_hook};
use upside_client::{accounts, risk::RiskCard, solana_keypair::Keypair, solana_signer::Signer, Sender};
use upside_lookalike_mints::{balances::MintRef, keys, EquityMint, Extension, EQUITIES};

use crate::in_process::machine;

fn equity(symbol: &str) -> MintRef {
    let row = EQUITIES.iter().find(|row| row.symbol == symbol).unwrap();
    MintRef {
        mint: keys::equity_mint(symbol).pubkey(),
        token_program: upside_client::upside::constants::TOKEN_2022_PROGRAM_ID,
        decimals: row.decimals,
    }
}

fn card(sender: &dyn Sender, mint: &MintRef) -> RiskCard {
    let clock = sender.clock().unwrap();
    RiskCard::of(
        &accounts::get_mint(sender, &mint.mint).unwrap(),
        clock.epoch,
        clock.unix_timestamp,
    )
}

#[test]
fn a_card_names_who_can_do_what() {
    let (sender, _) = machine();
    let issuer = keys::equity_authority().pubkey();
    let umbrella = card(&sender, &equity("UMBRx"));
    assert_eq!(umbrella.claw_back, Some(issuer));
    assert_eq!(umbrella.freeze, Some(issuer));
    assert_eq!(umbrella.pause, Some(issuer));
    assert_eq!(umbrella.mint, Some(issuer));
    assert_eq!(umbrella.close, None);
    assert_eq!(umbrella.multiplier, None);
    let fee = umbrella.fee.unwrap();
    assert_eq!((fee.authority, fee.now.bps, fee.scheduled), (Some(issuer), 50, None));
    let hook = umbrella.hook.unwrap();
    assert_eq!((hook.authority, hook.program), (Some(issuer), None));
    // All of it is one key's: one sentence.
    let sentences = umbrella.sentences("UMBRx");
    assert_eq!(
        sentences[0],
        format!(
            "{issuer} has power over UMBRx: it can move or burn it in any account, freeze any account of it, pause all transfers, \
             change the fee that each transfer pays, make a program decide about transfers, make more of it."
        )
    );
    assert_eq!(sentences[1..], ["Each transfer withholds 0.5% now."]);
    assert!(card(&sender, &equity("INITx")).frozen_by_default);
}

#[test]
fn a_card_shows_what_is_scheduled_and_what_is_so_now() {
    let (sender, payer) = machine();
    let authority = keys::equity_authority();
    let issuer = authority.pubkey();
    let (globex, umbrella) = (equity("GLBXx"), equity("UMBRx"));
    let now = sender.now().unwrap();
    let hook = Keypair::new().pubkey();
    let changes = [
        globex.set_multiplier(&issuer, 2.5, now + 86_400).unwrap(),
        globex.pause(&issuer).unwrap(),
        transfer_fee::instruction::set_transfer_fee(&umbrella.token_program, &umbrella.mint, &issuer, &[], 125, 7)
            .unwrap(),
        transfer_hook::instruction::update(&umbrella.token_program, &umbrella.mint, &issuer, &[], Some(hook)).unwrap(),
    ];
    sender.send(&changes, &payer, &[&authority]).unwrap();

    let globex_card = card(&sender, &globex);
    assert!(globex_card.paused);
    let multiplier = globex_card.multiplier.unwrap();
    assert_eq!(
        (multiplier.now, multiplier.scheduled),
        (1.25, Some((now + 86_400, 2.5)))
    );
    let notices = globex_card.notices();
    assert!(notices[0].contains("paused now"), "{notices:?}");
    assert!(notices[1].contains("counts 1.25"), "{notices:?}");
    assert!(notices[2].contains("counts 2.5"), "{notices:?}");

    let umbrella_card = card(&sender, &umbrella);
    let fee = umbrella_card.fee.unwrap();
    assert_eq!(fee.now.bps, 50);
    let later = fee.scheduled.unwrap();
    assert_eq!((later.bps, later.maximum_atoms), (125, 7));
    assert_eq!(later.epoch, sender.clock().unwrap().epoch + 2);
    assert_eq!(umbrella_card.hook.unwrap().program, Some(hook));
    let said = umbrella_card.sentences("UMBRx").join(" ");
    assert!(
        said.contains(&format!("Program {hook} is called at each transfer")),
        "{said}"
    );
    assert!(said.contains("withholds 1.25% instead of 0.5%"), "{said}");

    // When the day has come it is so.
    sender.warp(86_400);
    let multiplier = card(&sender, &globex).multiplier.unwrap();
    assert_eq!((multiplier.now, multiplier.scheduled), (2.5, None));
}

#[test]
fn a_mint_that_nobody_can_touch_says_so_and_a_closable_one_warns() {
    const CLOSABLE: EquityMint = EquityMint {
        extensions: &[
            Extension::MintCloseAuthority,
            Extension::InterestBearing { rate_bps: -300 },
        ],
        ..EQUITIES[0]
    };
    let (sender, payer) = machine();
    let (mint, authority) = (Keypair::new(), keys::equity_authority());
    let instructions = CLOSABLE
        .create_instructions(&payer.pubkey(), &mint.pubkey(), &authority.pubkey())
        .unwrap();
    sender.send(&instructions, &payer, &[&mint, &authority]).unwrap();
    let made = MintRef {
        mint: mint.pubkey(),
        ..equity("ACMEx")
    };
    let card = card(&sender, &made);
    assert_eq!(card.close, Some(authority.pubkey()));
    assert_eq!(card.interest.unwrap().rate_bps, -300);
    assert!(card.powers().iter().any(|power| power.contains("close the mint")));
    assert!(
        card.notices()[0].contains("growing by -3% a year"),
        "{:?}",
        card.notices()
    );

    let none = RiskCard {
        claw_back: None,
        freeze: None,
        frozen_by_default: false,
        pause: None,
        paused: false,
        fee: None,
        hook: None,
        multiplier: None,
        interest: None,
        mint: None,
        close: None,
    };
    assert!(none.powers().is_empty() && none.notices().is_empty());
    assert!(none.sentences("X")[0].starts_with("Nobody can do anything to X"));
}
