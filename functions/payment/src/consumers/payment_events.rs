//! The payments that are open, from the service's own events, and the proof that people were told of
//! theirs, from the notifications about them.

use quoin_events::types::{
    DepositFailed, DepositFailure, DepositInitiated, DepositSuccess, EmailSent, NotificationFailed,
    PushNotificationSent, SmsSent,
};
use quoin_events::{BusEvent, EventData, Topic, event_type};
use quoin_runtime::{Delivery, Env, Failure, Outcome, open_key};
use quoin_store::Item;
use serde::Deserialize;

use crate::open;

/// How long the proof is kept: as long as the catalogue keeps copies of notifications.
const NOTICE_SECONDS: i64 = 90 * 86_400;

#[derive(Deserialize)]
struct About {
    payment_id: String,
}

#[derive(Deserialize)]
struct Notice {
    notification_id: String,
    about_event: String,
    about_event_id: String,
}

/// Follows a payment, or a notification about one.
///
/// # Errors
/// Transient or poison, as every consumer.
pub async fn handle(env: &Env, delivery: &Delivery<BusEvent>) -> Result<Outcome, Failure> {
    let table = env.config.table("payment")?;
    match delivery.event().event.as_str() {
        DepositInitiated::NAME => {
            let About { payment_id } = delivery.data()?;
            // An event that came after the end of its payment leaves a row; the sweeper takes it away.
            let is_new = env.store.put_new(table, open::row(&payment_id, &delivery.event().timestamp)).await?;
            Ok(if is_new { Outcome::Applied } else { Outcome::Duplicate })
        }
        DepositFailed::NAME if !is_decided(delivery.data::<DepositFailed>()?.failure_reason) => {
            Ok(Outcome::Ignored("expired, which the provider has not said: the sweeper goes on asking"))
        }
        DepositSuccess::NAME | DepositFailed::NAME => {
            let About { payment_id } = delivery.data()?;
            env.store.delete(table, &open_key(&payment_id)).await?;
            env.store.delete(table, &open::aside_key(&payment_id)).await?;
            Ok(Outcome::Applied)
        }
        SmsSent::NAME | EmailSent::NAME | PushNotificationSent::NAME | NotificationFailed::NAME => {
            let notice: Notice = delivery.data()?;
            if event_type(&notice.about_event).is_none_or(|about| about.topic != Topic::Payment) {
                return Ok(Outcome::Ignored("not about a payment"));
            }
            let event = delivery.event();
            let expires = delivery.context.now.plus_seconds(NOTICE_SECONDS).seconds();
            let row = Item::new()
                .text("pk", format!("notice#{}", notice.about_event_id))
                .text("sk", format!("{}#{}", notice.notification_id, event.event))
                .text("about_event", notice.about_event)
                .text("event_id", event.event_id())
                .text("at", event.timestamp.clone())
                .number("expires", expires);
            let is_new = env.store.put_new(table, row).await?;
            Ok(if is_new { Outcome::Applied } else { Outcome::Duplicate })
        }
        _ => Ok(Outcome::Ignored("neither a payment nor a notification")),
    }
}

/// Whether it is the provider who says so.
const fn is_decided(failure: DepositFailure) -> bool {
    match failure {
        DepositFailure::Declined => true,
        DepositFailure::Expired => false,
    }
}
