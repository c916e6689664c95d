//! One story, told to any [`Sender`]: create, transfer, back, distribute, wait, claim, go bearer and back, close, hand over.

use anchor_lang::prelude::Pubkey;
use upside_client::{
    accounts,
    events::Event,
    instructions::{
        token, AcceptIssuer, Claim, ClosePosition, CreateSecurity, Distribute, Issue, PostUpdate, ProposeIssuer,
        Register, Retire, SetPayoutAccount, TransferShares, UpdateMetadata,
    },
    quote,
    replay::{history_of, Replay},
    solana_keypair::Keypair,
    solana_signer::Signer,
    transactions,
    upside::{
        constants::{NEVER_TS, TOKEN_2022_PROGRAM_ID},
        error::UpsideError,
        instructions::security::{CreateSecurityArgs, UpdateMetadataArgs},
        state::{Kind, Terms, TransferPolicy},
    },
    Sender,
};
use upside_lookalike_mints::{balances::MintRef, keys, EQUITIES, PAYOUT};

/// Where the story is told.
pub struct Stage<'a> {
    pub sender: &'a dyn Sender,
    /// Pays for everything.
    pub payer: &'a Keypair,
    /// Moves the clock forward by seconds.
    pub wait: &'a dyn Fn(i64),
}

pub const DAY: i64 = 86_400;

pub fn payout() -> MintRef {
    MintRef {
        mint: keys::payout_mint().pubkey(),
        token_program: upside_client::upside::constants::TOKEN_PROGRAM_ID,
        decimals: PAYOUT.decimals,
    }
}

/// An equity that anybody may hold: carries a scaled UI amount.
pub fn equity() -> MintRef {
    let equity = EQUITIES.iter().find(|equity| !equity.frozen_by_default()).unwrap();
    MintRef {
        mint: keys::equity_mint(equity.symbol).pubkey(),
        token_program: TOKEN_2022_PROGRAM_ID,
        decimals: equity.decimals,
    }
}

fn terms(policy: TransferPolicy) -> Terms {
    Terms {
        decimals: 6,
        policy,
        authorised_atoms: 1_000_000_000_000,
        drip_seconds: 7 * DAY,
        notice_seconds: 7 * DAY,
        redeem_after_ts: NEVER_TS,
        agreement_sha256: [0; 32],
    }
}

pub fn create(payer: Pubkey, issuer: Pubkey, policy: TransferPolicy) -> CreateSecurity {
    CreateSecurity {
        payer,
        issuer,
        payout_mint: payout().mint,
        payout_token_program: payout().token_program,
        args: CreateSecurityArgs {
            kind: Kind::Person,
            index: 0,
            terms: terms(policy),
            name: "Alice".to_owned(),
            symbol: "ALICE".to_owned(),
            uri: "https://example.org/alice.json".to_owned(),
            initial_shares_atoms: 900_000_000_000,
        },
    }
}

/// Gives payout atoms to an owner.
pub fn give(stage: &Stage, mint: &MintRef, authority: &Keypair, owner: &Pubkey, atoms: u64) {
    stage
        .sender
        .send(
            &[
                mint.open_account(&stage.payer.pubkey(), owner),
                mint.mint_to(&authority.pubkey(), owner, atoms).unwrap(),
            ],
            stage.payer,
            &[authority],
        )
        .unwrap();
}

pub fn tell(stage: &Stage) {
    let Stage { sender, payer, wait } = *stage;
    let alice = Keypair::new();
    let teacher = Keypair::new();
    let company = Keypair::new();
    let payer_key = payer.pubkey();

    // Alice issues her personal token.
    let creation = create(payer_key, alice.pubkey(), TransferPolicy::Open);
    let keys = creation.keys();
    let receipt = sender.send(&[creation.instruction()], payer, &[&alice]).unwrap();
    assert_eq!(receipt.events.len(), 1);
    assert!(
        matches!(&receipt.events[0], Event::SecurityCreated(e) if e.security == keys.security && e.name == "Alice")
    );
    assert!(receipt.compute_units > 0 && receipt.fee > 0);
    let security = accounts::get_security(sender, &keys.security).unwrap();
    assert_eq!(accounts::kind_of(&security), Some(Kind::Person));
    assert_eq!(upside_client::SecurityKeys::from(&security), keys);
    let mint = accounts::get_mint(sender, &keys.mint).unwrap();
    assert_eq!(mint.metadata.as_ref().unwrap().symbol, "ALICE");
    assert_eq!(mint.supply, 900_000_000_000);
    assert_eq!(mint.mint_authority, Some(keys.security));

    // She issues the rest but for what she gives up, renames herself, tells her holders something.
    let issuer = alice.pubkey();
    sender
        .send(
            &[
                Issue {
                    keys: &keys,
                    payer: payer_key,
                    issuer,
                    amount: 50_000_000_000,
                }
                .instruction(),
                Retire {
                    keys: &keys,
                    issuer,
                    amount: 25_000_000_000,
                }
                .instruction(),
                UpdateMetadata {
                    keys: &keys,
                    payer: payer_key,
                    issuer,
                    args: UpdateMetadataArgs {
                        name: Some("Alice A.".to_owned()),
                        symbol: None,
                        uri: None,
                    },
                }
                .instruction(),
                PostUpdate {
                    keys: &keys,
                    issuer,
                    uri: "https://example.org/1".to_owned(),
                    sha256: [1; 32],
                }
                .instruction(),
            ],
            payer,
            &[&alice],
        )
        .unwrap();

    // Shares go to a teacher; a refusal names the broken rule and changes nothing.
    let transfer = |amount| TransferShares {
        keys: &keys,
        payer: payer_key,
        from: issuer,
        to: teacher.pubkey(),
        amount,
    };
    let error = sender
        .send(&[transfer(u64::MAX).instruction()], payer, &[&alice])
        .unwrap_err();
    assert!(error.is(UpsideError::NotEnoughShares), "{error}");
    assert_eq!(
        accounts::find_position(sender, &keys.security, &teacher.pubkey())
            .unwrap()
            .map(|_| ()),
        None
    );
    let simulated = sender
        .simulate(
            &[transfer(250_000_000_000).instruction()],
            payer,
            &[&alice],
            &[keys.position(&teacher.pubkey())],
        )
        .unwrap();
    let receipt = sender
        .send(&[transfer(250_000_000_000).instruction()], payer, &[&alice])
        .unwrap();
    assert!(matches!(&receipt.events[..], [Event::SharesTransferred(_)]));
    assert!(matches!(&simulated.events[..], [Event::SharesTransferred(_)]));
    let teachers = keys.position(&teacher.pubkey());
    assert_eq!(
        simulated.accounts[0].as_ref().map(|account| account.data.len()),
        sender.get_account(&teachers).unwrap().map(|account| account.data.len())
    );
    let registered = accounts::find_token_account(sender, &keys.registered(&teacher.pubkey()))
        .unwrap()
        .unwrap();
    assert_eq!((registered.amount, registered.frozen), (250_000_000_000, true));

    // Equity enters a vault.
    let equity = equity();
    give(stage, &equity, &keys::equity_authority(), &company.pubkey(), 5_000);
    sender
        .send(
            &transactions::open_vault_with(
                &keys,
                payer_key,
                issuer,
                company.pubkey(),
                equity.mint,
                equity.token_program,
                5_000,
            ),
            payer,
            &[&alice, &company],
        )
        .unwrap();
    let vaults = accounts::vaults_of(sender, &keys.security).unwrap();
    assert_eq!(vaults.len(), 1);
    let (vault_key, vault) = vaults[0];
    assert_eq!(vault_key, keys.vault(&equity.mint));
    let balance = accounts::token_balance(sender, &vault.token_account).unwrap();
    assert_eq!(balance, 5_000);
    let security = accounts::get_security(sender, &keys.security).unwrap();
    let supply = accounts::get_mint(sender, &keys.mint).unwrap().supply;
    // 975 thousand million authorised atoms stand behind 5,000 equity atoms.
    assert_eq!(
        quote::backing(&security, &vault, supply, balance, 195_000_000_000).unwrap(),
        1_000
    );

    // A company pays upside in; money sent to the inbox is swept in.
    let payout = payout();
    give(
        stage,
        &payout,
        &keys::payout_authority(),
        &company.pubkey(),
        1_000_000_000,
    );
    let now = sender.now().unwrap();
    let quoted = quote::distribution(&security, 950_000_000, 250_000_000_000, now).unwrap();
    assert_eq!(quoted.part_atoms, 250_000_000);
    sender
        .send(
            &[
                transactions::send_to_inbox(&keys, &payer_key, &company.pubkey(), payout.decimals, 50_000_000).unwrap(),
                vec![Distribute::from_ata(&keys, company.pubkey(), 900_000_000).instruction()],
            ]
            .concat(),
            payer,
            &[&company],
        )
        .unwrap();
    let security = accounts::get_security(sender, &keys.security).unwrap();
    assert_eq!(security.received_total_atoms.get(), 950_000_000);
    let stream = quote::stream(&security, security.stream_last_ts).unwrap();
    assert_eq!((stream.dripped_atoms, stream.undripped_atoms), (0, 950_000_000));
    assert_eq!(stream.end_ts - stream.start_ts, 7 * DAY);

    // Half the drip passes: half has dripped, to the atom that the program's own formula gives.
    wait(7 * DAY / 2);
    let position = accounts::find_position(sender, &keys.security, &teacher.pubkey())
        .unwrap()
        .unwrap();
    assert!(
        quote::position(&security, &position, sender.now().unwrap())
            .unwrap()
            .claimable_atoms
            >= 124_999_999
    );
    wait(8 * DAY);
    let owed = quote::position(&security, &position, sender.now().unwrap()).unwrap();
    assert_eq!(owed.claimable_atoms, 249_999_999 + u64::from(owed.fraction_x64 == 0));

    // Anyone pays the teacher out.
    let receipt = sender
        .send(&transactions::claim_for(&keys, &payer_key, &position), payer, &[])
        .unwrap();
    assert!(matches!(&receipt.events[..], [Event::UpsideClaimed(e)] if e.amount_atoms == owed.claimable_atoms));
    assert_eq!(
        accounts::token_balance(sender, &keys.payout_account(&teacher.pubkey())).unwrap(),
        owed.claimable_atoms
    );
    let error = sender
        .send(&[Claim::crank(&keys, &position).instruction()], payer, &[])
        .unwrap_err();
    assert!(error.is(UpsideError::NothingToClaim), "{error}");

    // Alice names another payout account and claims by her own signature.
    sender
        .send(
            &[
                token::create_ata(&payer_key, &issuer, &payout.mint, &payout.token_program),
                SetPayoutAccount {
                    keys: &keys,
                    holder: issuer,
                    payout_account: keys.payout_account(&issuer),
                }
                .instruction(),
                Claim::by_holder(&keys, issuer).instruction(),
            ],
            payer,
            &[&alice],
        )
        .unwrap();

    // The teacher goes bearer with everything, closes the position, and registers half again.
    let holder = teacher.pubkey();
    let bearer_account = keys.bearer_account(&holder);
    sender
        .send(
            &[
                transactions::go_bearer(&keys, &payer_key, holder, 250_000_000_000),
                vec![ClosePosition {
                    keys: &keys,
                    holder,
                    rent_payer: position.rent_payer,
                }
                .instruction()],
            ]
            .concat(),
            payer,
            &[&teacher],
        )
        .unwrap();
    assert!(sender.get_account(&teachers).unwrap().is_none());
    sender
        .send(
            &[Register {
                keys: &keys,
                payer: payer_key,
                holder,
                bearer_account,
                amount: 125_000_000_000,
            }
            .instruction()],
            payer,
            &[&teacher],
        )
        .unwrap();

    // She hands over.
    sender
        .send(
            &[
                ProposeIssuer {
                    keys: &keys,
                    issuer,
                    pending_issuer: Some(holder),
                }
                .instruction(),
                AcceptIssuer {
                    keys: &keys,
                    pending_issuer: holder,
                }
                .instruction(),
            ],
            payer,
            &[&alice, &teacher],
        )
        .unwrap();
    assert_eq!(accounts::securities_of_issuer(sender, &holder).unwrap().len(), 1);
    assert_eq!(accounts::positions_of(sender, &keys.security).unwrap().len(), 2);
    assert_eq!(accounts::positions_of_holder(sender, &holder).unwrap().len(), 1);

    // E-1: events alone rebuild every account.
    let records = history_of(sender, &keys.security).unwrap();
    assert_eq!(records.len(), 17);
    let replay = Replay::of(&records).unwrap();
    assert_eq!(replay.differences(sender).unwrap(), Vec::<String>::new());
    assert!(Replay::of(&records[..5]).unwrap().differences(sender).unwrap().len() > 1);
    assert!(Replay::of(records.iter().skip(1)).is_err());
    let mut doubled = records.clone();
    doubled.push(records[records.len() - 1].clone());
    assert!(Replay::of(&doubled).is_err());
}
