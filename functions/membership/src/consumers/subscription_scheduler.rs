//! Tells the scheduler when a subscription is charged next. Whatever the event was, what counts is the subscription as
//! it is now, so events may come in any order. The moment is noted too: a sweep finds what the scheduler has lost.

use quoin_events::{BusEvent, Timestamp};
use quoin_membership_model::Subscription;
use quoin_runtime::{Delivery, Env, Failure, Found, Outcome, due_key};
use quoin_schedules::Schedules;
use quoin_store::{Commit, Item, StoreError, Update};

use crate::append::Streamed;
use crate::renewal::Due;
use crate::table;

const AT: &str = "at";
/// The version of the subscription that was noted last.
const VERSION: &str = "v";
/// How often it is tried to be the one who notes it.
const TRIES: u32 = 3;

/// Schedules the subscription of one event.
///
/// # Errors
/// Transient, unless the event is about no subscription.
pub async fn handle(env: &Env, delivery: &Delivery<BusEvent>) -> Result<Outcome, Failure> {
    let entity = delivery.event().metadata.entity.as_ref().filter(|entity| entity.kind == "subscription");
    let subscription_id = &entity.ok_or_else(|| Failure::poison("the event is about no subscription"))?.id;
    let found = Found::<Subscription>::find(env, &Subscription::stream(subscription_id)).await?;
    let found = found.ok_or_else(|| Failure::transient("there is no such subscription"))?;
    let next = found.state.next_charge_at.filter(|_| found.state.charging.is_none());
    // First what the sweep goes by, for the case that the scheduler refuses.
    let noted = note(env, subscription_id, found.head.version, next).await?;
    if noted == Noted::Later {
        return Ok(Outcome::Duplicate);
    }
    let schedules = Schedules::of(env, "RENEWAL")?;
    match next {
        Some(at) => schedules.set(subscription_id, at, &Due { subscription_id: subscription_id.clone() }).await?,
        None => schedules.remove(subscription_id).await?,
    }
    Ok(if noted == Noted::New { Outcome::Applied } else { Outcome::Duplicate })
}

/// What is known of a subscription's next charge.
#[derive(Debug, PartialEq, Eq)]
enum Noted {
    /// It was not known before.
    New,
    /// It was noted from the same state; the schedule may be missing.
    Same,
    /// It was noted from a later state.
    Later,
}

/// Notes when the next charge is due in place of the one before, unless that was noted from a later state.
async fn note(env: &Env, subscription_id: &str, version: u64, next: Option<Timestamp>) -> Result<Noted, Failure> {
    let (table, key) = (table::name(env)?, table::scheduled(subscription_id));
    for _ in 0..TRIES {
        let stored = env.store.get(table, &key, true).await?;
        let noted: Option<u64> = stored.as_ref().and_then(|row| row.get_digits(VERSION)?.parse().ok());
        match noted {
            Some(noted) if noted > version => return Ok(Noted::Later),
            Some(noted) if noted == version => return Ok(Noted::Same),
            Some(_) | None => {}
        }
        // What is due is one row: it is moved only by who knows where it is.
        let update = Update::of(table, key.clone()).number(VERSION, version);
        let update = match noted {
            Some(noted) => update.if_number(VERSION, noted),
            None => update.if_absent(VERSION),
        };
        let mut commit = Commit::new().update(match next {
            Some(at) => update.text(AT, at.to_string()),
            None => update.remove(AT),
        });
        if let Some(at) = next {
            let due = due_key(at, subscription_id);
            commit = commit.put(table, Item::new().text("pk", due.pk).text("sk", due.sk));
        }
        let before: Option<Timestamp> = stored.as_ref().and_then(|row| row.get_text(AT)?.parse().ok());
        if let Some(gone) = before.filter(|gone| Some(*gone) != next) {
            commit = commit.delete(table, due_key(gone, subscription_id));
        }
        match env.store.commit(commit, &Default::default()).await {
            Ok(()) => return Ok(Noted::New),
            Err(StoreError::Lost(_) | StoreError::Conflict) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(Failure::transient("others kept noting when the subscription is due"))
}
