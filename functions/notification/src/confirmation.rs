//! An order's confirmation: prepared, sent over each channel, and told to the order once all of them have an outcome.
//!
//! The notices are the memory of what was sent: a redelivery sends only what is still open, and finds the others
//! where they stand. So `order.confirmation_sent` follows whenever this gets to its end, also after a crash between
//! the last acceptance and the append. The stream `confirmation#<order>` lets it happen once.

use std::time::Duration;

use futures_util::future::{join_all, try_join_all};
use quoin_events::types::{Channel, OrderConfirmationSent, OrderCreated, OrderInitiated};
use quoin_events::{BusEvent, Draft, Timestamp};
use quoin_runtime::{Delivery, Env, Failure, Outcome};
use quoin_store::{Append, Commit, Head, Lost, StoreError, Stream};

use crate::contact::{self, Contact};
use crate::deliver::{Addressed, deliver};
use crate::facts::{self, Fact};
use crate::notice::{self, Standing};
use crate::order_facts::CONFIRMED;
use crate::outcomes::conclude;
use crate::person::Person;
use crate::preferences::Preferences;
use crate::prepared::Prepared;
use crate::routing::{Rule, rule};
use crate::table;

/// The channels as the event names them.
const CHANNELS: [Channel; 3] = [Channel::Sms, Channel::Push, Channel::Email];
/// How often the order's next place is looked for while others take it.
const TRIES: u64 = 8;
const PAUSE_MS: u64 = 40;

/// Prepares the confirmation of an order that was initiated.
///
/// # Errors
/// Transient while the person is not known.
pub(crate) async fn prepare(env: &Env, delivery: &Delivery<BusEvent>) -> Result<Outcome, Failure> {
    let order: OrderInitiated = facts::data(delivery.event())?;
    let Person { contact, preferences, prepared } = Person::read(env, &order.user_id, Some(&order.order_id)).await?;
    if prepared.is_some() {
        return Ok(Outcome::Duplicate);
    }
    let contact = contact.ok_or_else(contact::unknown)?;
    let prepared = Prepared::initiated(order, &contact, &preferences, confirmed()?, delivery.context.now);
    let is_new = env.store.put_new(table::name(env)?, prepared.row()?).await?;
    Ok(if is_new { Outcome::Applied } else { Outcome::Duplicate })
}

/// Sends the confirmation of an order that is final, and tells the order of it.
///
/// # Errors
/// Transient while a provider cannot be reached; poison for a template that cannot be rendered.
pub(crate) async fn send(env: &Env, delivery: &Delivery<BusEvent>) -> Result<Outcome, Failure> {
    let order: OrderCreated = facts::data(delivery.event())?;
    let Person { contact, preferences, prepared } = Person::read(env, &order.user_id, Some(&order.order_id)).await?;
    let contact = contact.ok_or_else(contact::unknown)?;
    let prepared = match prepared {
        Some(prepared) => prepared,
        None => own(env, delivery, &order, &contact, &preferences).await?,
    };
    let mut outcomes = Vec::new();
    for fact in facts::of(delivery.event())? {
        outcomes.extend(over_all(env, delivery, &fact, &contact, &preferences, &prepared).await);
    }
    let is_open = outcomes.iter().any(|outcome| matches!(outcome, Err(Failure::Transient(_))));
    if is_open && !delivery.is_last {
        return conclude(outcomes);
    }
    outcomes.push(told(env, delivery, &order).await);
    conclude(outcomes)
}

/// The confirmation of an order whose beginning has not arrived.
async fn own(
    env: &Env,
    delivery: &Delivery<BusEvent>,
    order: &OrderCreated,
    contact: &Contact,
    preferences: &Preferences,
) -> Result<Prepared, Failure> {
    let prepared = Prepared::created(order, contact, preferences, confirmed()?, delivery.context.now);
    if env.store.put_new(table::name(env)?, prepared.row()?).await? {
        return Ok(prepared);
    }
    let found = env.store.get(table::name(env)?, &table::confirmation(&order.order_id), true).await?;
    Ok(found.as_ref().map(Prepared::read).transpose()?.unwrap_or(prepared))
}

fn confirmed() -> Result<&'static Rule, Failure> {
    rule("order.created", CONFIRMED).ok_or_else(|| Failure::poison("confirmations are in no table"))
}

async fn over_all(
    env: &Env,
    delivery: &Delivery<BusEvent>,
    fact: &Fact,
    contact: &Contact,
    preferences: &Preferences,
    prepared: &Prepared,
) -> Vec<Result<Outcome, Failure>> {
    let rule = match confirmed() {
        Ok(rule) => rule,
        Err(failure) => return vec![Err(failure)],
    };
    let channels = prepared.channels(preferences, rule);
    if channels.is_empty() {
        return vec![Ok(Outcome::Ignored("no channel that the person wants"))];
    }
    let key = match env.data_key(&fact.user_id).await {
        Ok(Some(key)) => key,
        Ok(None) => return vec![Ok(Outcome::Ignored("the person was erased"))],
        Err(failure) => return vec![Err(failure)],
    };
    let language = prepared.language.as_str();
    let addressed = Addressed { fact, rule, contact, preferences, language, key: &key };
    join_all(channels.into_iter().map(|channel| deliver(env, delivery, &addressed, channel))).await
}

/// Tells the order over what its owner was told; nothing, if no provider has accepted anything.
async fn told(env: &Env, delivery: &Delivery<BusEvent>, order: &OrderCreated) -> Result<Outcome, Failure> {
    let accepted = accepted(env, delivery.event().event_id(), &order.user_id).await?;
    let Some(sent) = sent(order, &accepted, delivery.context.now) else {
        return Ok(Outcome::Ignored("no provider has accepted the confirmation"));
    };
    let stream = Stream::new("order", &order.order_id);
    for attempt in 1..=TRIES {
        let head = env.store.head(&stream).await?;
        if head.version == 0 {
            return Err(Failure::poison("there is no such order"));
        }
        let commit = telling(&sent, &head, delivery.context.now)?;
        match env.store.commit(commit, &delivery.context.origin).await {
            Ok(()) => return Ok(Outcome::Applied),
            Err(StoreError::Lost(lost)) => match *lost {
                Lost::Append { append: 0, .. } => return Ok(Outcome::Duplicate),
                // Somebody else took the order's next place.
                Lost::Append { .. } | Lost::Other { .. } | Lost::Wallet(_) => {}
            },
            Err(StoreError::Conflict) => {}
            Err(error @ (StoreError::Unavailable(_) | StoreError::Refused(_))) => return Err(error.into()),
        }
        let pause = env.clock.random_below(attempt.saturating_mul(PAUSE_MS));
        env.clock.sleep(Duration::from_millis(pause)).await;
    }
    Err(Failure::transient("others kept writing to the order"))
}

/// The notices of the confirmation that a provider has accepted, whatever became of them afterwards.
async fn accepted(env: &Env, event_id: &str, user_id: &str) -> Result<Vec<(Channel, Standing)>, Failure> {
    let standings = try_join_all(CHANNELS.map(async |channel| {
        let head = env.store.head(&notice::stream(&notice::id(event_id, channel, user_id))).await?;
        Ok::<_, StoreError>((channel, Standing::at(&head)?))
    }));
    Ok(standings.await?.into_iter().filter(|(_, standing)| standing.provider_id.is_some()).collect())
}

/// What the order is told, in the order of its channels.
fn sent(order: &OrderCreated, accepted: &[(Channel, Standing)], now: Timestamp) -> Option<OrderConfirmationSent> {
    let over = |channel: Channel| accepted.iter().find(|(over, _)| *over == channel);
    let id = |channel: Channel| over(channel).and_then(|(_, standing)| standing.provider_id.clone());
    let channels: Vec<_> = CHANNELS.into_iter().filter(|channel| over(*channel).is_some()).collect();
    if channels.is_empty() {
        return None;
    }
    Some(OrderConfirmationSent {
        order_id: order.order_id.clone(),
        user_id: order.user_id.clone(),
        channels,
        sent_at: accepted.iter().filter_map(|(_, standing)| standing.accepted_at).max().unwrap_or(now),
        sms_id: id(Channel::Sms),
        push_id: id(Channel::Push),
        email_id: id(Channel::Email),
    })
}

/// The next item of the order after `head`, and the item that lets it be written once.
fn telling(sent: &OrderConfirmationSent, head: &Head, now: Timestamp) -> Result<Commit, StoreError> {
    let once = Append::first(Stream::new("confirmation", &sent.order_id), now).state(sent)?;
    let append = Append::after(Stream::new("order", &sent.order_id), head, now);
    let event = Draft::new(sent, append.at())?;
    Ok(Commit::new().append(once).append(append.events([event])))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notice::Answer;

    fn order() -> OrderCreated {
        let sample = facts::tests::samples().into_iter().find(|event| event.event == "order.created").unwrap();
        facts::data(&sample).unwrap()
    }

    fn answered(channel: Channel, answer: &Answer, at: i64) -> (Channel, Standing) {
        let standing = Standing::SENDING.answered(answer, true).unwrap().standing;
        let accepted_at = standing.provider_id.as_ref().map(|_| Timestamp::from_millis(at));
        (channel, Standing { accepted_at, ..standing })
    }

    #[test]
    fn only_what_a_provider_accepted_is_told_in_the_order_of_the_source() {
        let accepted = |id: &str| Answer::Accepted(id.to_owned());
        let notices =
            [answered(Channel::Email, &accepted("email_1"), 7), answered(Channel::Sms, &accepted("sms_1"), 5)];
        let sent = sent(&order(), &notices, Timestamp::from_millis(9)).unwrap();
        assert_eq!(sent.channels, [Channel::Sms, Channel::Email]);
        assert_eq!(
            (sent.sms_id.as_deref(), sent.push_id, sent.email_id.as_deref()),
            (Some("sms_1"), None, Some("email_1"))
        );
        assert_eq!(sent.sent_at, Timestamp::from_millis(7));
        assert_eq!(super::sent(&order(), &[], Timestamp::default()), None);
    }

    #[test]
    fn the_order_is_told_after_its_head_and_never_before_it() {
        let accepted = answered(Channel::Push, &Answer::Accepted("push_1".to_owned()), 5);
        let sent = sent(&order(), &[accepted], Timestamp::default()).unwrap();
        let head = Head { version: 3, next_sequence: 11, at: Timestamp::from_millis(90), state: None };
        let commit = format!("{:?}", telling(&sent, &head, Timestamp::from_millis(9)).unwrap());
        for part in [r#"kind: "confirmation""#, r#"kind: "order""#, "version: 4", "first_sequence: 11", "Timestamp(90)"]
        {
            assert!(commit.contains(part), "{part}: {commit}");
        }
    }
}
