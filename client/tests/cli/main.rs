//! The `upside` binary, run as people run it, against a real local validator that the whole suite shares.

mod audits;
mod bad_input;
mod configuration;
mod dry_run;
mod export;
mod formats;
mod grants;
mod layers;
mod life;
mod metadata;
mod network;
mod price_accounts;
mod proxy;
mod redemption;
mod replay;
mod rounds;
mod screen;
mod value;
