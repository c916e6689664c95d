//! Tokenised stocks: what they carry, and how they are created.
//!
//! # What Token-2022 refuses at creation
//! | combination | why |
//! |---|---|
//! | [`Extension::TransferFee`] with [`Extension::ConfidentialTransfer`] but without [`Extension::ConfidentialTransferFee`] | a confidential transfer could not withhold the fee |
//! | [`Extension::ConfidentialTransferFee`] without both of the others | nothing to withhold from |
//! | [`Extension::ConfidentialMintBurn`] without [`Extension::ConfidentialTransfer`] | no confidential balance to mint to |
//! | [`Extension::ScaledUiAmount`] with [`Extension::InterestBearing`] | two answers to one question |
//! | [`Extension::TransferHook`] with neither authority nor program | it could never do anything |
//!
//! Everything else combines, and real stocks combine most of it. [`EquityMint::check`] names the rule that a
//! description breaks before any transaction is sent.

use anchor_lang::{
    prelude::{AccountMeta, ProgramError, Pubkey},
    solana_program::{instruction::Instruction, program_pack::Pack, rent::Rent, system_instruction},
};
use anchor_spl::token_2022::spl_token_2022::{
    self,
    extension::{
        confidential_mint_burn, confidential_transfer, confidential_transfer_fee, default_account_state,
        interest_bearing_mint, metadata_pointer, pausable, scaled_ui_amount, transfer_fee, transfer_hook,
        ExtensionType,
    },
    instruction as token_2022,
    state::{Account, AccountState, Mint},
};
use anchor_spl::token_2022_extensions::spl_token_metadata_interface as token_metadata;

/// The ristretto255 base point: a valid ElGamal public key of which nobody claims to hold the secret.
/// It stands where an issuer would put a real one.
const ELGAMAL_PUBKEY: [u8; 32] = [
    0xe2, 0xf2, 0xae, 0x0a, 0x6a, 0xbc, 0x4e, 0x71, 0xa8, 0x84, 0xa9, 0x61, 0xc5, 0x00, 0x51, 0x5f, 0x58, 0xe3, 0x0b,
    0x6a, 0xa5, 0x82, 0xdd, 0x8d, 0xb6, 0xa6, 0x59, 0x45, 0xe0, 0x8d, 0x2d, 0x76,
];

/// Token-2022's instruction number of the permissioned burn extension (newer than the interface crate in use).
const PERMISSIONED_BURN_INSTRUCTION: u8 = 46;
/// Bytes that the permissioned burn extension takes: type, length, authority.
const PERMISSIONED_BURN_LEN: usize = 2 + 2 + 32;

/// One extension of a mint, with the parameters it is created with. Authorities are always the issuer's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Extension {
    /// Metadata pointer to the mint itself, and the metadata there: name, symbol, uri.
    Metadata,
    /// Wallets show `atoms * multiplier`; atoms never change. Splits and reinvested dividends raise it.
    ScaledUiAmount {
        /// Shown tokens per stored token; finite and above 0.
        multiplier: f64,
    },
    /// Wallets show atoms that grow at a rate; atoms never change.
    InterestBearing {
        /// Basis points a year.
        rate_bps: i16,
    },
    /// The issuer can move or burn the tokens of any holder.
    PermanentDelegate,
    /// The issuer can stop every mint, burn and transfer.
    Pausable,
    /// The state of a new token account.
    DefaultAccountState {
        /// `true`: frozen until the issuer thaws it. `false`: usable at once.
        frozen: bool,
    },
    /// Balances can be made confidential; new confidential accounts need the issuer's approval.
    ConfidentialTransfer,
    /// Confidential supply.
    ConfidentialMintBurn,
    /// Each transfer withholds a fee in the receiving account.
    TransferFee {
        /// Basis points of the amount sent.
        bps: u16,
        /// Upper bound of one fee, in atoms.
        maximum_atoms: u64,
    },
    /// The transfer fee of confidential transfers.
    ConfidentialTransferFee,
    /// A program that every transfer calls; `None` reserves the right and calls nothing.
    TransferHook {
        /// The program called.
        program: Option<Pubkey>,
    },
    /// The issuer may close the mint when its supply is 0.
    MintCloseAuthority,
    /// Tokens cannot be transferred. No real stock; for tests of the mint policy.
    NonTransferable,
    /// Burning needs the issuer's signature too. No real stock; for tests of the mint policy.
    PermissionedBurn,
}

/// The description of a tokenised stock.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EquityMint {
    /// Ticker, ending in `x`.
    pub symbol: &'static str,
    /// Name; says that it is a look-alike.
    pub name: &'static str,
    /// Where metadata would be; a reserved host that never resolves.
    pub uri: &'static str,
    /// Decimals: one whole token is `10^decimals` atoms.
    pub decimals: u8,
    /// The extensions, in the order in which they are initialised.
    pub extensions: &'static [Extension],
}

/// The equities of a local network.
pub const EQUITIES: &[EquityMint] = &[
    EquityMint {
        symbol: "ACMEx",
        name: "Acme Robotics (look-alike)",
        uri: "https://acme.invalid/x.json",
        decimals: 8,
        extensions: &[
            Extension::Metadata,
            Extension::ScaledUiAmount { multiplier: 1.0 },
            Extension::PermanentDelegate,
            Extension::Pausable,
            Extension::DefaultAccountState { frozen: false },
            Extension::ConfidentialTransfer,
            Extension::TransferHook { program: None },
        ],
    },
    EquityMint {
        symbol: "GLBXx",
        name: "Globex Energy (look-alike)",
        uri: "https://globex.invalid/x.json",
        decimals: 8,
        extensions: &[
            Extension::Metadata,
            Extension::ScaledUiAmount { multiplier: 1.25 },
            Extension::PermanentDelegate,
            Extension::Pausable,
            Extension::DefaultAccountState { frozen: false },
            Extension::ConfidentialTransfer,
            Extension::TransferHook { program: None },
        ],
    },
    EquityMint {
        symbol: "INITx",
        name: "Initech Holdings (look-alike, frozen by default)",
        uri: "https://initech.invalid/x.json",
        decimals: 6,
        extensions: &[
            Extension::Metadata,
            Extension::ScaledUiAmount { multiplier: 1.0 },
            Extension::PermanentDelegate,
            Extension::Pausable,
            Extension::DefaultAccountState { frozen: true },
            Extension::ConfidentialTransfer,
            Extension::TransferHook { program: None },
        ],
    },
    EquityMint {
        symbol: "UMBRx",
        name: "Umbrella Foods (look-alike, transfer fee)",
        uri: "https://umbrella.invalid/x.json",
        decimals: 6,
        extensions: &[
            Extension::Metadata,
            Extension::PermanentDelegate,
            Extension::Pausable,
            Extension::DefaultAccountState { frozen: false },
            Extension::ConfidentialTransfer,
            Extension::TransferFee {
                bps: 50,
                maximum_atoms: 1_000_000_000,
            },
            Extension::ConfidentialTransferFee,
            Extension::TransferHook { program: None },
        ],
    },
];

/// The equity of [`EQUITIES`] with that symbol.
#[must_use]
pub fn by_symbol(symbol: &str) -> Option<&'static EquityMint> {
    EQUITIES.iter().find(|equity| equity.symbol == symbol)
}

impl EquityMint {
    /// Shown tokens per stored token; 1 without [`Extension::ScaledUiAmount`].
    #[must_use]
    pub fn multiplier(&self) -> f64 {
        self.extensions
            .iter()
            .find_map(|extension| match extension {
                Extension::ScaledUiAmount { multiplier } => Some(*multiplier),
                _ => None,
            })
            .unwrap_or(1.0)
    }

    /// Whether a new token account of this mint is frozen until the issuer thaws it.
    #[must_use]
    pub fn frozen_by_default(&self) -> bool {
        self.extensions
            .contains(&Extension::DefaultAccountState { frozen: true })
    }

    /// Says which rule of Token-2022 the extensions break, if any (see the module documentation).
    ///
    /// # Errors
    /// One sentence that names the rule.
    pub fn check(&self) -> Result<(), &'static str> {
        let has = |wanted: fn(&Extension) -> bool| self.extensions.iter().any(wanted);
        let fee = has(|e| matches!(e, Extension::TransferFee { .. }));
        let confidential = has(|e| matches!(e, Extension::ConfidentialTransfer));
        let confidential_fee = has(|e| matches!(e, Extension::ConfidentialTransferFee));
        if fee && confidential && !confidential_fee {
            return Err("a transfer fee beside confidential transfers needs the confidential transfer fee");
        }
        if confidential_fee && !(fee && confidential) {
            return Err("a confidential transfer fee needs a transfer fee and confidential transfers");
        }
        if has(|e| matches!(e, Extension::ConfidentialMintBurn)) && !confidential {
            return Err("confidential mint and burn needs confidential transfers");
        }
        if has(|e| matches!(e, Extension::ScaledUiAmount { .. }))
            && has(|e| matches!(e, Extension::InterestBearing { .. }))
        {
            return Err("scaled UI amounts and interest exclude each other");
        }
        Ok(())
    }

    /// Bytes of the mint account before its metadata is written: what `create_account` must allocate.
    ///
    /// # Errors
    /// When the sizes overflow.
    pub fn allocated_len(&self) -> Result<usize, ProgramError> {
        let mut types = Vec::new();
        let mut beyond_interface = 0;
        for extension in self.extensions {
            match extension.extension_type() {
                Some(extension_type) => types.push(extension_type),
                None => beyond_interface += PERMISSIONED_BURN_LEN,
            }
        }
        let len = ExtensionType::try_calculate_account_len::<Mint>(&types)?;
        Ok(if types.is_empty() && beyond_interface > 0 {
            // The extension area starts after the length of a token account and one byte of account type.
            Account::LEN + 1 + beyond_interface
        } else {
            len + beyond_interface
        })
    }

    /// Bytes that the metadata adds to the mint account; 0 without [`Extension::Metadata`].
    #[must_use]
    pub fn metadata_len(&self) -> usize {
        if self.extensions.contains(&Extension::Metadata) {
            let header = 2 + 2;
            let keys = 32 + 32;
            let strings = [self.name, self.symbol, self.uri].map(|text| 4 + text.len());
            let no_additional_fields = 4;
            header + keys + strings.iter().sum::<usize>() + no_additional_fields
        } else {
            0
        }
    }

    /// Creates the mint. Signers: `payer`, `mint`, and `authority` when there is metadata. `authority` gets every
    /// right an issuer has. All instructions belong into one transaction; they fit for every row of [`EQUITIES`].
    ///
    /// # Errors
    /// When an instruction cannot be encoded. A refused combination is not an error here, so that a test can show
    /// the token program refusing it: ask [`EquityMint::check`].
    pub fn create_instructions(
        &self,
        payer: &Pubkey,
        mint: &Pubkey,
        authority: &Pubkey,
    ) -> Result<Vec<Instruction>, ProgramError> {
        let allocated = self.allocated_len()?;
        let mut instructions = vec![system_instruction::create_account(
            payer,
            mint,
            // The metadata is written later, into an account that must already be rent-exempt for it.
            Rent::default().minimum_balance(allocated + self.metadata_len()),
            allocated as u64,
            &spl_token_2022::ID,
        )];
        for extension in self.extensions {
            instructions.push(extension.initialize(mint, authority)?);
        }
        instructions.push(token_2022::initialize_mint2(
            &spl_token_2022::ID,
            mint,
            authority,
            Some(authority),
            self.decimals,
        )?);
        if self.extensions.contains(&Extension::Metadata) {
            instructions.push(token_metadata::instruction::initialize(
                &spl_token_2022::ID,
                mint,
                authority,
                mint,
                authority,
                self.name.to_owned(),
                self.symbol.to_owned(),
                self.uri.to_owned(),
            ));
        }
        Ok(instructions)
    }
}

impl Extension {
    /// The type number in the mint's extension area; `None` where the interface crate does not know it yet.
    /// [`Extension::Metadata`] answers with the pointer: the metadata itself is written after the mint exists.
    #[must_use]
    pub fn extension_type(&self) -> Option<ExtensionType> {
        Some(match self {
            Self::Metadata => ExtensionType::MetadataPointer,
            Self::ScaledUiAmount { .. } => ExtensionType::ScaledUiAmount,
            Self::InterestBearing { .. } => ExtensionType::InterestBearingConfig,
            Self::PermanentDelegate => ExtensionType::PermanentDelegate,
            Self::Pausable => ExtensionType::Pausable,
            Self::DefaultAccountState { .. } => ExtensionType::DefaultAccountState,
            Self::ConfidentialTransfer => ExtensionType::ConfidentialTransferMint,
            Self::ConfidentialMintBurn => ExtensionType::ConfidentialMintBurn,
            Self::TransferFee { .. } => ExtensionType::TransferFeeConfig,
            Self::ConfidentialTransferFee => ExtensionType::ConfidentialTransferFeeConfig,
            Self::TransferHook { .. } => ExtensionType::TransferHook,
            Self::MintCloseAuthority => ExtensionType::MintCloseAuthority,
            Self::NonTransferable => ExtensionType::NonTransferable,
            Self::PermissionedBurn => return None,
        })
    }

    /// The instruction that initialises this extension, to be sent before the mint is initialised.
    fn initialize(&self, mint: &Pubkey, authority: &Pubkey) -> Result<Instruction, ProgramError> {
        let program = &spl_token_2022::ID;
        let issuer = Some(*authority);
        match *self {
            Self::Metadata => metadata_pointer::instruction::initialize(program, mint, issuer, Some(*mint)),
            Self::ScaledUiAmount { multiplier } => {
                scaled_ui_amount::instruction::initialize(program, mint, issuer, multiplier)
            }
            Self::InterestBearing { rate_bps } => {
                interest_bearing_mint::instruction::initialize(program, mint, issuer, rate_bps)
            }
            Self::PermanentDelegate => token_2022::initialize_permanent_delegate(program, mint, authority),
            Self::Pausable => pausable::instruction::initialize(program, mint, authority),
            Self::DefaultAccountState { frozen } => {
                default_account_state::instruction::initialize_default_account_state(
                    program,
                    mint,
                    &if frozen {
                        AccountState::Frozen
                    } else {
                        AccountState::Initialized
                    },
                )
            }
            Self::ConfidentialTransfer => {
                confidential_transfer::instruction::initialize_mint(program, mint, issuer, false, None)
            }
            Self::ConfidentialMintBurn => confidential_mint_burn::instruction::initialize_mint(
                program,
                mint,
                bytemuck::from_bytes(&ELGAMAL_PUBKEY),
                &Default::default(),
            ),
            Self::TransferFee { bps, maximum_atoms } => transfer_fee::instruction::initialize_transfer_fee_config(
                program,
                mint,
                Some(authority),
                Some(authority),
                bps,
                maximum_atoms,
            ),
            Self::ConfidentialTransferFee => {
                confidential_transfer_fee::instruction::initialize_confidential_transfer_fee_config(
                    program,
                    mint,
                    issuer,
                    bytemuck::from_bytes(&ELGAMAL_PUBKEY),
                )
            }
            Self::TransferHook { program: hook } => transfer_hook::instruction::initialize(program, mint, issuer, hook),
            Self::MintCloseAuthority => token_2022::initialize_mint_close_authority(program, mint, Some(authority)),
            Self::NonTransferable => token_2022::initialize_non_transferable_mint(program, mint),
            Self::PermissionedBurn => {
                let mut data = vec![PERMISSIONED_BURN_INSTRUCTION, 0];
                data.extend_from_slice(authority.as_ref());
                Ok(Instruction {
                    program_id: *program,
                    accounts: vec![AccountMeta::new(*mint, false)],
                    data,
                })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_equity_of_the_table_passes_its_own_check() {
        for equity in EQUITIES {
            assert_eq!(equity.check(), Ok(()), "{}", equity.symbol);
        }
    }

    #[test]
    fn symbols_are_unique_and_found() {
        for equity in EQUITIES {
            assert_eq!(by_symbol(equity.symbol), Some(equity));
        }
        assert_eq!(by_symbol("NONEx"), None);
    }

    #[test]
    fn each_refused_combination_is_named() {
        let refused: [&'static [Extension]; 4] = [
            &[
                Extension::TransferFee {
                    bps: 1,
                    maximum_atoms: 1,
                },
                Extension::ConfidentialTransfer,
            ],
            &[Extension::ConfidentialTransferFee],
            &[Extension::ConfidentialMintBurn],
            &[
                Extension::ScaledUiAmount { multiplier: 1.0 },
                Extension::InterestBearing { rate_bps: 1 },
            ],
        ];
        for extensions in refused {
            let equity = EquityMint {
                extensions,
                ..EQUITIES[0]
            };
            assert!(equity.check().is_err(), "{extensions:?}");
        }
    }
}
