//! Where to connect and with which key: flags first, then the Solana CLI's config file.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde::Deserialize;

use crate::failure::{Failure, Result};

/// The part of the Solana CLI's config file that matters here.
#[derive(Debug, Default, Deserialize)]
pub struct SolanaConfig {
    /// Server.
    pub json_rpc_url: Option<String>,
    /// Key file.
    pub keypair_path: Option<String>,
}

impl SolanaConfig {
    /// Reads `path`, or the default place if it has a file. A file that was named must exist.
    ///
    /// # Errors
    /// When the file cannot be read or is not such a file.
    pub fn load(named: Option<&Path>) -> Result<Self> {
        let path = match named {
            Some(path) => path.to_owned(),
            None => match default_path() {
                Some(path) if path.exists() => path,
                _ => return Ok(Self::default()),
            },
        };
        let text = fs::read_to_string(&path)
            .map_err(|e| Failure::key(format!("the config file {} cannot be read: {e}", path.display())))?;
        serde_yaml_ng::from_str(&text).map_err(|e| {
            let place = e.location().map_or_else(String::new, |at| format!(" (line {})", at.line()));
            Failure::key(format!(
                "{} is not a config file of the Solana CLI{place}",
                path.display()
            ))
            .remedy("it has lines like `json_rpc_url: \"http://127.0.0.1:8899\"` and `keypair_path: FILE`; `solana config set` writes them")
        })
    }
}

/// Where the Solana CLI keeps its config.
fn default_path() -> Option<PathBuf> {
    let home = std::env::var_os("HOME").filter(|home| !home.is_empty())?;
    Some(Path::new(&home).join(".config/solana/cli/config.yml"))
}

/// The server's URL. There is no default cluster: guessing one could spend real money.
///
/// # Errors
/// When nothing names a server, or what names it is no URL.
pub fn url(flag: Option<&str>, config: &SolanaConfig) -> Result<String> {
    let named = flag.or(config.json_rpc_url.as_deref()).ok_or_else(|| {
        Failure::key("no cluster is chosen, and none is guessed")
            .remedy("add -u localhost, devnet, testnet, mainnet-beta or a URL, or run `solana config set --url` once")
    })?;
    let url = match named.trim() {
        "l" | "localhost" => "http://127.0.0.1:8899",
        "d" | "devnet" => "https://api.devnet.solana.com",
        "t" | "testnet" => "https://api.testnet.solana.com",
        "m" | "mainnet-beta" => "https://api.mainnet-beta.solana.com",
        other => other,
    };
    match reqwest::Url::parse(url) {
        Ok(parsed) if matches!(parsed.scheme(), "http" | "https") && parsed.has_host() => Ok(url.to_owned()),
        // The text is not repeated: it may hold an access key.
        _ => Err(
            Failure::input("the server's address is not an http or https URL and no moniker")
                .remedy("use localhost, devnet, testnet, mainnet-beta, or a URL like http://127.0.0.1:8899"),
        ),
    }
}

/// A function that takes secrets of the server's URL (user, password, path, query) out of a text.
pub fn without_secrets(url: &str) -> impl Fn(&str) -> String {
    let mut secrets = Vec::new();
    if let Ok(parsed) = reqwest::Url::parse(url) {
        let mut shown = format!("{}://{}", parsed.scheme(), parsed.host_str().unwrap_or_default());
        if let Some(port) = parsed.port() {
            shown.push_str(&format!(":{port}"));
        }
        let plain = parsed.path().len() <= 1
            && parsed.query().is_none()
            && parsed.username().is_empty()
            && parsed.password().is_none();
        if !plain {
            secrets.push((url.to_owned(), shown.clone()));
            secrets.push((parsed.to_string(), shown.clone()));
            let mut anonymous = parsed.clone();
            if anonymous.set_username("").is_ok() && anonymous.set_password(None).is_ok() {
                secrets.push((anonymous.to_string(), shown));
            }
            let hidden = [parsed.query(), Some(parsed.path()), parsed.password()];
            for part in hidden.into_iter().flatten().filter(|part| part.len() > 1) {
                secrets.push((part.to_owned(), "…".to_owned()));
            }
        }
    }
    move |text| {
        secrets
            .iter()
            .fold(text.to_owned(), |text, (secret, instead)| text.replace(secret, instead))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn monikers_name_clusters_and_no_cluster_is_guessed() {
        let none = SolanaConfig::default();
        assert_eq!(url(Some("l"), &none).unwrap(), "http://127.0.0.1:8899");
        assert!(url(Some("devnet"), &none).unwrap().contains("devnet"));
        assert!(url(None, &none).unwrap_err().remedy.unwrap().contains("-u localhost"));
        assert!(url(Some("ftp://x"), &none).is_err());
        assert!(url(Some("mainnet"), &none).is_err());
    }

    #[test]
    fn access_keys_in_the_url_are_never_shown() {
        let clean = without_secrets("https://me:pw123@rpc.example/v2/SECRET?api-key=TOKEN");
        let shown = clean("error for url (https://rpc.example/v2/SECRET?api-key=TOKEN) with api-key=TOKEN and pw123");
        for secret in ["SECRET", "TOKEN", "pw123"] {
            assert!(!shown.contains(secret), "{shown}");
        }
        let clean = without_secrets("http://127.0.0.1:8899");
        assert_eq!(clean("at http://127.0.0.1:8899"), "at http://127.0.0.1:8899");
    }
}
