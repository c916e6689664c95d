//! What a property can be stated over.

use upside_math::Word;

/// A word whose exact value can be compared without any width.
pub trait Subject: Word {
    /// An integer of any size.
    type Exact: Copy + PartialEq + PartialOrd;

    /// The value of a word.
    fn exact(self) -> Self::Exact;
    /// The value of a wide word.
    fn exact_wide(wide: Self::Wide) -> Self::Exact;
    /// `a + b`.
    fn plus(a: Self::Exact, b: Self::Exact) -> Self::Exact;
    /// `a - b`.
    fn minus(a: Self::Exact, b: Self::Exact) -> Self::Exact;
    /// `a * b`.
    fn times(a: Self::Exact, b: Self::Exact) -> Self::Exact;
    /// Two to the power of the width.
    fn radix() -> Self::Exact;
}
