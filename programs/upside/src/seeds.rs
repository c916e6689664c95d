//! Seed prefixes of every program address.

/// `mint`, issuer at creation, kind `u8`, index `u16` little endian: the share mint.
pub const MINT: &[u8] = b"mint";
/// `security`, mint: the security.
pub const SECURITY: &[u8] = b"security";
/// `payout`, security: the token account with money received and not yet claimed.
pub const PAYOUT: &[u8] = b"payout";
/// `position`, security, holder: what a holder has and is owed.
pub const POSITION: &[u8] = b"position";
/// `registered`, position: the token account with the holder's frozen shares.
pub const REGISTERED: &[u8] = b"registered";
/// `vault`, security, asset mint: one backing asset.
pub const VAULT: &[u8] = b"vault";
/// `redemption`, security, holder, id `u64` little endian: a ticket that collects from each vault.
pub const REDEMPTION: &[u8] = b"redemption";
/// `grant`, security, recipient, id `u64` little endian: shares promised for help.
pub const GRANT: &[u8] = b"grant";
/// `round`, security, id `u64` little endian: shares sold at one price.
pub const ROUND: &[u8] = b"round";
/// `subscription`, round, investor: what one investor wants of a round.
pub const SUBSCRIPTION: &[u8] = b"subscription";
/// `approval`, security, holder: a holder that may receive curated shares.
pub const APPROVAL: &[u8] = b"approval";
/// `collective`, security: the rule by which others join it.
pub const COLLECTIVE: &[u8] = b"collective";
/// `member`, collective, member security: an application, then a membership.
pub const MEMBER: &[u8] = b"member";
/// Signs the program's event calls to itself.
pub const EVENT_AUTHORITY: &[u8] = b"__event_authority";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_are_an_interface() {
        assert_eq!(
            [
                MINT,
                SECURITY,
                PAYOUT,
                POSITION,
                REGISTERED,
                VAULT,
                REDEMPTION,
                GRANT,
                ROUND,
                SUBSCRIPTION,
                APPROVAL,
                COLLECTIVE,
                MEMBER
            ],
            [
                "mint",
                "security",
                "payout",
                "position",
                "registered",
                "vault",
                "redemption",
                "grant",
                "round",
                "subscription",
                "approval",
                "collective",
                "member"
            ]
            .map(str::as_bytes)
        );
    }

    #[test]
    fn the_event_authority_is_the_address_of_its_prefix() {
        let derived = anchor_lang::prelude::Pubkey::find_program_address(&[EVENT_AUTHORITY], &crate::ID);
        assert_eq!(derived, crate::EVENT_AUTHORITY_AND_BUMP);
    }
}
