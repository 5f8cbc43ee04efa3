//! What identity does because of events: sessions of a deactivated account end, and a contact point is known
//! to work, or not, once a message was accepted for it or could not be delivered.

use quoin_events::types::{Channel, EmailSent, NotificationFailed, SmsSent, UserDeactivated};
use quoin_events::{BusEvent, EventData, Timestamp};
use quoin_runtime::{Delivery, Env, Failure, Outcome};
use quoin_store::Update;

use crate::accounts::{Account, Reach, profile_key, reach_attributes, table};
use crate::sessions::revoke_all;

/// What an event asks for.
#[derive(Debug, PartialEq, Eq)]
enum Task {
    EndSessions { user_id: String },
    Mark { user_id: String, channel: Channel, reach: Reach },
}

/// Handles one event. Every effect is a keyed write that is the same however often it is made.
///
/// # Errors
/// Transient or poison, as every consumer.
pub async fn handle(env: &Env, delivery: &Delivery<BusEvent>) -> Result<Outcome, Failure> {
    let Some(task) = task(delivery)? else { return Ok(Outcome::Ignored("not an event of this consumer")) };
    let at: Timestamp = delivery.event().timestamp.parse().map_err(Failure::poison)?;
    match task {
        Task::EndSessions { user_id } => {
            revoke_all(env, &user_id, at, "account deactivated").await?;
            Ok(Outcome::Applied)
        }
        Task::Mark { user_id, channel, reach } => mark(env, &user_id, channel, reach, at).await,
    }
}

fn task(delivery: &Delivery<BusEvent>) -> Result<Option<Task>, Failure> {
    let sent = |user_id, channel| Some(Task::Mark { user_id, channel, reach: Reach::Verified });
    Ok(match delivery.event().event.as_str() {
        UserDeactivated::NAME => Some(Task::EndSessions { user_id: delivery.data::<UserDeactivated>()?.user_id }),
        SmsSent::NAME => sent(delivery.data::<SmsSent>()?.user_id, Channel::Sms),
        EmailSent::NAME => sent(delivery.data::<EmailSent>()?.user_id, Channel::Email),
        NotificationFailed::NAME => {
            let failed: NotificationFailed = delivery.data()?;
            Some(Task::Mark { user_id: failed.user_id, channel: failed.channel, reach: Reach::Dead })
        }
        _ => None,
    })
}

/// Marks the contact point of a channel, unless something newer is known of it: also the change of the contact
/// point itself, so a message to the old one says nothing of the new one.
async fn mark(env: &Env, user_id: &str, channel: Channel, reach: Reach, at: Timestamp) -> Result<Outcome, Failure> {
    let Some((name, since)) = reach_attributes(channel) else {
        return Ok(Outcome::Ignored("a push message has no contact point here"));
    };
    if Account::load(env, user_id).await?.is_none() {
        return Ok(Outcome::Ignored("there is no such account"));
    }
    let update = Update::of(table(env)?, profile_key(user_id))
        .text(name, reach.as_str())
        .number(since, at.millis())
        .if_newer(since, at.millis());
    if env.store.update(update).await? {
        Ok(Outcome::Applied)
    } else {
        Ok(Outcome::Ignored("something newer is known"))
    }
}
