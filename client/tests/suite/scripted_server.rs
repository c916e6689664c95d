//! What the RPC sender does when the network misbehaves, on a server that answers as told.

use std::{
    collections::HashMap,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use serde_json::{json, Value};
use upside_client::{
    cluster::Cluster,
    error::ClientError,
    instructions::Distribute,
    sender::{RpcConfig, RpcSender},
    solana_keypair::Keypair,
    solana_signer::Signer,
    upside::{
        constants::TOKEN_PROGRAM_ID,
        error::UpsideError,
        state::{Kind, TransferPolicy},
    },
    SecurityKeys, Sender,
};

/// Answers for one method, in turn; the last one is repeated.
type Script = HashMap<&'static str, Vec<Value>>;

/// What was asked: method and first parameter.
type Asked = Arc<Mutex<Vec<(String, Value)>>>;

const PRIVATE: &str = "11111111111111111111111111111111";

fn context(value: Value) -> Value {
    json!({ "context": { "slot": 10 }, "value": value })
}

fn simulated(err: Value, logs: &[String]) -> Value {
    context(json!({ "err": err, "logs": logs, "unitsConsumed": 5_000, "accounts": null, "innerInstructions": [] }))
}

fn script() -> Script {
    HashMap::from([
        ("getGenesisHash", vec![json!(PRIVATE)]),
        (
            "getLatestBlockhash",
            vec![context(json!({ "blockhash": PRIVATE, "lastValidBlockHeight": 100 }))],
        ),
        ("simulateTransaction", vec![simulated(Value::Null, &[])]),
        ("getSignatureStatuses", vec![context(json!([null]))]),
        ("getBlockHeight", vec![json!(50)]),
    ])
}

/// Serves until the test's process ends.
fn serve(script: Script) -> (String, Asked) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let asked = Asked::default();
    let script = Arc::new(Mutex::new(script));
    let record = Arc::clone(&asked);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let (script, record) = (Arc::clone(&script), Arc::clone(&record));
            thread::spawn(move || while answer(&stream, &script, &record).is_some() {});
        }
    });
    (url, asked)
}

fn answer(stream: &TcpStream, script: &Mutex<Script>, record: &Asked) -> Option<()> {
    let mut reader = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
        if line.trim().is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let request: Value = serde_json::from_slice(&body).ok()?;
    let method = request["method"].as_str()?.to_owned();
    let result = match script.lock().ok()?.get_mut(method.as_str()) {
        Some(answers) if answers.len() > 1 => Some(answers.remove(0)),
        Some(answers) => answers.first().cloned(),
        // A server answers a sent transaction with its first signature.
        None if method == "sendTransaction" => Some(json!(first_signature(request["params"][0].as_str()?))),
        None => None,
    };
    record.lock().ok()?.push((method, request["params"][0].clone()));
    let answer = match result {
        Some(result) => json!({ "jsonrpc": "2.0", "id": request["id"], "result": result }),
        None => {
            json!({ "jsonrpc": "2.0", "id": request["id"], "error": { "code": -32601, "message": "not scripted" } })
        }
    }
    .to_string();
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length";
    (&*stream)
        .write_all(format!("{head}: {}\r\n\r\n{answer}", answer.len()).as_bytes())
        .ok()
}

fn first_signature(transaction: &str) -> String {
    use base64::{engine::general_purpose::STANDARD, Engine};
    bs58::encode(&STANDARD.decode(transaction).unwrap()[1..65]).into_string()
}

fn config() -> RpcConfig {
    RpcConfig {
        resend_every: Duration::from_millis(30),
        timeout: Duration::from_millis(500),
        ..RpcConfig::default()
    }
}

fn sent(asked: &Asked) -> Vec<String> {
    let asked = asked.lock().unwrap();
    asked
        .iter()
        .filter(|(method, _)| method == "sendTransaction")
        .map(|(_, first)| first.as_str().unwrap().to_owned())
        .collect()
}

fn distribute(sender: &RpcSender) -> ClientError {
    let payer = Keypair::new();
    let keys = SecurityKeys::derive(
        &payer.pubkey(),
        Kind::Person,
        0,
        TransferPolicy::Open,
        payer.pubkey(),
        TOKEN_PROGRAM_ID,
    );
    sender
        .send(&[Distribute::sweep(&keys, payer.pubkey()).instruction()], &payer, &[])
        .unwrap_err()
}

#[test]
fn the_localnet_program_is_refused_where_strangers_are() {
    for (genesis, cluster) in [
        ("5eykt4UsFv8P8NJdTREpY1vzqKqZKvdpKuc147dw2N9d", Cluster::Mainnet),
        ("4uhcVJyU9pJkvQyS88uRDiswHXSCkY3zQawwpjk2NsNY", Cluster::Testnet),
        ("EtWTRABZaYq6iMfeYKouRu166VU2xqa1wcaWoxPkrZBG", Cluster::Devnet),
    ] {
        let (url, _) = serve(HashMap::from([("getGenesisHash", vec![json!(genesis)])]));
        match RpcSender::connect(&url, config()) {
            Err(ClientError::LocalnetProgram { cluster: named }) => assert_eq!(named, cluster),
            Err(other) => panic!("{other}"),
            Ok(_) => panic!("the localnet program was accepted on {cluster}"),
        }
    }
}

#[test]
fn the_same_bytes_are_sent_until_they_expire_and_the_error_names_the_signature() {
    let mut script = script();
    script.insert("getBlockHeight", [vec![json!(100); 5], vec![json!(101)]].concat());
    let (url, asked) = serve(script);
    let error = distribute(&RpcSender::connect(&url, config()).unwrap());
    let sent = sent(&asked);
    assert!(sent.len() > 1, "sent {} times", sent.len());
    assert!(sent.iter().all(|bytes| *bytes == sent[0]));
    match error {
        ClientError::Expired {
            signature,
            last_valid_block_height,
        } => {
            assert_eq!(signature.to_string(), first_signature(&sent[0]));
            assert_eq!(last_valid_block_height, 100);
        }
        other => panic!("{other}"),
    }
}

#[test]
fn a_server_that_stops_answering_leaves_the_signature_to_look_up() {
    let mut script = script();
    script.remove("getSignatureStatuses");
    let (url, asked) = serve(script);
    let error = distribute(&RpcSender::connect(&url, config()).unwrap());
    match error {
        ClientError::Unknown { signature, .. } => assert_eq!(signature.to_string(), first_signature(&sent(&asked)[0])),
        other => panic!("{other}"),
    }
}

#[test]
fn what_the_simulation_refuses_is_never_sent() {
    let mut script = script();
    let code = u32::from(UpsideError::NothingToDistribute);
    script.insert(
        "simulateTransaction",
        vec![simulated(json!({ "InstructionError": [1, { "Custom": code }] }), &[])],
    );
    let (url, asked) = serve(script);
    let error = distribute(&RpcSender::connect(&url, config()).unwrap());
    assert!(error.is(UpsideError::NothingToDistribute), "{error}");
    assert!(error
        .to_string()
        .starts_with("The amount and the inbox together must be above zero"));
    assert_eq!(sent(&asked), Vec::<String>::new());
}
