//! What follows from events besides money: loyalty points and the figures of each day, each counted once.

use std::collections::BTreeMap;

use super::orders;
use crate::actors::Record;
use crate::books::Books;
use crate::findings::{Broken, Check, Side};
use crate::money::{Cents, of};
use crate::people::People;
use crate::scenario::Action;

/// A point for each whole unit of a stake, unless the bet was cancelled, and of what an order cost that holds.
pub(super) fn points(books: &Books, record: &Record, people: &People) -> Vec<Broken> {
    let mut expected: BTreeMap<&str, Cents> = BTreeMap::new();
    for done in &record.done {
        let Action::Bet { user, cents, .. } = &done.step.action else { continue };
        let Some(bet) = done.accepted().and_then(|body| body["bet_id"].as_str()) else { continue };
        let is_cancelled = books.state(&format!("bet#{bet}")).is_some_and(|state| state["status"] == "cancelled");
        if !is_cancelled {
            *expected.entry(people.id(*user)).or_default() += Cents::from(*cents / 100);
        }
    }
    for (user, points) in orders::points(books, record, people) {
        *expected.entry(user).or_default() += points;
    }
    let mut broken = Vec::new();
    for user in people.ids() {
        let told: Cents = books
            .events()
            .filter(|(_, _, event)| event["event"] == "LoyaltyPointsUpdated" && event["data"]["user_id"] == *user)
            .map(|(_, _, event)| of(&event["data"]["points"]) / 100)
            .sum();
        let has = books.points.get(user).copied().unwrap_or(0);
        let expected = expected.get(user.as_str()).copied().unwrap_or(0);
        if (has, told) != (expected, expected) {
            let what = format!("{user} has {has} points and was told of {told}, the model {expected}");
            let sides = [Side::new("points", expected, has), Side::new("points in events", expected, told)];
            broken.push(Broken::new(Check::Points, what).beside(sides));
        }
    }
    broken
}

/// Events that figures count, by the name of their counter.
const COUNTED: [(&str, &[&str]); 17] = [
    ("bets_placed", &["BetPlaced"]),
    ("bets_cancelled", &["BetCancelled"]),
    ("deposits_initiated", &["DepositInitiated"]),
    ("deposits_succeeded", &["DepositSuccess"]),
    ("deposits_failed", &["DepositFailed"]),
    ("bonuses_awarded", &["BonusAwarded"]),
    ("referrals_completed", &["ReferralCompleted"]),
    ("registrations", &["UserRegistered"]),
    ("notifications_sent", &["SMSSent", "EmailSent", "PushNotificationSent"]),
    ("notifications_failed", &["NotificationFailed"]),
    ("orders_started", &["order.validation_started"]),
    ("orders_initiated", &["order.initiated"]),
    ("orders_paid", &["order.paid"]),
    ("orders_confirmed", &["bizone.order_created"]),
    ("orders_created", &["order.created"]),
    ("orders_failed", &["order.failed"]),
    ("orders_notified", &["order.confirmation_sent"]),
];

/// Each counter is the number of its events.
pub(super) fn figures(books: &Books) -> Vec<Broken> {
    let mut broken = Vec::new();
    for (counter, names) in COUNTED {
        let is_counted = |name: &str| names.contains(&name);
        let told = books.events().filter(|(_, _, event)| event["event"].as_str().is_some_and(is_counted)).count();
        let counted = books.counters.get(counter).copied().unwrap_or(0);
        if u64::try_from(told) != Ok(counted) {
            let what = format!("{counter} are {counted}, there are {told} events");
            broken.push(Broken::new(Check::Figures, what).beside([Side::new(counter, told, counted)]));
        }
    }
    broken
}
