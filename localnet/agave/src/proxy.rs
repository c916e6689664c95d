//! What stands before the validator's ports: it passes every byte on, and answers the one request that the validator does not know,
//! `surfnet_timeTravel`, itself.

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::Arc,
    thread,
};

use anyhow::{Context, Result};
use serde_json::{json, Value};
use surfpool_core::solana_rpc_client::rpc_client::RpcClient;
use upside_localnet::rpc;

use crate::{clock::Wall, ports::Ports};

/// The request that moves the clock.
const TIME_TRAVEL: &str = "surfnet_timeTravel";
/// JSON-RPC's number of a refusal that is the caller's fault.
const INVALID_PARAMS: i64 = -32_602;
/// The largest request that is read.
const MAX_REQUEST_BYTES: usize = 1 << 20;

/// Serves both ports for clients until the process ends.
///
/// # Errors
/// When a port is taken by now.
pub fn serve(ports: &Ports, wall: Wall) -> Result<()> {
    let travel = Arc::new(Travel {
        wall,
        rpc: rpc::client(&format!("http://{}", ports.validator_rpc())),
    });
    listen(ports.rpc(), ports.validator_rpc(), move |client, validator| {
        requests(client, validator, &travel)
    })?;
    listen(ports.ws(), ports.validator_ws(), |mut client, mut validator| {
        io::copy(&mut client, &mut validator).map(drop)
    })
}

/// Connects each client of `at` with `behind`: what `behind` says is passed on as it is, and `forward` does the other direction.
fn listen(
    at: SocketAddr,
    behind: SocketAddr,
    forward: impl Fn(TcpStream, TcpStream) -> io::Result<()> + Send + Sync + 'static,
) -> Result<()> {
    let listener = TcpListener::bind(at).with_context(|| format!("{at} cannot be served"))?;
    let forward = Arc::new(forward);
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let forward = Arc::clone(&forward);
            // A client that goes away is no error of the network's.
            thread::spawn(move || connect(client, behind, &*forward).ok());
        }
    });
    Ok(())
}

fn connect(
    client: TcpStream,
    behind: SocketAddr,
    forward: &(impl Fn(TcpStream, TcpStream) -> io::Result<()> + ?Sized),
) -> io::Result<()> {
    let validator = TcpStream::connect(behind)?;
    client.set_nodelay(true)?;
    validator.set_nodelay(true)?;
    let (mut to_client, mut from_validator) = (client.try_clone()?, validator.try_clone()?);
    let back = thread::spawn(move || {
        let copied = io::copy(&mut from_validator, &mut to_client);
        let _ = to_client.shutdown(Shutdown::Both);
        copied
    });
    let ended = forward(client, validator.try_clone()?);
    let _ = validator.shutdown(Shutdown::Write);
    let _ = back.join();
    ended
}

/// Passes the requests of one connection on, one after another. No client of ours sends the next one before it has read an answer, so an answer
/// given here comes in its turn.
fn requests(client: TcpStream, mut validator: TcpStream, travel: &Travel) -> io::Result<()> {
    let mut answers = client.try_clone()?;
    let mut client = BufReader::new(client);
    while let Some(request) = Request::read(&mut client)? {
        match travel.answer(&request.body) {
            Some(answer) => {
                let body = answer.to_string();
                let head = format!(
                    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
                    body.len()
                );
                answers.write_all((head + &body).as_bytes())?;
            }
            None => {
                validator.write_all(&request.head)?;
                validator.write_all(&request.body)?;
            }
        }
    }
    Ok(())
}

/// One HTTP request, as it came.
struct Request {
    head: Vec<u8>,
    body: Vec<u8>,
}

impl Request {
    /// The next request; nothing when the client has gone.
    fn read(from: &mut impl BufRead) -> io::Result<Option<Self>> {
        let mut head = Vec::new();
        let mut length = 0;
        loop {
            let start = head.len();
            if from.take(MAX_REQUEST_BYTES as u64).read_until(b'\n', &mut head)? == 0 {
                return Ok(None);
            }
            let line = String::from_utf8_lossy(&head[start..]).trim().to_ascii_lowercase();
            if line.is_empty() {
                break;
            }
            if let Some(text) = line.strip_prefix("content-length:") {
                length = text.trim().parse().map_err(|_| io::ErrorKind::InvalidData)?;
            }
            if line.starts_with("transfer-encoding:") || length > MAX_REQUEST_BYTES || head.len() > MAX_REQUEST_BYTES {
                return Err(io::ErrorKind::InvalidData.into());
            }
        }
        let mut body = vec![0; length];
        from.read_exact(&mut body)?;
        Ok(Some(Self { head, body }))
    }
}

/// Moves the clock when a client asks for it.
struct Travel {
    wall: Wall,
    rpc: RpcClient,
}

impl Travel {
    /// The answer to a request for time travel; nothing to every other one.
    fn answer(&self, body: &[u8]) -> Option<Value> {
        let request: Value = serde_json::from_slice(body).ok()?;
        if request["method"] != TIME_TRAVEL {
            return None;
        }
        let travelled = request["params"][0]["absoluteTimestamp"]
            .as_i64()
            .context("absoluteTimestamp must be Unix time in milliseconds")
            .and_then(|to_ms| self.wall.travel(&self.rpc, to_ms.div_euclid(1_000)));
        let id = &request["id"];
        Some(match travelled {
            Ok(shown) => json!({ "jsonrpc": "2.0", "id": id, "result": { "unixTimestamp": shown } }),
            Err(error) => {
                let refusal = json!({ "code": INVALID_PARAMS, "message": format!("{error:#}") });
                json!({ "jsonrpc": "2.0", "id": id, "error": refusal })
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> io::Result<Option<Request>> {
        Request::read(&mut BufReader::new(text.as_bytes()))
    }

    #[test]
    fn a_request_is_its_head_and_as_many_bytes_as_it_says() {
        let request = read("POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}more")
            .expect("a request")
            .expect("one");
        assert_eq!(request.head, b"POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\n");
        assert_eq!(request.body, b"{}");
        assert!(read("GET /health HTTP/1.1\r\n\r\n")
            .expect("a request")
            .expect("one")
            .body
            .is_empty());
    }

    #[test]
    fn a_client_that_goes_away_ends_it() {
        assert!(read("").expect("the end").is_none());
        assert!(read("POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\n{}").is_err());
    }

    #[test]
    fn a_request_of_unknown_length_is_refused() {
        assert!(read("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n").is_err());
    }

    #[test]
    fn bytes_pass_both_ways() {
        let behind = TcpListener::bind("127.0.0.1:0").expect("a port");
        let before = TcpListener::bind("127.0.0.1:0").expect("a port");
        let at = before.local_addr().expect("address");
        drop(before);
        listen(
            at,
            behind.local_addr().expect("address"),
            |mut client, mut validator| io::copy(&mut client, &mut validator).map(drop),
        )
        .expect("served");
        let mut client = TcpStream::connect(at).expect("connected");
        client.write_all(b"ask").expect("sent");
        client.shutdown(Shutdown::Write).expect("done");
        let (mut server, _) = behind.accept().expect("a connection");
        let mut asked = String::new();
        server.read_to_string(&mut asked).expect("read");
        server.write_all(b"answer").expect("sent");
        drop(server);
        let mut answered = String::new();
        client.read_to_string(&mut answered).expect("read");
        assert_eq!((asked.as_str(), answered.as_str()), ("ask", "answer"));
    }
}
