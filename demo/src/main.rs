//! The story of a personal token on a local validator.

fn main() {}
