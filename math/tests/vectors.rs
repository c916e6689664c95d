//! The committed test vectors are what the formulas say. Ports to other languages reproduce them.

#[path = "support/vectors.rs"]
mod vectors;

#[test]
fn the_committed_vectors_are_what_the_formulas_say() {
    let committed = include_str!("../vectors.txt");
    let fresh = vectors::vectors();
    let differs = committed
        .lines()
        .zip(fresh.lines())
        .find(|(committed, fresh)| committed != fresh);
    assert_eq!(
        differs, None,
        "run `cargo run -p upside-math --example vectors > math/vectors.txt`"
    );
    assert_eq!(committed.len(), fresh.len());
}

#[test]
fn there_are_at_least_ten_thousand_vectors() {
    let lines: Vec<_> = include_str!("../vectors.txt")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .collect();
    assert!(lines.len() >= 10_000, "{} vectors", lines.len());
}
