//! Quotes from accounts: what the Pyth receiver program keeps on the cluster (`PriceUpdateV2`).
//!
//! The account is trusted for one thing only, that its program verified the signatures over the price; everything else is checked here: the owner,
//! the type, that all signatures needed were verified, and that the feed is the one that was asked for. Its confidence becomes the width of the
//! quote and its publication the quote's time, so that an old price widens like every other old quote.

use anchor_lang::prelude::Pubkey;
use solana_account::Account;
use upside_valuation::{file::PriceAccount, Decimal, Quote};

use crate::{
    error::{ClientError, Result},
    sender::Sender,
};

/// The Pyth receiver, which verifies prices before it stores them.
pub const RECEIVER_PROGRAM_ID: Pubkey = Pubkey::from_str_const("rec5EKMGg6MxZYaMdyBfgwp4d5rB9T1VQH5pJv5LtFJ");
/// First 8 bytes of the SHA-256 of `account:PriceUpdateV2`.
const DISCRIMINATOR: [u8; 8] = [34, 241, 35, 99, 157, 126, 244, 205];
/// The variant of the verification level that says that enough guardians have signed. It has no further bytes.
const FULL: u8 = 1;
/// Largest power of ten that a price may have, in either direction.
const MOST_DIGITS: i32 = 18;

/// Reads a quote from its account; `None` if the account is not there: then nobody says what the asset is worth.
///
/// # Errors
/// [`ClientError::Malformed`] as [`read`], or if the source names no address.
pub fn get(sender: &dyn Sender, source: &PriceAccount) -> Result<Option<Quote>> {
    let address: Pubkey = source
        .account
        .parse()
        .map_err(|_| malformed(&Pubkey::default(), format!("{:?} is no address", source.account)))?;
    let mut feed = [0; 32];
    for (byte, digits) in feed.iter_mut().zip(source.feed.as_bytes().chunks(2)) {
        *byte = std::str::from_utf8(digits)
            .ok()
            .and_then(|digits| u8::from_str_radix(digits, 16).ok())
            .ok_or_else(|| malformed(&address, "its feed must be 64 hexadecimal digits"))?;
    }
    match sender.get_account(&address)? {
        // An address that somebody only sent lamports to.
        Some(account) if account.owner != anchor_lang::system_program::ID => read(&address, &account, &feed).map(Some),
        _ => Ok(None),
    }
}

/// Reads the price of `feed`: price less and plus confidence, as of its publication.
///
/// # Errors
/// [`ClientError::Malformed`] if another program owns the account, it is no fully verified price, it has another feed, or its price is not
/// above 0.
pub fn read(address: &Pubkey, account: &Account, feed: &[u8; 32]) -> Result<Quote> {
    if account.owner != RECEIVER_PROGRAM_ID {
        return Err(malformed(address, format!("program {} owns it", account.owner)));
    }
    let mut rest = account
        .data
        .strip_prefix(&DISCRIMINATOR)
        .ok_or_else(|| malformed(address, "it is another account of the receiver"))?;
    let _write_authority: [u8; 32] = take(address, &mut rest)?;
    if take::<1>(address, &mut rest)? != [FULL] {
        return Err(malformed(address, "not all signatures over its price are verified"));
    }
    if take::<32>(address, &mut rest)? != *feed {
        return Err(malformed(address, "its price is of another feed"));
    }
    let price = i64::from_le_bytes(take(address, &mut rest)?);
    let confidence = u64::from_le_bytes(take(address, &mut rest)?);
    let exponent = i32::from_le_bytes(take(address, &mut rest)?);
    let published_ts = i64::from_le_bytes(take(address, &mut rest)?);
    let price = u64::try_from(price)
        .ok()
        .filter(|price| *price > 0)
        .ok_or_else(|| malformed(address, "its price must be above 0"))?;
    if !(-MOST_DIGITS..=MOST_DIGITS).contains(&exponent) {
        return Err(malformed(
            address,
            format!("its exponent {exponent} is beyond {MOST_DIGITS}"),
        ));
    }
    let decimal = |units: u128| {
        let digits = exponent.unsigned_abs();
        if exponent > 0 {
            // At most 2^65 * 10^18, below 2^128.
            Decimal::new(units * 10u128.pow(digits), 0)
        } else {
            Decimal::new(units, u8::try_from(digits).expect("checked above"))
        }
    };
    Ok(Quote {
        low: decimal(u128::from(price.saturating_sub(confidence))),
        high: decimal(u128::from(price) + u128::from(confidence)),
        as_of: Some(published_ts),
    })
}

fn take<const N: usize>(address: &Pubkey, rest: &mut &[u8]) -> Result<[u8; N]> {
    let (first, tail) = rest
        .split_first_chunk::<N>()
        .ok_or_else(|| malformed(address, "it ends too early"))?;
    *rest = tail;
    Ok(*first)
}

fn malformed(address: &Pubkey, reason: impl Into<String>) -> ClientError {
    ClientError::Malformed {
        what: "price account",
        address: *address,
        reason: reason.into(),
    }
}
