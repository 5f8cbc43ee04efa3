//! What identity does because of events: sessions of a deactivated account end, and a contact point is known
//! to work, or not, once a message was accepted for it or could not be delivered.

use quoin_accounts::{Account, Reach, profile_key, reach_attributes, table};
use quoin_events::types::{Channel, DeactivationReason, EmailSent, NotificationFailed, SmsSent, UserDeactivated};
use quoin_events::{BusEvent, EventData, Timestamp};
use quoin_runtime::{Delivery, Env, Failure, Outcome};
use quoin_store::{Key, Query, Update};

use crate::sessions::revoke_all;

/// What an event asks for.
#[derive(Debug, PartialEq, Eq)]
enum Task {
    EndSessions { user_id: String, is_closed: bool },
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
        Task::EndSessions { user_id, is_closed } => {
            revoke_all(env, &user_id, at, "account deactivated").await?;
            if is_closed {
                forget_devices(env, &user_id).await?;
            }
            Ok(Outcome::Applied)
        }
        Task::Mark { user_id, channel, reach } => mark(env, &user_id, channel, reach, at).await,
    }
}

fn task(delivery: &Delivery<BusEvent>) -> Result<Option<Task>, Failure> {
    let sent = |user_id, channel| Some(Task::Mark { user_id, channel, reach: Reach::Verified });
    Ok(match delivery.event().event.as_str() {
        UserDeactivated::NAME => {
            let UserDeactivated { user_id, reason, .. } = delivery.data()?;
            Some(Task::EndSessions { user_id, is_closed: reason == DeactivationReason::Closed })
        }
        SmsSent::NAME => sent(delivery.data::<SmsSent>()?.user_id, Channel::Sms),
        EmailSent::NAME => sent(delivery.data::<EmailSent>()?.user_id, Channel::Email),
        NotificationFailed::NAME => {
            let failed: NotificationFailed = delivery.data()?;
            Some(Task::Mark { user_id: failed.user_id, channel: failed.channel, reach: Reach::Dead })
        }
        _ => None,
    })
}

/// Deletes what the devices of an account are known again by: nobody signs in from them any more.
async fn forget_devices(env: &Env, user_id: &str) -> Result<(), Failure> {
    let (table, pk, mut after) = (table(env)?, format!("user#{user_id}"), None);
    loop {
        let page = env.store.query(table, Query::of(&pk).begins_with("device#").after(after).consistent()).await?;
        for item in &page.items {
            env.store.delete(table, &Key::new(&pk, item.require_text("sk")?)).await?;
        }
        after = page.next;
        if after.is_none() {
            return Ok(());
        }
    }
}

/// Marks the contact point of a channel, unless something newer is known of it: also the change of the contact
/// point itself, so a message to the old one says nothing of the new one. A profile that is gone stays gone.
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
        .if_below(since, at.millis());
    if env.store.update(update).await? {
        Ok(Outcome::Applied)
    } else {
        Ok(Outcome::Ignored("something newer is known"))
    }
}
