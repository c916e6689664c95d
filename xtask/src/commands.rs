//! One file per command of `cargo xtask`.

pub mod build;
pub mod cu;
pub mod demo;
pub mod idl;
pub mod test;
