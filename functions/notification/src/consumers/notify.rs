//! Every event that people are told about: contact points are kept, messages are sent.

use futures_util::future::join_all;
use quoin_events::types::{UserProfileUpdated, UserRegistered};
use quoin_events::{BusEvent, EventData};
use quoin_runtime::{Batch, Delivery, Env, Failure, Outcome, each};

use crate::contact::{self, Contact};
use crate::deliver::{Addressed, deliver};
use crate::facts::{self, Fact};
use crate::preferences::Preferences;
use crate::routing::rule;
use crate::table;

/// Handles a batch at once: one slow answer of a provider takes no other message's time.
pub async fn handle_all(env: &Env, batch: &Batch<BusEvent>) -> Vec<Result<Outcome, Failure>> {
    let each_alone = batch.iter().map(async |delivery| {
        let one = std::slice::from_ref(delivery);
        each(env, one, async |env, delivery| Box::pin(handle(env, delivery)).await).await
    });
    join_all(each_alone).await.into_iter().flatten().collect()
}

/// Keeps contact points up to date and tells people of what happened.
///
/// # Errors
/// Transient or poison, as every consumer.
pub async fn handle(env: &Env, delivery: &Delivery<BusEvent>) -> Result<Outcome, Failure> {
    let event = delivery.event();
    if event.event_id().is_empty() {
        return Err(Failure::poison("the event has no id"));
    }
    match event.event.as_str() {
        UserRegistered::NAME => contact::register(env, delivery).await?,
        UserProfileUpdated::NAME => return contact::update(env, delivery).await,
        _ => {}
    }
    let mut outcomes = vec![Ok(Outcome::Ignored("nobody is told of this"))];
    for fact in facts::of(event)? {
        outcomes.extend(tell(env, delivery, &fact).await);
    }
    conclude(outcomes)
}

/// Tells one person over each of the channels that fit.
async fn tell(env: &Env, delivery: &Delivery<BusEvent>, fact: &Fact) -> Vec<Result<Outcome, Failure>> {
    let (contact, preferences) = match person(env, &fact.user_id).await {
        Ok(person) => person,
        Err(failure) => return vec![Err(failure)],
    };
    let Some(rule) = rule(&delivery.event().event, fact.template) else {
        return vec![Err(Failure::poison(format!("the template {} is in no table", fact.template)))];
    };
    let channels = rule.channels_for(&preferences);
    if channels.is_empty() {
        return vec![Ok(Outcome::Ignored("no channel that the person wants"))];
    }
    let Some(contact) = contact else { return vec![Err(contact::unknown())] };
    let key = match env.data_key(&fact.user_id).await {
        Ok(Some(key)) => key,
        Ok(None) => return vec![Ok(Outcome::Ignored("the person was erased"))],
        Err(failure) => return vec![Err(failure)],
    };
    let addressed = Addressed { fact, rule, contact: &contact, preferences: &preferences, key: &key };
    let mut outcomes = Vec::with_capacity(channels.len());
    for channel in channels {
        outcomes.push(deliver(env, delivery, &addressed, channel).await);
    }
    outcomes
}

async fn person(env: &Env, user_id: &str) -> Result<(Option<Contact>, Preferences), Failure> {
    let table = table::name(env)?;
    let rows = env.store.batch(&[(table, table::contact(user_id)), (table, table::preferences(user_id))]).await?;
    let row = |index: usize| rows.get(index).and_then(Option::as_ref);
    Ok((row(0).map(Contact::read).transpose()?, Preferences::read(row(1))?))
}

/// One outcome of all: what may still succeed is tried again, what is done stays done.
fn conclude(outcomes: Vec<Result<Outcome, Failure>>) -> Result<Outcome, Failure> {
    let rank = |outcome: &Result<Outcome, Failure>| match outcome {
        Err(Failure::Transient(_)) => 0,
        Err(Failure::Poison(_)) => 1,
        Ok(Outcome::Applied) => 2,
        Ok(Outcome::Duplicate) => 3,
        Ok(Outcome::Parked) => 4,
        Ok(Outcome::Ignored(_)) => 5,
    };
    let last = Ok(Outcome::Ignored("nobody is told of this"));
    // The latest of equals, since the first of them only stands for there being none.
    outcomes.into_iter().rev().min_by_key(rank).unwrap_or(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_still_succeed_is_tried_again_whatever_else_is_done() {
        let transient = || Err(Failure::transient("HTTP 503"));
        assert_eq!(conclude(vec![Ok(Outcome::Applied), transient()]), transient());
        assert_eq!(conclude(vec![Err(Failure::poison("x")), transient()]), transient());
        assert_eq!(conclude(vec![Ok(Outcome::Duplicate), Ok(Outcome::Applied)]), Ok(Outcome::Applied));
        let (first, second) = (Ok(Outcome::Ignored("first")), Ok(Outcome::Ignored("second")));
        assert_eq!(conclude(vec![first, second.clone()]), second);
    }
}
