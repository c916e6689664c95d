//! Writes the test vectors of every formula: `cargo run -p upside-math --example vectors > math/vectors.txt`.

#[path = "../tests/support/vectors.rs"]
mod vectors;

fn main() {
    print!("{}", vectors::vectors());
}
