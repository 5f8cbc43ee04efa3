//! Appends a link to the audit log for each event of members, their subscriptions and their payments.
//!
//! Link and mark are one transaction: the mark tells an event that comes again, the number two writers of one chain.
//! Which events are logged is said by the rules of this function and by `is_logged` for who checks the log.

use std::collections::BTreeMap;
use std::time::Duration;

use quoin_events::Origin;
use quoin_runtime::{Batch, Env, Failure, Outcome, in_its_share};
use quoin_store::{Commit, Item, Lost, Query, StoreError};
use quoin_verify::audit_log::{GENESIS, Link, Stored, chain_pk, shard_of};

use crate::Recorded;

/// How often a link is made again that another writer took the number of.
const TRIES: u64 = 12;

/// The end of a chain.
#[derive(Debug, Clone)]
struct End {
    number: u64,
    hash: String,
}

/// The ends of chains, as far as they are known; another writer may be further.
type Ends = BTreeMap<u8, End>;

/// Logs a batch, in its order.
pub async fn handle(env: &Env, batch: &Batch<Recorded>) -> Vec<Result<Outcome, Failure>> {
    let (mut ends, mut outcomes) = (Ends::new(), Vec::with_capacity(batch.len()));
    for (delivery, waiting) in batch.iter().zip((1..=batch.len()).rev()) {
        outcomes.push(in_its_share(env, delivery, waiting, logged(env, &delivery.message, &mut ends)).await);
    }
    outcomes
}

async fn logged(env: &Env, recorded: &Recorded, ends: &mut Ends) -> Result<Outcome, Failure> {
    let table = env.config.table("audit-log")?;
    let entity = recorded.entity();
    let entity = format!("{}#{}", entity.kind, entity.id);
    let shard = shard_of(&entity);
    for attempt in 1..=TRIES {
        let before = match ends.remove(&shard) {
            Some(known) => known,
            None => end(env, table, shard).await?,
        };
        let link = link(recorded, &entity, shard, &before);
        let commit = Commit::new().put_new(table, link.mark().item()).put_new(table, link.item());
        match env.store.commit(commit, &Origin::default()).await {
            Ok(()) => {
                ends.insert(shard, End { number: link.number, hash: link.hash() });
                return Ok(Outcome::Applied);
            }
            Err(StoreError::Lost(lost)) => match *lost {
                Lost::Other { item: 0, current } => return repeated(recorded, current),
                Lost::Other { .. } => {}
                Lost::Append { .. } | Lost::Wallet(_) => {
                    return Err(Failure::poison("the log has neither journal nor wallets"));
                }
            },
            Err(StoreError::Conflict) => {}
            Err(error @ (StoreError::Unavailable(_) | StoreError::Refused(_))) => return Err(error.into()),
        }
        let pause = env.clock.random_below(attempt.saturating_mul(40));
        env.clock.sleep(Duration::from_millis(pause)).await;
    }
    Err(Failure::transient("others kept taking the next number"))
}

/// What becomes of an event that has its link already.
fn repeated(recorded: &Recorded, mark: Option<Item>) -> Result<Outcome, Failure> {
    let known = mark.as_ref().and_then(|mark| mark.get_text("sha256"));
    if known == Some(recorded.sha256()) {
        return Ok(Outcome::Duplicate);
    }
    // Somebody says another thing under the same id.
    Err(Failure::poison(format!("the event {} is in the log with other contents", recorded.event_id())))
}

fn link(recorded: &Recorded, entity: &str, shard: u8, before: &End) -> Link {
    let envelope = recorded.envelope();
    Link {
        shard,
        number: before.number.saturating_add(1),
        previous: before.hash.clone(),
        event_id: recorded.event_id().to_owned(),
        event: envelope.event.clone(),
        entity: entity.to_owned(),
        sequence: recorded.sequence(),
        timestamp: envelope.timestamp.clone(),
        sha256: recorded.sha256().to_owned(),
    }
}

/// The end of a chain, read consistently.
async fn end(env: &Env, table: &str, shard: u8) -> Result<End, Failure> {
    let page = env.store.query(table, Query::of(chain_pk(shard)).descending().limit(1).consistent()).await?;
    let Some(last) = page.items.first() else { return Ok(End { number: 0, hash: GENESIS.to_owned() }) };
    let Stored { link, hash } = Stored::read(shard, last)?;
    Ok(End { number: link.number, hash })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recorded::tests::recorded;
    use quoin_verify::audit_log::is_logged;

    #[test]
    fn nothing_that_an_event_holds_is_in_its_link() {
        let place = r#","event_id":"e1","entity":{"type":"customer","id":"cust_1"},"sequence":3"#;
        let event = recorded("customer.created", "2026-01-04T10:17:12.567Z", r#"{"full_name":"secret"}"#, place);
        let link = link(&event, "customer#cust_1", 1, &End { number: 6, hash: "h".to_owned() });
        assert_eq!((link.number, link.previous.as_str(), link.sequence), (7, "h", 3));
        assert!(!format!("{:?}", link.item()).contains("secret"));
        assert_eq!(repeated(&event, Some(link.mark().item())), Ok(Outcome::Duplicate));
        let other = recorded("customer.created", "2026-01-04T10:17:12.567Z", r#"{"full_name":"other"}"#, place);
        assert!(matches!(repeated(&other, Some(link.mark().item())), Err(Failure::Poison(_))));
    }

    #[test]
    fn what_is_logged_and_what_is_looked_for_is_one_list() {
        let declared = include_str!("../../service.yaml");
        let own = declared.split("  audit-logger:").nth(1).unwrap().split("    uses:").next().unwrap();
        let rules: Vec<&str> = own.lines().map(str::trim).filter(|line| line.contains(": [")).collect();
        let topics = "- topics: [customer.events, subscription.events]";
        assert_eq!(rules, [topics, "- topics: [payment.events]", "events: [payment.processed]"]);
        for event in quoin_events::CATALOGUE {
            let is_consumed = topics.contains(event.topic.as_str()) || event.name == "payment.processed";
            assert_eq!(is_consumed, is_logged(event.name), "{}", event.name);
        }
    }
}
