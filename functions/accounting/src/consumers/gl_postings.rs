//! Enters a batch of events: one transaction of the entries and of the counters of their days and months. What was
//! entered before is left out; the rest of the batch is entered all the same.
//!
//! An entry whose month was closed goes into the first one after it that is open. Every counter of a month says whether
//! it is, which the transaction requires it not to be; the list of closed months is read only where that matters.
//!
//! The rows that lead from an account to its entries are put before that. They say nothing by themselves: who follows
//! one that leads nowhere passes it over.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use quoin_events::{BusEvent, Origin};
use quoin_money::Asset;
use quoin_runtime::{Batch, ConfigError, Env, Failure, Outcome};
use quoin_store::{Commit, Item, Lost, StoreError, Update};

use crate::book::Book;
use crate::entry::Entry;
use crate::posting::{self, Terms};
use crate::{period, table};

/// A transaction has at most 100 items; each entry may bring two rows of counters along.
const CHUNK: usize = 30;
/// How often a transaction is tried that others got in the way of.
const TRIES: u32 = 6;
/// The first pause's upper bound; it doubles with each try.
const PAUSE_MS: u64 = 20;

type Posted = Result<Option<Entry>, Failure>;

/// Enters a batch.
pub async fn handle(env: &Env, batch: &Batch<BusEvent>) -> Vec<Result<Outcome, Failure>> {
    let terms = terms(env);
    let post = |event| terms.as_ref().map_err(Clone::clone).and_then(|terms| posting::of(event, terms));
    let posted: Vec<Posted> = batch.iter().map(|delivery| post(delivery.event())).collect();
    let mut first: BTreeMap<&str, &Entry> = BTreeMap::new();
    for entry in posted.iter().flatten().flatten() {
        first.entry(&entry.entry_id).or_insert(entry);
    }
    let wanted: Vec<&Entry> = first.values().copied().collect();
    let mut entered = BTreeMap::new();
    for chunk in wanted.chunks(CHUNK) {
        let outcome = enter(env, chunk).await;
        for entry in chunk {
            entered.insert(entry.entry_id.as_str(), outcome.clone().and_then(|known| known.of(entry)));
        }
    }
    // A reply that was lost makes a new entry look like a known one: better told twice than never.
    let is_entered = |entry: &&&Entry| entered.get(entry.entry_id.as_str()).is_some_and(Result::is_ok);
    let misposted = wanted.iter().filter(|entry| entry.misposted.is_some()).filter(is_entered);
    let count = u64::try_from(misposted.count()).unwrap_or(u64::MAX);
    if count > 0 {
        env.count("Misposted", count);
    }
    outcomes(&posted, &first, &entered)
}

fn terms(env: &Env) -> Result<Terms, Failure> {
    let invalid = |_| ConfigError::Invalid("TAX_PERCENT".to_owned(), "a percentage");
    Ok(Terms {
        currency: env.config.require("CURRENCY")?.to_owned(),
        scale: env.config.scales()?.of(Asset::Cash),
        tax: env.config.require("TAX_PERCENT")?.parse().map_err(invalid)?,
    })
}

/// What each message is told: of several with one entry, the first is the one that was entered.
fn outcomes<'a>(
    posted: &'a [Posted],
    first: &BTreeMap<&str, &Entry>,
    entered: &BTreeMap<&str, Result<bool, Failure>>,
) -> Vec<Result<Outcome, Failure>> {
    let mut told = BTreeSet::new();
    let mut outcome = |entry: &'a Posted| {
        let Some(entry) = entry.as_ref().map_err(Clone::clone)? else {
            return Ok(Outcome::Ignored("it posts nothing"));
        };
        let id = entry.entry_id.as_str();
        if first.get(id).is_some_and(|first| *first != entry) {
            return Err(other_posting(entry));
        }
        let missing = || Err(Failure::transient("not entered"));
        let is_new = entered.get(id).cloned().unwrap_or_else(missing)?;
        Ok(if is_new && told.insert(id) { Outcome::Applied } else { Outcome::Duplicate })
    };
    posted.iter().map(&mut outcome).collect()
}

fn other_posting(entry: &Entry) -> Failure {
    Failure::poison(format!("{} is entered as another posting", entry.entry_id))
}

/// What stood under the ids of a chunk before it was entered.
#[derive(Debug, Clone)]
struct Known(BTreeMap<String, Option<Entry>>);

impl Known {
    /// Whether `entry` is new.
    ///
    /// # Errors
    /// Poison, if another posting stands under its id.
    fn of(&self, entry: &Entry) -> Result<bool, Failure> {
        match self.0.get(&entry.entry_id) {
            None => Ok(true),
            Some(Some(stored)) if stored.is_same_posting(entry) => Ok(false),
            Some(_) => Err(other_posting(entry)),
        }
    }
}

/// Enters those of `entries` that were not entered before, in one transaction.
async fn enter(env: &Env, entries: &[&Entry]) -> Result<Known, Failure> {
    let table = table::name(env)?;
    let mut known = Known(BTreeMap::new());
    // A month that is not over is open.
    let now = period::month(env.clock.now());
    let mut closed = if entries.iter().all(|entry| period::month(entry.at) >= now) {
        BTreeSet::new()
    } else {
        closed_months(env).await?
    };
    let mut led = BTreeSet::new();
    let mut ceiling_ms = PAUSE_MS;
    for _ in 0..TRIES {
        let left = entries.iter().filter(|entry| !known.0.contains_key(&entry.entry_id));
        let left: Vec<Entry> = left.map(|entry| period::entered(entry, &closed)).collect();
        if left.is_empty() {
            return Ok(known);
        }
        lead(env, table, &left, &mut led).await?;
        match env.store.commit(commit(env, table, &left)?, &Origin::default()).await {
            Ok(()) => return Ok(known),
            Err(StoreError::Lost(lost)) => match *lost {
                // The transaction names one of those entered before, or a month that was closed; there may be more.
                Lost::Other { .. } => {
                    known = stored(env, table, entries).await?;
                    closed = closed_months(env).await?;
                }
                Lost::Append { .. } | Lost::Wallet(_) => return Err(Failure::poison("the ledger writes no wallet")),
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

async fn closed_months(env: &Env) -> Result<BTreeSet<String>, Failure> {
    Ok(period::closed(env).await?.into_iter().map(|(month, _)| month).collect())
}

/// Puts the rows that lead to `entries`, of each once for every day that it was to be entered on.
async fn lead(
    env: &Env,
    table: &str,
    entries: &[Entry],
    led: &mut BTreeSet<(String, String)>,
) -> Result<(), StoreError> {
    let new = entries.iter().filter(|entry| led.insert((entry.entry_id.clone(), entry.day())));
    let pointers: Vec<_> = new.flat_map(table::pointers).collect();
    if pointers.is_empty() { Ok(()) } else { env.store.put_all(&env.clock, table, pointers).await }
}

fn commit(env: &Env, table: &str, entries: &[Entry]) -> Result<Commit, Failure> {
    let mut commit = Commit::new();
    let mut days: BTreeMap<String, Book> = BTreeMap::new();
    for entry in entries {
        let key = table::entry(&entry.entry_id);
        commit = commit.put_new(table, Item::new().text("pk", key.pk).text("sk", key.sk).json("entry", entry)?);
        days.entry(entry.day()).or_default().post(entry).map_err(Failure::poison)?;
    }
    // Months that two days share would be named twice; a transaction may touch a row once.
    let mut rows = BTreeMap::new();
    for (day, book) in &days {
        let shard = env.clock.random_below(u64::MAX);
        for key in table::counters(day, |shards| shard.checked_rem(shards).unwrap_or(0)) {
            rows.entry(key).or_insert_with(Book::default).merge(book).map_err(Failure::poison)?;
        }
    }
    for (key, book) in rows {
        let counters = book.counters();
        let is_month = key.pk == table::MONTHS;
        let update = counters.fold(Update::of(table, key), |update, (name, sum)| update.add(&name, sum));
        if !book.is_empty() {
            // A closed month takes nothing more.
            commit = commit.update(if is_month { update.if_absent(table::CLOSED) } else { update });
        }
    }
    Ok(commit)
}

async fn stored(env: &Env, table: &str, entries: &[&Entry]) -> Result<Known, Failure> {
    let keys: Vec<_> = entries.iter().map(|entry| (table, table::entry(&entry.entry_id))).collect();
    let found = env.store.batch(&keys).await?;
    let mut known = BTreeMap::new();
    for (entry, item) in entries.iter().zip(found) {
        if let Some(item) = item {
            known.insert(entry.entry_id.clone(), item.get_json("entry")?);
        }
    }
    Ok(Known(known))
}

#[cfg(test)]
mod tests {
    use super::*;
    use quoin_events::{EntityRef, Timestamp};

    fn entry(id: &str, user_id: &str) -> Entry {
        Entry {
            entry_id: id.to_owned(),
            at: Timestamp::default(),
            event: "wallet.debited".to_owned(),
            event_id: "e".to_owned(),
            transaction_type: None,
            user_id: user_id.to_owned(),
            related_entity: EntityRef { kind: "bet".to_owned(), id: "b".to_owned() },
            legs: Vec::new(),
            tax_percent: None,
            entered_on: None,
            misposted: None,
        }
    }

    #[test]
    fn each_message_is_told_what_became_of_its_own_entry() {
        let (new, seen, other) = (entry("new", "u"), entry("seen", "u"), entry("new", "somebody else"));
        let poison = Failure::poison("unreadable");
        let posted = vec![
            Ok(Some(new.clone())),
            Ok(Some(seen.clone())),
            Ok(Some(new.clone())),
            Ok(None),
            Err(poison.clone()),
            Ok(Some(other.clone())),
        ];
        let first = BTreeMap::from([("new", &new), ("seen", &seen)]);
        let entered = BTreeMap::from([("new", Ok(true)), ("seen", Ok(false))]);
        assert_eq!(
            outcomes(&posted, &first, &entered),
            vec![
                Ok(Outcome::Applied),
                Ok(Outcome::Duplicate),
                Ok(Outcome::Duplicate),
                Ok(Outcome::Ignored("it posts nothing")),
                Err(poison),
                Err(other_posting(&other)),
            ]
        );
    }

    #[test]
    fn another_posting_under_a_known_id_is_refused() {
        let known = Known(BTreeMap::from([("a".to_owned(), Some(entry("a", "u")))]));
        assert_eq!(known.of(&entry("a", "u")), Ok(false));
        assert_eq!(known.of(&entry("b", "u")), Ok(true));
        assert!(known.of(&entry("a", "v")).is_err());
    }
}
