//! Every address the protocol derives.
//!
//! `find_*` returns the address and its canonical bump; the shorter name returns the address alone. [`SecurityKeys`] holds what the
//! instruction builders need to know of one security and derives the rest.

use anchor_lang::prelude::Pubkey;
use upside::{
    constants::ASSOCIATED_TOKEN_PROGRAM_ID,
    seeds,
    state::{Kind, Security, TransferPolicy},
    ID,
};

fn find(seeds: &[&[u8]]) -> (Pubkey, u8) {
    Pubkey::find_program_address(seeds, &ID)
}

/// Share mint of `issuer`'s security number `index` of this kind: the issuer is the one who creates it, not a later one.
#[must_use]
pub fn find_mint(issuer: &Pubkey, kind: Kind, index: u16) -> (Pubkey, u8) {
    find(&[seeds::MINT, issuer.as_ref(), &[kind as u8], &index.to_le_bytes()])
}

/// See [`find_mint`].
#[must_use]
pub fn mint(issuer: &Pubkey, kind: Kind, index: u16) -> Pubkey {
    find_mint(issuer, kind, index).0
}

/// Security of a share mint.
#[must_use]
pub fn find_security(mint: &Pubkey) -> (Pubkey, u8) {
    find(&[seeds::SECURITY, mint.as_ref()])
}

/// See [`find_security`].
#[must_use]
pub fn security(mint: &Pubkey) -> Pubkey {
    find_security(mint).0
}

/// Token account with the money a security has received and not yet paid out.
#[must_use]
pub fn find_payout_vault(security: &Pubkey) -> (Pubkey, u8) {
    find(&[seeds::PAYOUT, security.as_ref()])
}

/// See [`find_payout_vault`].
#[must_use]
pub fn payout_vault(security: &Pubkey) -> Pubkey {
    find_payout_vault(security).0
}

/// Token account of a security whose content `distribute` sweeps in: its associated token account for the payout mint.
#[must_use]
pub fn inbox(security: &Pubkey, payout_mint: &Pubkey, payout_token_program: &Pubkey) -> Pubkey {
    ata(security, payout_mint, payout_token_program)
}

/// Position of `holder` in a security.
#[must_use]
pub fn find_position(security: &Pubkey, holder: &Pubkey) -> (Pubkey, u8) {
    find(&[seeds::POSITION, security.as_ref(), holder.as_ref()])
}

/// See [`find_position`].
#[must_use]
pub fn position(security: &Pubkey, holder: &Pubkey) -> Pubkey {
    find_position(security, holder).0
}

/// Registered account of a position: the token account with the holder's frozen shares.
#[must_use]
pub fn find_registered(position: &Pubkey) -> (Pubkey, u8) {
    find(&[seeds::REGISTERED, position.as_ref()])
}

/// See [`find_registered`].
#[must_use]
pub fn registered(position: &Pubkey) -> Pubkey {
    find_registered(position).0
}

/// Vault of a security for one asset.
#[must_use]
pub fn find_vault(security: &Pubkey, asset_mint: &Pubkey) -> (Pubkey, u8) {
    find(&[seeds::VAULT, security.as_ref(), asset_mint.as_ref()])
}

/// See [`find_vault`].
#[must_use]
pub fn vault(security: &Pubkey, asset_mint: &Pubkey) -> Pubkey {
    find_vault(security, asset_mint).0
}

/// Token account of a vault: its associated token account for the asset.
#[must_use]
pub fn vault_account(vault: &Pubkey, asset_mint: &Pubkey, asset_token_program: &Pubkey) -> Pubkey {
    ata(vault, asset_mint, asset_token_program)
}

/// Ticket number `id` of `holder`.
#[must_use]
pub fn find_redemption(security: &Pubkey, holder: &Pubkey, id: u64) -> (Pubkey, u8) {
    find(&[seeds::REDEMPTION, security.as_ref(), holder.as_ref(), &id.to_le_bytes()])
}

/// See [`find_redemption`].
#[must_use]
pub fn redemption(security: &Pubkey, holder: &Pubkey, id: u64) -> Pubkey {
    find_redemption(security, holder, id).0
}

/// Grant number `id` of `recipient`.
#[must_use]
pub fn find_grant(security: &Pubkey, recipient: &Pubkey, id: u64) -> (Pubkey, u8) {
    find(&[seeds::GRANT, security.as_ref(), recipient.as_ref(), &id.to_le_bytes()])
}

/// See [`find_grant`].
#[must_use]
pub fn grant(security: &Pubkey, recipient: &Pubkey, id: u64) -> Pubkey {
    find_grant(security, recipient, id).0
}

/// Round number `id` of a security.
#[must_use]
pub fn find_round(security: &Pubkey, id: u64) -> (Pubkey, u8) {
    find(&[seeds::ROUND, security.as_ref(), &id.to_le_bytes()])
}

/// See [`find_round`].
#[must_use]
pub fn round(security: &Pubkey, id: u64) -> Pubkey {
    find_round(security, id).0
}

/// Subscription of `investor` to a round.
#[must_use]
pub fn find_subscription(round: &Pubkey, investor: &Pubkey) -> (Pubkey, u8) {
    find(&[seeds::SUBSCRIPTION, round.as_ref(), investor.as_ref()])
}

/// See [`find_subscription`].
#[must_use]
pub fn subscription(round: &Pubkey, investor: &Pubkey) -> Pubkey {
    find_subscription(round, investor).0
}

/// Approval of `holder` for a curated security.
#[must_use]
pub fn find_approval(security: &Pubkey, holder: &Pubkey) -> (Pubkey, u8) {
    find(&[seeds::APPROVAL, security.as_ref(), holder.as_ref()])
}

/// See [`find_approval`].
#[must_use]
pub fn approval(security: &Pubkey, holder: &Pubkey) -> Pubkey {
    find_approval(security, holder).0
}

/// Rule by which other securities join one.
#[must_use]
pub fn find_collective(security: &Pubkey) -> (Pubkey, u8) {
    find(&[seeds::COLLECTIVE, security.as_ref()])
}

/// See [`find_collective`].
#[must_use]
pub fn collective(security: &Pubkey) -> Pubkey {
    find_collective(security).0
}

/// Application, then membership, of a security in a collective.
#[must_use]
pub fn find_member(collective: &Pubkey, member_security: &Pubkey) -> (Pubkey, u8) {
    find(&[seeds::MEMBER, collective.as_ref(), member_security.as_ref()])
}

/// See [`find_member`].
#[must_use]
pub fn member(collective: &Pubkey, member_security: &Pubkey) -> Pubkey {
    find_member(collective, member_security).0
}

/// Associated token account of `owner` for `mint`.
#[must_use]
pub fn ata(owner: &Pubkey, mint: &Pubkey, token_program: &Pubkey) -> Pubkey {
    let seeds = [owner.as_ref(), token_program.as_ref(), mint.as_ref()];
    Pubkey::find_program_address(&seeds, &ASSOCIATED_TOKEN_PROGRAM_ID).0
}

/// Signs the program's event calls to itself.
#[must_use]
pub fn event_authority() -> Pubkey {
    upside::EVENT_AUTHORITY_AND_BUMP.0
}

/// The fixed keys of one security: enough to build any instruction about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SecurityKeys {
    /// The security account.
    pub security: Pubkey,
    /// The share mint.
    pub mint: Pubkey,
    /// The mint money is paid in.
    pub payout_mint: Pubkey,
    /// The token program of the payout mint.
    pub payout_token_program: Pubkey,
    /// Whether shares have no bearer form and every receiver of a transfer needs an approval.
    pub curated: bool,
}

impl SecurityKeys {
    /// Keys of a security that may not exist yet. `issuer` is its first issuer.
    #[must_use]
    pub fn derive(
        issuer: &Pubkey,
        kind: Kind,
        index: u16,
        policy: TransferPolicy,
        payout_mint: Pubkey,
        payout_token_program: Pubkey,
    ) -> Self {
        let mint = mint(issuer, kind, index);
        Self {
            security: security(&mint),
            mint,
            payout_mint,
            payout_token_program,
            curated: policy == TransferPolicy::Curated,
        }
    }

    /// Where money not yet paid out lies.
    #[must_use]
    pub fn payout_vault(&self) -> Pubkey {
        payout_vault(&self.security)
    }

    /// Where money may be sent directly.
    #[must_use]
    pub fn inbox(&self) -> Pubkey {
        inbox(&self.security, &self.payout_mint, &self.payout_token_program)
    }

    /// Position of `holder`.
    #[must_use]
    pub fn position(&self, holder: &Pubkey) -> Pubkey {
        position(&self.security, holder)
    }

    /// Registered account of `holder`.
    #[must_use]
    pub fn registered(&self, holder: &Pubkey) -> Pubkey {
        registered(&self.position(holder))
    }

    /// Bearer account of `holder`: the associated token account for the share mint.
    #[must_use]
    pub fn bearer_account(&self, holder: &Pubkey) -> Pubkey {
        ata(holder, &self.mint, &upside::constants::TOKEN_2022_PROGRAM_ID)
    }

    /// The associated token account of `holder` for the payout mint: where claims pay until the holder names another.
    #[must_use]
    pub fn payout_account(&self, holder: &Pubkey) -> Pubkey {
        ata(holder, &self.payout_mint, &self.payout_token_program)
    }

    /// Vault for `asset_mint`.
    #[must_use]
    pub fn vault(&self, asset_mint: &Pubkey) -> Pubkey {
        vault(&self.security, asset_mint)
    }

    /// Ticket number `id` of `holder`.
    #[must_use]
    pub fn redemption(&self, holder: &Pubkey, id: u64) -> Pubkey {
        redemption(&self.security, holder, id)
    }

    /// Grant number `id` of `recipient`.
    #[must_use]
    pub fn grant(&self, recipient: &Pubkey, id: u64) -> Pubkey {
        grant(&self.security, recipient, id)
    }

    /// Round number `id`.
    #[must_use]
    pub fn round(&self, id: u64) -> Pubkey {
        round(&self.security, id)
    }

    /// Token account with the money of round number `id`.
    #[must_use]
    pub fn round_account(&self, id: u64) -> Pubkey {
        ata(&self.round(id), &self.payout_mint, &self.payout_token_program)
    }

    /// Subscription of `investor` to round number `id`.
    #[must_use]
    pub fn subscription(&self, id: u64, investor: &Pubkey) -> Pubkey {
        subscription(&self.round(id), investor)
    }

    /// Rule by which other securities join this one.
    #[must_use]
    pub fn collective(&self) -> Pubkey {
        collective(&self.security)
    }

    /// Application, then membership, of another security in this one.
    #[must_use]
    pub fn member(&self, member_security: &Pubkey) -> Pubkey {
        member(&self.collective(), member_security)
    }

    /// Approval of `holder`.
    #[must_use]
    pub fn approval(&self, holder: &Pubkey) -> Pubkey {
        approval(&self.security, holder)
    }
}

impl From<&Security> for SecurityKeys {
    fn from(security: &Security) -> Self {
        Self {
            security: self::security(&security.mint),
            mint: security.mint,
            payout_mint: security.payout_mint,
            payout_token_program: *security.payout_program(),
            curated: security.is_curated(),
        }
    }
}
