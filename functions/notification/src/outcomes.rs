//! One outcome of many: an event is told over several channels, and its message is kept or gone as a whole.

use quoin_runtime::{Failure, Outcome};

/// One outcome of all: what may still succeed is tried again, what is done stays done.
pub(crate) fn conclude(outcomes: Vec<Result<Outcome, Failure>>) -> Result<Outcome, Failure> {
    let rank = |outcome: &Result<Outcome, Failure>| match outcome {
        Err(Failure::Transient(_)) => 0,
        Err(Failure::Poison(_)) => 1,
        Ok(Outcome::Applied) => 2,
        Ok(Outcome::Duplicate) => 3,
        Ok(Outcome::Parked) => 4,
        Ok(Outcome::Ignored(_)) => 5,
    };
    let last = Ok(Outcome::Ignored("nobody is told of this"));
    // The latest of equals, since the first of them only stands for there being none.
    outcomes.into_iter().rev().min_by_key(rank).unwrap_or(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_still_succeed_is_tried_again_whatever_else_is_done() {
        let transient = || Err(Failure::transient("HTTP 503"));
        assert_eq!(conclude(vec![Ok(Outcome::Applied), transient()]), transient());
        assert_eq!(conclude(vec![Err(Failure::poison("x")), transient()]), transient());
        assert_eq!(conclude(vec![Ok(Outcome::Duplicate), Ok(Outcome::Applied)]), Ok(Outcome::Applied));
        let (first, second) = (Ok(Outcome::Ignored("first")), Ok(Outcome::Ignored("second")));
        assert_eq!(conclude(vec![first, second.clone()]), second);
    }
}
