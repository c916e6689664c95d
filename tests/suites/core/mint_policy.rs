//! Which mints may back a security and which may pay out: every Token-2022 extension by number.

use anchor_lang::{
    prelude::{AccountMeta, Pubkey},
    solana_program::{instruction::Instruction, system_instruction},
};
use anchor_spl::token_2022::spl_token_2022::{
    error::TokenError,
    extension::{group_member_pointer, group_pointer, transfer_hook, ExtensionType},
    instruction as token,
    state::Mint,
};
use solana_signer::Signer;
use upside::{constants::TOKEN_2022_PROGRAM_ID, error::UpsideError};
use upside_client::solana_account::Account;
use upside_lookalike_mints::{balances::MintRef, equity, keys, Extension};
use upside_tests::{TestContext, TestSecurity};

const PROGRAM: &Pubkey = &TOKEN_2022_PROGRAM_ID;

/// Extension numbers that a vault's asset may carry.
const VAULT: &[u16] = &[1, 3, 4, 6, 7, 10, 12, 14, 16, 18, 19, 20, 21, 22, 23, 25, 26];
/// Extension numbers that a payout mint may carry.
const PAYOUT: &[u16] = &[3, 18, 19, 20, 21, 22, 23];

/// The extension numbers that a mint really carries.
fn carried(ctx: &TestContext, mint: &Pubkey) -> Vec<u16> {
    let data = ctx.account(mint).unwrap().data;
    let mut numbers = Vec::new();
    let mut rest = data.get(166..).unwrap_or_default();
    while let [a, b, c, d, tail @ ..] = rest {
        let kind = u16::from_le_bytes([*a, *b]);
        if kind == 0 {
            break;
        }
        numbers.push(kind);
        rest = &tail[usize::from(u16::from_le_bytes([*c, *d]))..];
    }
    numbers
}

/// An asset goes into a vault: opened, thawed if need be, deposited into.
fn backs(ctx: &TestContext, security: &TestSecurity, asset: &MintRef) {
    ctx.open_vault(security, asset);
    ctx.deposit(security, asset, 1_000);
    assert!(ctx.vault(security, &asset.mint).deposited_total_atoms > 0);
}

fn refused_as_backing(ctx: &TestContext, security: &TestSecurity, asset: &MintRef, error: UpsideError) {
    ctx.refuse(
        &[ctx.open_vault_instruction(security, asset).instruction()],
        &[&security.issuer],
        error,
    );
}

/// A security pays out in this mint: created, distributed, claimed.
fn pays(ctx: &TestContext, issuer: &str, payout: &MintRef) {
    let security = ctx
        .security(issuer)
        .payout(*payout)
        .supply(1 << 40, 1 << 39)
        .drip(3_600)
        .create();
    ctx.distribute(&security, 1_000);
    ctx.fund(payout, &security.keys.security, 24);
    ctx.distribute(&security, 1_024);
    ctx.warp(3_600);
    assert_eq!(ctx.claim(&security, &security.issuer), 2_048);
}

fn refused_as_payout(ctx: &TestContext, payout: &MintRef, error: UpsideError) {
    let creation = ctx.security("refused").payout(*payout).instruction();
    ctx.refuse(&[creation.instruction()], &[&ctx.wallet("refused")], error);
}

/// One mint per extension of the table, with what Token-2022 wants beside it, and the numbers that it then carries.
const REAL: &[(&str, &[Extension], &[u16])] = &[
    ("plain", &[], &[]),
    ("metadata", &[Extension::Metadata], &[18, 19]),
    ("close authority", &[Extension::MintCloseAuthority], &[3]),
    (
        "fee",
        &[Extension::TransferFee {
            bps: 100,
            maximum_atoms: 50,
        }],
        &[1],
    ),
    ("confidential", &[Extension::ConfidentialTransfer], &[4]),
    ("thawed", &[Extension::DefaultAccountState { frozen: false }], &[6]),
    ("frozen", &[Extension::DefaultAccountState { frozen: true }], &[6]),
    ("interest", &[Extension::InterestBearing { rate_bps: 500 }], &[10]),
    ("delegate", &[Extension::PermanentDelegate], &[12]),
    ("hook", &[Extension::TransferHook { program: None }], &[14]),
    (
        "confidential fee",
        &[
            Extension::TransferFee {
                bps: 100,
                maximum_atoms: 50,
            },
            Extension::ConfidentialTransfer,
            Extension::ConfidentialTransferFee,
        ],
        &[1, 4, 16],
    ),
    ("scaled", &[Extension::ScaledUiAmount { multiplier: 2.5 }], &[25]),
    ("pausable", &[Extension::Pausable], &[26]),
    ("not transferable", &[Extension::NonTransferable], &[9]),
    (
        "confidential supply",
        &[Extension::ConfidentialTransfer, Extension::ConfidentialMintBurn],
        &[4, 24],
    ),
    ("permissioned burn", &[Extension::PermissionedBurn], &[28]),
];

#[test]
fn real_mints_are_accepted_and_refused_by_what_they_carry() {
    let ctx = TestContext::new();
    let alice = ctx.security("alice").create();
    for (label, extensions, numbers) in REAL {
        let mint = ctx.mint_with(label, extensions);
        let mut carried = carried(&ctx, &mint.mint);
        carried.sort_unstable();
        assert_eq!(carried, *numbers, "{label}");
        let accepted = |list: &[u16]| numbers.iter().all(|number| list.contains(number));
        if numbers.contains(&3) {
            refused_as_backing(&ctx, &alice, &mint, UpsideError::ClosableWithoutSupply);
            refused_as_payout(&ctx, &mint, UpsideError::ClosableWithoutSupply);
            ctx.fund(&mint, &ctx.key("somebody"), 1);
        }
        if accepted(VAULT) {
            backs(&ctx, &alice, &mint);
        } else {
            refused_as_backing(&ctx, &alice, &mint, UpsideError::ExtensionRefused);
        }
        if accepted(PAYOUT) {
            pays(&ctx, &label.replace(' ', "-"), &mint);
        } else {
            refused_as_payout(&ctx, &mint, UpsideError::ExtensionRefused);
        }
    }
    ctx.assert_events_rebuild_state();
}

#[test]
fn look_alikes_of_real_stocks_back_a_security_and_never_pay_out() {
    let ctx = TestContext::new();
    let alice = ctx.security("alice").create();
    for equity in equity::EQUITIES {
        let mint = ctx.equity(equity.symbol);
        backs(&ctx, &alice, &mint);
        refused_as_payout(&ctx, &mint, UpsideError::ExtensionRefused);
    }
    let legacy = ctx.legacy_mint("legacy");
    backs(&ctx, &alice, &legacy);
    pays(&ctx, "legacy-issuer", &legacy);
    pays(&ctx, "usual-issuer", &ctx.payout());
}

/// A mint with pointers to itself as group and as member, and both written: extensions 20 to 23.
fn grouped_mint(ctx: &TestContext, label: &str, group: bool) -> MintRef {
    /// First bytes of the group interface's instructions.
    const INITIALIZE_GROUP: [u8; 8] = [121, 113, 108, 39, 54, 51, 0, 4];
    const INITIALIZE_MEMBER: [u8; 8] = [152, 32, 222, 176, 223, 237, 116, 134];
    let (key, authority) = (keys::keypair(label), keys::equity_authority());
    let (mint, a) = (key.pubkey(), authority.pubkey());
    let kind = if group {
        ExtensionType::GroupPointer
    } else {
        ExtensionType::GroupMemberPointer
    };
    let space = ExtensionType::try_calculate_account_len::<Mint>(&[kind]).unwrap();
    let pointer = if group {
        group_pointer::instruction::initialize(PROGRAM, &mint, Some(a), Some(mint)).unwrap()
    } else {
        group_member_pointer::instruction::initialize(PROGRAM, &mint, Some(a), Some(mint)).unwrap()
    };
    let write = if group {
        let mut data = INITIALIZE_GROUP.to_vec();
        data.extend_from_slice(a.as_ref());
        data.extend_from_slice(&10_u64.to_le_bytes());
        let accounts = vec![
            AccountMeta::new(mint, false),
            AccountMeta::new_readonly(mint, false),
            AccountMeta::new_readonly(a, true),
        ];
        Instruction {
            program_id: *PROGRAM,
            accounts,
            data,
        }
    } else {
        let group = grouped_mint(ctx, "the group", true).mint;
        let accounts = vec![
            AccountMeta::new(mint, false),
            AccountMeta::new_readonly(mint, false),
            AccountMeta::new_readonly(a, true),
            AccountMeta::new(group, false),
            AccountMeta::new_readonly(a, true),
        ];
        Instruction {
            program_id: *PROGRAM,
            accounts,
            data: INITIALIZE_MEMBER.to_vec(),
        }
    };
    ctx.send(
        &[
            system_instruction::create_account(&ctx.payer.pubkey(), &mint, 10_000_000, space as u64, PROGRAM),
            pointer,
            token::initialize_mint2(PROGRAM, &mint, &a, Some(&a), 6).unwrap(),
            write,
        ],
        &[&key, &authority],
    );
    MintRef {
        mint,
        token_program: *PROGRAM,
        decimals: 6,
    }
}

#[test]
fn groups_and_members_are_harmless_everywhere() {
    let ctx = TestContext::new();
    let alice = ctx.security("alice").create();
    for (label, group, numbers) in [("group", true, [20, 21]), ("member", false, [22, 23])] {
        let mint = grouped_mint(&ctx, label, group);
        assert_eq!(carried(&ctx, &mint.mint), numbers);
        backs(&ctx, &alice, &mint);
        pays(&ctx, label, &mint);
    }
}

/// Bytes of a Token-2022 mint that carries one extension of any number, as a later token program could write it.
fn written_mint(ctx: &TestContext, number: u16) -> MintRef {
    let authority = keys::equity_authority().pubkey();
    let mut data = vec![0; 166];
    data[..4].copy_from_slice(&[1, 0, 0, 0]);
    data[4..36].copy_from_slice(authority.as_ref());
    data[36..44].copy_from_slice(&1_000_u64.to_le_bytes());
    (data[44], data[45], data[165]) = (6, 1, 1);
    data.extend_from_slice(&number.to_le_bytes());
    data.extend_from_slice(&64_u16.to_le_bytes());
    data.extend_from_slice(&[0; 64]);
    let mint = keys::keypair(&format!("mint with extension {number}")).pubkey();
    let account = Account {
        lamports: 10_000_000,
        data,
        owner: *PROGRAM,
        executable: false,
        rent_epoch: u64::MAX,
    };
    ctx.set_account(&mint, account);
    MintRef {
        mint,
        token_program: *PROGRAM,
        decimals: 6,
    }
}

#[test]
fn every_number_off_the_lists_is_refused_also_unknown_ones() {
    let ctx = TestContext::new();
    let alice = ctx.security("alice").create();
    for number in (1..=80).chain([255, 256, 257, 0x0100 + 18, u16::MAX - 2, u16::MAX - 1, u16::MAX]) {
        let mint = written_mint(&ctx, number);
        if !VAULT.contains(&number) {
            refused_as_backing(&ctx, &alice, &mint, UpsideError::ExtensionRefused);
        }
        if !PAYOUT.contains(&number) {
            refused_as_payout(&ctx, &mint, UpsideError::ExtensionRefused);
        }
    }
}

#[test]
fn a_malformed_extension_list_is_no_mint() {
    let ctx = TestContext::new();
    let alice = ctx.security("alice").create();
    let mint = written_mint(&ctx, 18);
    // Longer than the account.
    ctx.patch_account(&mint.mint, |a| a.data[168..170].copy_from_slice(&65_u16.to_le_bytes()));
    refused_as_backing(&ctx, &alice, &mint, UpsideError::NotAMint);
    refused_as_payout(&ctx, &mint, UpsideError::NotAMint);
}

#[test]
fn what_is_no_mint_is_refused() {
    let ctx = TestContext::new();
    let alice = ctx.security("alice").create();
    let uninitialised = written_mint(&ctx, 18);
    ctx.patch_account(&uninitialised.mint, |a| a.data[45] = 0);
    let account = ctx.fund(&ctx.payout(), &ctx.key("somebody"), 1);
    for (mint, token_program) in [
        (uninitialised.mint, *PROGRAM),
        (account, ctx.payout().token_program),
        (ctx.wallet("carol").pubkey(), anchor_lang::system_program::ID),
        (alice.keys.security, upside::ID),
    ] {
        let mint = MintRef {
            mint,
            token_program,
            decimals: 6,
        };
        refused_as_backing(&ctx, &alice, &mint, UpsideError::NotAMint);
        refused_as_payout(&ctx, &mint, UpsideError::NotAMint);
    }
    // The right mint under the wrong program.
    let wrong = MintRef {
        token_program: *PROGRAM,
        ..ctx.payout()
    };
    refused_as_backing(&ctx, &alice, &wrong, UpsideError::WrongTokenProgram);
    refused_as_payout(&ctx, &wrong, UpsideError::WrongTokenProgram);
}

#[test]
fn shares_never_pay_out_not_even_their_own() {
    let ctx = TestContext::new();
    let alice = ctx.security("alice").create();
    refused_as_payout(&ctx, &ctx.share(&alice), UpsideError::PayoutIsProtocolShare);
    let school = ctx.security("school").curated().create();
    // Born frozen: refused for the extension already.
    refused_as_payout(&ctx, &ctx.share(&school), UpsideError::ExtensionRefused);
    // Its own mint does not exist yet.
    let own = ctx.security("refused").instruction().keys().mint;
    let own = MintRef {
        mint: own,
        token_program: anchor_lang::system_program::ID,
        decimals: 6,
    };
    refused_as_payout(&ctx, &own, UpsideError::NotAMint);
}

const BORN_WITH_A_HOOK: &[Extension] = &[Extension::TransferHook {
    program: Some(Pubkey::new_from_array([3; 32])),
}];

#[test]
fn a_hook_that_appears_later_stops_deposits_and_one_that_goes_lets_them_again() {
    let ctx = TestContext::new();
    let alice = ctx.security("alice").create();
    let asset = ctx.mint_with("hook", &[Extension::TransferHook { program: None }]);
    backs(&ctx, &alice, &asset);
    let (authority, depositor) = (keys::equity_authority(), ctx.wallet("depositor"));
    ctx.fund(&asset, &depositor.pubkey(), 100);
    let set =
        |program| transfer_hook::instruction::update(PROGRAM, &asset.mint, &authority.pubkey(), &[], program).unwrap();
    let deposit = ctx.deposit_instruction(&alice, &asset, 100).instruction();
    ctx.send(&[set(Some(Pubkey::new_from_array([3; 32])))], &[&authority]);
    ctx.refuse(std::slice::from_ref(&deposit), &[&depositor], UpsideError::HookSet);
    refused_as_backing(&ctx, &ctx.security("bob").create(), &asset, UpsideError::HookSet);
    ctx.send(&[set(None)], &[&authority]);
    ctx.send(&[deposit], &[&depositor]);

    let born = ctx.mint_with("born with a hook", BORN_WITH_A_HOOK);
    refused_as_backing(&ctx, &alice, &born, UpsideError::HookSet);
    refused_as_payout(&ctx, &born, UpsideError::ExtensionRefused);
}

#[test]
fn a_paused_asset_takes_no_deposits_until_it_is_resumed() {
    let ctx = TestContext::new();
    let alice = ctx.security("alice").create();
    let asset = ctx.equity("ACMEx");
    backs(&ctx, &alice, &asset);
    let (authority, depositor) = (keys::equity_authority(), ctx.wallet("depositor"));
    ctx.fund(&asset, &depositor.pubkey(), 100);
    let deposit = ctx.deposit_instruction(&alice, &asset, 100).instruction();
    ctx.send(&[asset.pause(&authority.pubkey()).unwrap()], &[&authority]);
    ctx.refuse(std::slice::from_ref(&deposit), &[&depositor], TokenError::MintPaused);
    // A vault of a paused asset can be opened.
    let bob = ctx.security("bob").create();
    ctx.open_vault(&bob, &asset);
    ctx.send(&[asset.resume(&authority.pubkey()).unwrap()], &[&authority]);
    ctx.send(&[deposit], &[&depositor]);
}

#[test]
fn a_vault_born_frozen_opens_and_waits_for_its_thaw() {
    let ctx = TestContext::new();
    let alice = ctx.security("alice").create();
    let asset = ctx.equity("INITx");
    ctx.send(
        &[ctx.open_vault_instruction(&alice, &asset).instruction()],
        &[&alice.issuer],
    );
    let depositor = ctx.wallet("depositor");
    ctx.fund(&asset, &depositor.pubkey(), 100);
    let deposit = ctx.deposit_instruction(&alice, &asset, 100).instruction();
    ctx.refuse(
        std::slice::from_ref(&deposit),
        &[&depositor],
        UpsideError::VaultAccountFrozen,
    );
    let authority = keys::equity_authority();
    ctx.send(
        &[asset.thaw(&authority.pubkey(), &alice.keys.vault(&asset.mint)).unwrap()],
        &[&authority],
    );
    ctx.send(&[deposit], &[&depositor]);
    ctx.assert_events_rebuild_state();
}

/// Wrapped SOL: the amount of an account is its lamports above rent, so lamports sent beforehand become money of the account.
#[test]
fn wrapped_sol_pays_out_and_backs() {
    let ctx = TestContext::new();
    let native = anchor_spl::token::spl_token::native_mint::ID;
    let sol = MintRef {
        mint: native,
        token_program: ctx.payout().token_program,
        decimals: 9,
    };
    if ctx.account(&native).is_none() {
        let mut data = vec![0; 82];
        (data[44], data[45]) = (9, 1);
        let account = Account {
            lamports: 1_000_000_000,
            data,
            owner: sol.token_program,
            executable: false,
            rent_epoch: u64::MAX,
        };
        ctx.set_account(&native, account);
    }
    let wrap = |owner: &Pubkey, lamports: u64| {
        let account = ctx.open_account(&sol, owner);
        let sync = token::sync_native(&sol.token_program, &account).unwrap();
        ctx.send(
            &[
                system_instruction::transfer(&ctx.payer.pubkey(), &account, lamports),
                sync,
            ],
            &[],
        );
    };
    let builder = ctx.security("alice").payout(sol).supply(1 << 40, 1 << 39).drip(3_600);
    // More than rent at the payout vault's address before it exists.
    ctx.airdrop(&builder.instruction().keys().payout_vault(), 5_000_000_000);
    let alice = builder.create();
    let funder = ctx.wallet("funder");
    wrap(&funder.pubkey(), 7_000_000_000);
    wrap(&alice.keys.security, 1_000_000_000);
    let pay = upside_client::instructions::Distribute::from_ata(&alice.keys, funder.pubkey(), 7_000_000_000);
    ctx.send(&[pay.instruction()], &[&funder]);
    ctx.warp(3_600);
    assert_eq!(ctx.claim(&alice, &alice.issuer), 8_000_000_000);
    // What was sent beforehand stays: nobody distributed it.
    assert!(ctx.balance(&alice.keys.payout_vault()) < 5_000_000_000);

    let depositor = ctx.wallet("depositor");
    wrap(&depositor.pubkey(), 3);
    ctx.open_vault(&alice, &sol);
    ctx.send(&[ctx.deposit_instruction(&alice, &sol, 3).instruction()], &[&depositor]);
    assert_eq!(ctx.vault(&alice, &native).deposited_total_atoms, 3);
    ctx.assert_events_rebuild_state();
}
