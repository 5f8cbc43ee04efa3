//! Stages an example for each renewal and each cancellation of a subscription. It is made of the subscription's stream
//! up to that event, so it is the same whenever the event comes; and it is staged once.

use quoin_events::{BusEvent, Envelope};
use quoin_runtime::{Delivery, Env, Failure, Outcome};

use crate::training::{Pseudonyms, example, stage};

/// Items of a page.
const PAGE: i32 = 100;

/// Stages the example of an event.
///
/// # Errors
/// Transient or poison, as every consumer.
pub async fn handle(env: &Env, delivery: &Delivery<BusEvent>) -> Result<Outcome, Failure> {
    let event = delivery.event();
    let entity = event.metadata.entity.as_ref().filter(|entity| entity.kind == "subscription");
    let Some(entity) = entity else { return Ok(Outcome::Ignored("it is no subscription's")) };
    let names = Pseudonyms::new(&env.secret("training").await?);
    let events = events(env, &format!("subscription#{}", entity.id)).await?;
    let made = example(&names, &events, event).map_err(Failure::poison)?;
    let Some(made) = made else { return Ok(Outcome::Ignored("it is no outcome")) };
    let is_new = stage(env, env.config.table("training")?, &made).await?;
    Ok(if is_new { Outcome::Applied } else { Outcome::Duplicate })
}

/// All events of a stream, oldest first.
async fn events(env: &Env, pk: &str) -> Result<Vec<Envelope>, Failure> {
    let (mut events, mut after) = (Vec::new(), 0);
    loop {
        let page = env.store.stream_page(pk, after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(events) };
        after = last.version();
        for text in page.iter().flat_map(quoin_store::JournalItem::events) {
            events.push(serde_json::from_str(&text).map_err(Failure::poison)?);
        }
    }
}
