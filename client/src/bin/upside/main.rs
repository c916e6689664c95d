//! The `upside` command line.

fn main() {}
