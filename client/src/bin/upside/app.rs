//! What every command needs: the connection, who acts, who pays, and tokens by address.

use std::{
    cell::{OnceCell, RefCell},
    collections::BTreeMap,
    path::Path,
    time::Duration,
};

use anchor_lang::prelude::Pubkey;
use upside_client::{
    accounts::{self, Mint},
    amount, pda,
    sender::{RpcConfig, RpcSender},
    upside::{constants::TOKEN_2022_PROGRAM_ID, state::Security},
    SecurityKeys, Sender,
};

use crate::{
    cli::Global,
    config::{self, SolanaConfig},
    failure::{Failure, Reason, Result},
    output::{clean, short, Canvas},
    signer::Identity,
};

/// Money whose mint does not carry its symbol: USDC on mainnet and on devnet. Nobody can take these addresses.
const WITHOUT_METADATA: [(Pubkey, &str); 2] = [
    (
        Pubkey::from_str_const("EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v"),
        "USDC",
    ),
    (
        Pubkey::from_str_const("4zMMC9srt5Ri5X14GAgXhaHii3GnPAEERYPJgZJDncDU"),
        "USDC",
    ),
];

/// A security and its share mint.
pub struct Token {
    /// Its account.
    pub security: Security,
    /// Its fixed keys.
    pub keys: SecurityKeys,
    /// Its share mint.
    pub mint: Mint,
    /// Name on the mint.
    pub name: String,
    /// Symbol on the mint.
    pub symbol: String,
}

impl Token {
    /// An amount of shares with the symbol.
    pub fn shares(&self, atoms: impl Into<u128>) -> String {
        format!("{} {}", amount::to_text(atoms, self.security.decimals), self.symbol)
    }
}

/// A running command.
pub struct App {
    /// Options of every command.
    pub global: Global,
    /// What standard output can show.
    pub canvas: Canvas,
    config: SolanaConfig,
    url: OnceCell<String>,
    sender: OnceCell<RpcSender>,
    actor: OnceCell<Identity>,
    payer: OnceCell<Option<Identity>>,
    mints: RefCell<BTreeMap<Pubkey, Mint>>,
}

impl App {
    /// Reads the config file; nothing else is touched before it is needed.
    pub fn new(global: Global) -> Result<Self> {
        Ok(Self {
            config: SolanaConfig::load(global.config.as_deref())?,
            canvas: Canvas::of_stdout(),
            global,
            url: OnceCell::new(),
            sender: OnceCell::new(),
            actor: OnceCell::new(),
            payer: OnceCell::new(),
            mints: RefCell::default(),
        })
    }

    /// The cluster.
    pub fn sender(&self) -> Result<&RpcSender> {
        if let Some(sender) = self.sender.get() {
            return Ok(sender);
        }
        let url = config::url(self.global.url.as_deref(), &self.config)?;
        let url = self.url.get_or_init(|| url);
        let sender = RpcSender::connect(
            url,
            RpcConfig {
                timeout: Duration::from_secs(self.global.timeout),
                ..RpcConfig::default()
            },
        )?;
        Ok(self.sender.get_or_init(|| sender))
    }

    /// A text without the secrets of the server's URL.
    pub fn without_secrets(&self, text: &str) -> String {
        match self.url.get() {
            Some(url) => config::without_secrets(url)(text),
            None => text.to_owned(),
        }
    }

    fn key_path(&self) -> Result<&Path> {
        self.global
            .keypair
            .as_deref()
            .or(self.config.keypair_path.as_deref().map(Path::new))
            .ok_or_else(|| {
                Failure::key("no key is chosen")
                    .remedy("name a key file with -k, or run `solana config set --keypair` once; reading what others hold needs none")
            })
    }

    /// Who acts: the address named with `--issuer`, else the key file.
    pub fn actor(&self) -> Result<&Identity> {
        if let Some(actor) = self.actor.get() {
            return Ok(actor);
        }
        let actor = match self.global.issuer {
            None => Identity::from_file(self.key_path()?)?,
            Some(address) => {
                let named = match &self.global.keypair {
                    Some(path) => Some(Identity::from_file(path)?).filter(|key| key.address == address),
                    None => None,
                };
                named.unwrap_or_else(|| Identity::without_key(address))
            }
        };
        Ok(self.actor.get_or_init(|| actor))
    }

    /// Who acts, for commands that sign.
    ///
    /// # Errors
    /// When the key is elsewhere and the transaction would be sent.
    pub fn signing_actor(&self) -> Result<&Identity> {
        let actor = self.actor()?;
        if actor.has_key() || self.global.sends_nothing() {
            return Ok(actor);
        }
        Err(Failure::key(format!("the key of {} is not here", actor.address))
            .remedy("add --base64 to export the transaction for it, or -k with its key file"))
    }

    /// Who pays fees and rent.
    pub fn payer(&self) -> Result<&Identity> {
        if self.payer.get().is_none() {
            let named = match &self.global.fee_payer {
                None => None,
                Some(text) => Some(match text.parse::<Pubkey>() {
                    Ok(address) if self.global.sends_nothing() => Identity::without_key(address),
                    Ok(address) => {
                        return Err(Failure::key(format!("the key of the fee payer {address} is not here"))
                            .remedy("name its key file, or add --base64 or --dry-run"))
                    }
                    Err(_) => Identity::from_file(Path::new(text))?,
                }),
            };
            let _ = self.payer.set(named);
        }
        match self.payer.get().and_then(Option::as_ref) {
            Some(payer) => Ok(payer),
            None => self.actor(),
        }
    }

    /// The address of who asks, for commands that only read.
    pub fn viewer(&self) -> Result<Pubkey> {
        Ok(self.actor()?.address)
    }

    /// A mint, read once.
    pub fn mint(&self, address: &Pubkey) -> Result<Mint> {
        if let Some(mint) = self.mints.borrow().get(address) {
            return Ok(mint.clone());
        }
        let mint = accounts::get_mint(self.sender()?, address)?;
        self.mints.borrow_mut().insert(*address, mint.clone());
        Ok(mint)
    }

    /// Reads mints at one go, so that they are known when they are named.
    pub fn know_mints(&self, addresses: impl IntoIterator<Item = Pubkey>) -> Result<()> {
        let mut unknown: Vec<Pubkey> = addresses.into_iter().collect();
        unknown.retain(|address| !self.mints.borrow().contains_key(address));
        unknown.sort_unstable();
        unknown.dedup();
        let found = self.sender()?.get_multiple_accounts(&unknown)?;
        for (address, account) in unknown.iter().zip(found) {
            if let Some(account) = account {
                let mint = accounts::read_mint(address, &account)?;
                self.mints.borrow_mut().insert(*address, mint);
            }
        }
        Ok(())
    }

    /// Symbol of a mint, or its shortened address when it has none.
    pub fn symbol(&self, address: &Pubkey) -> Result<String> {
        Ok(symbol_of(address, &self.mint(address)?))
    }

    /// The security whose share mint, or whose own address, is `address`.
    ///
    /// # Errors
    /// When there is none, or the server's answers contradict each other.
    pub fn token(&self, address: &Pubkey) -> Result<Token> {
        let sender = self.sender()?;
        let account = sender.get_account(address)?.ok_or_else(|| {
            Failure::input(format!("there is nothing at {address} on this cluster"))
                .remedy("check the address, and the cluster with -u; `upside token list --all` shows every security")
        })?;
        let at = if account.owner == upside_client::upside::ID {
            *address
        } else if account.owner == TOKEN_2022_PROGRAM_ID {
            pda::security(address)
        } else {
            return Err(no_security(address));
        };
        let security = accounts::find::<Security>(sender, &at)?.ok_or_else(|| no_security(address))?;
        if pda::security(&security.mint) != at {
            return Err(Failure::new(
                Reason::Network,
                format!(
                    "the server's answers contradict each other: {at} is not the security of {}",
                    security.mint
                ),
            )
            .remedy("use another server"));
        }
        let mint = self.mint(&security.mint)?;
        let (name, symbol) = mint.metadata.as_ref().map_or_else(
            || (String::new(), short(&security.mint)),
            |metadata| (clean(&metadata.name), clean(&metadata.symbol)),
        );
        Ok(Token {
            keys: SecurityKeys::from(&security),
            security,
            mint,
            name,
            symbol,
        })
    }

    /// An amount of the payout mint with its symbol.
    pub fn money(&self, security: &Security, atoms: impl Into<u128>) -> Result<String> {
        Ok(format!(
            "{} {}",
            amount::to_text(atoms, security.payout_decimals),
            self.symbol(&security.payout_mint)?
        ))
    }
}

fn no_security(address: &Pubkey) -> Failure {
    Failure::input(format!("{address} is neither a share mint nor a security"))
        .remedy("`upside token list --all` shows every security of this cluster")
}

/// Symbol of a mint, or its shortened address when it has none.
pub fn symbol_of(address: &Pubkey, mint: &Mint) -> String {
    mint.metadata
        .as_ref()
        .map(|metadata| clean(&metadata.symbol))
        .filter(|symbol| !symbol.trim().is_empty())
        .or_else(|| {
            WITHOUT_METADATA
                .iter()
                .find(|(known, _)| known == address)
                .map(|(_, symbol)| (*symbol).to_owned())
        })
        .unwrap_or_else(|| short(address))
}

/// Atoms above zero of a text.
pub fn positive(text: &str, decimals: u8) -> Result<u64> {
    match amount::parse_atoms(text, decimals) {
        Ok(0) => Err(Failure::input("the amount must be above zero")),
        Ok(atoms) => Ok(atoms),
        Err(error) => Err(Failure::input(format!("{text:?} is no amount here: {error}"))),
    }
}
