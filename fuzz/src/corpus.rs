//! Sequences in files: one step a line, as JSON.

use std::{
    fmt::Write,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};
use upside_tests::sequence::step::Step;

/// The committed sequences that together take every edge that was ever taken, and those that once failed.
#[must_use]
pub fn folder(name: &str) -> PathBuf {
    // Cargo and the test runner both set it; at run time, so that the folder may have moved since the build.
    let home = std::env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| PathBuf::from("fuzz"), PathBuf::from);
    home.join(name)
}

/// Every sequence of a folder with its file's name, in the order of the names; none if there is no such folder.
///
/// # Errors
/// A file cannot be read, or is no sequence.
pub fn read(folder: &Path) -> Result<Vec<(String, Vec<Step>)>> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Ok(Vec::new());
    };
    let mut paths: Vec<PathBuf> = entries.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "jsonl"));
    paths.sort();
    paths
        .into_iter()
        .map(|path| {
            let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
            let steps = text
                .lines()
                .enumerate()
                .map(|(at, line)| {
                    serde_json::from_str(line)
                        .with_context(|| format!("{}:{}: must be a step of a sequence", path.display(), at + 1))
                })
                .collect::<Result<_>>()?;
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            Ok((name, steps))
        })
        .collect()
}

fn text(sequence: &[Step]) -> Result<String> {
    let mut text = String::new();
    for step in sequence {
        writeln!(text, "{}", serde_json::to_string(step)?)?;
    }
    Ok(text)
}

/// The name of a sequence: the start of the hash of its text.
///
/// # Errors
/// A step has no JSON.
pub fn name(sequence: &[Step]) -> Result<String> {
    let digest = Sha256::digest(text(sequence)?);
    Ok(digest[..6].iter().fold(String::new(), |mut name, byte| {
        let _ = write!(name, "{byte:02x}");
        name
    }))
}

/// Writes a sequence into a folder, under its name; returns its path.
///
/// # Errors
/// The file cannot be written.
pub fn write(folder: &Path, sequence: &[Step]) -> Result<PathBuf> {
    fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let path = folder.join(format!("{}.jsonl", name(sequence)?));
    fs::write(&path, text(sequence)?).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(path)
}
