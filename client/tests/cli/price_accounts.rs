//! What counts as a price in an account, and what does not.

use anchor_lang::prelude::Pubkey;
use sha2::{Digest, Sha256};
use solana_account::Account;
use upside_client::{
    error::Result,
    price_account::{read, RECEIVER_PROGRAM_ID},
};
use upside_valuation::{Decimal, Quote};

fn account(feed: u8, price: i64, confidence: u64, exponent: i32) -> Account {
    let mut data = Sha256::digest(b"account:PriceUpdateV2")[..8].to_vec();
    data.extend([7; 32]);
    data.push(1);
    data.extend([feed; 32]);
    data.extend(price.to_le_bytes());
    data.extend(confidence.to_le_bytes());
    data.extend(exponent.to_le_bytes());
    data.extend(1_000i64.to_le_bytes());
    data.extend([0; 8 + 8 + 8 + 8]);
    Account {
        lamports: 1,
        data,
        owner: RECEIVER_PROGRAM_ID,
        executable: false,
        rent_epoch: 0,
    }
}

fn read_one(account: &Account) -> Result<Quote> {
    read(&Pubkey::new_from_array([9; 32]), account, &[3; 32])
}

#[test]
fn confidence_is_the_width_and_publication_the_time() {
    let quote = read_one(&account(3, 12_500_000, 100_000, -6)).unwrap();
    assert_eq!(quote.low.exact(), "12.4".parse::<Decimal>().unwrap().exact());
    assert_eq!(quote.high.exact(), "12.6".parse::<Decimal>().unwrap().exact());
    assert_eq!(quote.as_of, Some(1_000));
    let wide = read_one(&account(3, 5, 9, 2)).unwrap();
    assert_eq!(wide.low.exact(), "0".parse::<Decimal>().unwrap().exact());
    assert_eq!(wide.high.exact(), "1400".parse::<Decimal>().unwrap().exact());
}

#[test]
fn whatever_is_no_verified_price_of_the_feed_is_refused_with_its_reason() {
    let good = account(3, 1, 0, 0);
    assert!(read_one(&good).is_ok());
    let mut cases = vec![
        (account(4, 1, 0, 0), "another feed"),
        (account(3, 0, 0, 0), "above 0"),
        (account(3, -5, 0, 0), "above 0"),
        (account(3, 1, 0, 19), "exponent"),
        (account(3, 1, 0, i32::MIN), "exponent"),
    ];
    let spoilt = |change: &dyn Fn(&mut Account)| {
        let mut spoilt = good.clone();
        change(&mut spoilt);
        spoilt
    };
    cases.push((spoilt(&|account| account.owner = Pubkey::default()), "owns it"));
    cases.push((spoilt(&|account| account.data[0] ^= 1), "another account"));
    cases.push((spoilt(&|account| account.data[40] = 0), "signatures"));
    for length in 8..good.data.len() - 32 {
        cases.push((spoilt(&|account| account.data.truncate(length)), "too early"));
    }
    for (account, reason) in cases {
        let error = read_one(&account).unwrap_err().to_string();
        assert!(error.contains(reason), "{error} should say {reason}");
    }
}
