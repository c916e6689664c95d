//! What a command is about to do, and doing it: simulate, ask, export, or send.

use std::io::{self, BufRead, IsTerminal, Write};

use anchor_lang::{prelude::Pubkey, solana_program::instruction::Instruction};
use base64::{engine::general_purpose::STANDARD, Engine};
use serde_json::{json, Value};
use solana_commitment_config::CommitmentConfig;
use solana_transaction_v3::Transaction;
use upside_client::{sender::Receipt, solana_signer::Signer, transactions::MAX_TRANSACTION_BYTES, Sender};

use crate::{
    app::App,
    effects,
    failure::{Failure, Reason, Result},
    output,
    signer::Identity,
};

/// One transaction that a command wants.
pub struct Plan<'a> {
    /// What it does, as an order: `Send 5 ALICE to …`.
    pub what: String,
    /// What cannot be undone, as sentences. Anything here is asked about first.
    pub irreversible: Vec<String>,
    /// The instructions.
    pub instructions: Vec<Instruction>,
    /// Who acts.
    pub actor: &'a Identity,
    /// Name of the event that must have happened afterwards.
    pub expects: &'static str,
}

/// Carries the plan out. `None` when nothing was to be sent and what was asked for has been printed.
///
/// # Errors
/// When it is refused, declined, or what the server says happened is not what was asked for.
pub fn carry_out(app: &App, plan: &Plan<'_>) -> Result<Option<Receipt>> {
    if !agreed(app, plan)? {
        return Ok(None);
    }
    let (payer_signer, actor_signer) = (app.payer()?.signer(), plan.actor.signer());
    let receipt = app
        .sender()?
        .send(&plan.instructions, payer_signer.as_ref(), &[actor_signer.as_ref()])?;
    if !receipt.events.iter().any(|event| event.name() == plan.expects) {
        return Err(Failure::new(
            Reason::Network,
            format!(
                "the server says that transaction {} is confirmed, but its record does not show what was asked for",
                receipt.signature
            ),
        )
        .remedy("look the signature up on another server before doing anything again"));
    }
    Ok(Some(receipt))
}

/// Simulates, exports or asks, as the options say. `false` when nothing is to be sent and what was asked for has been printed.
///
/// # Errors
/// When it would be refused, or is declined.
pub fn agreed(app: &App, plan: &Plan<'_>) -> Result<bool> {
    let payer = app.payer()?;
    let sender = app.sender()?;
    let (payer_signer, actor_signer) = (payer.signer(), plan.actor.signer());
    if app.global.dry_run {
        show_effects(app, plan, payer_signer.as_ref())?;
        return Ok(false);
    }
    if app.global.sends_nothing() {
        // What would be refused is not worth anybody's signature.
        sender.simulate(&plan.instructions, payer_signer.as_ref(), &[], &[])?;
        export(app, plan, payer, &[payer_signer.as_ref(), actor_signer.as_ref()])?;
        return Ok(false);
    }
    if !plan.irreversible.is_empty() && !app.global.yes {
        // A refusal should come before the question.
        sender.simulate(&plan.instructions, payer_signer.as_ref(), &[], &[])?;
        ask(plan)?;
    }
    Ok(true)
}

fn ask(plan: &Plan<'_>) -> Result<()> {
    output::write_note(&plan.what);
    for sentence in &plan.irreversible {
        output::write_note(&format!("  • {sentence}"));
    }
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return Err(Failure::new(
            Reason::Declined,
            "this cannot be undone, and there is no terminal to ask on",
        )
        .remedy("read the sentences above, then add --yes"));
    }
    let _ = write!(io::stderr(), "Type yes to go on: ");
    let _ = io::stderr().flush();
    let mut answer = String::new();
    let read = io::stdin().lock().read_line(&mut answer);
    if read.is_ok() && answer.trim().eq_ignore_ascii_case("yes") {
        return Ok(());
    }
    Err(Failure::new(Reason::Declined, "not confirmed; nothing was sent"))
}

/// The writable accounts of the instructions and the payer, each once.
fn concerned(plan: &Plan<'_>, payer: &Pubkey) -> Vec<Pubkey> {
    let mut accounts = Vec::new();
    let metas = plan.instructions.iter().flat_map(|instruction| &instruction.accounts);
    for address in metas
        .filter(|meta| meta.is_writable)
        .map(|meta| meta.pubkey)
        .chain([*payer])
    {
        if !accounts.contains(&address) {
            accounts.push(address);
        }
    }
    accounts
}

fn show_effects(app: &App, plan: &Plan<'_>, payer: &dyn Signer) -> Result<()> {
    let sender = app.sender()?;
    let accounts = concerned(plan, &app.payer()?.address);
    let before = sender.get_multiple_accounts(&accounts)?;
    let simulation = sender.simulate(&plan.instructions, payer, &[], &accounts)?;
    if simulation.accounts.len() != accounts.len() {
        return Err(
            Failure::new(Reason::Network, "the server did not say what the accounts would be")
                .remedy("use another server"),
        );
    }
    let effects = effects::between(app, &accounts, &before, &simulation.accounts)?;
    let mut lines = vec![
        app.canvas.bold(&format!("Dry run: {}", plan.what)),
        format!(
            "It would succeed with {} compute units. Nothing was sent.",
            simulation.compute_units
        ),
    ];
    if !plan.irreversible.is_empty() {
        lines.push(String::new());
        lines.push(app.canvas.bold("What could not be undone"));
        lines.extend(
            plan.irreversible
                .iter()
                .flat_map(|sentence| app.canvas.bullet(sentence)),
        );
    }
    lines.push(String::new());
    lines.extend(effects::lines(app.canvas, &effects));
    output::print(
        app.global.output,
        &lines,
        &json!({
            "dryRun": true,
            "what": plan.what,
            "irreversible": plan.irreversible,
            "computeUnits": simulation.compute_units,
            "events": simulation.events.iter().map(|event| event.name()).collect::<Vec<_>>(),
            "effects": effects::to_json(&effects),
        }),
    );
    Ok(())
}

/// Prints the message for other tools, signed with the keys that are here if asked for.
fn export(app: &App, plan: &Plan<'_>, payer: &Identity, signers: &[&dyn Signer]) -> Result<()> {
    let blockhash = match &app.global.blockhash {
        Some(text) => text
            .parse()
            .map_err(|_| Failure::input(format!("{text:?} is not a blockhash")))?,
        None => {
            app.sender()?
                .rpc()
                .get_latest_blockhash_with_commitment(CommitmentConfig::confirmed())
                .map_err(|e| Failure::new(Reason::Network, format!("the server gives no blockhash: {e}")))?
                .0
        }
    };
    let mut transaction = Transaction::new_with_payer(&plan.instructions, Some(&payer.address));
    transaction.message.recent_blockhash = blockhash;
    let required = usize::from(transaction.message.header.num_required_signatures);
    let needed: Vec<Pubkey> = transaction.message.account_keys[..required].to_vec();
    if app.global.sign_only {
        let mut keys: Vec<&dyn Signer> = Vec::new();
        for (identity, signer) in [payer, plan.actor].into_iter().zip(signers) {
            let known = keys.iter().any(|key| key.pubkey() == identity.address);
            if identity.has_key() && needed.contains(&identity.address) && !known {
                keys.push(*signer);
            }
        }
        if keys.is_empty() {
            return Err(Failure::key("none of the keys that must sign is here")
                .remedy("use --base64 to export the message unsigned"));
        }
        transaction
            .try_partial_sign(&keys, blockhash)
            .map_err(|e| Failure::key(format!("signing failed: {e}")))?;
    }
    let message = STANDARD.encode(transaction.message_data());
    let wire = wire_of(&transaction);
    if wire.len() > MAX_TRANSACTION_BYTES {
        return Err(Failure::input(format!(
            "the transaction has {} bytes, more than the {MAX_TRANSACTION_BYTES} that the network carries",
            wire.len()
        )));
    }
    let signed = |index: usize| transaction.signatures[index] != Default::default();
    let signatures: Vec<Value> = (0..required)
        .map(|index| {
            let signature = signed(index).then(|| transaction.signatures[index].to_string());
            json!({ "signer": needed[index].to_string(), "signature": signature })
        })
        .collect();
    output::write_note(&plan.what);
    for sentence in &plan.irreversible {
        output::write_note(&format!("  • {sentence}"));
    }
    let lines = if app.global.sign_only {
        let mut lines = vec![format!("Blockhash: {blockhash}")];
        lines.push("Signers (Pubkey=Signature):".to_owned());
        lines.extend(
            (0..required)
                .filter(|index| signed(*index))
                .map(|index| format!("  {}={}", needed[index], transaction.signatures[index])),
        );
        if (0..required).any(|index| !signed(index)) {
            lines.push("Absent Signers (Pubkey):".to_owned());
            lines.extend(
                (0..required)
                    .filter(|index| !signed(*index))
                    .map(|index| format!("  {}", needed[index])),
            );
        }
        lines.push(format!("Transaction: {}", STANDARD.encode(&wire)));
        lines
    } else {
        for signer in &needed {
            output::write_note(&format!("  must be signed by {signer}"));
        }
        vec![message.clone()]
    };
    output::print(
        app.global.output,
        &lines,
        &json!({
            "what": plan.what,
            "irreversible": plan.irreversible,
            "blockhash": blockhash.to_string(),
            "signers": signatures,
            "message": message,
            "transaction": STANDARD.encode(&wire),
        }),
    );
    Ok(())
}

/// A transaction as the network carries it: the signatures, counted, then the message.
fn wire_of(transaction: &Transaction) -> Vec<u8> {
    // A message that fits has far fewer than 128 signers, so the count is one byte.
    let mut wire = vec![u8::try_from(transaction.signatures.len()).unwrap_or(u8::MAX)];
    for signature in &transaction.signatures {
        wire.extend_from_slice(signature.as_ref());
    }
    wire.extend(transaction.message_data());
    wire
}
