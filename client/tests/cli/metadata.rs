//! The metadata and the image that a URI points to.

use std::{
    fs,
    io::{Read, Write},
    net::TcpListener,
    path::Path,
    thread,
};

use crate::network::{network, payout, Ran};

/// The smallest PNG: one transparent pixel.
const PNG: [u8; 66] = [
    137, 80, 78, 71, 13, 10, 26, 10, 0, 0, 0, 13, 73, 72, 68, 82, 0, 0, 0, 1, 0, 0, 0, 1, 8, 6, 0, 0, 0, 31, 21, 196,
    137, 0, 0, 0, 10, 73, 68, 65, 84, 120, 156, 99, 0, 1, 0, 0, 5, 0, 1, 13, 10, 45, 180, 0, 0, 0, 0, 73, 69, 78, 68,
    174, 66, 96,
];

fn create(uri: &str, more: &[&str]) -> Ran {
    let net = network();
    let issuer = net.wallet();
    let money = payout().mint.to_string();
    let command = [
        "token",
        "create",
        "--kind",
        "person",
        "--name",
        "Alice",
        "--symbol",
        "ALICE",
        "--authorised",
        "1000000",
        "--payout-mint",
        &money,
        "--uri",
        uri,
        "--dry-run",
    ];
    net.run(&issuer, &[&command[..], more].concat())
}

fn file_uri(path: &Path) -> String {
    format!("file://{}", path.display())
}

#[test]
fn metadata_in_files_is_checked() {
    let folder = tempfile::tempdir().unwrap();
    let json = folder.path().join("alice.json");
    let uri = file_uri(&json);
    fs::write(folder.path().join("alice.png"), PNG).unwrap();
    fs::write(folder.path().join("alice.txt"), "not a picture").unwrap();
    fs::write(
        folder.path().join("alice.svg"),
        "<svg xmlns=\"http://www.w3.org/2000/svg\"></svg>",
    )
    .unwrap();
    for (content, problem) in [
        (r#"{"name":"Alice","symbol":"ALICE","image":"alice.png"}"#, None),
        (r#"{"name":"Alice","symbol":"ALICE","image":"alice.svg"}"#, None),
        (
            r#"{"name":"Alice","symbol":"ALICE","image":"alice.txt"}"#,
            Some("is not a PNG, JPEG, GIF, WebP or SVG image"),
        ),
        (
            r#"{"name":"Alice","symbol":"ALICE","image":"gone.png"}"#,
            Some("cannot be read"),
        ),
        (r#"{"name":"Alice","symbol":"ALICE"}"#, Some("names no image")),
        (r#"{"name":"Alice","image":"alice.png"}"#, Some("has no symbol")),
        (
            r#"{"name":"Bob","symbol":"ALICE","image":"alice.png"}"#,
            Some("\"Bob\""),
        ),
        (r#"{"name":"Alice""#, Some("is not the JSON of a token")),
        (
            r#"{"name":"Alice","symbol":"ALICE","image":"http://example.invalid/a.png"}"#,
            Some("use https"),
        ),
        (
            r#"{"name":"Alice","symbol":"ALICE","image":"ipfs://x/a.png"}"#,
            Some("ipfs is not file or https"),
        ),
    ] {
        fs::write(&json, content).unwrap();
        let ran = create(&uri, &[]);
        match problem {
            None => assert_eq!(ran.code, 0, "{content}: {}", ran.err),
            Some(problem) => {
                assert_eq!(ran.code, 1, "{content}: {}", ran.err);
                assert!(ran.err.contains(problem), "{content}: {}", ran.err);
                assert!(ran.err.contains("--skip-metadata-check"), "{}", ran.err);
            }
        }
    }
    assert_eq!(create(&uri, &["--skip-metadata-check"]).code, 0);
    fs::write(&json, vec![b' '; 300 * 1_024]).unwrap();
    let large = create(&uri, &[]);
    assert!(large.err.contains("more than 256 KiB"), "{}", large.err);
}

/// Serves files by path, one answer per connection, until the test's process ends.
fn serve(files: &'static [(&'static str, &'static [u8])]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut request = [0; 4_096];
            let Ok(length) = stream.read(&mut request) else {
                continue;
            };
            let text = String::from_utf8_lossy(&request[..length]).into_owned();
            let path = text.split_whitespace().nth(1).unwrap_or_default().to_owned();
            let _ = match files.iter().find(|(name, _)| *name == path) {
                Some((_, body)) if path.ends_with("/away") => write!(
                    stream,
                    "HTTP/1.1 302 Found\r\nlocation: {}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
                    String::from_utf8_lossy(body)
                ),
                Some((_, body)) => write!(
                    stream,
                    "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                    body.len()
                )
                .and_then(|()| stream.write_all(body)),
                None => write!(
                    stream,
                    "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
                ),
            };
        }
    });
    url
}

#[test]
fn metadata_on_servers_is_checked() {
    static FILES: &[(&str, &[u8])] = &[
        (
            "/alice.json",
            br#"{"name":"Alice","symbol":"ALICE","image":"/alice.png"}"#,
        ),
        ("/alice.png", &PNG),
        ("/away", b"http://example.invalid/alice.json"),
    ];
    let server = serve(FILES);
    assert_eq!(create(&format!("{server}/alice.json"), &[]).code, 0);
    let gone = create(&format!("{server}/gone.json"), &[]);
    assert!(gone.err.contains("404"), "{}", gone.err);
    let away = create(&format!("{server}/away"), &[]);
    assert!(away.err.contains("redirected away from https"), "{}", away.err);
    let plain = create("http://example.invalid/alice.json", &[]);
    assert!(plain.err.contains("use https"), "{}", plain.err);
    let offline = create("https://127.0.0.1:1/alice.json", &[]);
    assert_eq!(offline.code, 1);
    assert!(offline.err.contains("--skip-metadata-check"), "{}", offline.err);
}
