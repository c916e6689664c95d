//! One file per command of `cargo xtask`.

pub mod agave;
pub mod anchor;
pub mod app;
pub mod bench;
pub mod build;
pub mod cu;
pub mod deep;
pub mod demo;
pub mod deploy;
pub mod formal;
pub mod fuzz;
pub mod idl;
pub mod load;
pub mod mutants;
pub mod peers;
pub mod program_metadata;
pub mod supply;
pub mod test;
