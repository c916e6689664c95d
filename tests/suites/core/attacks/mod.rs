//! Attacks that no other module makes, and the catalogue of all of them, docs/attacks.md.

mod catalogue;
mod pairs;
mod revival;
mod rugs;
