//! Key files: read only when nobody else can, and never repeated.

use std::{fs::File, io::Read, path::Path};

use solana_keypair::Keypair;

/// Longest key file that is read, bytes.
const MAX_KEY_FILE: u64 = 4_096;

/// Why a key file is refused, and what to do about it. What the file holds is in neither text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{problem}")]
pub struct KeyFileError {
    /// What is wrong.
    pub problem: String,
    /// What to do, where something can be done.
    pub remedy: Option<String>,
}

impl KeyFileError {
    fn new(problem: impl Into<String>) -> Self {
        Self {
            problem: problem.into(),
            remedy: None,
        }
    }

    fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }
}

/// The key in a file that only its owner can use.
///
/// # Errors
/// When `path` looks like a key itself, the file cannot be read, others can use it, or it holds no key.
pub fn read(path: &Path) -> Result<Keypair, KeyFileError> {
    let file = open(path)?;
    check_private(&file.metadata().map_err(|e| cannot_read(path, &e))?, path)?;
    parse(file, path)
}

/// The key in a file that others may read: for keys that are published on purpose, such as that of the localnet program.
///
/// # Errors
/// As for [`read`], except that others may use the file.
pub fn read_published(path: &Path) -> Result<Keypair, KeyFileError> {
    parse(open(path)?, path)
}

/// Whether a text may be a secret: a list of bytes, 64 bytes in base 58, or a seed phrase. Such a text is never repeated.
#[must_use]
pub fn looks_like_a_key(text: &str) -> bool {
    let text = text.trim();
    let list = text.starts_with('[') && text.matches(',').count() >= 31;
    let base58 = text.len() > 64 && bs58::decode(text).into_vec().is_ok_and(|bytes| bytes.len() == 64);
    let words = text.split_whitespace();
    let phrase = words.clone().count() >= 12 && words.clone().all(|word| word.bytes().all(|b| b.is_ascii_lowercase()));
    list || base58 || phrase
}

fn open(path: &Path) -> Result<File, KeyFileError> {
    if looks_like_a_key(&path.to_string_lossy()) {
        return Err(KeyFileError::new(
            "what stands for a key file looks like a key itself, and other users can see command lines",
        )
        .remedy("consider that key known to others; name a file with -k"));
    }
    if let Some(kind) = ["usb:", "prompt:", "stdin:", "ASK"]
        .iter()
        .find(|kind| path.to_string_lossy().starts_with(**kind))
    {
        return Err(
            KeyFileError::new(format!("keys of the kind {kind} are not supported here"))
                .remedy("export the transaction with --base64 and sign it with the tool that has the key"),
        );
    }
    let file = File::open(path).map_err(|e| cannot_read(path, &e))?;
    let metadata = file.metadata().map_err(|e| cannot_read(path, &e))?;
    if !metadata.is_file() {
        return Err(KeyFileError::new(format!(
            "the key file {} is not a file",
            path.display()
        )));
    }
    Ok(file)
}

fn parse(file: File, path: &Path) -> Result<Keypair, KeyFileError> {
    let not_a_key = || {
        KeyFileError::new(format!("{} does not hold a key", path.display()))
            .remedy("a key file is a JSON list of 64 numbers, as `solana-keygen new` writes it")
    };
    let mut text = String::new();
    file.take(MAX_KEY_FILE)
        .read_to_string(&mut text)
        .map_err(|_| not_a_key())?;
    let bytes: Vec<u8> = serde_json::from_str(text.trim()).map_err(|_| not_a_key())?;
    Keypair::try_from(bytes.as_slice()).map_err(|_| not_a_key())
}

fn cannot_read(path: &Path, error: &std::io::Error) -> KeyFileError {
    KeyFileError::new(format!("the key file {} cannot be read: {error}", path.display()))
        .remedy("name another with -k, or make one with `solana-keygen new`")
}

/// Refuses a key that other users of the machine can read or write.
#[cfg(unix)]
fn check_private(metadata: &std::fs::Metadata, path: &Path) -> Result<(), KeyFileError> {
    use std::os::unix::fs::PermissionsExt;
    if metadata.permissions().mode() & 0o077 == 0 {
        return Ok(());
    }
    Err(
        KeyFileError::new(format!("others can use the key file {}", path.display())).remedy(format!(
            "run `chmod 600 {}`, and think about who may have read it",
            path.display()
        )),
    )
}

#[cfg(not(unix))]
fn check_private(_: &std::fs::Metadata, _: &Path) -> Result<(), KeyFileError> {
    Ok(())
}
