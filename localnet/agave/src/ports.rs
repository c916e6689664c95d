//! Free ports in a row.

use std::{
    net::{Ipv4Addr, SocketAddr, TcpListener, UdpSocket},
    time::{SystemTime, UNIX_EPOCH},
};

use anyhow::{bail, Result};

/// Ports that the validator chooses from for what is between validators; it wants so many at least.
const BETWEEN_VALIDATORS: u16 = 40;
/// Ports of a network: two for clients, two behind them, faucet, gossip, the rest.
const IN_A_ROW: u16 = 6 + BETWEEN_VALIDATORS;
/// Below the ports that the system itself gives away.
const LOWEST: u16 = 10_000;
const HIGHEST: u16 = 32_000;
/// Rows that are looked at.
const ATTEMPTS: u16 = 200;

/// The ports of one network.
#[derive(Clone, Copy, Debug)]
pub struct Ports {
    first: u16,
}

impl Ports {
    /// A row of ports that nobody uses now.
    ///
    /// # Errors
    /// When none is found.
    pub fn free() -> Result<Self> {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| since.subsec_nanos());
        let rows = (HIGHEST - LOWEST) / IN_A_ROW;
        let begin = u16::try_from((now / 1_000 + std::process::id()) % u32::from(rows))?;
        for attempt in 0..ATTEMPTS {
            let first = LOWEST + (begin + attempt) % rows * IN_A_ROW;
            if (first..first + IN_A_ROW).all(is_free) {
                return Ok(Self { first });
            }
        }
        bail!("there are no {IN_A_ROW} free ports in a row on 127.0.0.1")
    }

    fn at(self, offset: u16) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.first + offset))
    }

    /// JSON-RPC for clients.
    pub fn rpc(self) -> SocketAddr {
        self.at(0)
    }

    /// The websocket for clients: where they look for it.
    pub fn ws(self) -> SocketAddr {
        self.at(1)
    }

    /// JSON-RPC of the validator itself.
    pub fn validator_rpc(self) -> SocketAddr {
        self.at(2)
    }

    /// The websocket of the validator itself: one after its JSON-RPC, always.
    pub fn validator_ws(self) -> SocketAddr {
        self.at(3)
    }

    /// The faucet.
    pub fn faucet(self) -> u16 {
        self.first + 4
    }

    /// Gossip.
    pub fn gossip(self) -> u16 {
        self.first + 5
    }

    /// The first and the last port between validators.
    pub fn between_validators(self) -> (u16, u16) {
        (self.first + 6, self.first + IN_A_ROW - 1)
    }
}

fn is_free(port: u16) -> bool {
    // The validator binds some of them on every address.
    let address = (Ipv4Addr::UNSPECIFIED, port);
    TcpListener::bind(address).is_ok() && UdpSocket::bind(address).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_free_and_in_the_order_that_clients_expect() {
        let ports = Ports::free().expect("ports");
        assert_eq!(ports.ws().port(), ports.rpc().port() + 1);
        assert_eq!(ports.validator_ws().port(), ports.validator_rpc().port() + 1);
        let (first, last) = ports.between_validators();
        assert!(first > ports.gossip() && last - first + 1 == BETWEEN_VALIDATORS);
        assert!(is_free(ports.rpc().port()));
    }

    #[test]
    fn a_port_in_use_is_not_free() {
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        assert!(!is_free(taken.local_addr().expect("address").port()));
    }
}
