//! Joins what people have to do with boosts, gigs and clans. Events may come in any order and more than once: a row is
//! what its events tell together. Who was forgotten has no rows from then on.

use quoin_events::types::UserErased;
use quoin_events::{BusEvent, Envelope, EventData, Timestamp, event_type};
use quoin_runtime::{Delivery, Env, Failure, Outcome};

use crate::overview;

const DAY_SECONDS: i64 = 86_400;

/// Takes an event in.
///
/// # Errors
/// Poison for what cannot be read or is no boost; else those of the store.
pub async fn handle(env: &Env, delivery: &Delivery<BusEvent>) -> Result<Outcome, Failure> {
    let event = delivery.event();
    let is_new = if event.event == UserErased::NAME {
        let UserErased { user_id } = delivery.data()?;
        overview::forget(env, &delivery.context, &user_id).await?
    } else {
        let told = overview::told(event)?;
        if told.is_empty() {
            return Ok(Outcome::Ignored("not an event of this consumer"));
        }
        // What would make it nothing new may have expired.
        if is_forgotten(event, env.clock.now())? {
            return Ok(Outcome::Ignored("no copy of it should be left"));
        }
        overview::project(env, &delivery.context, &told).await?
    };
    Ok(if is_new { Outcome::Applied } else { Outcome::Duplicate })
}

fn is_forgotten(event: &Envelope, now: Timestamp) -> Result<bool, Failure> {
    let at: Timestamp = event.timestamp.parse().map_err(|error| Failure::poison(format!("the timestamp {error}")))?;
    let days = event_type(&event.event).map_or(0, |known| known.retention_days);
    Ok(at.plus_seconds(i64::from(days).saturating_mul(DAY_SECONDS)) <= now)
}
