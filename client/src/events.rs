//! What happened: events decoded from the program's calls to itself.
//!
//! An event is an inner instruction of a confirmed transaction, to the program, by the program, with the tag that Anchor gives such
//! calls. Logs are never read: they may be cut.

use anchor_lang::{event::EVENT_IX_TAG_LE, prelude::Pubkey, AnchorDeserialize, Discriminator};
use solana_transaction_status_client_types::{
    option_serializer::OptionSerializer, EncodedConfirmedTransactionWithStatusMeta, UiInnerInstructions, UiInstruction,
    UiParsedInstruction,
};
use solana_transaction_v3::Signature;
pub use upside::events::{
    AdmissionRevoked, ApplicationWithdrawn, ApprovalRemoved, AssetCollected, BackingHarvested, CapacityRetired,
    CollectiveCreated, EquityDeposited, GrantClaimed, GrantClosed, GrantCreated, GrantRevoked, HolderApproved,
    InvestorInvited, InvestorUninvited, IssuerAccepted, IssuerProposed, MemberAdmitted, MemberApplied, MemberJoined,
    MetadataUpdated, MilestoneApproved, PayoutAccountSet, PositionClosed, PositionTotals, RedemptionAdvanced,
    RedemptionClosed, RefundWithdrawn, RoundCancelled, RoundClosed, RoundCreated, RoundTotals, RunwayReleased,
    SecurityCreated, SecurityTotals, SharesDeposited, SharesIssued, SharesRedeemed, SharesRegistered, SharesSubscribed,
    SharesTransferred, SharesUnregistered, SubscriptionSettled, SubscriptionWithdrawn, UpdatePosted, UpsideClaimed,
    UpsideDistributed, UpsideHarvested, VaultOpened,
};

use crate::error::{ClientError, Result};

macro_rules! events {
    ($($name:ident)*) => {
        /// Any event of the program.
        #[derive(Clone, Debug, PartialEq)]
        pub enum Event {
            $(
                #[doc = concat!("See [`", stringify!($name), "`].")]
                $name($name),
            )*
        }

        impl Event {
            /// Decodes the data of an inner instruction of the program; `None` if it is not an event that this build knows.
            ///
            /// # Errors
            /// The discriminator is known but the bytes do not fit it.
            pub fn decode(data: &[u8]) -> Option<std::io::Result<Self>> {
                let body = data.strip_prefix(EVENT_IX_TAG_LE)?;
                $(
                    if let Some(mut fields) = body.strip_prefix($name::DISCRIMINATOR) {
                        return Some($name::deserialize(&mut fields).map(Self::$name));
                    }
                )*
                None
            }

            /// Name of the event, for example `SharesTransferred`.
            #[must_use]
            pub fn name(&self) -> &'static str {
                match self {
                    $(Self::$name(_) => stringify!($name),)*
                }
            }

            /// The security that it is about.
            #[must_use]
            pub fn security(&self) -> Pubkey {
                match self {
                    $(Self::$name(event) => event.security,)*
                }
            }

            /// When it happened, unix seconds.
            #[must_use]
            pub fn ts(&self) -> i64 {
                match self {
                    $(Self::$name(event) => event.ts,)*
                }
            }

            /// Layout version of the event.
            #[must_use]
            pub fn version(&self) -> u8 {
                match self {
                    $(Self::$name(event) => event.version,)*
                }
            }
        }

        /// Names of all events, in the order of [`Event`]. A test compares them with the program's source.
        pub const EVENT_NAMES: &[&str] = &[$(stringify!($name)),*];

        $(
            impl From<$name> for Event {
                fn from(event: $name) -> Self {
                    Self::$name(event)
                }
            }
        )*
    };
}

events! {
    SecurityCreated SharesIssued CapacityRetired RedemptionAdvanced IssuerProposed IssuerAccepted MetadataUpdated UpdatePosted
    HolderApproved ApprovalRemoved
    SharesRegistered SharesUnregistered SharesTransferred PayoutAccountSet PositionClosed
    UpsideDistributed UpsideClaimed UpsideHarvested
    VaultOpened EquityDeposited SharesDeposited BackingHarvested
    SharesRedeemed AssetCollected RedemptionClosed
    GrantCreated GrantClaimed MilestoneApproved GrantRevoked GrantClosed
    RoundCreated InvestorInvited InvestorUninvited SharesSubscribed SubscriptionWithdrawn RoundCancelled RoundClosed
    SubscriptionSettled RefundWithdrawn RunwayReleased
    CollectiveCreated MemberApplied ApplicationWithdrawn MemberAdmitted AdmissionRevoked MemberJoined
}

impl Event {
    /// The security after the instruction, if the instruction wrote it.
    #[must_use]
    pub fn security_totals(&self) -> Option<&SecurityTotals> {
        match self {
            Self::SecurityCreated(e) => Some(&e.totals),
            Self::SharesIssued(e) => Some(&e.totals),
            Self::CapacityRetired(e) => Some(&e.totals),
            Self::RedemptionAdvanced(e) => Some(&e.totals),
            Self::IssuerProposed(e) => Some(&e.totals),
            Self::IssuerAccepted(e) => Some(&e.totals),
            Self::MetadataUpdated(e) => Some(&e.totals),
            Self::UpdatePosted(e) => Some(&e.totals),
            Self::HolderApproved(e) => Some(&e.totals),
            Self::ApprovalRemoved(e) => Some(&e.totals),
            Self::SharesRegistered(e) => Some(&e.totals),
            Self::SharesUnregistered(e) => Some(&e.totals),
            Self::PositionClosed(e) => Some(&e.totals),
            Self::UpsideDistributed(e) => Some(&e.totals),
            Self::UpsideHarvested(e) => Some(&e.totals),
            Self::VaultOpened(e) => Some(&e.totals),
            Self::SharesRedeemed(e) => Some(&e.totals),
            Self::GrantCreated(e) => Some(&e.totals),
            Self::GrantClaimed(e) => Some(&e.totals),
            Self::GrantRevoked(e) => Some(&e.totals),
            Self::GrantClosed(e) => Some(&e.totals),
            Self::RoundCreated(e) => Some(&e.totals),
            Self::RoundCancelled(e) => Some(&e.totals),
            Self::RoundClosed(e) => Some(&e.totals),
            Self::SubscriptionSettled(e) => Some(&e.totals),
            Self::SharesTransferred(_)
            | Self::PayoutAccountSet(_)
            | Self::UpsideClaimed(_)
            | Self::EquityDeposited(_)
            | Self::SharesDeposited(_)
            | Self::BackingHarvested(_)
            | Self::AssetCollected(_)
            | Self::MilestoneApproved(_)
            | Self::InvestorInvited(_)
            | Self::InvestorUninvited(_)
            | Self::SharesSubscribed(_)
            | Self::SubscriptionWithdrawn(_)
            | Self::RefundWithdrawn(_)
            | Self::RunwayReleased(_)
            | Self::CollectiveCreated(_)
            | Self::MemberApplied(_)
            | Self::ApplicationWithdrawn(_)
            | Self::MemberAdmitted(_)
            | Self::AdmissionRevoked(_)
            | Self::MemberJoined(_)
            | Self::RedemptionClosed(_) => None,
        }
    }
}

impl Event {
    /// The round after the instruction and its address, if the instruction wrote one.
    #[must_use]
    pub fn round_totals(&self) -> Option<(&Pubkey, &RoundTotals)> {
        match self {
            Self::RoundCreated(e) => Some((&e.round, &e.round_totals)),
            Self::InvestorInvited(e) => Some((&e.round, &e.round_totals)),
            Self::InvestorUninvited(e) => Some((&e.round, &e.round_totals)),
            Self::SharesSubscribed(e) => Some((&e.round, &e.round_totals)),
            Self::SubscriptionWithdrawn(e) => Some((&e.round, &e.round_totals)),
            Self::RoundCancelled(e) => Some((&e.round, &e.round_totals)),
            Self::RoundClosed(e) => Some((&e.round, &e.round_totals)),
            Self::SubscriptionSettled(e) => Some((&e.round, &e.round_totals)),
            Self::RefundWithdrawn(e) => Some((&e.round, &e.round_totals)),
            Self::RunwayReleased(e) => Some((&e.round, &e.round_totals)),
            _ => None,
        }
    }
}

/// An event and where it is recorded.
#[derive(Clone, Debug, PartialEq)]
pub struct EventRecord {
    /// The transaction.
    pub signature: Signature,
    /// Its slot.
    pub slot: u64,
    /// The event.
    pub event: Event,
}

/// Decodes the events among inner instructions, given as program and data, in the order they ran. Events of later versions of the program
/// are passed over.
///
/// # Errors
/// [`ClientError::Malformed`] if an event that this build knows does not decode.
pub fn decode_all<'a>(inner: impl IntoIterator<Item = (Pubkey, &'a [u8])>) -> Result<Vec<Event>> {
    inner
        .into_iter()
        .filter(|(program, _)| *program == upside::ID)
        .filter_map(|(_, data)| Event::decode(data))
        .map(|event| {
            event.map_err(|e| ClientError::Malformed {
                what: "event of this version of the program",
                address: upside::ID,
                reason: e.to_string(),
            })
        })
        .collect()
}

/// Decodes the events among the inner instructions that RPC servers return; `keys` are the transaction's accounts, looked-up ones last.
///
/// # Errors
/// As [`decode_all`].
pub fn decode_inner(inner: &[UiInnerInstructions], keys: &[Pubkey]) -> Result<Vec<Event>> {
    let calls = own_calls(inner, keys)?;
    decode_all(calls.iter().map(|data| (upside::ID, data.as_slice())))
}

/// The data of the program's inner instructions.
fn own_calls(inner: &[UiInnerInstructions], keys: &[Pubkey]) -> Result<Vec<Vec<u8>>> {
    let mut calls = Vec::new();
    for instruction in inner.iter().flat_map(|group| &group.instructions) {
        // Confirmed transactions asked for in base64 carry compiled instructions; simulations carry partially decoded ones.
        let (program, data) = match instruction {
            UiInstruction::Compiled(call) => match keys.get(usize::from(call.program_id_index)) {
                Some(program) => (*program, &call.data),
                None => continue,
            },
            UiInstruction::Parsed(UiParsedInstruction::PartiallyDecoded(call)) => match call.program_id.parse() {
                Ok(program) => (program, &call.data),
                Err(_) => continue,
            },
            // Only programs that the server itself knows are parsed: ours is not one of them.
            UiInstruction::Parsed(UiParsedInstruction::Parsed(_)) => continue,
        };
        if program != upside::ID {
            continue;
        }
        calls.push(bs58::decode(data).into_vec().map_err(|e| ClientError::Malformed {
            what: "inner instruction",
            address: program,
            reason: e.to_string(),
        })?);
    }
    Ok(calls)
}

/// The events of a confirmed transaction that was asked for in base64, as the bytes that [`Event::decode`] takes, in the order they ran. Events of
/// later versions of the program are among them. Empty if the transaction failed.
///
/// # Errors
/// [`ClientError::Malformed`] if the transaction does not decode.
pub fn event_data(transaction: &EncodedConfirmedTransactionWithStatusMeta) -> Result<Vec<Vec<u8>>> {
    Ok(signed_event_data(transaction)?.1)
}

fn signed_event_data(transaction: &EncodedConfirmedTransactionWithStatusMeta) -> Result<(Signature, Vec<Vec<u8>>)> {
    let malformed = |reason: &str| ClientError::Malformed {
        what: "confirmed transaction in base64",
        address: upside::ID,
        reason: reason.to_owned(),
    };
    let decoded = transaction
        .transaction
        .transaction
        .decode()
        .ok_or_else(|| malformed("it does not decode"))?;
    let signature = *decoded.signatures.first().ok_or_else(|| malformed("no signature"))?;
    let Some(meta) = &transaction.transaction.meta else {
        return Err(malformed("no status"));
    };
    if meta.err.is_some() {
        return Ok((signature, Vec::new()));
    }
    let mut keys = decoded.message.static_account_keys().to_vec();
    if let OptionSerializer::Some(loaded) = &meta.loaded_addresses {
        for key in loaded.writable.iter().chain(&loaded.readonly) {
            keys.push(key.parse().map_err(|_| malformed("a looked-up address is malformed"))?);
        }
    }
    let OptionSerializer::Some(inner) = &meta.inner_instructions else {
        return Ok((signature, Vec::new()));
    };
    let mut data = own_calls(inner, &keys)?;
    data.retain(|data| data.starts_with(EVENT_IX_TAG_LE));
    Ok((signature, data))
}

/// Decodes the events of a confirmed transaction that was asked for in base64.
///
/// # Errors
/// [`ClientError::Malformed`] if the transaction or one of its events does not decode.
pub fn decode_transaction(transaction: &EncodedConfirmedTransactionWithStatusMeta) -> Result<Vec<EventRecord>> {
    let (signature, data) = signed_event_data(transaction)?;
    Ok(decode_all(data.iter().map(|data| (upside::ID, data.as_slice())))?
        .into_iter()
        .map(|event| EventRecord {
            signature,
            slot: transaction.slot,
            event,
        })
        .collect())
}
