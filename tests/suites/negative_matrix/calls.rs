//! One valid call of every instruction, the role of each of its accounts, and the exceptions with their reasons.

use anchor_lang::{error::ErrorCode, prelude::Pubkey, system_program::ID as SYSTEM};
use anchor_spl::token_2022::spl_token_2022::error::TokenError;
use solana_account_v4::Account;
use upside::{
    constants::{ASSOCIATED_TOKEN_PROGRAM_ID, TOKEN_2022_PROGRAM_ID, TOKEN_PROGRAM_ID},
    error::UpsideError as E,
    instructions::{grant::CreateGrantArgs, round::CreateRoundArgs, security::UpdateMetadataArgs},
    state::TransferPolicy,
};
use upside_client::instructions::*;
use upside_lookalike_mints::balances::MintRef;
use upside_tests::{
    call,
    negative::{
        self, authority, content, derived, key, recorded, this_program, Call, Exception, Expect, Role,
        Spoilt::{self, Closed, Forged, Occupied, Truncated, Zeroed},
        Substitution::{InPlace, Other, OtherSigner, Unsigned},
        ACCOUNT_ALREADY_IN_USE,
    },
};

use crate::world::*;

fn token_2022() -> Role {
    key(E::WrongTokenProgram)
}

fn memo() -> Role {
    key(ErrorCode::ConstraintAddress)
}

fn system() -> Role {
    key(ErrorCode::InvalidProgramId)
}

fn event() -> Role {
    key(ErrorCode::ConstraintAddress)
}

/// A position opened when missing.
fn openable() -> Role {
    Role::Position(E::WrongPosition.into())
}

/// Any accepted mint of the named token program may be chosen as payout mint.
fn chosen_payout_mint(_: &Pubkey, account: Option<&Account>) -> Expect {
    match account {
        Some(account) if account.owner != TOKEN_PROGRAM_ID => E::WrongTokenProgram.into(),
        None => E::WrongTokenProgram.into(),
        Some(account) if account.data.len() == 82 && account.data[45] == 1 => {
            Expect::Succeeds("any mint that passes the policy may pay out")
        }
        Some(_) => E::NotAMint.into(),
    }
}

/// Who receives: their position is another's unless they cannot hold at all.
fn receiver(key: &Pubkey, account: Option<&Account>) -> Expect {
    match account {
        None if !key.is_on_curve() => E::NotAHolder.into(),
        Some(account) if account.owner == upside::ID => E::NotAHolder.into(),
        _ => E::WrongPosition.into(),
    }
}

/// As [`receiver`] where an approval names the holder.
fn approved_receiver(key: &Pubkey, account: Option<&Account>) -> Expect {
    match receiver(key, account) {
        expect if expect == E::NotAHolder.into() => expect,
        _ => E::HolderNotApproved.into(),
    }
}

/// A receiver without lamports is a wallet if the address is on the curve.
fn emptied(key: &Pubkey) -> Expect {
    if key.is_on_curve() {
        Expect::Succeeds("an address on the curve is a wallet before it has lamports")
    } else {
        E::NotAHolder.into()
    }
}

fn another_programs() -> Expect {
    Expect::Succeeds("an existing account of another program may hold")
}

/// The program where an optional account is left out: its address stands in that one's place, so the event's call finds it.
fn this_program_twice() -> Role {
    key(Expect::Succeeds(
        "the program's address also stands for the account left out",
    ))
}

fn is_payout_account(account: Option<&Account>) -> bool {
    account.is_some_and(|account| {
        account.owner == TOKEN_PROGRAM_ID
            && account.data.len() == 165
            && account.data[..32] == [20; 32]
            && account.data[108] == 1
    })
}

/// What pays into a security: another's account with enough money is refused by SPL Token.
fn payout_source(_: &Pubkey, account: Option<&Account>) -> Expect {
    let enough = |account: &Account| {
        account.data[64..72]
            .first_chunk()
            .is_some_and(|atoms| u64::from_le_bytes(*atoms) >= 1_000)
    };
    if is_payout_account(account) && account.is_some_and(enough) {
        Expect::custom(TokenError::OwnerMismatch as u32, TOKEN_PROGRAM_ID)
    } else {
        E::BadSource.into()
    }
}

/// Where a claim by anyone pays: a payout account other than the stored one is refused by address, anything else by content.
fn stored_payout_account(_: &Pubkey, account: Option<&Account>) -> Expect {
    if is_payout_account(account) {
        E::WrongPayoutAccount.into()
    } else {
        E::PayoutAccountNotHolders.into()
    }
}

/// Where a holder who signs is paid.
fn any_payout_account(_: &Pubkey, account: Option<&Account>) -> Expect {
    if is_payout_account(account) {
        Expect::Succeeds("a holder who signs may name any payout account")
    } else {
        E::PayoutAccountNotHolders.into()
    }
}

fn is_equity_account(account: Option<&Account>) -> bool {
    account.is_some_and(|account| {
        account.owner == TOKEN_2022_PROGRAM_ID
            && account.data.len() > 165
            && account.data[165] == 2
            && account.data[..32] == [22; 32]
            && account.data[108] == 1
    })
}

/// Where a ticket collects money.
fn money_receiver(_: &Pubkey, account: Option<&Account>) -> Expect {
    collector(is_payout_account(account))
}

/// Where a ticket collects equity.
fn equity_receiver(_: &Pubkey, account: Option<&Account>) -> Expect {
    collector(is_equity_account(account))
}

fn collector(is_account_of_the_asset: bool) -> Expect {
    if is_account_of_the_asset {
        Expect::Succeeds("a holder who signs may name any account of the asset")
    } else {
        E::BadReceiver.into()
    }
}

/// Where nothing is paid.
fn nothing_to_receive(_: &Pubkey, _: Option<&Account>) -> Expect {
    Expect::Succeeds("a part of zero needs no receiver")
}

/// What should tell that the issuer holds every share: a grant with enough notice does not depend on it.
fn no_shares(_: &Pubkey, _: Option<&Account>) -> Expect {
    Expect::Succeeds("what is not the issuer's position counts as no shares, so the notice applies, and it is kept")
}

/// What an account that is spoilt at its own address in each of these ways leads to.
fn in_place(account: &'static str, ways: &[Spoilt], expect: impl Into<Expect>) -> Vec<Exception> {
    let expect = expect.into();
    ways.iter()
        .map(|way| (account, InPlace(*way), expect.clone()))
        .collect()
}

/// Every way to spoil an account that exists.
const EXISTING: [Spoilt; 4] = [Forged, Truncated, Zeroed, Closed];

/// Read by Token-2022, which wants its own accounts, long enough and initialised.
fn token_2022_reads(account: &'static str) -> Vec<Exception> {
    [
        in_place(account, &[Forged, Closed], token_2022_says("IncorrectProgramId")),
        in_place(account, &[Truncated], token_2022_says("InvalidAccountData")),
        in_place(account, &[Zeroed], token_2022_says("UninitializedAccount")),
    ]
    .concat()
}

fn token_2022_says(error: &str) -> Expect {
    Expect::runtime(error, TOKEN_2022_PROGRAM_ID)
}

/// A registered account that receives: made again when there is none, at an address that must then be free, and thawed when there is one.
fn registered_receives(account: &'static str) -> Vec<Exception> {
    [
        in_place(account, &[Forged, Occupied], in_use()),
        in_place(account, &[Truncated], token_2022_says("InvalidAccountData")),
        in_place(account, &[Zeroed], token_2022_says("UninitializedAccount")),
        // Made again, with the new shares only.
        in_place(account, &[Closed], E::RegisteredMismatch),
    ]
    .concat()
}

fn in_use() -> Expect {
    Expect::custom(ACCOUNT_ALREADY_IN_USE, SYSTEM)
}

/// An account of payout money that SPL Token writes: it looks at length and state, the runtime at who owns what is written.
fn spl_token_writes(account: &'static str) -> Vec<Exception> {
    let says = |error| Expect::runtime(error, TOKEN_PROGRAM_ID);
    [
        in_place(account, &[Forged], says("ExternalAccountDataModified")),
        in_place(account, &[Truncated, Closed], says("InvalidAccountData")),
        in_place(account, &[Zeroed], says("UninitializedAccount")),
    ]
    .concat()
}

/// A mint that SPL Token reads. It compares the mint's address with the accounts', so it does not ask whose the mint is.
fn spl_token_reads_mint(mint: &'static str) -> Vec<Exception> {
    let says = |error| Expect::runtime(error, TOKEN_PROGRAM_ID);
    [
        in_place(
            mint,
            &[Forged],
            Expect::Succeeds("SPL Token knows a mint by its address"),
        ),
        in_place(mint, &[Truncated, Closed], says("InvalidAccountData")),
        in_place(mint, &[Zeroed], says("UninitializedAccount")),
    ]
    .concat()
}

/// A mint that SPL Token is asked for the size of its accounts: it wants its own, and a mint.
fn spl_token_sizes_mint(mint: &'static str) -> Vec<Exception> {
    let invalid = Expect::custom(TokenError::InvalidMint as u32, TOKEN_PROGRAM_ID);
    [
        in_place(
            mint,
            &[Forged, Closed],
            Expect::runtime("IncorrectProgramId", TOKEN_PROGRAM_ID),
        ),
        in_place(mint, &[Truncated, Zeroed], invalid),
    ]
    .concat()
}

/// What spoilt accounts lead to that are known by their address: it depends on who reads them then.
fn spoilt(call: &str) -> Vec<Exception> {
    let not_read = |account, ways: &[Spoilt], why| in_place(account, ways, Expect::Succeeds(why));
    let receives_rent = || {
        not_read(
            "rent_payer",
            &[Forged, Closed],
            "rent goes back to its payer, whoever owns them now",
        )
    };
    let asset_mint = || {
        [
            in_place("asset_mint", &[Forged, Closed], E::WrongTokenProgram),
            in_place("asset_mint", &[Truncated, Zeroed], E::NotAMint),
        ]
    };
    let backing = || {
        [
            in_place("mint", &EXISTING, E::NotAMint),
            in_place("vault_account", &[Forged, Closed], E::WrongTokenProgram),
            in_place("vault_account", &[Truncated, Zeroed], E::WrongVaultAccount),
        ]
    };
    let money = || [spl_token_writes("payout_vault"), spl_token_reads_mint("payout_mint")].concat();
    match call {
        "create_security" => ["mint", "security", "payout_vault", "registered"]
            .map(|account| in_place(account, &[Occupied], in_use()))
            .concat(),
        "issue" => [
            in_place("mint", &EXISTING, E::NotAMint),
            registered_receives("registered"),
        ]
        .concat(),
        "register" => [token_2022_reads("mint"), registered_receives("registered")].concat(),
        "unregister" => [token_2022_reads("mint"), token_2022_reads("registered")].concat(),
        "transfer_shares" => [
            token_2022_reads("mint"),
            token_2022_reads("from_registered"),
            registered_receives("to_registered"),
        ]
        .concat(),
        "transfer_shares to a new holder" => [
            token_2022_reads("mint"),
            token_2022_reads("from_registered"),
            in_place("to_registered", &[Occupied], in_use()),
        ]
        .concat(),
        "transfer_shares, curated" => [
            token_2022_reads("mint"),
            token_2022_reads("from_registered"),
            in_place("to_registered", &[Occupied], in_use()),
            in_place("approval", &EXISTING, E::HolderNotApproved),
        ]
        .concat(),
        "distribute" => [
            money(),
            not_read("inbox", &[Occupied], "an inbox that is no token account is passed over"),
        ]
        .concat(),
        "distribute with a filled inbox" => [
            money(),
            not_read("inbox", &EXISTING, "an inbox that is no token account is passed over"),
        ]
        .concat(),
        "distribute from the inbox" => [money(), in_place("inbox", &EXISTING, E::NothingToDistribute)].concat(),
        "distribute past a frozen inbox" => [
            money(),
            not_read("inbox", &EXISTING, "an inbox that is no token account is passed over"),
        ]
        .concat(),
        "claim by anyone" | "claim by the holder" => [
            money(),
            not_read(
                "holder",
                &[Forged, Closed],
                "a holder may be any program's account, with or without lamports",
            ),
        ]
        .concat(),
        "update_metadata" => [
            in_place("mint", &[Forged], token_2022_says("IncorrectProgramId")),
            in_place("mint", &[Truncated, Zeroed, Closed], E::NotAMint),
        ]
        .concat(),
        "approve_holder" => [
            in_place("holder", &[Forged], another_programs()),
            in_place("holder", &[Closed], emptied(&RECEIVER)),
            in_place("approval", &[Occupied], E::AlreadyApproved),
        ]
        .concat(),
        "remove_approval" => receives_rent(),
        "close_position" => [
            not_read(
                "mint",
                &EXISTING,
                "the mint of a position that closes is named, not read",
            ),
            not_read(
                "registered",
                &[Forged, Closed],
                "a registered account that its holder has closed is left alone",
            ),
            in_place("registered", &[Truncated, Zeroed], E::RegisteredMismatch),
            receives_rent(),
        ]
        .concat(),
        "open_vault" => [
            asset_mint().concat(),
            in_place("vault", &[Occupied], E::VaultAlreadyOpen),
            in_place(
                "vault_account",
                &[Occupied],
                Expect::runtime("IllegalOwner", ASSOCIATED_TOKEN_PROGRAM_ID),
            ),
        ]
        .concat(),
        "open_vault for shares" => [
            asset_mint().concat(),
            in_place("vault", &[Occupied], E::VaultAlreadyOpen),
            in_place("held_payout_mint", &EXISTING, E::NotAMint),
            in_place("harvest_vault", &[Occupied], in_use()),
            ["vault_account", "harvest_vault_account"]
                .map(|account| {
                    in_place(
                        account,
                        &[Occupied],
                        Expect::runtime("IllegalOwner", ASSOCIATED_TOKEN_PROGRAM_ID),
                    )
                })
                .concat(),
        ]
        .concat(),
        "deposit_shares" => [
            token_2022_reads("held_mint"),
            token_2022_reads("registered"),
            registered_receives("vault_registered"),
        ]
        .concat(),
        "register_vault_bearer" => [token_2022_reads("held_mint"), registered_receives("vault_registered")].concat(),
        "harvest onto the stream" => [money(), spl_token_writes("destination")].concat(),
        "harvest into a vault" => [money(), in_place("destination", &EXISTING, E::WrongHarvestAccount)].concat(),
        "collect_shares" => [
            in_place("mint", &EXISTING, E::NotAMint),
            token_2022_reads("held_mint"),
            token_2022_reads("vault_registered"),
            registered_receives("registered"),
        ]
        .concat(),
        "collect_shares, curated" => [
            in_place("mint", &EXISTING, E::NotAMint),
            token_2022_reads("held_mint"),
            token_2022_reads("vault_registered"),
            in_place("registered", &[Occupied], in_use()),
            in_place("approval", &EXISTING, E::HolderNotApproved),
        ]
        .concat(),
        "deposit_equity" => [
            asset_mint().concat(),
            in_place("vault_account", &EXISTING, E::WrongVaultAccount),
        ]
        .concat(),
        "redeem" => [
            token_2022_reads("mint"),
            token_2022_reads("registered"),
            in_place("redemption", &[Occupied], E::RedemptionExists),
        ]
        .concat(),
        "collect money" => [backing().concat(), spl_token_reads_mint("asset_mint")].concat(),
        "collect equity" => [backing().concat(), token_2022_reads("asset_mint")].concat(),
        "collect nothing" => [
            backing().concat(),
            not_read("asset_mint", &EXISTING, "a part of zero needs no mint"),
        ]
        .concat(),
        "close_redemption" | "close_grant" => receives_rent(),
        "create_grant" => [
            in_place("mint", &EXISTING, E::NotAMint),
            in_place("recipient", &[Forged], another_programs()),
            in_place("recipient", &[Closed], emptied(&RECEIVER)),
            in_place("grant", &[Occupied], E::GrantExists),
        ]
        .concat(),
        "create_collective" => in_place("collective", &[Occupied], E::CollectiveExists),
        "apply" => in_place("member", &[Occupied], E::ApplicationExists),
        "withdraw_application" => receives_rent(),
        "join" => [
            in_place("member_mint", &[Forged, Closed], token_2022_says("IncorrectProgramId")),
            in_place(
                "member_mint",
                &[Truncated, Zeroed],
                Expect::custom(TokenError::InvalidMint as u32, TOKEN_2022_PROGRAM_ID),
            ),
            token_2022_reads("registered"),
            in_place("vault", &[Occupied], in_use()),
            in_place(
                "vault_account",
                &[Occupied],
                Expect::runtime("IllegalOwner", ASSOCIATED_TOKEN_PROGRAM_ID),
            ),
            in_place("vault_registered", &[Occupied], in_use()),
            in_place("grant", &[Occupied], E::GrantExists),
        ]
        .concat(),
        "claim_grant" => [
            token_2022_reads("mint"),
            registered_receives("registered"),
            not_read(
                "recipient",
                &[Forged, Closed],
                "a recipient may be any program's account, with or without lamports",
            ),
        ]
        .concat(),
        "create_round" => [
            in_place("mint", &EXISTING, E::NotAMint),
            in_place("round", &[Occupied], E::RoundExists),
            in_place(
                "round_account",
                &[Occupied],
                Expect::runtime("IllegalOwner", ASSOCIATED_TOKEN_PROGRAM_ID),
            ),
            spl_token_sizes_mint("payout_mint"),
        ]
        .concat(),
        "invite" => [
            in_place("investor", &[Forged], another_programs()),
            in_place("investor", &[Closed], emptied(&HOLDER)),
            in_place("subscription", &[Occupied], E::AlreadyInvited),
        ]
        .concat(),
        "uninvite" => receives_rent(),
        "subscribe" => [
            in_place("subscription", &[Occupied], E::WrongSubscription),
            spl_token_writes("round_account"),
            spl_token_reads_mint("payout_mint"),
        ]
        .concat(),
        "withdraw_subscription" | "withdraw_refund" => [
            spl_token_writes("round_account"),
            spl_token_reads_mint("payout_mint"),
            receives_rent(),
        ]
        .concat(),
        "settle_subscription" => [
            not_read(
                "investor",
                &[Forged, Closed],
                "an investor may be any program's account, with or without lamports",
            ),
            in_place("mint", &[Forged, Closed], token_2022_says("IncorrectProgramId")),
            // The registered account is made first, for a mint.
            in_place(
                "mint",
                &[Truncated, Zeroed],
                Expect::custom(TokenError::InvalidMint as u32, TOKEN_2022_PROGRAM_ID),
            ),
            not_read("round_account", &EXISTING, "a refund that cannot be paid stays booked"),
            not_read("refund_account", &EXISTING, "a refund that cannot be paid stays booked"),
            in_place("registered", &[Occupied], in_use()),
            spl_token_reads_mint("payout_mint"),
            receives_rent(),
        ]
        .concat(),
        "release_runway" => [
            not_read(
                "issuer",
                &[Forged, Closed],
                "an issuer may be any program's account, with or without lamports",
            ),
            spl_token_writes("round_account"),
            not_read(
                "issuer_account",
                &EXISTING,
                "what becomes backing does not wait for the issuer",
            ),
            not_read(
                "vault_account",
                &EXISTING,
                "the issuer does not wait for what becomes backing",
            ),
            spl_token_reads_mint("payout_mint"),
        ]
        .concat(),
        _ => Vec::new(),
    }
}

/// All calls.
pub fn all(w: &World) -> Vec<Call> {
    let mut calls = table(w);
    for call in &mut calls {
        call.exceptions.extend(spoilt(call.name));
        let anything = Expect::Succeeds("an event is told by the authority's signature, whatever lies at its address");
        call.exceptions
            .extend(in_place("event_authority", &[Occupied], anything));
    }
    calls
}

#[allow(clippy::too_many_lines)] // a table
fn table(w: &World) -> Vec<Call> {
    let (a, a2, b, c, d, f) = (&w.a, &w.a2, &w.b, &w.c, &w.d, &w.f);
    let owner_mismatch = |program| Expect::custom(TokenError::OwnerMismatch as u32, program);
    let own = || Expect::Succeeds("it is the same issuer's other security");
    let bearer = a.bearer_account(&HOLDER);
    let curated = || Expect::from(E::CuratedHasNoBearer);
    let transfer = |keys, from, to| TransferShares {
        keys,
        payer: PAYER,
        from,
        to,
        amount: 1_000,
    };
    let a2_own = || ("security", Other(a2.security), own());
    let left_out = || ("source", Other(upside::ID), E::BadSource.into());
    let in_use_as_another = || Expect::runtime("AccountBorrowFailed", upside::ID);
    let no_held = || Expect::Succeeds("an asset that is no share has no security");
    let (equity_vault, shares_of_a) = (a.vault(&w.other_equity.mint), d.vault(&a.mint));
    let equity_account = w.other_equity.account_of(&equity_vault);
    let collect_shares = |held| CollectShares {
        keys: &w.d,
        held,
        payer: PAYER,
        holder: HOLDER,
        id: TICKET,
        least_atoms: 0,
    };
    let collect = |asset: &MintRef| Collect::to_ata(&w.d, HOLDER, TICKET, asset.mint, asset.token_program);
    let too_old = || {
        (
            "redemption",
            Other(d.redemption(&HOLDER, CLOSABLE_TICKET)),
            E::VaultOutOfReach.into(),
        )
    };
    let own_account = |asset: &MintRef| {
        (
            "receiver",
            Other(asset.account_of(&w.d.vault(&asset.mint))),
            E::BadReceiver.into(),
        )
    };
    let announced = CreateGrantArgs {
        start_ts: NOW + 20 * DAY,
        cliff_ts: NOW + 20 * DAY,
        ..granted(4)
    };
    let revocable = |grant| {
        (
            "grant",
            Other(grant),
            Expect::Succeeds("the issuer may revoke every revocable grant"),
        )
    };
    let e = &w.e;
    let next_round = CreateRoundArgs {
        opens_ts: NOW + 20 * DAY,
        commit_ts: NOW + 30 * DAY,
        closes_ts: NOW + 40 * DAY,
        ..offered(9, 1)
    };
    // Carol issued C too, so the round tells.
    let carols = || ("security", Other(w.c.security), E::WrongRound.into());
    let carols_f = || ("security", Other(f.security), E::WrongRound.into());
    let in_round = |id, expect: Expect| ("round", Other(e.round(id)), expect);
    let no_vault = |account| (account, Other(upside::ID), E::BackingVaultMissing.into());
    let seeds = || Expect::from(ErrorCode::ConstraintSeeds);
    let others = || Expect::from(E::WrongSubscription);
    let elsewhere = || Expect::from(E::WrongRoundAccount);
    let no_source = || Expect::Succeeds("a source that nothing is taken from is not looked at");
    vec![
        call!("create_security", CreateSecurity, create(ALICE, 2, TransferPolicy::Open, &w.payout), {
            payer: Role::Payer, issuer: authority(ErrorCode::ConstraintSeeds),
            mint: key(ErrorCode::ConstraintSeeds), security: key(ErrorCode::ConstraintSeeds),
            payout_mint: Role::By(chosen_payout_mint), payout_token_program: key(E::WrongTokenProgram),
            payout_vault: key(ErrorCode::ConstraintSeeds), position: openable(), registered: key(E::WrongRegisteredAccount),
            token_program: token_2022(), system_program: system(), event_authority: event(), program: this_program(),
        }),
        call!("issue", Issue, Issue { keys: a2, payer: PAYER, issuer: ALICE, amount: 1_000 }, {
            payer: Role::IdlePayer, issuer: authority(E::NotIssuer), security: negative::security(E::NotIssuer),
            mint: key(E::WrongSecurityAccount), position: openable(), registered: key(E::WrongRegisteredAccount),
            token_program: token_2022(), system_program: system(), event_authority: event(), program: this_program(),
        },
            // Alice issued A too, so only the mint tells.
            ("security", Other(a.security), E::WrongSecurityAccount.into()),
            // Opened again, empty: then not every share is the issuer's.
            ("position", InPlace(Closed), E::OthersHoldShares.into())),
        call!("register", Register, Register { keys: a, payer: PAYER, holder: HOLDER, bearer_account: bearer, amount: 1_000 }, {
            payer: Role::IdlePayer, holder: authority(E::WrongBearerAccount), security: negative::security(E::WrongSecurityAccount),
            mint: key(E::WrongSecurityAccount), position: openable(), registered: key(E::WrongRegisteredAccount),
            bearer_account: content(E::WrongBearerAccount), token_program: token_2022(), memo_program: memo(),
            system_program: system(), event_authority: event(), program: this_program(),
        },
            ("security", Other(c.security), curated()),
            ("security", Other(w.c2.security), curated()),
            ("registered", Other(bearer), E::SameAccount.into()),
            ("bearer_account", Other(a.registered(&HOLDER)), E::SameAccount.into()),
            // Opened again, empty, while the registered account still holds shares.
            ("position", InPlace(Closed), E::RegisteredMismatch.into())),
        call!("unregister", Unregister, Unregister { keys: a, holder: HOLDER, bearer_account: bearer, amount: 1_000 }, {
            holder: authority(E::WrongBearerAccount), security: negative::security(E::WrongSecurityAccount),
            mint: key(E::WrongSecurityAccount), position: negative::position(E::WrongPosition), registered: key(E::WrongRegisteredAccount),
            bearer_account: content(E::WrongBearerAccount), token_program: token_2022(), memo_program: memo(),
            event_authority: event(), program: this_program(),
        },
            ("security", Other(c.security), curated()),
            ("security", Other(w.c2.security), curated()),
            ("registered", Other(bearer), E::SameAccount.into()),
            ("bearer_account", Other(a.registered(&HOLDER)), E::SameAccount.into())),
        call!("transfer_shares", TransferShares, transfer(a, ALICE, RECEIVER), {
            payer: Role::IdlePayer, holder: authority(E::WrongPosition), security: negative::security(E::WrongSecurityAccount),
            mint: key(E::WrongSecurityAccount), from_position: negative::position(E::WrongPosition),
            from_registered: key(E::WrongRegisteredAccount), to_holder: Role::By(receiver), to_position: openable(),
            to_registered: key(E::WrongRegisteredAccount),
            approval: key(Expect::Succeeds("an open security looks at no approval")),
            token_program: token_2022(), memo_program: memo(), system_program: system(), event_authority: event(),
            program: this_program_twice(),
        },
            ("security", Other(c.security), E::HolderNotApproved.into()),
            ("security", Other(w.c2.security), E::HolderNotApproved.into()),
            ("to_holder", InPlace(Forged), another_programs()),
            ("to_holder", InPlace(Closed), emptied(&RECEIVER)),
            ("to_holder", Other(ALICE), E::SameAccount.into()),
            ("to_position", InPlace(Closed), E::RegisteredMismatch.into())),
        call!("transfer_shares to a new holder", TransferShares, transfer(a, ALICE, STRANGER), {
            payer: Role::Payer, holder: authority(E::WrongPosition), security: negative::security(E::WrongSecurityAccount),
            mint: key(E::WrongSecurityAccount), from_position: negative::position(E::WrongPosition),
            from_registered: key(E::WrongRegisteredAccount), to_holder: Role::By(receiver), to_position: openable(),
            to_registered: key(E::WrongRegisteredAccount),
            approval: key(Expect::Succeeds("an open security looks at no approval")),
            token_program: token_2022(), memo_program: memo(), system_program: system(), event_authority: event(),
            program: this_program_twice(),
        },
            ("security", Other(c.security), E::HolderNotApproved.into()),
            ("security", Other(w.c2.security), E::HolderNotApproved.into()),
            // The position is opened first, at an address derived from the security.
            ("security", Other(a2.security), E::WrongPosition.into()),
            ("security", Other(b.security), E::WrongPosition.into()),
            ("security", Other(d.security), E::WrongPosition.into()),
            ("security", Other(w.e.security), E::WrongPosition.into()),
            ("security", Other(f.security), E::WrongPosition.into()),
            // The stranger is the receiver.
            ("holder", OtherSigner, E::SameAccount.into()),
            ("to_holder", InPlace(Forged), another_programs()),
            ("to_holder", InPlace(Closed), emptied(&STRANGER)),
            ("to_holder", Other(ALICE), E::SameAccount.into())),
        call!("transfer_shares, curated", TransferShares, transfer(c, CAROL, HOLDER), {
            payer: Role::Payer, holder: authority(E::WrongPosition), security: negative::security(E::WrongSecurityAccount),
            mint: key(E::WrongSecurityAccount), from_position: negative::position(E::WrongPosition),
            from_registered: key(E::WrongRegisteredAccount), to_holder: Role::By(approved_receiver), to_position: openable(),
            to_registered: key(E::WrongRegisteredAccount), approval: key(E::HolderNotApproved),
            token_program: token_2022(), memo_program: memo(), system_program: system(), event_authority: event(),
            program: this_program(),
        },
            // The receiver's position is opened first, at an address derived from the security.
            ("security", Other(a.security), E::WrongPosition.into()),
            ("security", Other(a2.security), E::WrongPosition.into()),
            ("security", Other(b.security), E::WrongPosition.into()),
            ("security", Other(d.security), E::WrongPosition.into()),
            ("security", Other(w.e.security), E::WrongPosition.into()),
            ("security", Other(f.security), E::WrongPosition.into()),
            ("security", Other(w.c2.security), E::HolderNotApproved.into()),
            ("to_holder", InPlace(Forged), another_programs()),
            ("to_holder", InPlace(Closed), emptied(&HOLDER)),
            ("to_holder", Other(CAROL), E::SameAccount.into()),
            ("approval", Other(upside::ID), E::HolderNotApproved.into())),
        call!("distribute", Distribute, Distribute::from_ata(a, FUNDER, 1_000), {
            funder: authority(owner_mismatch(TOKEN_PROGRAM_ID)), security: negative::security(E::WrongSecurityAccount),
            source: Role::By(payout_source), payout_vault: recorded(E::WrongSecurityAccount), inbox: recorded(E::WrongSecurityAccount),
            payout_mint: key(E::WrongPayoutMint), payout_token_program: key(E::WrongTokenProgram), event_authority: event(),
            program: this_program(),
        },
            left_out(), ("source", Other(a.payout_vault()), E::BadSource.into())),
        call!("distribute with a filled inbox", Distribute, Distribute::from_ata(a2, FUNDER, 1_000), {
            funder: authority(owner_mismatch(TOKEN_PROGRAM_ID)), security: negative::security(E::WrongSecurityAccount),
            source: Role::By(payout_source), payout_vault: recorded(E::WrongSecurityAccount), inbox: recorded(E::WrongSecurityAccount),
            payout_mint: key(E::WrongPayoutMint), payout_token_program: key(E::WrongTokenProgram), event_authority: event(),
            program: this_program(),
        },
            left_out(), ("source", Other(a2.inbox()), E::BadSource.into())),
        call!("distribute from the inbox", Distribute, Distribute::sweep(a2, FUNDER), {
            funder: authority(Expect::Succeeds("anyone may sweep the inbox")), security: negative::security(E::WrongSecurityAccount),
            source: key(ErrorCode::ConstraintMut), payout_vault: recorded(E::WrongSecurityAccount), inbox: recorded(E::WrongSecurityAccount),
            payout_mint: key(E::WrongPayoutMint), payout_token_program: key(E::WrongTokenProgram), event_authority: event(),
            program: this_program_twice(),
        },
            // Writable because the instruction names them as such elsewhere.
            ("source", Other(a2.security), no_source()),
            ("source", Other(a2.payout_vault()), no_source()),
            ("source", Other(a2.inbox()), no_source())),
        call!("distribute past a frozen inbox", Distribute, Distribute::from_ata(c, FUNDER, 1_000), {
            funder: authority(owner_mismatch(TOKEN_PROGRAM_ID)), security: negative::security(E::WrongSecurityAccount),
            source: Role::By(payout_source), payout_vault: recorded(E::WrongSecurityAccount), inbox: recorded(E::WrongSecurityAccount),
            payout_mint: key(E::WrongPayoutMint), payout_token_program: key(E::WrongTokenProgram), event_authority: event(),
            program: this_program(),
        },
            left_out()),
        call!("claim by anyone", Claim, Claim { keys: a, holder: HOLDER, payout_account: a.payout_account(&HOLDER), holder_signs: false }, {
            security: negative::security(E::WrongSecurityAccount), position: negative::position(E::WrongPosition), holder: key(E::WrongPosition),
            payout_vault: recorded(E::WrongSecurityAccount), payout_account: Role::By(stored_payout_account),
            payout_mint: key(E::WrongPayoutMint), payout_token_program: key(E::WrongTokenProgram), event_authority: event(),
            program: this_program(),
        }),
        call!("claim by the holder", Claim, Claim { keys: a, holder: HOLDER, payout_account: a.payout_account(&HOLDER), holder_signs: true }, {
            security: negative::security(E::WrongSecurityAccount), position: negative::position(E::WrongPosition), holder: key(E::WrongPosition),
            payout_vault: recorded(E::WrongSecurityAccount), payout_account: Role::By(any_payout_account),
            payout_mint: key(E::WrongPayoutMint), payout_token_program: key(E::WrongTokenProgram), event_authority: event(),
            program: this_program(),
        },
            ("holder", Unsigned, Expect::Succeeds("anyone may crank a claim to the stored account")),
            // A transfer into itself would pay nothing and settle the debt.
            ("payout_account", Other(a.payout_vault()), E::WrongPayoutAccount.into())),
        call!("retire", Retire, Retire { keys: a, issuer: ALICE, amount: 1_000 }, {
            issuer: authority(E::NotIssuer), security: negative::security(E::NotIssuer), event_authority: event(), program: this_program(),
        }, a2_own()),
        call!("advance_redemption", AdvanceRedemption, AdvanceRedemption { keys: a, issuer: ALICE, redeem_after_ts: NOW + 300 * DAY }, {
            issuer: authority(E::NotIssuer), security: negative::security(E::NotIssuer), event_authority: event(), program: this_program(),
        }, a2_own()),
        call!("propose_issuer", ProposeIssuer, ProposeIssuer { keys: a, issuer: ALICE, pending_issuer: Some(BOB) }, {
            issuer: authority(E::NotIssuer), security: negative::security(E::NotIssuer), event_authority: event(), program: this_program(),
        }, a2_own()),
        call!("accept_issuer", AcceptIssuer, AcceptIssuer { keys: a, pending_issuer: RECEIVER }, {
            pending_issuer: authority(E::NotPendingIssuer), security: negative::security(E::NotPendingIssuer), event_authority: event(),
            program: this_program(),
        }),
        call!("update_metadata", UpdateMetadata, UpdateMetadata { keys: a, payer: PAYER, issuer: ALICE, args: UpdateMetadataArgs {
            name: Some("A longer name than before".to_owned()), symbol: None, uri: None,
        } }, {
            payer: Role::Payer, issuer: authority(E::NotIssuer), security: negative::security(E::NotIssuer), mint: key(E::WrongSecurityAccount),
            token_program: token_2022(), system_program: system(), event_authority: event(), program: this_program(),
        },
            // Alice issued A2 too, so only the mint tells.
            ("security", Other(a2.security), E::WrongSecurityAccount.into())),
        call!("post_update", PostUpdate, PostUpdate { keys: a, issuer: ALICE, uri: "https://example.org/1".to_owned(), sha256: [1; 32] }, {
            issuer: authority(E::NotIssuer), security: negative::security(E::NotIssuer), event_authority: event(), program: this_program(),
        }, a2_own()),
        call!("approve_holder", ApproveHolder, ApproveHolder { keys: c, payer: PAYER, issuer: CAROL, holder: RECEIVER }, {
            payer: Role::Payer, issuer: authority(E::NotIssuer), security: negative::security(E::NotIssuer),
            holder: derived(), approval: derived(), system_program: system(),
            event_authority: event(), program: this_program(),
        },
            // Carol issued E too; the approval's address tells.
            ("security", Other(w.e.security), ErrorCode::ConstraintSeeds.into()),
            ("security", Other(f.security), ErrorCode::ConstraintSeeds.into())),
        call!("remove_approval", RemoveApproval, RemoveApproval { keys: c, issuer: CAROL, holder: HOLDER, rent_payer: PAYER }, {
            issuer: authority(E::NotIssuer), security: negative::security(E::NotIssuer), approval: negative::approval(E::HolderNotApproved),
            rent_payer: key(E::WrongRentReceiver), event_authority: event(), program: this_program(),
        },
            // Carol issued E too; the approval's record tells.
            ("security", Other(w.e.security), E::HolderNotApproved.into()),
            ("security", Other(f.security), E::HolderNotApproved.into())),
        call!("set_payout_account", SetPayoutAccount, SetPayoutAccount { keys: a, holder: HOLDER, payout_account: a.payout_account(&HOLDER) }, {
            holder: authority(E::WrongPosition), security: negative::security(E::WrongPosition), position: negative::position(E::WrongPosition),
            payout_account: content(E::PayoutAccountNotHolders), event_authority: event(), program: this_program(),
        }),
        call!("close_position", ClosePosition, ClosePosition { keys: b, holder: RECEIVER, rent_payer: PAYER }, {
            holder: authority(E::WrongPosition), security: negative::security(E::WrongPosition), mint: key(E::WrongSecurityAccount),
            position: negative::position(E::WrongPosition), registered: key(E::WrongRegisteredAccount),
            rent_payer: key(E::WrongRentReceiver), token_program: token_2022(), event_authority: event(), program: this_program(),
        }),
        call!("open_vault", OpenVault, OpenVault { keys: a, payer: PAYER, issuer: ALICE, asset_mint: w.other_equity.mint, asset_token_program: w.other_equity.token_program }, {
            payer: Role::Payer, issuer: authority(E::NotIssuer), security: negative::security(E::NotIssuer),
            asset_mint: key(ErrorCode::ConstraintSeeds), asset_token_program: key(E::WrongTokenProgram),
            vault: key(ErrorCode::ConstraintSeeds),
            // The call to the associated token program names the derived address, which is then not among the accounts.
            vault_account: key(Expect::runtime("MissingAccount", upside::ID)),
            associated_token_program: key(ErrorCode::InvalidProgramId), system_program: system(),
            held_security: negative::security(no_held()), held_payout_mint: key(no_held()), held_payout_token_program: key(no_held()),
            harvest_vault: key(ErrorCode::ConstraintMut), harvest_vault_account: key(ErrorCode::ConstraintMut),
            event_authority: event(), program: this_program_twice(),
        },
            // Alice issued A2 too; the vault's address tells.
            ("security", Other(a2.security), ErrorCode::ConstraintSeeds.into()),
            // Writable because the instruction names them as such elsewhere.
            ("harvest_vault", Other(PAYER), no_held()), ("harvest_vault", Other(a.security), no_held()),
            ("harvest_vault", Other(equity_vault), no_held()), ("harvest_vault", Other(equity_account), no_held()),
            ("harvest_vault_account", Other(PAYER), no_held()), ("harvest_vault_account", Other(a.security), no_held()),
            ("harvest_vault_account", Other(equity_vault), no_held()), ("harvest_vault_account", Other(equity_account), no_held())),
        call!("open_vault for shares", OpenVault, OpenShareVault { keys: a, held: b, payer: PAYER, issuer: ALICE }, {
            payer: Role::Payer, issuer: authority(E::NotIssuer), security: negative::security(E::NotIssuer),
            asset_mint: key(ErrorCode::ConstraintSeeds), asset_token_program: key(E::WrongTokenProgram),
            vault: key(ErrorCode::ConstraintSeeds), vault_account: key(Expect::runtime("MissingAccount", upside::ID)),
            associated_token_program: key(ErrorCode::InvalidProgramId), system_program: system(),
            held_security: negative::security(E::WrongSecurityAccount), held_payout_mint: key(E::WrongPayoutMint),
            held_payout_token_program: key(E::WrongTokenProgram), harvest_vault: key(ErrorCode::ConstraintSeeds),
            harvest_vault_account: key(Expect::runtime("MissingAccount", upside::ID)),
            event_authority: event(), program: this_program(),
        },
            ("security", Other(a2.security), ErrorCode::ConstraintSeeds.into()),
            ("held_security", Other(upside::ID), E::HeldSecurityMissing.into()),
            ("held_payout_mint", Other(upside::ID), E::HeldSecurityMissing.into()),
            ("held_payout_token_program", Other(upside::ID), E::HeldSecurityMissing.into()),
            ("harvest_vault", Other(upside::ID), E::HeldSecurityMissing.into()),
            ("harvest_vault_account", Other(upside::ID), E::HeldSecurityMissing.into())),
        call!("deposit_shares", DepositShares, DepositShares { keys: b, held: a, payer: PAYER, holder: ALICE, amount: 1_000 }, {
            payer: Role::IdlePayer, holder: authority(E::WrongPosition), security: negative::security(E::WrongVault),
            vault: negative::vault(E::WrongVault), held_security: negative::security(E::WrongSecurityAccount), held_mint: key(E::WrongVault),
            position: negative::position(E::WrongPosition), registered: key(E::WrongRegisteredAccount), vault_position: openable(),
            vault_registered: key(E::WrongRegisteredAccount), token_program: token_2022(), system_program: system(),
            event_authority: event(), program: this_program(),
        },
            // Opened again, empty, while the registered account still holds shares.
            ("vault_position", InPlace(Closed), E::RegisteredMismatch.into())),
        call!("register_vault_bearer", RegisterVaultBearer, RegisterVaultBearer::from_ata(d, a, PAYER), {
            payer: Role::IdlePayer, security: negative::security(E::WrongVault), vault: negative::vault(E::WrongVault),
            held_security: negative::security(E::WrongSecurityAccount), held_mint: key(E::WrongVault), vault_position: openable(),
            vault_registered: key(E::WrongRegisteredAccount), bearer_account: content(E::WrongBearerAccount),
            token_program: token_2022(), system_program: system(), event_authority: event(), program: this_program(),
        },
            ("held_security", Other(c.security), curated()),
            ("held_security", Other(w.c2.security), curated()),
            ("vault_registered", Other(a.bearer_account(&shares_of_a)), E::SameAccount.into()),
            ("bearer_account", Other(a.registered(&shares_of_a)), E::SameAccount.into()),
            ("vault_position", InPlace(Closed), E::RegisteredMismatch.into())),
        call!("harvest onto the stream", Harvest, Harvest { keys: d, held: a }, {
            security: negative::security(E::WrongVault), vault: negative::vault(E::WrongVault),
            held_security: negative::security(E::WrongSecurityAccount), vault_position: negative::position(E::WrongPosition),
            payout_vault: key(E::WrongSecurityAccount), destination: key(E::WrongHarvestAccount),
            harvest_vault: negative::vault(ErrorCode::ConstraintMut), payout_mint: key(E::WrongPayoutMint),
            payout_token_program: key(E::WrongTokenProgram), event_authority: event(), program: this_program_twice(),
        }),
        call!("harvest into a vault", Harvest, Harvest { keys: b, held: a }, {
            security: negative::security(E::WrongVault), vault: negative::vault(E::WrongVault),
            held_security: negative::security(E::WrongSecurityAccount), vault_position: negative::position(E::WrongPosition),
            payout_vault: key(E::WrongSecurityAccount), destination: key(E::WrongHarvestAccount),
            harvest_vault: negative::vault(E::WrongVault), payout_mint: key(E::WrongPayoutMint),
            payout_token_program: key(E::WrongTokenProgram), event_authority: event(), program: this_program(),
        },
            ("harvest_vault", Other(upside::ID), E::HarvestVaultMissing.into())),
        call!("deposit_equity", DepositEquity, DepositEquity::from_ata(a, FUNDER, w.equity.mint, w.equity.token_program, 1_000), {
            depositor: authority(owner_mismatch(TOKEN_2022_PROGRAM_ID)), security: negative::security(E::WrongVault), vault: negative::vault(E::WrongVault),
            vault_account: key(E::WrongVaultAccount), source: content(E::BadSource), asset_mint: key(E::WrongVault),
            asset_token_program: key(E::WrongTokenProgram), event_authority: event(), program: this_program(),
        },
            // It has enough.
            ("source", Other(w.equity.account_of(&d.vault(&w.equity.mint))), owner_mismatch(TOKEN_2022_PROGRAM_ID))),
        call!("redeem", Redeem, Redeem { keys: d, payer: PAYER, holder: HOLDER, id: 3, amount: 1_000 }, {
            payer: Role::Payer, holder: authority(E::WrongPosition), security: negative::security(E::WrongPosition),
            mint: key(E::WrongSecurityAccount), position: negative::position(E::WrongPosition), registered: key(E::WrongRegisteredAccount),
            redemption: key(ErrorCode::ConstraintSeeds), token_program: token_2022(), system_program: system(),
            event_authority: event(), program: this_program(),
        }),
        call!("collect money", Collect, collect(&w.payout), {
            holder: authority(E::WrongRedemption), security: negative::security(E::WrongSecurityAccount),
            mint: key(E::WrongSecurityAccount), redemption: negative::redemption(E::WrongRedemption), vault: negative::vault(E::WrongVault),
            vault_account: key(E::WrongVaultAccount), asset_mint: key(E::WrongVault), receiver: Role::By(money_receiver),
            asset_token_program: key(E::WrongTokenProgram), memo_program: memo(), event_authority: event(), program: this_program(),
        },
            too_old(), own_account(&w.payout)),
        call!("collect equity", Collect, collect(&w.equity), {
            holder: authority(E::WrongRedemption), security: negative::security(E::WrongSecurityAccount),
            mint: key(E::WrongSecurityAccount), redemption: negative::redemption(E::WrongRedemption), vault: negative::vault(E::WrongVault),
            vault_account: key(E::WrongVaultAccount), asset_mint: key(E::WrongVault), receiver: Role::By(equity_receiver),
            asset_token_program: key(E::WrongTokenProgram), memo_program: memo(), event_authority: event(), program: this_program(),
        },
            too_old(), own_account(&w.equity)),
        call!("collect nothing", Collect, collect(&w.other_equity), {
            holder: authority(E::WrongRedemption), security: negative::security(E::WrongSecurityAccount),
            mint: key(E::WrongSecurityAccount), redemption: negative::redemption(E::WrongRedemption), vault: negative::vault(E::WrongVault),
            vault_account: key(E::WrongVaultAccount), asset_mint: key(E::WrongVault), receiver: Role::By(nothing_to_receive),
            asset_token_program: key(E::WrongTokenProgram), memo_program: memo(), event_authority: event(), program: this_program(),
        },
            too_old()),
        call!("collect_shares", CollectShares, collect_shares(a), {
            payer: Role::IdlePayer, holder: authority(E::WrongRedemption), security: negative::security(E::WrongSecurityAccount),
            mint: key(E::WrongSecurityAccount), redemption: negative::redemption(E::WrongRedemption), vault: negative::vault(E::WrongVault),
            held_security: negative::security(E::WrongVault), held_mint: key(E::WrongVault), vault_position: openable(),
            vault_registered: key(E::WrongRegisteredAccount), position: openable(), registered: key(E::WrongRegisteredAccount),
            approval: key(Expect::Succeeds("an open security looks at no approval")), token_program: token_2022(),
            memo_program: memo(), system_program: system(), event_authority: event(), program: this_program_twice(),
        },
            too_old(),
            ("vault_position", InPlace(Closed), Expect::Succeeds("a vault that has no position yet holds nothing")),
            ("position", InPlace(Closed), E::RegisteredMismatch.into())),
        call!("collect_shares, curated", CollectShares, collect_shares(&w.c2), {
            payer: Role::Payer, holder: authority(E::WrongRedemption), security: negative::security(E::WrongSecurityAccount),
            mint: key(E::WrongSecurityAccount), redemption: negative::redemption(E::WrongRedemption), vault: negative::vault(E::WrongVault),
            held_security: negative::security(E::WrongVault), held_mint: key(E::WrongVault), vault_position: openable(),
            vault_registered: key(E::WrongRegisteredAccount), position: openable(), registered: key(E::WrongRegisteredAccount),
            approval: key(E::HolderNotApproved), token_program: token_2022(),
            memo_program: memo(), system_program: system(), event_authority: event(), program: this_program(),
        },
            too_old(),
            // Written at that moment, so not to be read as an approval.
            ("approval", Other(d.redemption(&HOLDER, TICKET)), in_use_as_another()),
            ("approval", Other(d.vault(&w.c2.mint)), in_use_as_another()),
            ("vault_position", InPlace(Closed), Expect::Succeeds("a vault that has no position yet holds nothing"))),
        call!("close_redemption", CloseRedemption, CloseRedemption { keys: d, holder: HOLDER, id: CLOSABLE_TICKET, rent_payer: PAYER }, {
            holder: authority(E::WrongRedemption), security: negative::security(E::WrongRedemption),
            redemption: negative::redemption(E::WrongRedemption), rent_payer: key(E::WrongRentReceiver), event_authority: event(),
            program: this_program(),
        },
            ("redemption", Other(d.redemption(&HOLDER, TICKET)), E::NotAllCollected.into())),
        call!("create_grant", CreateGrant, CreateGrant { keys: d, payer: PAYER, issuer: BOB, recipient: RECEIVER, args: announced }, {
            payer: Role::Payer, issuer: authority(E::NotIssuer), security: negative::security(E::NotIssuer),
            mint: key(E::WrongSecurityAccount), issuer_position: Role::By(no_shares), recipient: derived(), grant: derived(),
            system_program: system(), event_authority: event(), program: this_program(),
        },
            // Bob issued B and C2 too, so only the mint tells.
            ("security", Other(b.security), E::WrongSecurityAccount.into()),
            ("security", Other(w.c2.security), E::WrongSecurityAccount.into())),
        call!("claim_grant", ClaimGrant, ClaimGrant { keys: d, payer: PAYER, recipient: HOLDER, id: GRANT }, {
            payer: Role::IdlePayer, recipient: key(E::WrongGrant), security: negative::security(E::WrongGrant),
            mint: key(E::WrongSecurityAccount), grant: negative::grant(E::WrongGrant), position: openable(),
            registered: key(E::WrongRegisteredAccount), token_program: token_2022(), system_program: system(),
            event_authority: event(), program: this_program(),
        },
            ("grant", Other(d.grant(&HOLDER, MILESTONE)), E::NothingVested.into()),
            ("grant", Other(d.grant(&HOLDER, LAPSED_GRANT)), E::NothingVested.into()),
            // Opened again, empty, while the registered account still holds shares.
            ("position", InPlace(Closed), E::RegisteredMismatch.into())),
        call!("approve_milestone", ApproveMilestone, ApproveMilestone { keys: d, approver: CAROL, recipient: HOLDER, id: MILESTONE }, {
            approver: authority(E::NotApprover), security: negative::security(E::WrongGrant), grant: negative::grant(E::NotApprover),
            event_authority: event(), program: this_program(),
        },
            ("grant", Other(d.grant(&HOLDER, LAPSED_GRANT)), E::DeadlinePassed.into()),
            ("grant", Other(w.c2.grant(&HOLDER, GRANT)), E::WrongGrant.into())),
        call!("revoke_grant", RevokeGrant, RevokeGrant { keys: d, issuer: BOB, recipient: HOLDER, id: GRANT }, {
            issuer: authority(E::NotIssuer), security: negative::security(E::NotIssuer), grant: negative::grant(E::WrongGrant),
            event_authority: event(), program: this_program(),
        },
            // Bob issued B and C2 too, so the grant tells; and of D he may revoke any that is revocable.
            ("security", Other(b.security), E::WrongGrant.into()),
            ("security", Other(w.c2.security), E::WrongGrant.into()),
            revocable(d.grant(&HOLDER, MILESTONE)), revocable(d.grant(&HOLDER, LAPSED_GRANT)), revocable(d.grant(&RECEIVER, GRANT))),
        call!("close_grant", CloseGrant, CloseGrant { keys: d, recipient: HOLDER, id: LAPSED_GRANT, rent_payer: PAYER }, {
            security: negative::security(E::WrongGrant), grant: negative::grant(E::GrantNotFinished),
            rent_payer: key(E::WrongRentReceiver), event_authority: event(), program: this_program(),
        },
            ("grant", Other(w.c2.grant(&HOLDER, GRANT)), E::WrongGrant.into())),
        call!("create_round", CreateRound, CreateRound { keys: e, payer: PAYER, issuer: CAROL, args: next_round }, {
            payer: Role::Payer, issuer: authority(E::NotIssuer), security: negative::security(E::NotIssuer),
            mint: key(E::WrongSecurityAccount), issuer_position: Role::By(no_shares), round: derived(),
            // The call to the associated token program names the derived address, which is then not among the accounts.
            round_account: key(Expect::runtime("MissingAccount", upside::ID)), vault: negative::vault(E::WrongVault),
            payout_mint: key(E::WrongPayoutMint), payout_token_program: key(E::WrongTokenProgram),
            associated_token_program: key(ErrorCode::InvalidProgramId), system_program: system(), event_authority: event(),
            program: this_program(),
        },
            // Carol issued C too, so only the mint tells.
            ("security", Other(w.c.security), E::WrongSecurityAccount.into()),
            ("security", Other(f.security), E::WrongSecurityAccount.into()),
            no_vault("vault")),
        call!("invite", Invite, Invite { keys: e, payer: PAYER, issuer: CAROL, id: INVITED_ROUND, investor: HOLDER, cap: 1 }, {
            payer: Role::Payer, issuer: authority(E::NotIssuer), security: negative::security(E::NotIssuer),
            round: negative::round(E::WrongRound), investor: derived(), subscription: derived(), system_program: system(),
            event_authority: event(), program: this_program(),
        },
            carols(), carols_f(), in_round(OPEN_ROUND, seeds()), in_round(OVER_ROUND, seeds()), in_round(SOLD_ROUND, seeds())),
        call!("uninvite", Uninvite, Uninvite { keys: e, issuer: CAROL, id: INVITED_ROUND, investor: RECEIVER, rent_payer: PAYER }, {
            issuer: authority(E::NotIssuer), security: negative::security(E::NotIssuer), round: negative::round(E::WrongRound),
            subscription: negative::subscription(E::WrongSubscription), rent_payer: key(E::WrongRentReceiver),
            event_authority: event(), program: this_program(),
        },
            carols(), carols_f(), in_round(OPEN_ROUND, others()), in_round(OVER_ROUND, others()), in_round(SOLD_ROUND, others())),
        call!("subscribe", Subscribe, Subscribe::from_ata(e, PAYER, HOLDER, OPEN_ROUND, 1_000), {
            payer: Role::Payer, investor: authority(ErrorCode::ConstraintSeeds), security: negative::security(E::WrongRound),
            round: negative::round(E::WrongRound), round_account: key(E::WrongRoundAccount), subscription: derived(),
            source: content(E::BadSource), payout_mint: key(E::WrongPayoutMint), payout_token_program: key(E::WrongTokenProgram),
            memo_program: memo(), system_program: system(), event_authority: event(), program: this_program(),
        },
            in_round(INVITED_ROUND, seeds()), in_round(OVER_ROUND, seeds()), in_round(SOLD_ROUND, seeds())),
        call!("withdraw_subscription", WithdrawSubscription, WithdrawSubscription {
            keys: e, investor: RECEIVER, id: OPEN_ROUND, rent_payer: PAYER, receiver: e.payout_account(&RECEIVER),
        }, {
            investor: authority(E::WrongSubscription), security: negative::security(E::WrongRound),
            round: negative::round(E::WrongRound), round_account: key(E::WrongRoundAccount),
            subscription: negative::subscription(E::WrongSubscription), rent_payer: key(E::WrongRentReceiver),
            receiver: content(E::BadRefundReceiver), payout_mint: key(E::WrongPayoutMint),
            payout_token_program: key(E::WrongTokenProgram), memo_program: memo(), event_authority: event(), program: this_program(),
        },
            in_round(INVITED_ROUND, others()), in_round(OVER_ROUND, others()), in_round(SOLD_ROUND, others())),
        call!("cancel_round", CancelRound, CancelRound { keys: e, issuer: CAROL, id: OPEN_ROUND }, {
            issuer: authority(E::NotIssuer), security: negative::security(E::NotIssuer), round: negative::round(E::WrongRound),
            event_authority: event(), program: this_program(),
        },
            carols(), carols_f(), in_round(INVITED_ROUND, Expect::Succeeds("the issuer may call off every round of theirs in time")),
            in_round(OVER_ROUND, E::TooLateToCancel.into()), in_round(SOLD_ROUND, E::TooLateToCancel.into())),
        call!("close_round", CloseRound, CloseRound { keys: e, id: OVER_ROUND }, {
            security: negative::security(E::WrongRound), round: negative::round(E::WrongRound), event_authority: event(),
            program: this_program(),
        },
            in_round(INVITED_ROUND, E::TooEarlyToClose.into()), in_round(OPEN_ROUND, E::TooEarlyToClose.into()),
            in_round(SOLD_ROUND, E::TooEarlyToClose.into())),
        call!("settle_subscription", SettleSubscription, SettleSubscription {
            keys: e, payer: FUNDER, id: SOLD_ROUND, investor: HOLDER, refund_account: e.payout_account(&HOLDER), rent_payer: PAYER,
        }, {
            payer: Role::Payer, investor: key(E::WrongSubscription), security: negative::security(E::WrongRound),
            mint: key(E::WrongSecurityAccount), round: negative::round(E::WrongRound), round_account: key(E::WrongRoundAccount),
            subscription: negative::subscription(E::WrongSubscription), rent_payer: key(E::WrongRentReceiver),
            refund_account: key(E::WrongRefundAccount), position: openable(), registered: key(E::WrongRegisteredAccount),
            payout_mint: key(E::WrongPayoutMint), payout_token_program: key(E::WrongTokenProgram), memo_program: memo(),
            token_program: token_2022(), system_program: system(), event_authority: event(), program: this_program(),
        },
            in_round(INVITED_ROUND, others()), in_round(OPEN_ROUND, others()), in_round(OVER_ROUND, others())),
        call!("withdraw_refund", WithdrawRefund, WithdrawRefund {
            keys: e, investor: RECEIVER, id: SOLD_ROUND, rent_payer: PAYER, receiver: e.payout_account(&RECEIVER),
        }, {
            investor: authority(E::WrongSubscription), security: negative::security(E::WrongRound),
            round: negative::round(E::WrongRound), round_account: key(E::WrongRoundAccount),
            subscription: negative::subscription(E::WrongSubscription), rent_payer: key(E::WrongRentReceiver),
            receiver: content(E::BadRefundReceiver), payout_mint: key(E::WrongPayoutMint),
            payout_token_program: key(E::WrongTokenProgram), memo_program: memo(), event_authority: event(), program: this_program(),
        },
            in_round(INVITED_ROUND, others()), in_round(OPEN_ROUND, others()), in_round(OVER_ROUND, others())),
        call!("release_runway", ReleaseRunway, ReleaseRunway::crank(e, CAROL, SOLD_ROUND, true), {
            issuer: key(E::NotIssuer), security: negative::security(E::NotIssuer), round: negative::round(E::WrongRound),
            round_account: key(E::WrongRoundAccount), issuer_account: key(E::WrongIssuerAccount), vault: negative::vault(E::WrongVault),
            vault_account: key(E::WrongVaultAccount), payout_mint: key(E::WrongPayoutMint),
            payout_token_program: key(E::WrongTokenProgram), memo_program: memo(), event_authority: event(), program: this_program(),
        },
            carols(), carols_f(), in_round(INVITED_ROUND, elsewhere()), in_round(OPEN_ROUND, elsewhere()), in_round(OVER_ROUND, elsewhere()),
            no_vault("vault"), no_vault("vault_account")),
        call!("create_collective", CreateCollective, CreateCollective { keys: d, payer: PAYER, issuer: BOB, args: BY_ONE_BP }, {
            payer: Role::Payer, issuer: authority(E::NotIssuer), security: negative::security(E::NotIssuer),
            collective: key(ErrorCode::ConstraintSeeds), system_program: system(), event_authority: event(), program: this_program(),
        },
            // Bob issued B and C2 too; the collective's address tells.
            ("security", Other(b.security), ErrorCode::ConstraintSeeds.into()),
            ("security", Other(w.c2.security), ErrorCode::ConstraintSeeds.into())),
        call!("apply", Apply, Apply { keys: f, member: &w.e, payer: PAYER, wallet: CAROL }, {
            payer: Role::Payer, wallet: authority(E::NotIssuer), security: negative::security(E::WrongCollective),
            collective: negative::collective(E::WrongCollective), member_security: negative::security(ErrorCode::ConstraintSeeds),
            member: key(ErrorCode::ConstraintSeeds), system_program: system(), event_authority: event(), program: this_program(),
        },
            ("member_security", Other(f.security), E::SelfHolding.into()),
            // It will receive a grant.
            ("wallet", InPlace(Closed), emptied(&CAROL))),
        call!("withdraw_application", WithdrawApplication, WithdrawApplication { keys: f, member: d, signer: BOB, rent_payer: PAYER }, {
            signer: authority(E::NotApplicant), security: negative::security(E::WrongCollective),
            collective: negative::collective(E::WrongCollective), member_security: negative::security(E::WrongMember),
            member: negative::member(E::WrongMember), rent_payer: key(E::WrongRentReceiver), event_authority: event(),
            program: this_program(),
        }),
        call!("admit", Admit, admit(f, d.security, BOB), {
            issuer: authority(E::NotIssuer), security: negative::security(E::NotIssuer), collective: negative::collective(E::WrongCollective),
            member: negative::member(E::ApplicationChanged), event_authority: event(), program: this_program(),
        },
            // Carol issued C and E too, so the collective tells.
            ("security", Other(c.security), E::WrongCollective.into()),
            ("security", Other(w.e.security), E::WrongCollective.into()),
            ("member", Other(a2.member(&d.security)), E::WrongMember.into())),
        call!("revoke_admission", RevokeAdmission, RevokeAdmission { keys: f, issuer: CAROL, member_security: a2.security }, {
            issuer: authority(E::NotIssuer), security: negative::security(E::NotIssuer), collective: negative::collective(E::WrongCollective),
            member: negative::member(E::WrongMember), event_authority: event(), program: this_program(),
        },
            ("security", Other(c.security), E::WrongCollective.into()),
            ("security", Other(w.e.security), E::WrongCollective.into()),
            ("member", Other(f.member(&d.security)), E::NotAdmitted.into()),
            ("member", Other(f.member(&a.security)), Expect::Succeeds("the issuer may take back every consent that was not used"))),
        call!("join", Join, Join { keys: f, member: a, payer: PAYER, wallet: ALICE, grant_id: 0 }, {
            payer: Role::Payer, wallet: authority(E::NotApplicant), security: negative::security(E::WrongCollective),
            collective: negative::collective(E::WrongCollective), member_security: negative::security(E::WrongMember),
            member: negative::member(E::WrongMember), member_mint: key(E::WrongSecurityAccount),
            position: negative::position(E::WrongPosition), registered: key(E::WrongRegisteredAccount),
            vault: key(ErrorCode::ConstraintSeeds), vault_account: key(Expect::runtime("MissingAccount", upside::ID)),
            vault_position: openable(), vault_registered: key(E::WrongRegisteredAccount), grant: key(ErrorCode::ConstraintSeeds),
            token_program: token_2022(), associated_token_program: key(ErrorCode::InvalidProgramId), system_program: system(),
            event_authority: event(), program: this_program(),
        }),
    ]
}
