//! What must hold, each with a wrong formula that it must notice.

use upside_math::{formula, MathError};

use crate::Subject;

/// The formulas under test: those of the program, unless a mutant puts another in the place of one.
pub trait Formulas {
    /// See [`formula::mul_div_floor`].
    fn mul_div_floor<S: Subject>(a: S, b: S, d: S) -> Result<S, MathError> {
        formula::mul_div_floor(a, b, d)
    }
    /// See [`formula::mul_div_ceil`].
    fn mul_div_ceil<S: Subject>(a: S, b: S, d: S) -> Result<S, MathError> {
        formula::mul_div_ceil(a, b, d)
    }
    /// See [`formula::mul_div_floor_wide`].
    fn mul_div_floor_wide<S: Subject>(a: S, b: S, d: S::Wide) -> Result<S, MathError> {
        formula::mul_div_floor_wide(a, b, d)
    }
    /// See [`formula::accrue`].
    fn accrued<S: Subject>(
        per_share: S::Wide,
        remainder: S::Wide,
        emit: S,
        registered: S,
    ) -> Result<(S::Wide, S::Wide), MathError> {
        let (mut per_share, mut left) = (per_share, remainder);
        formula::accrue(&mut per_share, &mut left, emit, registered)?;
        Ok((per_share, left))
    }
    /// See [`formula::owed`].
    fn owed<S: Subject>(
        accrued: S::Wide,
        shares: S,
        per_share: S::Wide,
        checkpoint: S::Wide,
    ) -> Result<S::Wide, MathError> {
        formula::owed(accrued, shares, per_share, checkpoint)
    }
    /// See [`formula::line`].
    fn line<S: Subject>(whole: S, elapsed: S, duration: S::NonZero) -> S {
        formula::line(whole, elapsed, duration)
    }
    /// See [`formula::mean_duration`].
    fn mean_duration<S: Subject>(undripped: S, remaining: S, amount: S, drip: S) -> Result<(S, S), MathError> {
        formula::mean_duration(undripped, remaining, amount, drip)
    }
    /// See [`formula::denominator`].
    fn denominator<S: Subject>(
        live: S,
        authorised: S,
        issued: S,
        redeemed: S,
        collected: S,
    ) -> Result<S::Wide, MathError> {
        formula::denominator(live, authorised, issued, redeemed, collected)
    }
    /// See [`formula::allocation`].
    fn allocation<S: Subject>(wanted: S, for_sale: S, total_wanted: S::Wide) -> Result<S, MathError> {
        formula::allocation(wanted, for_sale, total_wanted)
    }
    /// See [`formula::authorise`].
    fn authorise<S: Subject>(issued: S, reserved: S, new: S, authorised: S) -> Result<(), MathError> {
        formula::authorise(issued, reserved, new, authorised)
    }
    /// See [`formula::retire`].
    fn retire<S: Subject>(authorised: S, n: S, issued: S, reserved: S, least: S) -> Result<S, MathError> {
        formula::retire(authorised, n, issued, reserved, least)
    }
    /// See [`formula::due`].
    fn due<S: Subject>(whole: S, elapsed: S, runway: S) -> Result<S, MathError> {
        formula::due(whole, elapsed, runway)
    }
}

/// The formulas of the program.
pub struct Real;
impl Formulas for Real {}

/// Something that must hold for every input.
pub trait Property {
    /// Its name, as in docs/formal.md.
    const NAME: &'static str;
    /// How many words it takes.
    const WORDS: usize;
    /// How many wide words it takes.
    const WIDES: usize;
    /// A wrong formula that it must notice.
    type Mutant: Formulas;
    /// Whether it holds for these inputs.
    fn holds<F: Formulas, S: Subject>(w: &[S], v: &[S::Wide]) -> bool;
}

/// Something done for every property.
pub trait Visitor {
    /// For one.
    fn visit<P: Property>(&mut self);
}

fn ceil<S: Subject>(whole: S, elapsed: S, duration: S::NonZero) -> S {
    let (quotient, remainder) = S::div_rem(whole.product(elapsed), duration);
    let quotient = S::lower(quotient);
    if remainder == S::ZERO {
        quotient
    } else {
        quotient.checked_add(S::ONE).unwrap_or(quotient)
    }
}

macro_rules! properties {
    ($(
        $(#[doc = $doc:literal])*
        $name:ident [$words:literal, $wides:literal] |$w:ident, $v:ident| $holds:block
        $(#[doc = $mutant_doc:literal])*
        mutant { $($mutant:tt)* }
    )*) => {
        $(
            $(#[doc = $doc])*
            pub struct $name;
            const _: () = {
                pub struct Mutant;
                impl Formulas for Mutant { $($mutant)* }
                impl Property for $name {
                    const NAME: &'static str = stringify!($name);
                    const WORDS: usize = $words;
                    const WIDES: usize = $wides;
                    type Mutant = Mutant;
                    fn holds<F: Formulas, S: Subject>($w: &[S], $v: &[S::Wide]) -> bool $holds
                }
            };
        )*
        /// Does something for every property.
        pub fn every(visitor: &mut impl Visitor) {
            $(visitor.visit::<$name>();)*
        }
        /// The names of all, what they say, and what their mutants do.
        pub const ALL: &[(&str, &str, &str)] = &[
            $((stringify!($name), concat!($($doc),*), concat!($($mutant_doc),*))),*
        ];
    };
}

properties! {
    /// A product divided is rounded down; it fails exactly when the divisor is zero or the result too large.
    FloorIsFloor [3, 0] |w, _v| {
        let [a, b, d] = [w[0], w[1], w[2]];
        let product = S::times(a.exact(), b.exact());
        match F::mul_div_floor(a, b, d) {
            Ok(q) => {
                let below = S::times(q.exact(), d.exact());
                below <= product && product < S::plus(below, d.exact())
            }
            Err(MathError::ZeroDenominator) => d == S::ZERO,
            Err(_) => product >= S::times(d.exact(), S::radix()),
        }
    }
    /// Rounds up.
    mutant {
        fn mul_div_floor<S: Subject>(a: S, b: S, d: S) -> Result<S, MathError> {
            formula::mul_div_ceil(a, b, d)
        }
    }

    /// No input makes a division panic: a divisor of zero is refused.
    NoPanic [3, 0] |w, _v| {
        F::mul_div_floor(w[0], w[1], w[2]).is_ok() || w[2] == S::ZERO
            || S::times(w[0].exact(), w[1].exact()) >= S::times(w[2].exact(), S::radix())
    }
    /// Divides without looking at the divisor.
    mutant {
        fn mul_div_floor<S: Subject>(a: S, b: S, d: S) -> Result<S, MathError> {
            Ok(S::lower(S::div_rem(a.product(b), d.non_zero().expect("a divisor above zero")).0))
        }
    }

    /// A product divided and charged is rounded up; it fails exactly when the divisor is zero or the result too large.
    CeilIsCeil [3, 0] |w, _v| {
        let [a, b, d] = [w[0], w[1], w[2]];
        let product = S::times(a.exact(), b.exact());
        match F::mul_div_ceil(a, b, d) {
            Ok(q) => {
                let above = S::times(q.exact(), d.exact());
                product <= above && above < S::plus(product, d.exact())
            }
            Err(MathError::ZeroDenominator) => d == S::ZERO,
            Err(_) => S::plus(product, d.exact()) > S::times(d.exact(), S::radix()),
        }
    }
    /// Rounds down.
    mutant {
        fn mul_div_ceil<S: Subject>(a: S, b: S, d: S) -> Result<S, MathError> {
            formula::mul_div_floor(a, b, d)
        }
    }

    /// One more is never worth less: rounding down keeps the order.
    FloorIsMonotone [3, 0] |w, _v| {
        let [a, b, d] = [w[0], w[1], w[2]];
        let Some(more) = a.checked_add(S::ONE) else { return true };
        match (F::mul_div_floor(a, b, d), F::mul_div_floor(more, b, d)) {
            (Ok(less), Ok(more)) => less <= more,
            (Err(_), Ok(_)) => false,
            _ => true,
        }
    }
    /// Cuts the product to one word before it divides.
    mutant {
        fn mul_div_floor<S: Subject>(a: S, b: S, d: S) -> Result<S, MathError> {
            let d = d.non_zero().ok_or(MathError::ZeroDenominator)?;
            Ok(S::lower(S::div_rem(S::lower(a.product(b)).wide(), d).0))
        }
    }

    /// The same for a divisor of twice the width.
    WideFloorIsFloor [2, 1] |w, v| {
        let ([a, b], d) = ([w[0], w[1]], v[0]);
        let product = S::times(a.exact(), b.exact());
        match F::mul_div_floor_wide(a, b, d) {
            Ok(q) => {
                let below = S::times(q.exact(), S::exact_wide(d));
                below <= product && product < S::plus(below, S::exact_wide(d))
            }
            Err(MathError::ZeroDenominator) => d == S::WIDE_ZERO,
            Err(_) => product >= S::times(S::exact_wide(d), S::radix()),
        }
    }
    /// Forgets the upper half of the divisor.
    mutant {
        fn mul_div_floor_wide<S: Subject>(a: S, b: S, d: S::Wide) -> Result<S, MathError> {
            formula::mul_div_floor(a, b, S::lower(d))
        }
    }

    /// Money is conserved: what was emitted and left over before is what shares earn and what is left over now, which is below one atom a share.
    AccrualConserves [2, 1] |w, v| {
        let ([emit, registered], remainder) = ([w[0], w[1]], v[0]);
        let Ok((growth, left)) = F::accrued(S::WIDE_ZERO, remainder, emit, registered) else { return true };
        let before = S::plus(S::times(emit.exact(), S::radix()), S::exact_wide(remainder));
        let after = S::plus(S::times(S::exact_wide(growth), registered.exact()), S::exact_wide(left));
        before == after && (emit == S::ZERO || S::exact_wide(left) < registered.exact())
    }
    /// Loses the remainder.
    mutant {
        fn accrued<S: Subject>(per_share: S::Wide, _: S::Wide, emit: S, registered: S) -> Result<(S::Wide, S::Wide), MathError> {
            Real::accrued(per_share, S::WIDE_ZERO, emit, registered)
        }
    }

    /// Emitting in two parts ends where emitting at once ends.
    AccrualSplits [3, 0] |w, _v| {
        let [first, second, registered] = [w[0], w[1], w[2]];
        let Some(both) = first.checked_add(second) else { return true };
        let at_once = F::accrued(S::WIDE_ZERO, S::WIDE_ZERO, both, registered);
        let in_parts = F::accrued(S::WIDE_ZERO, S::WIDE_ZERO, first, registered)
            .and_then(|(per_share, left)| F::accrued(per_share, left, second, registered));
        match (at_once, in_parts) {
            (Ok((per_share, left)), Ok(parts)) => per_share == parts.0 && left == parts.1,
            (Err(_), Err(_)) => true,
            _ => false,
        }
    }
    /// Starts every division afresh.
    mutant {
        fn accrued<S: Subject>(per_share: S::Wide, _: S::Wide, emit: S, registered: S) -> Result<(S::Wide, S::Wide), MathError> {
            let (per_share, _) = Real::accrued(per_share, S::WIDE_ZERO, emit, registered)?;
            Ok((per_share, S::WIDE_ZERO))
        }
    }

    /// A position is owed exactly its shares times the growth, also when the accumulator has wrapped between.
    OwedIsExact [2, 1] |w, v| {
        let ([shares, checkpoint], growth) = ([w[0], w[1]], v[0]);
        if S::wide_is_upper_half(growth) {
            return true;
        }
        // A checkpoint near the end of the accumulator's range, so that most growths wrap.
        let checkpoint = S::wide_wrapping_sub(S::WIDE_ZERO, checkpoint.wide());
        let per_share = S::wide_wrapping_add(checkpoint, growth);
        let exact = S::times(shares.exact(), S::exact_wide(growth));
        match F::owed(S::WIDE_ZERO, shares, per_share, checkpoint) {
            Ok(owed) => S::exact_wide(owed) == exact,
            Err(error) => error == MathError::Overflow && exact >= S::times(S::radix(), S::radix()),
        }
    }
    /// Forgets the upper half of the growth.
    mutant {
        fn owed<S: Subject>(accrued: S::Wide, shares: S, per_share: S::Wide, checkpoint: S::Wide) -> Result<S::Wide, MathError> {
            let growth = S::lower(S::wide_wrapping_sub(per_share, checkpoint));
            S::wide_checked_add(accrued, shares.product(growth)).ok_or(MathError::Overflow)
        }
    }

    /// An accumulator behind the checkpoint, because a clock was set back, pays nothing.
    OwedRefusesTheClockSetBack [1, 2] |w, v| {
        let (shares, [checkpoint, back]) = (w[0], [v[0], v[1]]);
        if shares == S::ZERO || back == S::WIDE_ZERO || S::wide_is_upper_half(back) {
            return true;
        }
        let per_share = S::wide_wrapping_sub(checkpoint, back);
        F::owed(S::WIDE_ZERO, shares, per_share, checkpoint) == Err(MathError::ClockBehindCheckpoint)
    }
    /// Takes every difference for growth.
    mutant {
        fn owed<S: Subject>(accrued: S::Wide, shares: S, per_share: S::Wide, checkpoint: S::Wide) -> Result<S::Wide, MathError> {
            let growth = S::wide_wrapping_sub(per_share, checkpoint);
            S::wide_checked_add(accrued, shares.product(S::lower(growth))).ok_or(MathError::Overflow)
        }
    }

    /// What has dripped or vested is rounded down and at most the whole.
    LineIsFloor [3, 0] |w, _v| {
        let [whole, elapsed, duration] = [w[0], w[1], w[2]];
        let Some(divisor) = duration.non_zero() else { return true };
        if elapsed >= duration {
            return true;
        }
        let line = F::line(whole, elapsed, divisor);
        let (below, product) = (S::times(line.exact(), duration.exact()), S::times(whole.exact(), elapsed.exact()));
        line <= whole && below <= product && product < S::plus(below, duration.exact())
    }
    /// Rounds up.
    mutant {
        fn line<S: Subject>(whole: S, elapsed: S, duration: S::NonZero) -> S {
            ceil(whole, elapsed, duration)
        }
    }

    /// What has dripped or vested never falls as time passes.
    LineIsMonotone [3, 0] |w, _v| {
        let [whole, elapsed, duration] = [w[0], w[1], w[2]];
        let (Some(divisor), Some(later)) = (duration.non_zero(), elapsed.checked_add(S::ONE)) else { return true };
        later >= duration || F::line(whole, elapsed, divisor) <= F::line(whole, later, divisor)
    }
    /// Cuts the product to one word before it divides.
    mutant {
        fn line<S: Subject>(whole: S, elapsed: S, duration: S::NonZero) -> S {
            S::lower(S::div_rem(S::lower(whole.product(elapsed)).wide(), duration).0)
        }
    }

    /// A new stream's length lies between what was left of the old one and the term: no amount can postpone or hasten beyond both.
    MeanLiesBetween [4, 0] |w, _v| {
        let [undripped, remaining, amount, drip] = [w[0], w[1], w[2], w[3]];
        // Durations below half the range, as seconds are.
        if S::wide_is_upper_half(remaining.shifted()) || S::wide_is_upper_half(drip.shifted()) {
            return true;
        }
        match F::mean_duration(undripped, remaining, amount, drip) {
            Ok((mean, total)) => {
                let (least, most) = if remaining < drip { (remaining, drip) } else { (drip, remaining) };
                least <= mean && mean <= most && total.exact() == S::plus(undripped.exact(), amount.exact())
            }
            Err(_) => {
                let total = S::plus(undripped.exact(), amount.exact());
                total >= S::radix() || total == S::ZERO.exact()
            }
        }
    }
    /// Weighs by the new amount alone.
    mutant {
        fn mean_duration<S: Subject>(undripped: S, remaining: S, amount: S, drip: S) -> Result<(S, S), MathError> {
            let (_, total) = formula::mean_duration(undripped, remaining, amount, drip)?;
            let divisor = amount.non_zero().ok_or(MathError::Overflow)?;
            let weighted = S::wide_checked_add(undripped.product(remaining), amount.product(drip)).ok_or(MathError::Overflow)?;
            Ok((S::lower(S::div_rem(weighted, divisor).0), total))
        }
    }

    /// Issuing changes nothing of what a share redeems for: the divisor stays.
    IssuingKeepsTheDivisor [5, 0] |w, _v| {
        let [live, authorised, issued, new, open] = [w[0], w[1], w[2], w[3], w[4]];
        let (Some(more), Some(live_after)) = (issued.checked_add(new), live.checked_add(new)) else { return true };
        if more > authorised {
            return true;
        }
        F::denominator(live, authorised, issued, open, S::ZERO) == F::denominator(live_after, authorised, more, open, S::ZERO)
    }
    /// Forgets capacity that was not issued yet.
    mutant {
        fn denominator<S: Subject>(live: S, _: S, _: S, redeemed: S, collected: S) -> Result<S::Wide, MathError> {
            formula::denominator(live, S::ZERO, S::ZERO, redeemed, collected)
        }
    }

    /// Two tickets together are paid at most what is there.
    RedemptionConserves [4, 0] |w, _v| {
        let [balance, first, second, divisor] = [w[0], w[1], w[2], w[3]];
        let Some(both) = first.checked_add(second) else { return true };
        if both > divisor || divisor == S::ZERO {
            return true;
        }
        match (F::mul_div_floor_wide(balance, first, divisor.wide()), F::mul_div_floor_wide(balance, second, divisor.wide())) {
            (Ok(one), Ok(other)) => S::plus(one.exact(), other.exact()) <= balance.exact(),
            _ => false,
        }
    }
    /// Rounds up.
    mutant {
        fn mul_div_floor_wide<S: Subject>(a: S, b: S, d: S::Wide) -> Result<S, MathError> {
            formula::mul_div_ceil(a, b, S::lower(d))
        }
    }

    /// Who collects never lowers what backs the shares that stay: `(balance - paid) / (D - shares) >= balance / D`.
    RedemptionKeepsBacking [3, 0] |w, _v| {
        let [balance, shares, divisor] = [w[0], w[1], w[2]];
        if shares > divisor || divisor == S::ZERO {
            return true;
        }
        let Ok(paid) = F::mul_div_floor_wide(balance, shares, divisor.wide()) else { return false };
        let after = S::times(S::minus(balance.exact(), paid.exact()), divisor.exact());
        after >= S::times(balance.exact(), S::minus(divisor.exact(), shares.exact()))
    }
    /// Rounds up.
    mutant {
        fn mul_div_floor_wide<S: Subject>(a: S, b: S, d: S::Wide) -> Result<S, MathError> {
            formula::mul_div_ceil(a, b, S::lower(d))
        }
    }

    /// A round sells at most what is for sale, to everybody at most what they wanted.
    AllocationConserves [3, 0] |w, _v| {
        let [first, second, for_sale] = [w[0], w[1], w[2]];
        let Some(total) = S::wide_checked_add(first.wide(), second.wide()) else { return false };
        match (F::allocation(first, for_sale, total), F::allocation(second, for_sale, total)) {
            (Ok(one), Ok(other)) => {
                one <= first && other <= second && S::plus(one.exact(), other.exact()) <= for_sale.exact()
            }
            _ => false,
        }
    }
    /// Gives everybody what they wanted.
    mutant {
        fn allocation<S: Subject>(wanted: S, _: S, _: S::Wide) -> Result<S, MathError> {
            Ok(wanted)
        }
    }

    /// Shares may be promised exactly when issued, reserved and new ones together are at most the authorised.
    SupplyStaysAuthorised [4, 0] |w, _v| {
        let [issued, reserved, new, authorised] = [w[0], w[1], w[2], w[3]];
        let sum = S::plus(S::plus(issued.exact(), reserved.exact()), new.exact());
        F::authorise(issued, reserved, new, authorised).is_ok() == (sum <= authorised.exact())
    }
    /// Forgets what is reserved.
    mutant {
        fn authorise<S: Subject>(issued: S, _: S, new: S, authorised: S) -> Result<(), MathError> {
            formula::authorise(issued, S::ZERO, new, authorised)
        }
    }

    /// Retiring lowers the authorised supply by just so much, and never below what is used or the least.
    RetiringKeepsPromises [5, 0] |w, _v| {
        let [authorised, n, issued, reserved, least] = [w[0], w[1], w[2], w[3], w[4]];
        match F::retire(authorised, n, issued, reserved, least) {
            Ok(after) => {
                S::plus(after.exact(), n.exact()) == authorised.exact()
                    && after >= least
                    && after.exact() >= S::plus(issued.exact(), reserved.exact())
            }
            Err(_) => true,
        }
    }
    /// Forgets what is reserved.
    mutant {
        fn retire<S: Subject>(authorised: S, n: S, issued: S, _: S, least: S) -> Result<S, MathError> {
            formula::retire(authorised, n, issued, S::ZERO, least)
        }
    }

    /// What a round has released never falls and is at most the whole.
    RunwayIsMonotone [3, 0] |w, _v| {
        let [whole, elapsed, runway] = [w[0], w[1], w[2]];
        let Some(later) = elapsed.checked_add(S::ONE) else { return true };
        match (F::due(whole, elapsed, runway), F::due(whole, later, runway)) {
            (Ok(before), Ok(after)) => before <= after && after <= whole,
            _ => false,
        }
    }
    /// Goes on after the end.
    mutant {
        fn due<S: Subject>(whole: S, elapsed: S, runway: S) -> Result<S, MathError> {
            formula::mul_div_floor(whole, elapsed, runway)
        }
    }

    /// The two parts of a round's money together are at most all of it, at every moment.
    RunwayConserves [4, 0] |w, _v| {
        let [backing, issuer, elapsed, runway] = [w[0], w[1], w[2], w[3]];
        let Some(raised) = backing.checked_add(issuer) else { return true };
        match (F::due(backing, elapsed, runway), F::due(issuer, elapsed, runway)) {
            (Ok(one), Ok(other)) => S::plus(one.exact(), other.exact()) <= raised.exact(),
            _ => false,
        }
    }
    /// Adds one atom a part.
    mutant {
        fn due<S: Subject>(whole: S, elapsed: S, runway: S) -> Result<S, MathError> {
            let due = formula::due(whole, elapsed, runway)?;
            due.checked_add(S::ONE).ok_or(MathError::Overflow)
        }
    }

    /// Buying in parts never costs less than buying at once.
    PriceDoesNotSplit [4, 0] |w, _v| {
        let [first, second, price, unit] = [w[0], w[1], w[2], w[3]];
        let Some(both) = first.checked_add(second) else { return true };
        match (F::mul_div_ceil(both, price, unit), F::mul_div_ceil(first, price, unit), F::mul_div_ceil(second, price, unit)) {
            (Ok(at_once), Ok(one), Ok(other)) => S::plus(one.exact(), other.exact()) >= at_once.exact(),
            (Err(_), ..) => true,
            _ => false,
        }
    }
    /// Rounds down.
    mutant {
        fn mul_div_ceil<S: Subject>(a: S, b: S, d: S) -> Result<S, MathError> {
            formula::mul_div_floor(a, b, d)
        }
    }
}
