//! One deployment from the file to the final program: look, plan, verify, upload, deploy or upgrade, look again.

use anchor_lang::prelude::Pubkey;
use anyhow::{bail, ensure, Context, Result};
use serde::Serialize;
use sha2::{Digest, Sha256};
use solana_keypair::Keypair;
use solana_loader_v3_interface::{
    instruction::{
        deploy_with_max_program_len, extend_program, extend_program_checked, set_upgrade_authority, upgrade,
    },
    state::UpgradeableLoaderState,
};
use solana_signer::Signer;

use crate::{
    buffer::{self, Place, Uploaded},
    link::Link,
    standing::{self, Deployed, Standing},
    verify,
};

/// Most bytes of an account.
const MAX_ACCOUNT_LEN: usize = 10 * 1024 * 1024;
/// Fewest bytes by which the loader extends a program (SIMD-0431).
const MIN_EXTENSION: usize = 10_240;
/// Compute units of a transaction that deploys, upgrades, extends or finalises.
const DEPLOY_UNITS: u32 = 50_000;
/// Lamports per signature.
const SIGNATURE_LAMPORTS: u64 = 5_000;
/// Transactions beside the writes: make the buffer, extend, deploy, finalise, two signatures each at most.
const OTHER_SIGNATURES: u64 = 8;

/// What is wanted.
pub struct Request<'a> {
    /// The program's address.
    pub program: Pubkey,
    /// Its key, needed for the first deployment only.
    pub program_key: Option<&'a Keypair>,
    /// The compiled program.
    pub elf: &'a [u8],
    /// A buffer that exists; else one is derived.
    pub buffer: Option<Pubkey>,
    /// Give up the authority at the end.
    pub finalize: bool,
}

/// What has to be done with the code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// The cluster has these bytes.
    Unchanged,
    /// There is no program yet.
    Deploy,
    /// Other bytes are there.
    Upgrade {
        /// By how many bytes the program's account grows first.
        extend_bytes: u32,
    },
}

/// What a deployment will do and needs.
#[derive(Clone, Debug, Serialize)]
pub struct Plan {
    /// What happens to the code.
    pub action: Action,
    /// Whether the authority is given up at the end.
    pub finalize: bool,
    /// The program.
    #[serde(serialize_with = "as_text")]
    pub program: Pubkey,
    /// SHA-256 of the file.
    pub sha256: String,
    /// Length of the file.
    pub bytes: usize,
    /// The buffer.
    #[serde(serialize_with = "as_text")]
    pub buffer: Pubkey,
    /// Chunks that have to be written.
    pub chunks_to_write: usize,
    /// Chunks in all.
    pub chunks: usize,
    /// Who may change the program now.
    #[serde(serialize_with = "as_optional_text")]
    pub authority_before: Option<Pubkey>,
    /// Lamports that the payer needs; what the buffer holds comes back.
    pub needed_lamports: u64,
    /// Lamports that the payer has.
    pub balance_lamports: u64,
    #[serde(skip)]
    place: Option<Place>,
}

/// What a deployment did.
#[derive(Clone, Debug, Serialize)]
pub struct Outcome {
    /// What happened to the code.
    pub action: Action,
    /// The program.
    #[serde(serialize_with = "as_text")]
    pub program: Pubkey,
    /// SHA-256 of the file.
    pub sha256: String,
    /// Slot of the last change of the code.
    pub slot: u64,
    /// Who may change the program; nobody when it is final.
    #[serde(serialize_with = "as_optional_text")]
    pub authority: Option<Pubkey>,
    /// Chunks written by this run.
    pub chunks_written: usize,
    /// Chunks that an earlier run had written.
    pub chunks_kept: usize,
}

fn as_text<S: serde::Serializer>(address: &Pubkey, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(address)
}

fn as_optional_text<S: serde::Serializer>(address: &Option<Pubkey>, serializer: S) -> Result<S::Ok, S::Error> {
    match address {
        Some(address) => serializer.collect_str(address),
        None => serializer.serialize_none(),
    }
}

/// Looks at the cluster and decides what to do. Nothing is sent.
///
/// # Errors
/// When the program may not or cannot be deployed: wrong cluster, another authority, a final program, a file the loader refuses, too little money.
pub fn plan(link: &Link, request: &Request) -> Result<Plan> {
    let Request { program, elf, .. } = *request;
    link.cluster.check_program(&program)?;
    let payer = link.payer.pubkey();
    let standing = standing::read(link, &program)?;
    let (action, authority_before) = match &standing {
        Standing::Absent => (Action::Deploy, None),
        Standing::Deployed(deployed) => (upgrade_action(&program, &payer, deployed, request)?, deployed.authority),
    };
    let mut plan = Plan {
        action,
        finalize: request.finalize && (action == Action::Deploy || authority_before.is_some()),
        program,
        sha256: Sha256::digest(elf).iter().map(|byte| format!("{byte:02x}")).collect(),
        bytes: elf.len(),
        buffer: Pubkey::default(),
        chunks_to_write: 0,
        chunks: elf.chunks(buffer::CHUNK_LEN).len(),
        authority_before,
        needed_lamports: 0,
        balance_lamports: link.rpc.get_balance(&payer)?,
        place: None,
    };
    if action != Action::Unchanged {
        if action == Action::Deploy && request.program_key.is_none() {
            bail!("{program} is not deployed yet, and a first deployment is signed by the program's key: name its file with --program-keypair");
        }
        ensure!(
            UpgradeableLoaderState::size_of_programdata(elf.len()) <= MAX_ACCOUNT_LEN,
            "the program has {} bytes and an account holds at most {MAX_ACCOUNT_LEN}",
            elf.len()
        );
        verify::check(&program, elf)?;
        let place = match request.buffer {
            Some(address) => Place::Existing(address),
            None => Place::derive(&payer, &program, elf)?,
        };
        let present = buffer::read(link, &place, elf)?;
        plan.buffer = place.address();
        plan.chunks_to_write = buffer::differing(present.as_deref(), elf).len();
        plan.needed_lamports = needed(link, &plan, &place, &standing, elf)?;
        plan.place = Some(place);
    } else if plan.finalize {
        plan.needed_lamports = SIGNATURE_LAMPORTS;
    }
    if plan.balance_lamports < plan.needed_lamports {
        bail!(
            "{payer} has {} SOL and the deployment needs {}: send {} more to it",
            sol(plan.balance_lamports),
            sol(plan.needed_lamports),
            sol(plan.needed_lamports - plan.balance_lamports)
        );
    }
    Ok(plan)
}

/// What to do with a program that is there.
fn upgrade_action(program: &Pubkey, payer: &Pubkey, deployed: &Deployed, request: &Request) -> Result<Action> {
    let same = deployed.runs(request.elf);
    match deployed.authority {
        // Nothing is left to do.
        None if same => return Ok(Action::Unchanged),
        None => bail!(
            "program {program} is final: its upgrade authority was given up, so nobody can ever change it; deploy at another address"
        ),
        Some(holder) if holder != *payer && (!same || request.finalize) => bail!(
            "the upgrade authority of {program} is {holder}, and --keypair is {payer}: use the key that holds the authority"
        ),
        Some(_) if same => return Ok(Action::Unchanged),
        Some(_) => {}
    }
    let missing = request.elf.len().saturating_sub(deployed.code.len());
    let room = MAX_ACCOUNT_LEN.saturating_sub(UpgradeableLoaderState::size_of_programdata(deployed.code.len()));
    let extend = if missing == 0 {
        0
    } else {
        missing.max(MIN_EXTENSION).min(room)
    };
    Ok(Action::Upgrade {
        extend_bytes: u32::try_from(extend)?,
    })
}

/// Lamports that the payer needs at most at any moment, keeping its own account alive.
fn needed(link: &Link, plan: &Plan, place: &Place, standing: &Standing, elf: &[u8]) -> Result<u64> {
    let rent = |bytes| link.rpc.get_minimum_balance_for_rent_exemption(bytes);
    let code = match (plan.action, standing) {
        (Action::Upgrade { extend_bytes }, Standing::Deployed(deployed)) if extend_bytes > 0 => {
            let grown = deployed.code.len() + usize::try_from(extend_bytes)?;
            rent(UpgradeableLoaderState::size_of_programdata(grown))?.saturating_sub(deployed.data_lamports)
        }
        (Action::Deploy, _) => {
            // What the buffer holds pays for the account with the code, which is a few bytes larger.
            rent(UpgradeableLoaderState::size_of_program())?
                + rent(UpgradeableLoaderState::size_of_programdata(elf.len()))?
                    .saturating_sub(rent(UpgradeableLoaderState::size_of_buffer(elf.len()))?)
        }
        _ => 0,
    };
    let signatures = u64::try_from(plan.chunks_to_write)? + OTHER_SIGNATURES;
    let units = u128::from(DEPLOY_UNITS) * u128::from(signatures) * u128::from(link.priority_fee);
    let fees = SIGNATURE_LAMPORTS * signatures + u64::try_from(units.div_ceil(1_000_000))?;
    Ok(buffer::missing_lamports(link, place, elf)? + code + fees + rent(0)?)
}

/// Does what was planned; `progress` is told chunks done and in all.
///
/// # Errors
/// When the cluster refuses, or the program is not there as it should be afterwards. Running again goes on from what was done.
pub fn carry_out(link: &Link, request: &Request, plan: &Plan, progress: impl FnMut(usize, usize)) -> Result<Outcome> {
    let (program, payer) = (request.program, link.payer.pubkey());
    let mut uploaded = Uploaded::default();
    if let Some(place) = &plan.place {
        uploaded = buffer::upload(link, place, request.elf, progress)?;
        match plan.action {
            Action::Deploy => deploy(link, request, &place.address())?,
            Action::Upgrade { extend_bytes } => {
                if extend_bytes > 0 {
                    extend(link, &program, extend_bytes)?;
                }
                link.send(
                    DEPLOY_UNITS,
                    &[upgrade(&program, &place.address(), &payer, &payer)],
                    &[],
                )
                .context("the program is uploaded and cannot be upgraded")?;
            }
            Action::Unchanged => {}
        }
        link.wait_one_slot()?;
    }
    if plan.finalize {
        link.send(DEPLOY_UNITS, &[set_upgrade_authority(&program, &payer, None)], &[])
            .context("the upgrade authority cannot be given up")?;
    }
    let Standing::Deployed(deployed) = standing::read(link, &program)? else {
        bail!("program {program} is not there after its deployment; look at the cluster before you run this again");
    };
    ensure!(
        deployed.runs(request.elf),
        "program {program} does not hold the deployed bytes; somebody else has changed it meanwhile"
    );
    ensure!(
        !plan.finalize || deployed.authority.is_none(),
        "program {program} still has an upgrade authority; run the same command again"
    );
    Ok(Outcome {
        action: plan.action,
        program,
        sha256: plan.sha256.clone(),
        slot: deployed.slot,
        authority: deployed.authority,
        chunks_written: uploaded.written,
        chunks_kept: uploaded.kept,
    })
}

/// Makes the program from a whole buffer.
///
/// # Errors
/// When the loader refuses, for example because the bytes are no program.
pub fn deploy(link: &Link, request: &Request, buffer: &Pubkey) -> Result<()> {
    let key = request
        .program_key
        .context("a first deployment needs the program's key")?;
    let payer = link.payer.pubkey();
    let rent = link
        .rpc
        .get_minimum_balance_for_rent_exemption(UpgradeableLoaderState::size_of_program())?;
    #[allow(deprecated)]
    let instructions = deploy_with_max_program_len(&payer, &request.program, buffer, &payer, rent, request.elf.len())?;
    link.send(DEPLOY_UNITS, &instructions, &[key])
        .context("the program is uploaded and cannot be deployed")
}

/// Makes room. Clusters know one of two instructions for it; the server's simulation says which, before anything is paid.
fn extend(link: &Link, program: &Pubkey, bytes: u32) -> Result<()> {
    let payer = link.payer.pubkey();
    let checked = extend_program_checked(program, &payer, Some(&payer), bytes);
    if let Err(refused) = link.send(DEPLOY_UNITS, &[checked], &[]) {
        link.send(DEPLOY_UNITS, &[extend_program(program, Some(&payer), bytes)], &[])
            .with_context(|| format!("the program cannot be extended by {bytes} bytes; checked: {refused:#}"))?;
    }
    // The loader changes a program once per slot.
    link.wait_one_slot()
}

/// Lamports in SOL, without floats.
#[must_use]
pub fn sol(lamports: u64) -> String {
    let text = format!("{}.{:09}", lamports / 1_000_000_000, lamports % 1_000_000_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn action(code: &[u8], authority: Option<u8>, elf: &[u8], finalize: bool) -> Result<Action> {
        let program = Pubkey::new_from_array([1; 32]);
        let deployed = Deployed {
            slot: 1,
            authority: authority.map(|byte| Pubkey::new_from_array([byte; 32])),
            code: code.to_vec(),
            data_lamports: 0,
        };
        let request = Request {
            program,
            program_key: None,
            elf,
            buffer: None,
            finalize,
        };
        upgrade_action(&program, &Pubkey::new_from_array([2; 32]), &deployed, &request)
    }

    #[test]
    fn an_account_grows_by_what_is_missing_and_by_the_loaders_minimum_at_least() {
        let upgrade = |code, elf| action(&vec![1; code], Some(2), &vec![2; elf], false).expect("an action");
        assert_eq!(upgrade(100, 100), Action::Upgrade { extend_bytes: 0 });
        assert_eq!(upgrade(100, 50), Action::Upgrade { extend_bytes: 0 });
        assert_eq!(upgrade(100, 101), Action::Upgrade { extend_bytes: 10_240 });
        assert_eq!(upgrade(100, 20_100), Action::Upgrade { extend_bytes: 20_000 });
    }

    #[test]
    fn a_final_program_and_another_authority_are_named() {
        let text = |result: Result<Action>| format!("{:#}", result.expect_err("refused"));
        assert!(text(action(&[1], None, &[2], false)).contains("is final"));
        assert!(text(action(&[1], Some(3), &[2], false)).contains("use the key that holds the authority"));
        assert!(text(action(&[1], Some(3), &[1], true)).contains("use the key that holds the authority"));
        assert_eq!(action(&[1], Some(3), &[1], false).expect("fine"), Action::Unchanged);
        assert_eq!(action(&[1], None, &[1], true).expect("fine"), Action::Unchanged);
    }

    #[test]
    fn lamports_are_written_in_sol() {
        assert_eq!(sol(0), "0");
        assert_eq!(sol(1_500_000_000), "1.5");
        assert_eq!(sol(1), "0.000000001");
    }
}
