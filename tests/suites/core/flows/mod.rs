//! Every instruction: what it does, to the atom, and every reason for which it refuses.

mod bundles;
mod cascades;
mod collectives;
mod cranks;
mod extremes;
mod grants;
mod hooks;
mod layers;
mod redemption;
mod redemption_assets;
mod redemption_plan;
mod rounds;
mod rounds_money;
mod security;
mod shares;
mod upside;
mod vault;
