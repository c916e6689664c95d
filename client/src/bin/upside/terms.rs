//! Terms as sentences.

use upside_client::{
    amount,
    time::{date_to_text, duration_to_text},
    upside::{
        constants::NEVER_TS,
        state::{Kind, TransferPolicy},
    },
};

/// The terms of a security, existing or about to be created.
pub struct Terms<'a> {
    /// What it stands for; `None` if a later version of the program added the kind.
    pub kind: Option<Kind>,
    /// Who may receive; `None` if a later version of the program added the policy.
    pub policy: Option<TransferPolicy>,
    /// Symbol of the shares.
    pub symbol: &'a str,
    /// Decimals of a share.
    pub decimals: u8,
    /// Most share atoms ever.
    pub authorised_atoms: u64,
    /// What money is called.
    pub payout: &'a str,
    /// Seconds of the drip.
    pub drip_seconds: i64,
    /// Seconds of notice.
    pub notice_seconds: i64,
    /// When redemption opens, unix seconds.
    pub redeem_after_ts: i64,
    /// Sha256 of an agreement, or zeros.
    pub agreement_sha256: [u8; 32],
}

/// What people call a kind.
pub fn kind_name(kind: Option<Kind>) -> &'static str {
    match kind {
        Some(Kind::Expression) => "expression",
        Some(Kind::Person) => "personal token",
        Some(Kind::Collective) => "collective",
        None => "security of a later kind",
    }
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The terms, one sentence each. None of them can be changed later except where the sentence says so.
pub fn sentences(terms: &Terms<'_>) -> Vec<String> {
    let Terms { symbol, payout, .. } = terms;
    let mut sentences = Vec::new();
    if terms.kind == Some(Kind::Person) {
        sentences.push(
            "This is the one personal token that its first issuer's wallet can ever create; handing it over does not free the place."
                .to_owned(),
        );
    }
    sentences.push(format!(
        "At most {} {symbol} will ever exist; the issuer can lower this number, never raise it.",
        amount::to_text(terms.authorised_atoms, terms.decimals)
    ));
    sentences.push(match terms.decimals {
        0 => "Shares cannot be divided.".to_owned(),
        decimals => format!(
            "The smallest part of a share is {} {symbol}.",
            amount::to_plain(1u64, decimals)
        ),
    });
    match terms.policy {
        Some(TransferPolicy::Open) => sentences.push(
            "Anybody may hold it: registered shares earn, and a holder may turn them into bearer shares, which trade anywhere and do not earn, and back."
                .to_owned(),
        ),
        Some(TransferPolicy::Curated) => sentences.push(
            "The issuer approves who may receive it, and there are no bearer shares; taking an approval away never stops a holder from earning, claiming, redeeming or sending to others who are approved."
                .to_owned(),
        ),
        None => {}
    }
    sentences.push(if terms.drip_seconds == 0 {
        format!("Money is paid in {payout} only, and reaches the registered shares at once.")
    } else {
        format!(
            "Money is paid in {payout} only, and drips to the registered shares over {}.",
            duration_to_text(terms.drip_seconds)
        )
    });
    sentences.push(format!(
        "Once others hold shares, grants and rounds are announced at least {} before they start.",
        duration_to_text(terms.notice_seconds)
    ));
    sentences.push(if terms.redeem_after_ts == NEVER_TS {
        "Shares cannot be redeemed for their part of the backing, unless the issuer opens redemption one day.".to_owned()
    } else {
        format!(
            "Shares can be redeemed for their part of the backing from {} on; the issuer can open that earlier, never later.",
            date_to_text(terms.redeem_after_ts)
        )
    });
    if terms.agreement_sha256 != [0; 32] {
        sentences.push(format!(
            "It refers to an agreement with sha256 {}, which the program stores and does not interpret.",
            hex(&terms.agreement_sha256)
        ));
    }
    sentences
}

/// What the creation of any security means, beyond its terms.
pub fn creation_sentences(symbol: &str, initial_atoms: u64, decimals: u8) -> Vec<String> {
    vec![
        "A security cannot be deleted, and its terms cannot be changed.".to_owned(),
        if initial_atoms == 0 {
            "No shares are issued yet.".to_owned()
        } else {
            format!(
                "{} {symbol} are issued to the issuer at once, registered.",
                amount::to_text(initial_atoms, decimals)
            )
        },
        "Whatever enters a vault stays there for the holders; the issuer cannot take it out.".to_owned(),
    ]
}
