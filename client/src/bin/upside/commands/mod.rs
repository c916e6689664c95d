//! One file per noun.

pub mod account;
pub mod audit;
pub mod collective;
pub mod crank;
pub mod grant;
pub mod harvest;
pub mod layers;
pub mod redeem;
pub mod replay;
pub mod round;
pub mod shares;
pub mod token;
pub mod upside;
pub mod value;
pub mod vault;

use serde_json::Value;
use upside_client::sender::Receipt;

use crate::{app::App, output};

/// Prints what a landed transaction did: sentences for people, `result` with the transaction for programs.
fn print_done(app: &App, receipt: &Receipt, sentences: &[String], mut result: Value) {
    let mut lines = sentences.to_vec();
    lines.push(app.canvas.dim(&format!(
        "{} · {} compute units · fee {} lamports",
        receipt.signature, receipt.compute_units, receipt.fee
    )));
    result["transaction"] = output::receipt_json(receipt);
    output::print(app.global.output, &lines, &result);
}
