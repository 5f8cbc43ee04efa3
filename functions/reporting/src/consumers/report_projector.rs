//! Adds a batch of events to the figures of their days: one transaction of the events' dedupe items and
//! one update per day and campaign. What was counted before is left out; the rest of the batch is counted all the same.
//!
//! What is too old to be recognised is not counted: it waits in the dead letters for people.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use quoin_events::{Origin, Timestamp};
use quoin_runtime::{Batch, Delivery, Env, Failure, Outcome};
use quoin_store::{Commit, Item, Key, Lost, StoreError, Update};

use crate::Recorded;
use crate::count::{Counted, counted};
use crate::counters::Counters;
use crate::report::shard_key;

/// How long a second delivery is recognised. Dead letters are kept for 14 days, but may be sent back more than once.
const SEEN_SECONDS: i64 = 30 * 86_400;
/// Older events may have been counted, and that forgotten. The day between is more than clocks are wrong by.
const OLDEST_SECONDS: i64 = SEEN_SECONDS - 86_400;
/// A transaction has at most 100 items, and an event may need three: its dedupe item, its day and its campaign.
const CHUNK: usize = 33;
/// How often a transaction is tried that others got in the way of.
const TRIES: u32 = 6;
/// The first pause's upper bound; it doubles with each try.
const PAUSE_MS: u64 = 20;

/// What one event adds to which day.
struct Entry<'a> {
    event_id: &'a str,
    day: String,
    counted: Counted,
}

/// Counts a batch.
pub async fn handle(env: &Env, batch: &Batch<Recorded>) -> Vec<Result<Outcome, Failure>> {
    let entries: Vec<_> = batch.iter().map(entry).collect();
    let mut first: BTreeMap<&str, &Entry<'_>> = BTreeMap::new();
    for entry in entries.iter().flatten().flatten() {
        first.entry(entry.event_id).or_insert(entry);
    }
    let wanted: Vec<&Entry<'_>> = first.into_values().collect();
    let mut counted = BTreeMap::new();
    for chunk in wanted.chunks(CHUNK) {
        let outcome = count_chunk(env, chunk).await;
        for entry in chunk {
            counted
                .insert(entry.event_id, outcome.as_ref().map_err(Clone::clone).map(|new| new.contains(entry.event_id)));
        }
    }
    outcomes(entries, &counted)
}

/// What each message is told: of several with one event, the first is the one that was counted.
fn outcomes<'a>(
    entries: Vec<Result<Option<Entry<'a>>, Failure>>,
    counted: &BTreeMap<&'a str, Result<bool, Failure>>,
) -> Vec<Result<Outcome, Failure>> {
    let mut told = BTreeSet::new();
    let mut outcome = |entry: Result<Option<Entry<'a>>, Failure>| {
        let Some(entry) = entry? else { return Ok(Outcome::Ignored("no figure tells of it")) };
        let missing = || Err(Failure::transient("not counted"));
        let is_new = counted.get(entry.event_id).cloned().unwrap_or_else(missing)?;
        let is_first = told.insert(entry.event_id);
        Ok(if is_new && is_first { Outcome::Applied } else { Outcome::Duplicate })
    };
    entries.into_iter().map(&mut outcome).collect()
}

fn entry(delivery: &Delivery<Recorded>) -> Result<Option<Entry<'_>>, Failure> {
    let recorded = &delivery.message;
    recorded.is_understood()?;
    let event = &recorded.envelope().event;
    let counted = counted(recorded.envelope())
        .map_err(|error| Failure::poison(format!("the data of {event} cannot be read: {error}")))?;
    let Some(counted) = counted else { return Ok(None) };
    let at = recorded.at().map_err(|error| Failure::poison(format!("the timestamp of {event} {error}")))?;
    if is_too_old(at, delivery.context.now) {
        return Err(Failure::poison(format!("too old to tell whether it was counted: {event} of {}", at.day())));
    }
    Ok(Some(Entry { event_id: recorded.event_id(), day: at.day(), counted }))
}

/// Whether an event of `at` could have been counted and that forgotten by `now`.
fn is_too_old(at: Timestamp, now: Timestamp) -> bool {
    now > at.plus_seconds(OLDEST_SECONDS)
}

/// Counts those of `entries` that were not counted before, in one transaction; says which they were.
async fn count_chunk<'a>(env: &Env, entries: &[&Entry<'a>]) -> Result<BTreeSet<&'a str>, Failure> {
    let table = env.config.table("reporting")?;
    let mut left: Vec<&Entry<'a>> = entries.to_vec();
    let mut ceiling_ms = PAUSE_MS;
    for _ in 0..TRIES {
        if left.is_empty() {
            return Ok(BTreeSet::new());
        }
        match env.store.commit(commit(env, table, &left)?, &Origin::default()).await {
            Ok(()) => return Ok(left.iter().map(|entry| entry.event_id).collect()),
            Err(StoreError::Lost(lost)) => match *lost {
                // The transaction names one of those counted before; there may be more.
                Lost::Other { .. } => left = unseen(env, table, left).await?,
                Lost::Append { .. } | Lost::Wallet(_) => return Err(Failure::poison("counters have no journal")),
            },
            Err(StoreError::Conflict) => {
                env.clock.sleep(Duration::from_millis(env.clock.random_below(ceiling_ms))).await;
                ceiling_ms = ceiling_ms.saturating_mul(2);
            }
            Err(error @ (StoreError::Unavailable(_) | StoreError::Refused(_))) => return Err(error.into()),
        }
    }
    Err(Failure::transient("others kept getting in the way of the counters"))
}

fn commit(env: &Env, table: &str, entries: &[&Entry<'_>]) -> Result<Commit, Failure> {
    let expires = env.clock.now().plus_seconds(SEEN_SECONDS).seconds();
    let mut commit = Commit::new();
    let mut sums: BTreeMap<(&str, Option<&str>), Counters> = BTreeMap::new();
    for entry in entries {
        let key = seen(entry.event_id);
        commit = commit.put_new(table, Item::new().text("pk", key.pk).text("sk", key.sk).number("expires", expires));
        let campaign = entry.counted.campaign.as_ref().map(|(code, counters)| (Some(code.as_str()), counters));
        for (code, counters) in [(None, &entry.counted.all)].into_iter().chain(campaign) {
            sums.entry((&entry.day, code)).or_default().add(counters).map_err(Failure::poison)?;
        }
    }
    for ((day, campaign), counters) in sums {
        let mut update = Update::of(table, shard_key(day, campaign, |shards| env.clock.random_below(shards)));
        for (counter, delta) in counters.iter() {
            update = update.add(&counter.to_string(), delta);
        }
        commit = commit.update(update);
    }
    Ok(commit)
}

async fn unseen<'b, 'a>(env: &Env, table: &str, entries: Vec<&'b Entry<'a>>) -> Result<Vec<&'b Entry<'a>>, Failure> {
    let keys: Vec<_> = entries.iter().map(|entry| (table, seen(entry.event_id))).collect();
    let found = env.store.batch(&keys).await?;
    Ok(entries.into_iter().zip(found).filter(|(_, found)| found.is_none()).map(|(entry, _)| entry).collect())
}

fn seen(event_id: &str) -> Key {
    Key::new(format!("seen#{event_id}"), "-")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(event_id: &str) -> Result<Option<Entry<'_>>, Failure> {
        Ok(Some(Entry { event_id, day: "2026-01-04".to_owned(), counted: Counters::default().into() }))
    }

    #[test]
    fn what_is_counted_is_recognised_for_as_long_as_it_would_be_counted() {
        let counted_at = Timestamp::from_millis(0);
        let forgotten_at = counted_at.plus_seconds(SEEN_SECONDS);
        assert!(is_too_old(counted_at, forgotten_at));
        assert!(!is_too_old(counted_at, counted_at.plus_seconds(18 * 86_400)));
    }

    #[test]
    fn each_message_is_told_what_became_of_its_own_event() {
        let poison = Failure::poison("unreadable");
        let entries = vec![
            entry("new"),
            entry("seen"),
            entry("new"),
            Ok(None),
            Err(poison.clone()),
            entry("late"),
            entry("late"),
        ];
        let busy = Failure::transient("busy");
        let counted = BTreeMap::from([("new", Ok(true)), ("seen", Ok(false)), ("late", Err(busy.clone()))]);
        let told = outcomes(entries, &counted);
        assert_eq!(
            told,
            vec![
                Ok(Outcome::Applied),
                Ok(Outcome::Duplicate),
                Ok(Outcome::Duplicate),
                Ok(Outcome::Ignored("no figure tells of it")),
                Err(poison),
                Err(busy.clone()),
                Err(busy),
            ]
        );
    }
}
