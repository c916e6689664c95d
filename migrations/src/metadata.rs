//! What a program tells about itself, put on the cluster through the Program Metadata program (`ProgM6…`): its interface for Anchor's tools and for
//! Codama's, and whom to write to about a flaw.
//!
//! Each document lies at an address that follows from the program and a name, and only the program's upgrade authority can write it. It is compressed
//! (zlib), written in pieces that are looked at before, and only then made valid; a run that was interrupted is continued by the same command.

use std::io::Write;

use anchor_lang::{
    prelude::{pubkey, AccountMeta, Pubkey},
    solana_program::{instruction::Instruction, system_instruction},
};
use anyhow::{bail, ensure, Context, Result};
use flate2::{write::ZlibEncoder, Compression};
use serde::Serialize;
use serde_json::{json, Value};
use solana_loader_v3_interface::get_program_data_address;
use solana_signer::Signer;

use crate::{
    link::Link,
    standing::{self, Standing},
};

/// The Program Metadata program.
pub const PROGRAM_METADATA: Pubkey = pubkey!("ProgM6JCCvbYkfKqJYHePx4xxSUSqJp7rh8Lyv7nk7S");

/// Length of the header of a document, and of one that is being written.
pub const HEADER_LEN: usize = 96;
/// Longest name of a document.
const SEED_LEN: usize = 16;
/// Tag of a document that is being written.
const BUFFER: u8 = 1;
/// Tag of a document.
const METADATA: u8 = 2;
/// UTF-8 text.
const UTF8: u8 = 1;
/// Compressed with zlib.
const ZLIB: u8 = 2;
/// JSON.
const JSON: u8 = 1;
/// The account itself holds the data.
const DIRECT: u8 = 0;
/// Bytes of a document in one transaction.
const CHUNK_LEN: usize = 900;
/// Most bytes by which one instruction may lengthen an account.
const MOST_GROWTH: usize = 10_240;
/// Compute units of one transaction; writing 900 bytes takes about 1,000 beside the compute budget's own.
const UNITS: u32 = 50_000;
/// Transactions on their way at once.
const IN_FLIGHT: usize = 64;
/// How often pieces that did not arrive are looked for and sent again.
const ROUNDS: usize = 10;

/// Where things are in the header of a document.
mod at {
    use std::ops::Range;

    pub const PROGRAM: Range<usize> = 1..33;
    pub const MUTABLE: usize = 65;
    pub const CANONICAL: usize = 66;
    pub const SEED: Range<usize> = 67..83;
    pub const FORM: Range<usize> = 83..87;
    pub const LENGTH: Range<usize> = 87..91;
    /// In one that is being written, the authority.
    pub const AUTHORITY: Range<usize> = 33..65;
}

/// A document about a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// Its name: `idl`, `codama`, `security`.
    pub name: &'static str,
    /// Its bytes as they lie in the account, compressed.
    pub data: Vec<u8>,
}

impl Document {
    /// A JSON document of that name.
    ///
    /// # Errors
    /// Never: memory takes all bytes.
    pub fn json(name: &'static str, content: &Value) -> Result<Self> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(content.to_string().as_bytes())?;
        Ok(Self {
            name,
            data: encoder.finish()?,
        })
    }

    fn seed(&self) -> [u8; SEED_LEN] {
        let mut seed = [0; SEED_LEN];
        seed[..self.name.len()].copy_from_slice(self.name.as_bytes());
        seed
    }

    /// Where it lies when the upgrade authority of `program` wrote it.
    #[must_use]
    pub fn address(&self, program: &Pubkey) -> Pubkey {
        Pubkey::find_program_address(&[program.as_ref(), &self.seed()], &PROGRAM_METADATA).0
    }
}

/// What the program says about itself in its bytes, as the JSON that Program Metadata's readers expect under `security`.
///
/// # Errors
/// When the file has no `security.txt`.
pub fn security_txt(elf: &[u8]) -> Result<Value> {
    const BEGIN: &[u8] = b"=======BEGIN SECURITY.TXT V1=======\0";
    const END: &[u8] = b"=======END SECURITY.TXT V1=======\0";
    let find = |mark: &[u8]| elf.windows(mark.len()).position(|window| window == mark);
    let text = find(BEGIN)
        .zip(find(END))
        .and_then(|(begin, end)| elf.get(begin + BEGIN.len()..end))
        .and_then(|text| std::str::from_utf8(text).ok())
        .context("the program's file has no security.txt")?;
    let words: Vec<&str> = text.trim_end_matches('\0').split('\0').collect();
    ensure!(
        words.len().is_multiple_of(2),
        "the security.txt in the program's file is cut"
    );
    let mut fields = serde_json::Map::new();
    for pair in words.chunks_exact(2) {
        let value = match pair[0] {
            "contacts" | "preferred_languages" | "auditors" => {
                json!(pair[1].split(',').map(str::trim).collect::<Vec<_>>())
            }
            _ => json!(pair[1]),
        };
        fields.insert(pair[0].to_owned(), value);
    }
    Ok(Value::Object(fields))
}

/// The three documents: the interface for Anchor's tools, that for Codama's, and `security.txt`. The interfaces name `program`, whichever cluster they
/// were generated for.
///
/// # Errors
/// When a file is not what it should be.
pub fn documents(program: &Pubkey, idl: &str, codama: &str, elf: &[u8]) -> Result<Vec<Document>> {
    let mut idl: Value = serde_json::from_str(idl).context("the interface's description is not JSON")?;
    idl["address"] = json!(program.to_string());
    let mut codama: Value =
        serde_json::from_str(codama).context("the interface's description for Codama is not JSON")?;
    ensure!(
        codama["standard"] == "codama" && codama["program"]["publicKey"].is_string(),
        "the interface's description for Codama is none"
    );
    codama["program"]["publicKey"] = json!(program.to_string());
    Ok(vec![
        Document::json("idl", &idl)?,
        Document::json("codama", &codama)?,
        Document::json("security", &security_txt(elf)?)?,
    ])
}

/// What became of a document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Published {
    /// Its name.
    pub name: String,
    /// Its address.
    pub address: String,
    /// Its length in the account, without the header.
    pub bytes: usize,
    /// Whether the cluster had it already.
    pub unchanged: bool,
}

/// How a document stands.
#[derive(Clone, Debug, PartialEq, Eq)]
enum State {
    /// Nothing is there.
    Absent,
    /// It is being written: this much of it is there.
    Begun(Vec<u8>),
    /// Another version is there.
    Other,
    /// It is there.
    There,
}

/// Writes the documents of a deployed program, those that differ; with `dry_run` only says which.
///
/// # Errors
/// When Program Metadata is not on the cluster, the payer is not the program's upgrade authority, or a document was made immutable.
pub fn publish(link: &Link, program: &Pubkey, documents: &[Document], dry_run: bool) -> Result<Vec<Published>> {
    link.cluster.check_program(program)?;
    let known = link
        .account(&PROGRAM_METADATA)?
        .is_some_and(|account| account.executable);
    ensure!(
        known,
        "Program Metadata ({PROGRAM_METADATA}) is not on this cluster: nothing can be published there"
    );
    let Standing::Deployed(deployed) = standing::read(link, program)? else {
        bail!("program {program} is not deployed: deploy it first");
    };
    let payer = link.payer.pubkey();
    match deployed.authority {
        Some(holder) if holder == payer => {}
        Some(holder) => bail!(
            "the upgrade authority of {program} is {holder}, and only it can publish: name its key with --keypair"
        ),
        None => bail!(
            "program {program} is final: nobody can publish for it any more; publish before you give the authority up"
        ),
    }
    let mut published = Vec::new();
    for document in documents {
        let state = read(link, program, document)?;
        let unchanged = state == State::There;
        if !dry_run && !unchanged {
            write(link, program, document, state)
                .with_context(|| format!("the document {} cannot be written", document.name))?;
        }
        published.push(Published {
            name: document.name.to_owned(),
            address: document.address(program).to_string(),
            bytes: document.data.len(),
            unchanged,
        });
    }
    Ok(published)
}

/// How a document stands on the cluster.
fn read(link: &Link, program: &Pubkey, document: &Document) -> Result<State> {
    let address = document.address(program);
    match link.account(&address)?.filter(|account| !account.data.is_empty()) {
        None => Ok(State::Absent),
        Some(account) => {
            ensure!(
                account.owner == PROGRAM_METADATA,
                "{address} is no account of Program Metadata"
            );
            state(&account.data, program, &link.payer.pubkey(), document)
        }
    }
}

/// How a document stands by the bytes of its account.
fn state(data: &[u8], program: &Pubkey, payer: &Pubkey, document: &Document) -> Result<State> {
    let (Some(header), Some(content)) = (data.get(..HEADER_LEN), data.get(HEADER_LEN..)) else {
        bail!("the account of the document {} is cut", document.name);
    };
    match header[0] {
        BUFFER => {
            ensure!(
                header[at::AUTHORITY] == payer.to_bytes(),
                "the document {} is being written by another key: finish with that",
                document.name
            );
            Ok(State::Begun(content.to_vec()))
        }
        METADATA => {
            let there = header[at::PROGRAM] == program.to_bytes()
                && header[at::CANONICAL] == 1
                && header[at::SEED] == document.seed()
                && header[at::FORM] == [UTF8, ZLIB, JSON, DIRECT]
                && header[at::LENGTH] == u32::try_from(document.data.len())?.to_le_bytes()
                && content.get(..document.data.len()) == Some(&document.data);
            if there {
                return Ok(State::There);
            }
            ensure!(
                header[at::MUTABLE] != 0,
                "the document {} was made immutable and is another: nobody can change it any more",
                document.name
            );
            Ok(State::Other)
        }
        tag => bail!(
            "the account of the document {} has the unknown tag {tag}",
            document.name
        ),
    }
}

/// Writes a document from wherever it stands.
fn write(link: &Link, program: &Pubkey, document: &Document, mut state: State) -> Result<()> {
    let payer = link.payer.pubkey();
    let instructions = Instructions {
        account: document.address(program),
        authority: payer,
        program: *program,
    };
    // One that is longer than it has to be cannot be made valid: it begins anew, as another version does.
    let too_long = matches!(&state, State::Begun(content) if content.len() > document.data.len());
    if state == State::Other || too_long {
        link.send(UNITS, &[instructions.close(&payer)], &[])?;
        state = State::Absent;
    }
    let len = HEADER_LEN + document.data.len();
    let rent = link.rpc.get_minimum_balance_for_rent_exemption(len)?;
    let has = link
        .account(&instructions.account)?
        .map_or(0, |account| account.lamports);
    let mut first = Vec::new();
    if rent > has {
        first.push(system_instruction::transfer(&payer, &instructions.account, rent - has));
    }
    let mut present = HEADER_LEN;
    match &state {
        State::Begun(content) => present += content.len(),
        _ => first.push(instructions.allocate(&document.seed())),
    }
    if !first.is_empty() {
        link.send(UNITS, &first, &[])?;
    }
    while present < len {
        let more = (len - present).min(MOST_GROWTH);
        link.send(UNITS, &[instructions.extend(u16::try_from(more)?)], &[])?;
        present += more;
    }
    for _ in 0..ROUNDS {
        let State::Begun(content) = read(link, program, document)? else {
            bail!("its account is not what it was a moment ago: somebody else writes it");
        };
        let missing: Vec<Instruction> = document
            .data
            .chunks(CHUNK_LEN)
            .enumerate()
            .map(|(index, chunk)| (index * CHUNK_LEN, chunk))
            .filter(|(offset, chunk)| content.get(*offset..*offset + chunk.len()) != Some(*chunk))
            .map(|(offset, chunk)| Ok(instructions.write(u32::try_from(offset)?, chunk)))
            .collect::<Result<_>>()?;
        if missing.is_empty() {
            link.send(UNITS, &[instructions.initialize(&document.seed())], &[])?;
            ensure!(
                read(link, program, document)? == State::There,
                "it is not there afterwards"
            );
            return Ok(());
        }
        for some in missing.chunks(IN_FLIGHT) {
            link.send_all(UNITS, some)?;
        }
    }
    bail!("pieces of it do not arrive: the cluster is busy; run the same command again, it goes on from here")
}

/// The instructions of Program Metadata for one account that the upgrade authority writes.
struct Instructions {
    account: Pubkey,
    authority: Pubkey,
    program: Pubkey,
}

impl Instructions {
    fn build(&self, tag: u8, data: &[&[u8]], more: &[AccountMeta]) -> Instruction {
        let mut accounts = vec![
            AccountMeta::new(self.account, false),
            AccountMeta::new_readonly(self.authority, true),
            AccountMeta::new_readonly(self.program, false),
            AccountMeta::new_readonly(get_program_data_address(&self.program), false),
        ];
        accounts.extend_from_slice(more);
        Instruction {
            program_id: PROGRAM_METADATA,
            accounts,
            data: [&[tag][..], &data.concat()].concat(),
        }
    }

    /// Begins the document in an account that has lamports.
    fn allocate(&self, seed: &[u8]) -> Instruction {
        self.build(7, &[seed], &[AccountMeta::new_readonly(Pubkey::default(), false)])
    }

    /// Lengthens what has begun.
    fn extend(&self, bytes: u16) -> Instruction {
        self.build(8, &[&bytes.to_le_bytes()], &[])
    }

    /// Writes a piece.
    fn write(&self, offset: u32, piece: &[u8]) -> Instruction {
        // No other account to copy from: the program's own address stands for none.
        Instruction {
            program_id: PROGRAM_METADATA,
            accounts: vec![
                AccountMeta::new(self.account, false),
                AccountMeta::new_readonly(self.authority, true),
                AccountMeta::new_readonly(PROGRAM_METADATA, false),
            ],
            data: [&[0][..], &offset.to_le_bytes(), piece].concat(),
        }
    }

    /// Makes what was written valid.
    fn initialize(&self, seed: &[u8]) -> Instruction {
        self.build(
            1,
            &[seed, &[UTF8, ZLIB, JSON, DIRECT]],
            &[AccountMeta::new_readonly(PROGRAM_METADATA, false)],
        )
    }

    /// Closes the account; its lamports go to `to`.
    fn close(&self, to: &Pubkey) -> Instruction {
        self.build(6, &[], &[AccountMeta::new(*to, false)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> Pubkey {
        Pubkey::new_from_array([byte; 32])
    }

    fn document() -> Document {
        Document::json("security", &json!({ "name": "Upside" })).expect("a document")
    }

    /// The header of a document as the interface of Program Metadata lays it out.
    fn header(tag: u8) -> Vec<u8> {
        let mut header = vec![tag];
        header.extend([1; 32]);
        header.extend([0; 32]);
        header.extend([1, 1]);
        header.extend(b"security\0\0\0\0\0\0\0\0");
        header.extend([1, 2, 1, 0]);
        header.extend(u32::try_from(document().data.len()).expect("short").to_le_bytes());
        header.extend([0; 5]);
        assert_eq!(header.len(), HEADER_LEN);
        header
    }

    #[test]
    fn a_document_is_there_only_if_every_byte_is() {
        let whole = [header(METADATA), document().data].concat();
        let state = |data: &[u8]| state(data, &key(1), &key(2), &document());
        assert_eq!(state(&whole).expect("a state"), State::There);
        for at in (0..whole.len()).filter(|at| !(33..66).contains(at) && !(91..96).contains(at)) {
            let mut other = whole.clone();
            other[at] ^= 0x40;
            assert_ne!(state(&other).ok(), Some(State::There), "byte {at}");
        }
        let mut frozen = whole.clone();
        frozen[at::MUTABLE] = 0;
        assert_eq!(state(&frozen).expect("a state"), State::There);
        frozen[HEADER_LEN] ^= 1;
        assert!(state(&frozen).expect_err("refused").to_string().contains("immutable"));
        assert!(state(&whole[..90]).expect_err("refused").to_string().contains("cut"));
    }

    #[test]
    fn what_another_key_has_begun_is_left_to_it() {
        let mut begun = [header(BUFFER), vec![7; 3]].concat();
        let state = |data: &[u8]| state(data, &key(1), &key(2), &document());
        assert!(state(&begun).expect_err("refused").to_string().contains("another key"));
        begun[at::AUTHORITY].copy_from_slice(&[2; 32]);
        assert_eq!(state(&begun).expect("a state"), State::Begun(vec![7; 3]));
    }

    #[test]
    fn instructions_are_laid_out_as_the_interface_says() {
        let instructions = Instructions {
            account: key(1),
            authority: key(2),
            program: key(3),
        };
        let seed = document().seed();
        assert_eq!(
            instructions.allocate(&seed).data,
            [&[7][..], b"security\0\0\0\0\0\0\0\0"].concat()
        );
        assert_eq!(
            instructions.initialize(&seed).data,
            [&[1][..], b"security\0\0\0\0\0\0\0\0", &[1, 2, 1, 0]].concat()
        );
        assert_eq!(instructions.extend(0x0201).data, [8, 1, 2]);
        let write = instructions.write(0x0403_0201, &[9]);
        assert_eq!(write.data, [0, 1, 2, 3, 4, 9]);
        assert_eq!(write.accounts.len(), 3);
        let close = instructions.close(&key(4));
        assert_eq!((close.data, close.accounts.len()), (vec![6], 5));
        let accounts = instructions.extend(1).accounts;
        assert!(accounts[0].is_writable && !accounts[0].is_signer && accounts[1].is_signer);
        assert_eq!(accounts[3].pubkey, get_program_data_address(&key(3)));
    }

    #[test]
    fn lists_in_a_security_txt_become_lists() {
        let file = [
            &b"code=======BEGIN SECURITY.TXT V1=======\0"[..],
            b"name\0Upside\0contacts\0link:a, email:b\0preferred_languages\0en\0",
            b"=======END SECURITY.TXT V1=======\0code",
        ]
        .concat();
        assert_eq!(
            security_txt(&file).expect("a text"),
            json!({ "name": "Upside", "contacts": ["link:a", "email:b"], "preferred_languages": ["en"] })
        );
        assert!(security_txt(b"no program").is_err());
    }

    #[test]
    fn the_interfaces_name_the_program_that_is_published() {
        let elf = b"=======BEGIN SECURITY.TXT V1=======\0name\0U\0=======END SECURITY.TXT V1=======\0";
        let codama = r#"{"standard":"codama","program":{"publicKey":"x"}}"#;
        let documents = documents(&key(1), r#"{"address":"x"}"#, codama, elf).expect("documents");
        let text = |document: &Document| {
            let mut text = String::new();
            std::io::Read::read_to_string(&mut flate2::read::ZlibDecoder::new(&document.data[..]), &mut text)
                .expect("zlib");
            text
        };
        assert_eq!(
            documents.iter().map(|d| d.name).collect::<Vec<_>>(),
            ["idl", "codama", "security"]
        );
        for document in &documents[..2] {
            assert!(text(document).contains(&key(1).to_string()), "{}", text(document));
        }
        assert!(super::documents(&key(1), "{}", "{}", elf).is_err());
    }
}
