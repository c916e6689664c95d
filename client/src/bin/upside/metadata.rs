//! The metadata that a token's URI points to: it must exist, name the token, and have an image.

use std::{
    fs::File,
    io::{Cursor, Read},
    time::Duration,
};

use reqwest::{blocking::Client, redirect, Url};
use serde::Deserialize;

use crate::failure::{Failure, Result};

/// Most bytes of metadata.
const MAX_JSON_BYTES: u64 = 256 * 1_024;
/// Most bytes of an image.
const MAX_IMAGE_BYTES: u64 = 5 * 1_024 * 1_024;
/// For the whole of one download.
const TIMEOUT: Duration = Duration::from_secs(15);
/// Most hops of a redirected download.
const MAX_REDIRECTS: usize = 5;
const SKIP: &str = "correct it, or add --skip-metadata-check to go on without it";

/// The part of a token's metadata that wallets need.
#[derive(Debug, Deserialize)]
struct Metadata {
    name: Option<String>,
    symbol: Option<String>,
    image: Option<String>,
}

fn wrong(message: impl Into<String>) -> Failure {
    Failure::input(message).remedy(SKIP)
}

/// Reads the metadata at `uri` and the image it names, and returns what was found, one sentence each.
///
/// # Errors
/// When one of them is missing, too large, not what it should be, or names another token.
pub fn check(uri: &str, name: &str, symbol: &str) -> Result<Vec<String>> {
    let uri = Url::parse(uri).map_err(|e| wrong(format!("the metadata URI {uri:?} is not a URI: {e}")))?;
    let bytes = read(&uri, "metadata", MAX_JSON_BYTES)?;
    let metadata: Metadata = serde_json::from_slice(&bytes)
        .map_err(|e| wrong(format!("the metadata at {uri} is not the JSON of a token: {e}")))?;
    for (field, found, expected) in [("name", &metadata.name, name), ("symbol", &metadata.symbol, symbol)] {
        match found {
            None => return Err(wrong(format!("the metadata at {uri} has no {field}"))),
            Some(found) if found != expected => {
                return Err(wrong(format!(
                    "the metadata at {uri} has the {field} {found:?}, and the token {expected:?}"
                )))
            }
            Some(_) => {}
        }
    }
    let image = metadata
        .image
        .filter(|image| !image.is_empty())
        .ok_or_else(|| wrong(format!("the metadata at {uri} names no image")))?;
    let image = uri
        .join(&image)
        .map_err(|e| wrong(format!("the image {image:?} of the metadata is not a URI: {e}")))?;
    let bytes = read(&image, "image", MAX_IMAGE_BYTES)?;
    let picture =
        describe_image(&bytes).ok_or_else(|| wrong(format!("{image} is not a PNG, JPEG, GIF, WebP or SVG image")))?;
    let mut found = vec![format!("The metadata and its image ({picture}) are in place.")];
    if uri.scheme() == "file" {
        found.push("The URI names a file of this machine: others cannot read it.".to_owned());
    }
    Ok(found)
}

/// Kind and size of an image.
fn describe_image(bytes: &[u8]) -> Option<String> {
    use imagesize::ImageType;
    if let Ok(kind) = imagesize::image_type(bytes) {
        let kind = match kind {
            ImageType::Png => "PNG",
            ImageType::Jpeg => "JPEG",
            ImageType::Gif => "GIF",
            ImageType::Webp => "WebP",
            _ => return None,
        };
        let size = imagesize::reader_size(Cursor::new(bytes)).ok()?;
        return (size.width > 0 && size.height > 0).then(|| format!("{kind}, {} x {}", size.width, size.height));
    }
    let text = std::str::from_utf8(bytes)
        .ok()?
        .trim_start_matches('\u{feff}')
        .trim_start();
    let is_svg = text.starts_with("<svg") || (text.starts_with("<?xml") && text.contains("<svg"));
    (is_svg && text.contains("</svg>")).then(|| "SVG".to_owned())
}

fn is_this_machine(uri: &Url) -> bool {
    matches!(uri.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"))
}

fn is_fetchable(uri: &Url) -> bool {
    uri.scheme() == "https" || (uri.scheme() == "http" && is_this_machine(uri))
}

fn read(uri: &Url, what: &str, limit: u64) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = if uri.scheme() == "file" {
        let path = uri
            .to_file_path()
            .map_err(|()| wrong(format!("{uri} names no file of this machine")))?;
        File::open(&path)
            .and_then(|file| file.take(limit + 1).read_to_end(&mut bytes))
            .map_err(|e| e.to_string())
    } else if is_fetchable(uri) {
        fetch(uri, limit, &mut bytes)
    } else {
        let scheme = uri.scheme();
        return Err(if scheme == "http" {
            wrong(format!(
                "the {what} at {uri} would come over http, which anybody on the way can change; use https"
            ))
        } else {
            wrong(format!(
                "the {what} at {uri} cannot be checked: {scheme} is not file or https"
            ))
        });
    };
    read.map_err(|e| wrong(format!("the {what} at {uri} cannot be read: {e}")))?;
    if bytes.len() as u64 > limit {
        return Err(wrong(format!(
            "the {what} at {uri} has more than {} KiB",
            limit / 1_024
        )));
    }
    Ok(bytes)
}

fn fetch(uri: &Url, limit: u64, bytes: &mut Vec<u8>) -> std::result::Result<usize, String> {
    // The innermost cause says what failed; the outer ones repeat the URI.
    let cause = |e: &reqwest::Error| {
        let mut inner: &dyn std::error::Error = e;
        while let Some(source) = inner.source() {
            inner = source;
        }
        inner.to_string()
    };
    let client = Client::builder()
        .timeout(TIMEOUT)
        .redirect(redirect::Policy::custom(|attempt| {
            if attempt.previous().len() > MAX_REDIRECTS {
                attempt.error("it is redirected too often")
            } else if is_fetchable(attempt.url()) {
                attempt.follow()
            } else {
                attempt.error("it is redirected away from https")
            }
        }))
        .build()
        .map_err(|e| cause(&e))?;
    let response = client.get(uri.clone()).send().map_err(|e| cause(&e))?;
    if !response.status().is_success() {
        return Err(format!("the server answers {}", response.status()));
    }
    response.take(limit + 1).read_to_end(bytes).map_err(|e| e.to_string())
}
