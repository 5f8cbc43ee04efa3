//! The activity log: a row per person and event. Rows are keyed by the event, so a second delivery writes the same
//! again and needs no dedupe, and the order of arrival does not matter.

use quoin_events::{BusEvent, Envelope, event_type};
use quoin_runtime::{Batch, Env, Failure, Outcome};
use quoin_store::{Item, Key, StoreError};

use crate::activity::{self, Done};
use crate::table;

/// Days that a row is kept of an event that the catalogue does not list.
const UNLISTED_DAYS: u16 = 90;
const DAY_SECONDS: i64 = 86_400;

/// Writes the rows of a batch.
pub async fn handle(env: &Env, batch: &Batch<BusEvent>) -> Vec<Result<Outcome, Failure>> {
    let table = match table::name(env) {
        Ok(table) => table,
        Err(error) => return vec![Err(error.into()); batch.len()],
    };
    let rows: Vec<Result<Vec<Item>, Failure>> = batch.iter().map(|delivery| rows(delivery.event())).collect();
    let all = rows.iter().flatten().flatten().cloned().collect();
    match env.store.put_all(&env.clock, table, all).await {
        Ok(()) => rows.into_iter().map(outcome).collect(),
        // One item that the table will not take must not keep the others out.
        Err(StoreError::Refused(_)) if batch.len() > 1 => {
            let mut outcomes = Vec::with_capacity(rows.len());
            for rows in rows {
                outcomes.push(alone(env, table, rows).await);
            }
            outcomes
        }
        Err(error) => {
            let failure = Failure::from(error);
            rows.into_iter().map(|rows| rows.and(Err(failure.clone()))).collect()
        }
    }
}

async fn alone(env: &Env, table: &str, rows: Result<Vec<Item>, Failure>) -> Result<Outcome, Failure> {
    let rows = rows?;
    env.store.put_all(&env.clock, table, rows.clone()).await?;
    outcome(Ok(rows))
}

fn outcome(rows: Result<Vec<Item>, Failure>) -> Result<Outcome, Failure> {
    Ok(if rows?.is_empty() { Outcome::Ignored("nothing that a person did") } else { Outcome::Applied })
}

/// The rows of an event.
///
/// # Errors
/// Poison, if the event is not as its type has it.
fn rows(event: &Envelope) -> Result<Vec<Item>, Failure> {
    let days = event_type(&event.event).map_or(UNLISTED_DAYS, |known| known.retention_days);
    activity::of(event)?.iter().map(|done| row(done, days)).collect()
}

fn row((user_id, activity): &Done, days: u16) -> Result<Item, Failure> {
    let key = Key::new(table::activity(user_id), table::at(activity.at, &activity.event_id));
    let expires = activity.at.plus_seconds(i64::from(days).saturating_mul(DAY_SECONDS)).seconds();
    Ok(table::item(key).json("activity", activity)?.number("expires", expires))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::activity::tests::samples;

    #[test]
    fn a_row_is_keyed_by_its_event_and_goes_with_the_catalogues_retention() {
        let find = |name: &str| samples().into_iter().find(|event| event.event == name).unwrap();
        let created = rows(&find("order.created")).unwrap().remove(0);
        assert_eq!(created.get_text("pk"), Some("user#user_789"));
        assert_eq!(created.get_text("sk"), Some("2026-01-04T10:17:15.456Z#e7b643e5-6558-5928-b03b-4575c3063d0b"));
        let days = |row: &Item, event: &Envelope| {
            let at: quoin_events::Timestamp = event.timestamp.parse().unwrap();
            (row.get_number("expires").unwrap() - at.seconds()) / DAY_SECONDS
        };
        for (name, kept) in [("order.created", 365), ("order.initiated", 30), ("wallet.debited", 90)] {
            let event = find(name);
            assert_eq!(days(&rows(&event).unwrap()[0], &event), kept, "{name}");
        }
        assert_eq!(rows(&find("wallet.transferred")).unwrap().len(), 2);
    }
}
