//! The consumer: boosts of the service's things, and what else credits were spent and earned for there.

use quoin_boosts::Boost;
use quoin_events::types::{
    BoostGiven, ClanContribution, CreditEarned, CreditPurchase, CreditSpent, GigPayment, TargetType,
};
use quoin_events::{BusEvent, Envelope, EventData, Timestamp};
use quoin_runtime::{Delivery, Env, Failure, Outcome};
use quoin_schedules::Schedules;
use quoin_store::{Commit, Item, StoreError};

use crate::settle::{boost_event, settle};
use crate::{Boosted, Due, rows};

/// Takes an event in.
///
/// # Errors
/// Poison for what cannot be read or is no boost; else those of the store and of the scheduler.
pub async fn consume<T: Boosted>(env: &Env, delivery: &Delivery<BusEvent>) -> Result<Outcome, Failure> {
    if delivery.event().event == boost_event(T::TARGET) {
        boosted::<T>(env, delivery).await
    } else {
        recorded::<T>(env, delivery).await
    }
}

async fn boosted<T: Boosted>(env: &Env, delivery: &Delivery<BusEvent>) -> Result<Outcome, Failure> {
    let event = delivery.event();
    let given: BoostGiven = delivery.data()?;
    let boost = Boost::told(&given, T::TARGET).map_err(|error| Failure::poison(format!("a boost {error}")))?;
    if is_forgotten(&event.event, boost.from, env.clock.now()) {
        return Ok(Outcome::Ignored("its row would have expired"));
    }
    let now = env.clock.now();
    let is_new = settle::<T>(env, &delivery.context, &boost.target_id, Some((&boost, &event.event))).await?;
    // Also of one that is known: whoever took it in may have come no further.
    schedule::<T>(env, &boost, now).await?;
    Ok(if is_new { Outcome::Applied } else { Outcome::Duplicate })
}

/// Has the target looked at when the boost counts less, or where that changes no list, when it is over. A
/// boost counts also where the scheduler refuses: what is due stands in the table, and the sweep looks there.
/// What came after `now`, before which it was settled, is called for.
async fn schedule<T: Boosted>(env: &Env, boost: &Boost, now: Timestamp) -> Result<(), Failure> {
    let schedules = Schedules::of(env, T::SCHEDULES)?;
    let id = boost.event_id.rsplit('_').next().unwrap_or_default();
    for (number, at) in (1_u8..).zip(boost.steps()) {
        let is_wanted = at > now && (T::IS_RANKED || at == boost.until());
        if is_wanted {
            let due = Due { target_id: boost.target_id.clone() };
            schedules.set(&format!("{id}-{number}"), second_after(at), &due).await?;
        }
    }
    Ok(())
}

/// Schedules are set to the second, and none is to call early.
fn second_after(at: Timestamp) -> Timestamp {
    at.plus_millis(999)
}

/// Whether a row of the event would be gone by now, so that nobody could tell whether it had been taken in.
fn is_forgotten(event: &str, at: Timestamp, now: Timestamp) -> bool {
    rows::expires(event, at) <= now.seconds()
}

async fn recorded<T: Boosted>(env: &Env, delivery: &Delivery<BusEvent>) -> Result<Outcome, Failure> {
    let event = delivery.event();
    let Some((id, at)) = whose(event, T::TARGET)? else {
        return Ok(Outcome::Ignored("it is about another service's things"));
    };
    if is_forgotten(&event.event, at, env.clock.now()) {
        return Ok(Outcome::Ignored("its row would have expired"));
    }
    if event.event_id().is_empty() {
        return Err(Failure::poison(format!("{} has no event_id", event.event)));
    }
    let row = Item::new()
        .text("pk", rows::partition::<T>(&id))
        .text("sk", format!("{at}#{}", event.event_id()))
        .text("event", event.event.clone())
        .text("data", event.data.get())
        .number("expires", rows::expires(&event.event, at));
    let commit = Commit::new().put_new(env.config.table(T::CREDITS)?, row);
    match env.store.commit(commit, &delivery.context.origin).await {
        Ok(()) => Ok(Outcome::Applied),
        Err(StoreError::Lost(_)) => Ok(Outcome::Duplicate),
        Err(error) => Err(error.into()),
    }
}

/// Whose an event is at a service of `target`s, and of when; `None` if it is nobody's there.
fn whose(event: &Envelope, target: TargetType) -> Result<Option<(String, Timestamp)>, Failure> {
    let unreadable =
        |error: serde_json::Error| Failure::poison(format!("the data of {} cannot be read: {error}", event.event));
    let is = |one: TargetType| one == target;
    Ok(match event.event.as_str() {
        CreditPurchase::NAME => {
            let told: CreditPurchase = event.data().map_err(unreadable)?;
            is(TargetType::User).then_some((told.user_id, told.timestamp))
        }
        CreditSpent::NAME => {
            let told: CreditSpent = event.data().map_err(unreadable)?;
            match target {
                TargetType::User => Some((told.user_id, told.timestamp)),
                TargetType::Gig | TargetType::Clan => is(told.target_type).then_some((told.target_id, told.timestamp)),
            }
        }
        CreditEarned::NAME => {
            let told: CreditEarned = event.data().map_err(unreadable)?;
            is(TargetType::User).then_some((told.user_id, told.timestamp))
        }
        GigPayment::NAME => {
            let told: GigPayment = event.data().map_err(unreadable)?;
            is(TargetType::Gig).then_some((told.target_id, told.timestamp))
        }
        ClanContribution::NAME => {
            let told: ClanContribution = event.data().map_err(unreadable)?;
            is(TargetType::Clan).then_some((told.target_id, told.timestamp))
        }
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spent(target_type: &str) -> Envelope {
        let text = format!(
            r#"{{"event":"credit_spent","version":"1.0","timestamp":"2026-01-04T10:17:12.567Z",
                "data":{{"type":"credit_spent","userId":"u","amount":5,"reason":"boost","targetType":"{target_type}",
                "targetId":"t","eventId":"boost_1","timestamp":"2026-01-04T10:17:12.567Z"}},
                "metadata":{{"source":"credit-service","request_id":"r"}}}}"#
        );
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn what_is_spent_is_the_spender_s_and_the_target_s() {
        for (target_type, target) in [("user", TargetType::User), ("gig", TargetType::Gig), ("clan", TargetType::Clan)]
        {
            let event = spent(target_type);
            let id = |of: TargetType| whose(&event, of).unwrap().map(|(id, _)| id);
            assert_eq!(id(TargetType::User).as_deref(), Some("u"));
            for other in [TargetType::Gig, TargetType::Clan] {
                assert_eq!(id(other).as_deref(), (other == target).then_some("t"), "{target_type}");
            }
        }
    }

    #[test]
    fn no_schedule_calls_early() {
        let at: Timestamp = "2026-01-04T10:17:12.001Z".parse().unwrap();
        assert!(second_after(at).to_string().starts_with("2026-01-04T10:17:13"));
        let even: Timestamp = "2026-01-04T10:17:12.000Z".parse().unwrap();
        assert!(second_after(even).to_string().starts_with("2026-01-04T10:17:12"));
    }
}
