//! Sums whose error does not grow with their length, and bounds on rounding.

/// Half the distance from 1 to the next `f64`: the relative error of one operation.
const UNIT: f64 = f64::EPSILON / 2.0;

/// Bound on the relative error of `operations` roundings in a row: `k u / (1 - k u)`.
pub fn gamma(operations: usize) -> f64 {
    let ku = operations as f64 * UNIT;
    ku / (1.0 - ku)
}

/// Neumaier's compensated sum: relative to the sum of magnitudes its error is about two roundings, however many terms there are.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sum {
    sum: f64,
    compensation: f64,
}

impl Sum {
    /// Adds a term.
    pub fn add(&mut self, term: f64) {
        let sum = self.sum + term;
        self.compensation += if self.sum.abs() >= term.abs() {
            (self.sum - sum) + term
        } else {
            (term - sum) + self.sum
        };
        self.sum = sum;
    }

    /// The sum.
    pub fn get(self) -> f64 {
        self.sum + self.compensation
    }
}

impl FromIterator<f64> for Sum {
    fn from_iter<I: IntoIterator<Item = f64>>(terms: I) -> Self {
        let mut sum = Self::default();
        for term in terms {
            sum.add(term);
        }
        sum
    }
}
