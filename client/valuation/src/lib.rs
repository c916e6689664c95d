#![doc = include_str!("../README.md")]
#![deny(missing_docs)]

mod certificate;
mod components;
mod exact;
pub mod file;
mod graph;
mod incremental;
mod iterate;
mod path;
pub mod picture;
mod price;
mod solve;
mod source;
mod sum;
mod sweep;
mod system;
mod value;
mod vector;

pub use certificate::{certify, verify, Certificate, Rejection};
pub use exact::per_share_atom as exact_per_share_atom;
pub use graph::{Graph, GraphError, Holding, Supply};
pub use incremental::{Change, Incremental, Reach, UpdateError, Work};
pub use path::{attribution, why, Attribution, Path, Why};
pub use price::{Asset, Decimal, DecimalError, ExactPrice, Multiplier, Prices, Quote, Staleness};
pub use solve::Unsolved;
pub use value::{effect_of_asset, value, Interval, Options, Valuation};
