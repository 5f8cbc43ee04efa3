//! What boosts bring: views and orders of what was boosted against those of what was not.
//!
//! A stretch is days of one target that boosts touch, one after the other: several boosts of a target whose days meet are
//! one. It is compared with as many days before it, and with the same days of the target of its kind that was most like
//! it in the days before and was boosted in none of them: the difference of the two differences is what the boost
//! brought (difference in differences), and the mean over all such pairs comes with Student's interval.
//!
//! Invariants: a target is compared with itself never, with another one once; an estimate does not depend on the order
//! in which targets come; what has nothing to be compared with is counted, and says nothing. Counts of views and orders
//! only: no money, no I/O, no clocks.
#![expect(clippy::float_arithmetic, reason = "means of counts: nothing here is money")]
#![expect(clippy::arithmetic_side_effects, reason = "floats do not overflow, and days are of this century")]

mod estimate;
mod history;
mod interval;
mod matching;

pub use estimate::{Estimate, Figure, estimate, rounded};
pub use history::{Day, History, Span, Tally};
pub use interval::{CONFIDENCE, FEWEST_PAIRS, Interval, interval};
pub use matching::{CALIPER, MOST_DAYS, Matched, Pair, Unmatched, pairs};
