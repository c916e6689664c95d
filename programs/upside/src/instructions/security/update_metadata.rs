//! `update_metadata`

use anchor_lang::system_program::{self, Transfer};
use anchor_spl::token_2022_extensions::{
    spl_token_metadata_interface::state::Field, token_metadata_update_field, TokenMetadataUpdateField,
};

use super::{check_name, check_symbol, check_uri};
use crate::{
    constants::*,
    error::{require, UpsideError},
    events::{emit_text, MetadataUpdated, SecurityTotals},
    prelude::*,
    seeds,
    state::Security,
    token::{extension, for_each_extension},
};

/// What `update_metadata` is given; `None` leaves a field as it is.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Debug, PartialEq, Eq)]
pub struct UpdateMetadataArgs {
    /// Name, 1 to 64 bytes.
    pub name: Option<String>,
    /// Symbol, 1 to 16 bytes.
    pub symbol: Option<String>,
    /// Metadata URI, at most 200 bytes.
    pub uri: Option<String>,
}

/// Accounts of `update_metadata`.
#[event_cpi]
#[derive(Accounts)]
pub struct UpdateMetadata<'info> {
    /// Pays the rent of the bytes added.
    #[account(mut)]
    pub payer: Signer<'info>,
    /// Changes the metadata.
    pub issuer: Signer<'info>,
    /// Signs as update authority.
    #[account(mut, has_one = issuer @ UpsideError::NotIssuer, has_one = mint @ UpsideError::WrongSecurityAccount)]
    pub security: AccountLoader<'info, Security>,
    /// CHECK: the share mint, by the security's record; carries the metadata.
    #[account(mut)]
    pub mint: UncheckedAccount<'info>,
    /// CHECK: the Token-2022 program.
    #[account(address = TOKEN_2022_PROGRAM_ID @ UpsideError::WrongTokenProgram)]
    pub token_program: UncheckedAccount<'info>,
    /// Moves the rent.
    pub system_program: Program<'info, System>,
}

/// The three strings of a mint's metadata, as they are.
struct Metadata {
    name: String,
    symbol: String,
    uri: String,
}

impl Metadata {
    /// Reads them from the mint: after update authority and mint come name, symbol and URI.
    fn read(mint: &AccountInfo) -> Result<Self> {
        let data = mint.try_borrow_data()?;
        let mut metadata = None;
        for_each_extension(&data, |kind, value| {
            if kind == extension::TOKEN_METADATA {
                metadata = value.get(64..).and_then(|mut rest| {
                    Some(Self {
                        name: String::deserialize(&mut rest).ok()?,
                        symbol: String::deserialize(&mut rest).ok()?,
                        uri: String::deserialize(&mut rest).ok()?,
                    })
                });
            }
            metadata.is_none()
        });
        metadata.ok_or_else(|| UpsideError::NotAMint.into())
    }
}

impl<'info> UpdateMetadata<'info> {
    /// The mint has grown or shrunk in the token program's calls, to a length of that program's choosing: what its rent now lacks is sent.
    /// Rent that is too much stays for the next time.
    fn top_up(&self) -> Result<()> {
        let missing = Rent::get()?
            .minimum_balance(self.mint.data_len())
            .saturating_sub(self.mint.lamports());
        if missing == 0 {
            return Ok(());
        }
        system_program::transfer(
            CpiContext::new(
                *self.system_program.key,
                Transfer {
                    from: self.payer.to_account_info(),
                    to: self.mint.to_account_info(),
                },
            ),
            missing,
        )
    }

    fn update(&self, field: Field, value: String, bump: u8) -> Result<()> {
        token_metadata_update_field(
            CpiContext::new_with_signer(
                *self.token_program.key,
                TokenMetadataUpdateField {
                    program_id: self.token_program.to_account_info(),
                    metadata: self.mint.to_account_info(),
                    update_authority: self.security.to_account_info(),
                },
                &[&[seeds::SECURITY, self.mint.key.as_ref(), &[bump]]],
            ),
            field,
            value,
        )
    }
}

/// See [`crate::upside::update_metadata`].
pub fn update_metadata<'info>(ctx: Context<'info, UpdateMetadata<'info>>, args: UpdateMetadataArgs) -> Result<()> {
    let a = &ctx.accounts;
    let old = Metadata::read(&a.mint)?;
    let new = Metadata {
        name: args.name.unwrap_or_else(|| old.name.clone()),
        symbol: args.symbol.unwrap_or_else(|| old.symbol.clone()),
        uri: args.uri.unwrap_or_else(|| old.uri.clone()),
    };
    check_name(&new.name)?;
    check_symbol(&new.symbol)?;
    check_uri(&new.uri)?;
    let changes: Vec<_> = [
        (Field::Name, &old.name, &new.name),
        (Field::Symbol, &old.symbol, &new.symbol),
        (Field::Uri, &old.uri, &new.uri),
    ]
    .into_iter()
    .filter(|(_, old, new)| old != new)
    .collect();
    require!(!changes.is_empty(), UpsideError::NothingToUpdate);
    let now = crate::instructions::now()?;
    let (bump, totals) = {
        let mut security = a.security.load_mut()?;
        security.next_sequence()?;
        (security.bump, SecurityTotals::from(&*security))
    };

    for (field, _, value) in changes {
        a.update(field, value.clone(), bump)?;
    }
    a.top_up()?;

    emit_text(
        &MetadataUpdated {
            version: EVENT_VERSION,
            ts: now,
            security: a.security.key(),
            name: new.name,
            symbol: new.symbol,
            uri: new.uri,
            totals,
        },
        &a.event_authority,
    )
}
