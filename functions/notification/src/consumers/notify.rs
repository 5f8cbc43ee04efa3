//! Every event that people are told about: contact points are kept, messages are sent.

use futures_util::future::join_all;
use quoin_events::types::{
    CustomerCreated, CustomerRegistered, OrderCreated, OrderInitiated, UserProfileUpdated, UserRegistered,
};
use quoin_events::{BusEvent, EventData};
use quoin_runtime::{Batch, Delivery, Env, Failure, Outcome, each};

use crate::confirmation;
use crate::contact;
use crate::deliver::{Addressed, deliver};
use crate::facts::{self, Fact};
use crate::outcomes::conclude;
use crate::person::{self, Person};
use crate::routing::rule;

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
        CustomerCreated::NAME => return contact::begin(env, delivery).await,
        CustomerRegistered::NAME => contact::join(env, delivery).await?,
        UserProfileUpdated::NAME => return contact::update(env, delivery).await,
        OrderInitiated::NAME => return confirmation::prepare(env, delivery).await,
        OrderCreated::NAME => return confirmation::send(env, delivery).await,
        _ => {}
    }
    let mut outcomes = vec![Ok(Outcome::Ignored("nobody is told of this"))];
    for fact in facts::of(event)? {
        outcomes.extend(tell(env, delivery, fact).await);
    }
    conclude(outcomes)
}

/// Tells one person over each of the channels that fit.
async fn tell(env: &Env, delivery: &Delivery<BusEvent>, fact: Fact) -> Vec<Result<Outcome, Failure>> {
    let Person { contact, preferences, prepared } =
        match Person::read(env, &fact.user_id, fact.order_id.as_deref()).await {
            Ok(person) => person,
            Err(failure) => return vec![Err(failure)],
        };
    let fact = match prepared {
        Some(prepared) => fact.at_merchant(&prepared.merchant_name),
        None => fact,
    };
    let Some(rule) = rule(&delivery.event().event, fact.template) else {
        return vec![Err(Failure::poison(format!("the template {} is in no table", fact.template)))];
    };
    let channels = rule.channels_for(&preferences, contact.as_ref().is_none_or(|contact| contact.phone.is_some()));
    if channels.is_empty() {
        return vec![Ok(Outcome::Ignored("no channel that the person wants"))];
    }
    let Some(contact) = contact else { return vec![Err(contact::unknown())] };
    let key = match env.data_key(&fact.user_id).await {
        Ok(Some(key)) => key,
        Ok(None) => return vec![Ok(Outcome::Ignored("the person was erased"))],
        Err(failure) => return vec![Err(failure)],
    };
    let language = person::language(&contact, &preferences);
    let (fact, contact, preferences, key) = (&fact, &contact, &preferences, &key);
    let addressed = Addressed { fact, rule, contact, preferences, language, key };
    let mut outcomes = Vec::with_capacity(channels.len());
    for channel in channels {
        outcomes.push(deliver(env, delivery, &addressed, channel).await);
    }
    outcomes
}
