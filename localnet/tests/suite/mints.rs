//! The look-alike mints are what the real token programs make of their descriptions.

use anchor_lang::{prelude::Pubkey, solana_program::program_option::COption};
use anchor_spl::{
    token::spl_token,
    token_2022::spl_token_2022::{
        self,
        extension::{
            confidential_transfer::ConfidentialTransferMint, confidential_transfer_fee::ConfidentialTransferFeeConfig,
            default_account_state::DefaultAccountState, metadata_pointer::MetadataPointer, pausable::PausableConfig,
            permanent_delegate::PermanentDelegate, scaled_ui_amount::ScaledUiAmountConfig,
            transfer_fee::TransferFeeConfig, transfer_hook::TransferHook, BaseStateWithExtensions, ExtensionType,
            StateWithExtensions,
        },
        state::{AccountState, Mint},
    },
    token_2022_extensions::spl_token_metadata_interface::state::TokenMetadata,
};
use solana_keypair::{Keypair, Signer};
use solana_transaction::Transaction;
use upside_localnet::{market, rpc, Localnet};
use upside_lookalike_mints::{keys, EquityMint, Extension, EQUITIES, PAYOUT};

use crate::start;

/// Largest transaction that the network takes, in bytes.
const PACKET_LEN: usize = 1_232;

#[test]
fn the_payout_mint_is_a_legacy_mint_with_a_freeze_authority() {
    let network = start();
    let mint = market::payout_mint();
    let account = network.rpc().get_account(&mint.mint).expect("the mint");
    assert_eq!(account.owner, spl_token::ID);
    let state = StateWithExtensions::<Mint>::unpack(&account.data).expect("a mint");
    let authority = COption::Some(keys::payout_authority().pubkey());
    assert_eq!(state.base.decimals, PAYOUT.decimals);
    assert_eq!(state.base.mint_authority, authority);
    assert_eq!(state.base.freeze_authority, authority);
    assert_eq!(network.ready().payout_mint, Some(mint.mint.to_string()));
}

#[test]
fn every_equity_carries_exactly_the_extensions_it_claims() {
    let network = start();
    assert_eq!(network.ready().equity.len(), EQUITIES.len());
    for equity in EQUITIES {
        let mint = market::equity_mint(equity).mint;
        let account = network.rpc().get_account(&mint).expect("the mint");
        assert_eq!(account.owner, spl_token_2022::ID, "{}", equity.symbol);
        assert_carries(equity, &mint, &account.data);
    }
}

#[test]
fn every_equity_is_created_in_one_transaction() {
    let payer = Keypair::new();
    for equity in EQUITIES {
        let mint = keys::equity_mint(equity.symbol);
        let authority = keys::equity_authority();
        let instructions = equity
            .create_instructions(&payer.pubkey(), &mint.pubkey(), &authority.pubkey())
            .expect("instructions");
        let transaction = Transaction::new_with_payer(&instructions, Some(&payer.pubkey()));
        let len = 1 + transaction.signatures.len() * 64 + transaction.message.serialize().len();
        assert!(len <= PACKET_LEN, "{} takes {len} bytes", equity.symbol);
    }
}

#[test]
fn token_2022_refuses_what_the_check_refuses_and_takes_what_it_passes() {
    let network = start();
    let fee = Extension::TransferFee {
        bps: 100,
        maximum_atoms: 10,
    };
    static SETS: &[&[Extension]] = &[
        &[Extension::ConfidentialTransfer, Extension::ConfidentialMintBurn],
        &[Extension::ConfidentialMintBurn],
        &[Extension::ConfidentialTransferFee],
        &[
            Extension::ScaledUiAmount { multiplier: 2.0 },
            Extension::InterestBearing { rate_bps: 5 },
        ],
        &[Extension::Metadata, Extension::InterestBearing { rate_bps: 5 }],
        &[Extension::MintCloseAuthority],
        &[Extension::NonTransferable],
        &[Extension::PermissionedBurn],
        &[Extension::PermissionedBurn, Extension::PermanentDelegate],
        &[
            Extension::TransferFee {
                bps: 100,
                maximum_atoms: 10,
            },
            Extension::ConfidentialTransfer,
        ],
        &[
            Extension::TransferFee {
                bps: 100,
                maximum_atoms: 10,
            },
            Extension::ConfidentialTransfer,
            Extension::ConfidentialTransferFee,
        ],
        &[
            Extension::TransferFee {
                bps: 100,
                maximum_atoms: 10,
            },
            Extension::ScaledUiAmount { multiplier: 2.0 },
        ],
        &[],
    ];
    assert!(SETS.iter().any(|set| set.contains(&fee)));
    for extensions in SETS {
        let equity = EquityMint {
            extensions,
            ..EQUITIES[0]
        };
        let outcome = create(&network, &equity);
        assert_eq!(outcome.is_ok(), equity.check().is_ok(), "{extensions:?}: {outcome:?}");
    }
}

#[test]
fn an_equity_frozen_by_default_opens_frozen_accounts() {
    let network = start();
    let owner = Keypair::new().pubkey();
    for equity in EQUITIES {
        let mint = market::equity_mint(equity);
        network
            .send(&[mint.open_account(&network.faucet().pubkey(), &owner)], &[])
            .expect("opened");
        let frozen = market::is_frozen(network.rpc(), &mint, &owner).expect("a state");
        assert_eq!(frozen, Some(equity.frozen_by_default()), "{}", equity.symbol);
    }
}

#[test]
fn an_issuer_pauses_and_claws_back() {
    let network = start();
    let (alice, bob) = (Keypair::new().pubkey(), Keypair::new().pubkey());
    let authority = keys::equity_authority();
    let mint = market::equity_mint(&EQUITIES[0]);
    for owner in [&alice, &bob] {
        network.mint_equity(EQUITIES[0].symbol, owner, 100).expect("minted");
    }
    let claw_back = mint
        .claw_back(
            &authority.pubkey(),
            &mint.account_of(&alice),
            &mint.account_of(&bob),
            40,
        )
        .expect("an instruction");
    network
        .send(std::slice::from_ref(&claw_back), &[&authority])
        .expect("clawed back");
    assert_eq!(market::balance(network.rpc(), &mint, &bob).expect("a balance"), 140);

    let pause = mint.pause(&authority.pubkey()).expect("an instruction");
    network.send(&[pause], &[&authority]).expect("paused");
    network
        .send(std::slice::from_ref(&claw_back), &[&authority])
        .expect_err("paused");
    let resume = mint.resume(&authority.pubkey()).expect("an instruction");
    network.send(&[resume], &[&authority]).expect("resumed");
    network.send(&[claw_back], &[&authority]).expect("clawed back again");
    assert_eq!(market::balance(network.rpc(), &mint, &bob).expect("a balance"), 180);
}

/// Creates `equity` at a fresh address and checks what it carries.
fn create(network: &Localnet, equity: &EquityMint) -> anyhow::Result<()> {
    let mint = Keypair::new();
    let authority = keys::equity_authority();
    let instructions = equity.create_instructions(&network.faucet().pubkey(), &mint.pubkey(), &authority.pubkey())?;
    let mut signers = vec![&mint];
    if equity.extensions.contains(&Extension::Metadata) {
        signers.push(&authority);
    }
    rpc::send(network.rpc(), &instructions, network.faucet(), &signers)?;
    if !equity.extensions.contains(&Extension::PermissionedBurn) {
        let data = network.rpc().get_account_data(&mint.pubkey())?;
        assert_carries(equity, &mint.pubkey(), &data);
    }
    Ok(())
}

/// Asserts that the mint in `data` carries the extensions of `equity`, with its values, and no other.
fn assert_carries(equity: &EquityMint, mint: &Pubkey, data: &[u8]) {
    let symbol = equity.symbol;
    let state = StateWithExtensions::<Mint>::unpack(data).expect("a mint");
    let issuer = keys::equity_authority().pubkey();
    assert_eq!(state.base.decimals, equity.decimals, "{symbol}");
    assert_eq!(state.base.mint_authority, COption::Some(issuer), "{symbol}");
    assert_eq!(state.base.freeze_authority, COption::Some(issuer), "{symbol}");

    let mut expected: Vec<ExtensionType> = equity.extensions.iter().filter_map(Extension::extension_type).collect();
    if equity.extensions.contains(&Extension::Metadata) {
        expected.push(ExtensionType::TokenMetadata);
    }
    let mut found = state.get_extension_types().expect("a readable extension list");
    let by_number = |kind: &ExtensionType| u16::from(*kind);
    expected.sort_by_key(by_number);
    found.sort_by_key(by_number);
    assert_eq!(found, expected, "{symbol}");

    for extension in equity.extensions {
        match *extension {
            Extension::Metadata => {
                let pointer = state.get_extension::<MetadataPointer>().expect("a pointer");
                assert_eq!(Option::<Pubkey>::from(pointer.metadata_address), Some(*mint));
                let metadata = state.get_variable_len_extension::<TokenMetadata>().expect("metadata");
                assert_eq!(metadata.symbol, equity.symbol);
                assert_eq!(metadata.name, equity.name);
                assert_eq!(metadata.uri, equity.uri);
                assert_eq!(metadata.mint, *mint);
            }
            Extension::ScaledUiAmount { multiplier } => {
                let scaled = state.get_extension::<ScaledUiAmountConfig>().expect("scaled");
                assert_eq!(f64::from(scaled.multiplier), multiplier);
            }
            Extension::PermanentDelegate => {
                let delegate = state.get_extension::<PermanentDelegate>().expect("a delegate");
                assert_eq!(Option::<Pubkey>::from(delegate.delegate), Some(issuer));
            }
            Extension::Pausable => {
                let pausable = state.get_extension::<PausableConfig>().expect("pausable");
                assert!(!bool::from(pausable.paused));
                assert_eq!(Option::<Pubkey>::from(pausable.authority), Some(issuer));
            }
            Extension::DefaultAccountState { frozen } => {
                let default = state.get_extension::<DefaultAccountState>().expect("a default");
                let wanted = if frozen {
                    AccountState::Frozen
                } else {
                    AccountState::Initialized
                };
                assert_eq!(default.state, wanted as u8);
            }
            Extension::ConfidentialTransfer => {
                let confidential = state
                    .get_extension::<ConfidentialTransferMint>()
                    .expect("confidential transfers");
                assert!(!bool::from(confidential.auto_approve_new_accounts));
            }
            Extension::TransferFee { bps, maximum_atoms } => {
                let fee = state.get_extension::<TransferFeeConfig>().expect("a fee");
                let fee = fee.newer_transfer_fee;
                assert_eq!(u16::from(fee.transfer_fee_basis_points), bps);
                assert_eq!(u64::from(fee.maximum_fee), maximum_atoms);
            }
            Extension::ConfidentialTransferFee => {
                state
                    .get_extension::<ConfidentialTransferFeeConfig>()
                    .expect("a confidential fee");
            }
            Extension::TransferHook { program } => {
                let hook = state.get_extension::<TransferHook>().expect("a hook");
                assert_eq!(Option::<Pubkey>::from(hook.program_id), program);
            }
            // The extension list above is all there is to them.
            Extension::InterestBearing { .. }
            | Extension::ConfidentialMintBurn
            | Extension::MintCloseAuthority
            | Extension::NonTransferable
            | Extension::PermissionedBurn => {}
        }
    }
}
