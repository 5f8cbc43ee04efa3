//! Counts what people do and marks whose score goes above the threshold.
//!
//! The row of the event and the next version of where its user stands are one transaction, decided on consistent reads.
//! A second delivery finds its row; of two events at once the second is decided again and sees the first. A row is kept
//! no longer than copies of its event. What is too old to be recognised is not counted.

use std::time::Duration;

use quoin_events::{BusEvent, Timestamp, event_type};
use quoin_runtime::{Delivery, Env, Failure, Outcome};
use quoin_store::{Commit, Item, Lost, Query, StoreError};

use crate::rules::Rules;
use crate::score::highest_since;
use crate::signal::{self, Counted};
use crate::standing::Standing;
use crate::table::{self, Partition};

/// The most days for which a counted event is kept, and those of a type without an entry; no window is longer.
const MOST_DAYS: u16 = 30;
const DAY_SECONDS: i64 = 86_400;
/// How often an event is decided again that others got in the way of.
const TRIES: u64 = 8;

/// Counts one event.
///
/// # Errors
/// Transient or poison, as every consumer.
pub async fn handle(env: &Env, delivery: &Delivery<BusEvent>) -> Result<Outcome, Failure> {
    let Some((user_id, new)) = signal::of(delivery.event())? else {
        return Ok(Outcome::Ignored("no rule may count it"));
    };
    for attempt in 1..=TRIES {
        match count(env, delivery, &user_id, &new).await? {
            Try::Done(outcome) => return Ok(outcome),
            Try::Again => {
                let pause = env.clock.random_below(attempt.saturating_mul(40));
                env.clock.sleep(Duration::from_millis(pause)).await;
            }
        }
    }
    Err(Failure::transient("others kept getting in the way"))
}

/// What became of a try.
enum Try {
    Done(Outcome),
    /// Somebody else wrote meanwhile.
    Again,
}

async fn count(env: &Env, delivery: &Delivery<BusEvent>, user_id: &str, new: &Counted) -> Result<Try, Failure> {
    let table = table::name(env)?;
    let found = env.store.batch(&[(table, table::rules()), (table, table::mark(user_id))]).await?;
    let [rules, mark] = found.as_slice() else { return Err(Failure::transient("an incomplete batch")) };
    let (rules, standing) = (Rules::read(rules.as_ref())?, Standing::read(mark.as_ref())?);
    if !rules.look_at(new.kind) {
        return Ok(Try::Done(Outcome::Ignored("no rule counts it")));
    }
    let (event, now) = (delivery.event(), delivery.context.now);
    let kept_seconds = kept_seconds(&event.event);
    if is_too_old(new.at, kept_seconds, now) {
        return Ok(Try::Done(Outcome::Ignored("too old for any window that is looked at")));
    }
    let clearings = standing.clearings;
    let mut events = around(env, table, user_id, &rules, new, clearings).await?;
    events.push(new.clone());
    let finding = highest_since(&rules, &events, new.at).map_err(Failure::poison)?;
    let (standing, marks) = standing.after(finding, rules.threshold);

    let expires = now.max(new.at).plus_seconds(kept_seconds).seconds();
    let key = table::counted(user_id, new.kind, new.at, &new.event_id);
    let row = Item::new().text("pk", key.pk).text("sk", key.sk).number("clearings", clearings);
    let row = row.json("counted", new)?.number("expires", expires);
    let commit = Commit::new().put_new(table, row).update(standing.write(table, user_id)?);
    match env.store.commit(commit, &delivery.context.origin).await {
        Ok(()) => {
            if marks {
                env.count("Marks", 1);
            }
            Ok(Try::Done(Outcome::Applied))
        }
        Err(StoreError::Lost(lost)) => match *lost {
            Lost::Other { item: 0, .. } => Ok(Try::Done(Outcome::Duplicate)),
            Lost::Other { .. } => Ok(Try::Again),
            Lost::Append { .. } | Lost::Wallet(_) => Err(Failure::poison("fraud has neither journal nor wallets")),
        },
        Err(StoreError::Conflict) => Ok(Try::Again),
        Err(error @ (StoreError::Unavailable(_) | StoreError::Refused(_))) => Err(error.into()),
    }
}

/// For how long a counted event of that name is kept: no longer than copies of it.
fn kept_seconds(event: &str) -> i64 {
    let days = event_type(event).map_or(MOST_DAYS, |known| known.retention_days.min(MOST_DAYS));
    i64::from(days).saturating_mul(DAY_SECONDS)
}

/// Whether an event of `at` could have been counted and that forgotten by `now`; a day is more than clocks are wrong by.
fn is_too_old(at: Timestamp, kept_seconds: i64, now: Timestamp) -> bool {
    now > at.plus_seconds(kept_seconds.saturating_sub(DAY_SECONDS))
}

/// The counted events that share a window with `new`, of those that were counted since the user was last cleared.
async fn around(
    env: &Env,
    table: &str,
    user_id: &str,
    rules: &Rules,
    new: &Counted,
    clearings: i64,
) -> Result<Vec<Counted>, Failure> {
    let last = new.at.plus_millis(rules.longest_ms());
    let mut events = Vec::new();
    for partition in Partition::ALL {
        let Some(window_ms) = rules.longest_of(partition) else { continue };
        let first = new.at.plus_millis(window_ms.saturating_neg());
        let own = counted_between(env, table, &partition.pk(user_id), first, last, clearings).await?;
        events.extend(own.into_iter().filter(|event| event.event_id != new.event_id));
    }
    Ok(events)
}

/// The events of a partition from `first` to `last` that count.
pub(crate) async fn counted_between(
    env: &Env,
    table: &str,
    pk: &str,
    first: quoin_events::Timestamp,
    last: quoin_events::Timestamp,
    clearings: i64,
) -> Result<Vec<Counted>, StoreError> {
    let (mut events, mut after) = (Vec::new(), None);
    loop {
        let query = Query::of(pk).between(first.to_string(), format!("{last}#~")).after(after).consistent();
        let page = env.store.query(table, query).await?;
        for item in &page.items {
            let (event, counted_at) = Counted::read(item)?;
            if counted_at == clearings {
                events.push(event);
            }
        }
        after = page.next;
        if after.is_none() {
            return Ok(events);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counted_event_is_kept_no_longer_than_copies_of_it() {
        let days = |event| kept_seconds(event) / DAY_SECONDS;
        assert_eq!(days("wallet.debit_started"), 7);
        assert_eq!((days("wallet.debit_failed"), days("order.created"), days("BetPlaced")), (30, 30, 30));
    }

    #[test]
    fn what_is_counted_is_recognised_for_as_long_as_it_would_be_counted() {
        let (at, kept) = (Timestamp::from_millis(0), kept_seconds("wallet.debit_started"));
        assert!(!is_too_old(at, kept, at.plus_seconds(6 * DAY_SECONDS)));
        assert!(is_too_old(at, kept, at.plus_seconds(6 * DAY_SECONDS + 1)));
    }
}
