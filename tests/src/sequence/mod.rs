//! Random sequences on the compiled program, against the reference model.
//!
//! | module | holds |
//! |---|---|
//! | [`step`] | what a sequence is made of, and random ones |
//! | [`world`] | the machine a sequence runs on, and where everything is |
//! | [`run`] | runs a sequence, and compares with the model and every invariant after every step |
//! | [`search`] | looks for a failing sequence on all cores, and shrinks it |

pub mod run;
pub mod search;
pub mod step;
pub mod world;
