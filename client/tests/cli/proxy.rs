//! A server between the binary and the network that changes, delays or drops answers.

use std::{
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    process::{Child, Stdio},
    sync::{
        atomic::{AtomicUsize, Ordering},
        mpsc::channel,
        Arc, Mutex,
    },
    thread,
    time::Duration,
};

use serde_json::Value;

use crate::network::{binary, network, Wallet};

/// Gets method and answer, and changes the answer.
type Change = dyn Fn(&str, &mut Value) + Send + Sync;

/// Serves the shared network's answers, changed, until the test's process ends. Returns its URL.
pub fn lying(change: impl Fn(&str, &mut Value) + Send + Sync + 'static) -> String {
    serve(Arc::new(change), Duration::ZERO)
}

/// Serves the shared network's answers, and lets somebody else act as soon as the command has tried what it is about to send.
pub fn with_rival(act: impl FnOnce() + Send + 'static) -> String {
    let rival = Mutex::new(Some(act));
    lying(move |method, _| {
        if method == "simulateTransaction" {
            if let Some(act) = rival.lock().unwrap().take() {
                act();
            }
        }
    })
}

/// Serves the shared network's answers late.
pub fn slow(delay: Duration) -> String {
    serve(Arc::new(|_: &str, _: &mut Value| {}), delay)
}

fn serve(change: Arc<Change>, delay: Duration) -> String {
    // Started before anybody waits for its answers.
    network();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let change = Arc::clone(&change);
            thread::spawn(move || while answer(&stream, &*change, delay).is_some() {});
        }
    });
    url
}

/// The body of one HTTP message.
fn body_of(reader: &mut impl BufRead) -> Option<Vec<u8>> {
    let mut length = None;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().ok();
        }
        if line.trim().is_empty() {
            break;
        }
    }
    let mut body = Vec::new();
    match length {
        Some(length) => {
            body.resize(length, 0);
            reader.read_exact(&mut body).ok()?;
        }
        None => {
            reader.read_to_end(&mut body).ok()?;
        }
    }
    Some(body)
}

fn answer(stream: &TcpStream, change: &Change, delay: Duration) -> Option<()> {
    let body = body_of(&mut BufReader::new(stream))?;
    let request: Value = serde_json::from_slice(&body).ok()?;
    let mut upstream = TcpStream::connect(network().rpc.strip_prefix("http://")?).ok()?;
    let head =
        "POST / HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length";
    upstream
        .write_all(format!("{head}: {}\r\n\r\n", body.len()).as_bytes())
        .ok()?;
    upstream.write_all(&body).ok()?;
    let mut value: Value = serde_json::from_slice(&body_of(&mut BufReader::new(upstream))?).ok()?;
    change(request["method"].as_str()?, &mut value["result"]);
    thread::sleep(delay);
    let text = value.to_string();
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length";
    (&*stream)
        .write_all(format!("{head}: {}\r\n\r\n{text}", text.len()).as_bytes())
        .ok()
}

/// Starts a command that stays when it has sent its transaction number `until`, and returns it when it does.
pub fn held_up_after(wallet: &Wallet, until: usize, arguments: &[&str]) -> Child {
    let sent = AtomicUsize::new(0);
    let (reached, wait) = channel();
    let reached = Mutex::new(reached);
    let url = lying(move |method, _| {
        if method == "sendTransaction" && sent.fetch_add(1, Ordering::SeqCst) + 1 == until {
            let _ = reached.lock().unwrap().send(());
            // The network has it; the client is never told.
            thread::sleep(Duration::from_secs(600));
        }
    });
    let child = binary()
        .args(["-u", &url, "-k", wallet.file.to_str().unwrap(), "--yes"])
        .args(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    wait.recv_timeout(Duration::from_secs(60)).expect("it sends");
    child
}
