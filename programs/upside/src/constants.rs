//! Limits and fixed addresses of the protocol.

use anchor_lang::prelude::*;

/// The program id of localnets. Its keypair is committed beside the program, so anyone could deploy under it:
/// never use it on another cluster. Releases set `UPSIDE_PROGRAM_ID` when building.
pub const LOCALNET_PROGRAM_ID: &str = "8o4pxvgqdvVmKLdNQR8AK5FdfdMd9JAbfEvKATnTDAmC";

/// The program id this build answers to: `UPSIDE_PROGRAM_ID` of the build's environment, else [`LOCALNET_PROGRAM_ID`].
pub const PROGRAM_ID: Pubkey = Pubkey::from_str_const(match option_env!("UPSIDE_PROGRAM_ID") {
    Some(release) => release,
    None => LOCALNET_PROGRAM_ID,
});

/// Version byte of every account this build creates.
pub const ACCOUNT_VERSION: u8 = 1;
/// Version byte of every event this build emits.
pub const EVENT_VERSION: u8 = 1;

/// Most decimals a share may have.
pub const MAX_DECIMALS: u8 = 9;
/// Longest name, bytes of UTF-8.
pub const MAX_NAME_BYTES: usize = 64;
/// Longest symbol, bytes of UTF-8.
pub const MAX_SYMBOL_BYTES: usize = 16;
/// Longest metadata or update URI, bytes.
pub const MAX_URI_BYTES: usize = 200;

/// Shortest drip of an `Open` security, seconds: registering for a moment must not pay.
pub const MIN_OPEN_DRIP_SECONDS: i64 = 3_600;
/// Longest drip, seconds (ten years of 365 days).
pub const MAX_DRIP_SECONDS: i64 = 10 * 365 * 86_400;
/// Shortest notice before grants and rounds once others hold shares, seconds.
pub const MIN_NOTICE_SECONDS: i64 = 86_400;
/// Longest notice, seconds (ten years of 365 days): a longer one could never be met.
pub const MAX_NOTICE_SECONDS: i64 = 10 * 365 * 86_400;
/// Most seconds between a round's `commit_ts` and `closes_ts`: money is bound no longer (90 days).
pub const MAX_COMMIT_SECONDS: i64 = 90 * 86_400;
/// Longest runway, seconds (ten years of 365 days).
pub const MAX_RUNWAY_SECONDS: i64 = 10 * 365 * 86_400;
/// Longest vesting of a collective's members, seconds (ten years of 365 days).
pub const MAX_VESTING_SECONDS: i64 = 10 * 365 * 86_400;
/// `redeem_after_ts` of a security that never redeems (until its issuer moves it earlier).
pub const NEVER_TS: i64 = i64::MAX;
/// Most vaults of one security; an index is a `u8` and is never reused.
pub const MAX_VAULTS: u16 = 256;

/// The SPL Token program.
pub const TOKEN_PROGRAM_ID: Pubkey = anchor_spl::token::ID;
/// The Token-2022 program: shares live here, and so may payout mints and vault assets.
pub const TOKEN_2022_PROGRAM_ID: Pubkey = anchor_spl::token_2022::ID;
/// The associated token account program.
pub const ASSOCIATED_TOKEN_PROGRAM_ID: Pubkey = anchor_spl::associated_token::ID;
/// The memo program, called before a transfer into an account that requires memos.
pub const MEMO_PROGRAM_ID: Pubkey = Pubkey::from_str_const("MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr");
