//! Puts the compiled program on a cluster through the upgradeable loader.
//!
//! | module | holds |
//! |---|---|
//! | [`link`] | a cluster over JSON-RPC with a payer: sends and confirms |
//! | [`standing`] | what is at the program's address: nothing, a program, its bytes and who may change it |
//! | [`verify`] | the loader's own verdict on a file, in a virtual machine, before anything is spent |
//! | [`buffer`] | the upload: one address per payer, program and file; only chunks that differ are written |
//! | [`metadata`] | interface and `security.txt`, published through Program Metadata |
//! | [`deployment`] | all of it in order, with what it costs |
//!
//! Nothing is remembered on disk. A second run finds what the first one left on the cluster and goes on from there.

#![deny(missing_docs)]

pub mod buffer;
pub mod deployment;
pub mod link;
pub mod metadata;
pub mod standing;
pub mod verify;
