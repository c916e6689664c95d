//! Deployments by loader transactions alone, on a local cluster over JSON-RPC, with the command that people run.

mod cluster;
mod golden;
mod life;
#[cfg(feature = "program-metadata")]
mod metadata;
mod refusals;
