//! Which cluster a server belongs to, and which programs may be used there.

use std::fmt;

use anchor_lang::prelude::Pubkey;
use upside::constants::LOCALNET_PROGRAM_ID;

use crate::error::{ClientError, Result};

/// A cluster, by its genesis hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cluster {
    /// Mainnet beta.
    Mainnet,
    /// Testnet.
    Testnet,
    /// Devnet.
    Devnet,
    /// Anything else: a local or private network.
    Private,
}

/// Genesis hashes of the public clusters; they never change.
const PUBLIC: &[(&str, Cluster)] = &[
    ("5eykt4UsFv8P8NJdTREpY1vzqKqZKvdpKuc147dw2N9d", Cluster::Mainnet),
    ("4uhcVJyU9pJkvQyS88uRDiswHXSCkY3zQawwpjk2NsNY", Cluster::Testnet),
    ("EtWTRABZaYq6iMfeYKouRu166VU2xqa1wcaWoxPkrZBG", Cluster::Devnet),
];

impl Cluster {
    /// The cluster with this genesis hash, in base 58.
    #[must_use]
    pub fn of_genesis(hash: &str) -> Self {
        PUBLIC
            .iter()
            .find(|(known, _)| *known == hash)
            .map_or(Self::Private, |(_, cluster)| *cluster)
    }

    /// Whether strangers share the cluster.
    #[must_use]
    pub fn is_public(self) -> bool {
        self != Self::Private
    }

    /// Refuses the localnet program on a public cluster: its keypair is published, so anyone could deploy anything there.
    ///
    /// # Errors
    /// [`ClientError::LocalnetProgram`].
    pub fn check_program(self, program: &Pubkey) -> Result<()> {
        if self.is_public() && program.to_string() == LOCALNET_PROGRAM_ID {
            return Err(ClientError::LocalnetProgram { cluster: self });
        }
        Ok(())
    }
}

impl fmt::Display for Cluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Mainnet => "mainnet",
            Self::Testnet => "testnet",
            Self::Devnet => "devnet",
            Self::Private => "a private network",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_localnet_program_is_refused_on_every_public_cluster() {
        let localnet = Pubkey::from_str_const(LOCALNET_PROGRAM_ID);
        for (genesis, cluster) in PUBLIC {
            assert_eq!(Cluster::of_genesis(genesis), *cluster);
            let error = cluster.check_program(&localnet).unwrap_err();
            assert!(matches!(error, ClientError::LocalnetProgram { .. }));
            assert!(error.to_string().contains(&cluster.to_string()));
            assert!(cluster.check_program(&Pubkey::new_from_array([7; 32])).is_ok());
        }
    }

    #[test]
    fn the_localnet_program_is_accepted_on_a_private_network() {
        let cluster = Cluster::of_genesis("BtnoiUsBSiBLwA4bHqB5sYvMNp6fbjbSnnCEe5gi7tbd");
        assert_eq!(cluster, Cluster::Private);
        assert!(cluster
            .check_program(&Pubkey::from_str_const(LOCALNET_PROGRAM_ID))
            .is_ok());
    }

    #[test]
    fn the_committed_keypair_is_the_one_of_the_localnet_program() {
        let bytes: Vec<u8> = serde_json::from_str(include_str!("../../programs/upside/localnet-keypair.json")).unwrap();
        assert_eq!(bs58::encode(&bytes[32..]).into_string(), LOCALNET_PROGRAM_ID);
    }
}
