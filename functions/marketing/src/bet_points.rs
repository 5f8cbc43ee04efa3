//! The points of one bet: given when it is placed, taken back when it is cancelled, never left behind.
//!
//! The item at the placement's key holds what was given. A cancellation that comes first takes that key
//! with nothing given, so that the placement, when it comes, gives nothing: neither order leaves points.

use quoin_events::types::{LoyaltyPointsUpdated, LoyaltyReason};
use quoin_events::{EntityRef, Timestamp};
use quoin_money::{Amount, Delta};
use quoin_store::{Append, StoreError, Stream};
use serde::{Deserialize, Serialize};

/// What stands at the key of a bet's placement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Given {
    /// Whose points.
    pub(crate) user_id: String,
    /// How many were given.
    pub(crate) points: Amount,
    /// The bet was cancelled before any were given.
    pub(crate) cancelled_first: bool,
}

/// What a cancellation does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Cancellation {
    /// Takes the placement's key, so that it will give nothing.
    Bar(Given),
    /// Takes back exactly so many, under a key of its own.
    TakeBack(Given),
    /// There is nothing to take back and never will be.
    Nothing,
}

/// What the cancellation of `user_id`'s bet does, by what stands at its placement's key.
pub(crate) fn cancel(user_id: &str, found: Option<Given>) -> Cancellation {
    match found {
        None => Cancellation::Bar(Given { user_id: user_id.to_owned(), points: Amount::ZERO, cancelled_first: true }),
        Some(given) if given.cancelled_first => Cancellation::Nothing,
        Some(given) => Cancellation::TakeBack(given),
    }
}

/// Where the points given for `bet_id` stand.
pub(crate) fn placed(bet_id: &str) -> Stream {
    Stream::new("points", format!("bet:{bet_id}:placed"))
}

/// Where it stands that they were taken back.
fn cancelled(bet_id: &str) -> Stream {
    Stream::new("points", format!("bet:{bet_id}:cancelled"))
}

/// The item that gives points for a bet.
///
/// # Errors
/// If it cannot be written as JSON.
pub(crate) fn giving(bet_id: &str, given: &Given, now: Timestamp) -> Result<Append, StoreError> {
    let event = event(bet_id, given, Delta::plus(given.points), LoyaltyReason::BetPlaced);
    Ok(Append::first(placed(bet_id), now).state(given)?.events([quoin_events::Draft::new(&event, now)?]))
}

/// The item that bars points for a bet.
///
/// # Errors
/// If it cannot be written as JSON.
pub(crate) fn barring(bet_id: &str, given: &Given, now: Timestamp) -> Result<Append, StoreError> {
    Append::first(placed(bet_id), now).state(given)
}

/// The item that takes back what was given.
///
/// # Errors
/// If it cannot be written as JSON.
pub(crate) fn taking_back(bet_id: &str, given: &Given, now: Timestamp) -> Result<Append, StoreError> {
    let event = event(bet_id, given, Delta::minus(given.points), LoyaltyReason::BetCancelled);
    Ok(Append::first(cancelled(bet_id), now).state(given)?.events([quoin_events::Draft::new(&event, now)?]))
}

fn event(bet_id: &str, given: &Given, points: Delta, reason: LoyaltyReason) -> LoyaltyPointsUpdated {
    let related_entity = EntityRef { kind: "bet".to_owned(), id: bet_id.to_owned() };
    LoyaltyPointsUpdated { user_id: given.user_id.clone(), points, reason, related_entity }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The two keys of one bet and the user's total, with puts that need a free key.
    #[derive(Default)]
    struct Model {
        placed: Option<Given>,
        taken: Option<Delta>,
        total: Delta,
    }

    impl Model {
        fn place(&mut self, points: Amount) {
            if self.placed.is_none() {
                self.placed = Some(Given { user_id: "u".to_owned(), points, cancelled_first: false });
                self.total = self.total.and(Delta::plus(points)).unwrap();
            }
        }

        fn cancel(&mut self) {
            match cancel("u", self.placed.clone()) {
                Cancellation::Bar(bar) => self.placed = Some(bar),
                Cancellation::TakeBack(given) if self.taken.is_none() => {
                    self.taken = Some(Delta::minus(given.points));
                    self.total = self.total.and(Delta::minus(given.points)).unwrap();
                }
                Cancellation::TakeBack(_) | Cancellation::Nothing => {}
            }
        }
    }

    proptest! {
        #[test]
        fn a_cancelled_bet_leaves_no_points_in_any_order_of_arrival(
            points in 1_u32..1_000_000, cancels in prop::collection::vec(any::<bool>(), 0..8),
        ) {
            let mut model = Model::default();
            for cancels in &cancels {
                if *cancels { model.cancel() } else { model.place(Amount::whole(points)) }
                prop_assert!(!model.total.is_negative());
            }
            let (placed, cancelled) = (cancels.contains(&false), cancels.contains(&true));
            let left = if placed && !cancelled { Delta::plus(Amount::whole(points)) } else { Delta::ZERO };
            prop_assert_eq!(model.total, left);
        }

        #[test]
        fn what_is_taken_back_is_what_was_given(points in 0_u32..) {
            let given = Given { user_id: "u".to_owned(), points: Amount::whole(points), cancelled_first: false };
            let stored: Given = serde_json::from_str(&serde_json::to_string(&given).unwrap()).unwrap();
            let Cancellation::TakeBack(back) = cancel("u", Some(stored)) else { panic!("nothing is taken back") };
            prop_assert_eq!(Delta::plus(given.points).and(Delta::minus(back.points)).unwrap(), Delta::ZERO);
        }
    }
}
