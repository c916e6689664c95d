//! Waits for news by websocket.

use std::{
    collections::BTreeSet,
    io::ErrorKind,
    net::TcpStream,
    time::{Duration, Instant},
};

use anyhow::{bail, Context, Result};
use serde_json::{json, Value};
use tungstenite::{stream::MaybeTlsStream, Message, WebSocket};
use upside_client::upside;

/// How long to wait for more once something has come.
const MORE: Duration = Duration::from_millis(5);

/// A subscription to the transactions that mention the program.
pub struct Watch {
    socket: WebSocket<MaybeTlsStream<TcpStream>>,
}

impl Watch {
    /// Subscribes at a websocket URL.
    ///
    /// # Errors
    /// When the server does not answer or refuses.
    pub fn subscribe(url: &str) -> Result<Self> {
        let (socket, _) = tungstenite::connect(url).with_context(|| format!("no websocket at {url}"))?;
        let mut watch = Self { socket };
        let request = json!({
            "jsonrpc": "2.0", "id": 1, "method": "logsSubscribe",
            "params": [{ "mentions": [upside::ID.to_string()] }, { "commitment": "confirmed" }],
        });
        watch.socket.send(Message::text(request.to_string()))?;
        Ok(watch)
    }

    /// Waits until something happens, at most for `longest`; returns the signatures of the transactions that succeeded. They say that there is news,
    /// not all of it: what was missed is listed by the next reading.
    ///
    /// # Errors
    /// When the connection is lost; subscribe again then, and read what was missed.
    pub fn wait(&mut self, longest: Duration) -> Result<BTreeSet<String>> {
        let mut heard = BTreeSet::new();
        let deadline = Instant::now() + longest;
        loop {
            let left = if heard.is_empty() {
                deadline.saturating_duration_since(Instant::now())
            } else {
                MORE
            };
            if left.is_zero() {
                return Ok(heard);
            }
            self.read_timeout(left)?;
            let message = match self.socket.read() {
                Ok(message) => message,
                Err(tungstenite::Error::Io(e)) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                    return Ok(heard)
                }
                Err(error) => return Err(error).context("the websocket is lost"),
            };
            let Message::Text(text) = message else { continue };
            let message: Value = serde_json::from_str(&text).context("the server sent no JSON")?;
            if let Some(refusal) = message.get("error") {
                bail!("the server refuses the subscription: {refusal}");
            }
            let value = &message["params"]["result"]["value"];
            if let (Some(signature), true) = (value["signature"].as_str(), value["err"].is_null()) {
                heard.insert(signature.to_owned());
            }
        }
    }

    fn read_timeout(&self, timeout: Duration) -> Result<()> {
        let stream = match self.socket.get_ref() {
            MaybeTlsStream::Plain(stream) => stream,
            MaybeTlsStream::Rustls(stream) => &stream.sock,
            _ => bail!("the websocket runs over an unknown kind of connection"),
        };
        Ok(stream.set_read_timeout(Some(timeout))?)
    }
}
