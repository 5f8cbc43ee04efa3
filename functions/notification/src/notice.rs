//! A notice: one message to one person over one channel about one event, as its stream tells it.
//!
//! `sending` is recorded before the provider is called. From there the provider's answer leads to `sent`
//! or `refused`, the end of all retries to `exhausted`, and a delivery receipt to `delivered` or
//! `undelivered`. Everything is idempotent: what changes nothing is not written.

use quoin_events::types::{Channel, EmailSent, NotificationFailed, PushNotificationSent, SmsSent};
use quoin_events::{Draft, Timestamp};
use quoin_store::{Stream, derived_id};
use serde::{Deserialize, Serialize};

/// How far a notice is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "NoticeStatus"))]
#[serde(rename_all = "snake_case")]
pub(crate) enum Status {
    /// The intent is recorded; whether the provider has it is not.
    Sending,
    /// The provider has accepted it.
    Sent,
    /// It has arrived.
    Delivered,
    /// The provider will never accept it.
    Refused,
    /// The provider could not be reached as often as it is tried.
    Exhausted,
    /// The provider accepted it and could not deliver it.
    Undelivered,
}

impl Status {
    /// The wire name.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Sending => "sending",
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Refused => "refused",
            Self::Exhausted => "exhausted",
            Self::Undelivered => "undelivered",
        }
    }
}

/// A notice without what it says, which is personal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Notice {
    /// Its id, and the provider's idempotency key.
    pub(crate) notification_id: String,
    /// How far it is.
    pub(crate) status: Status,
    /// To whom.
    pub(crate) user_id: String,
    /// Over what.
    pub(crate) channel: Channel,
    /// The template it is made from.
    pub(crate) template: String,
    /// The language it is in.
    pub(crate) language: String,
    /// The event it tells about.
    pub(crate) about_event: String,
    /// That event's id.
    pub(crate) about_event_id: String,
    /// Sort key of its row in the person's list.
    pub(crate) listed_at: String,
    /// The provider's own id of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) provider_id: Option<String>,
    /// When the provider's acceptance became known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) accepted_at: Option<Timestamp>,
    /// Why it failed, without personal data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) failure_reason: Option<String>,
}

/// What the provider answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    /// It has accepted the message and calls it so.
    Accepted(String),
    /// It will never accept it, for this reason.
    Refused(String),
    /// It may accept it later.
    Unavailable(String),
}

/// What a delivery receipt says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Receipt {
    /// The message has arrived.
    Delivered,
    /// It has not and will not, for this reason.
    Failed(String),
}

/// What a change of a notice tells the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Told {
    /// Nothing.
    Nothing,
    /// That the provider accepted it.
    Sent,
    /// That it failed.
    Failed,
}

/// A changed notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Change {
    /// The notice afterwards.
    pub(crate) notice: Notice,
    /// What is told about it.
    pub(crate) told: Told,
}

/// The id of the notice about the event `event_id` to `user_id` over `channel`: always the same.
pub(crate) fn id(event_id: &str, channel: Channel, user_id: &str) -> String {
    derived_id("ntf", &[event_id, channel.as_str(), user_id])
}

/// The stream of the notice `notification_id`.
pub(crate) fn stream(notification_id: &str) -> Stream {
    Stream::new("notice", notification_id)
}

impl Notice {
    /// Whether the provider is to be called: nothing final is known. What was given up is tried again
    /// when its event is sent again from the dead letters.
    pub(crate) const fn wants_sending(&self) -> bool {
        match self.status {
            Status::Sending | Status::Exhausted => true,
            Status::Sent | Status::Delivered | Status::Refused | Status::Undelivered => false,
        }
    }

    fn now(&self, status: Status) -> Self {
        Self { status, failure_reason: None, ..self.clone() }
    }

    fn failed(&self, status: Status, reason: &str) -> Change {
        let notice = Self { failure_reason: Some(reason.to_owned()), ..self.now(status) };
        Change { notice, told: Told::Failed }
    }

    /// What the provider's answer changes; `None` if the message is to be sent again later.
    pub(crate) fn answered(&self, answer: &Answer, is_last: bool) -> Option<Change> {
        match answer {
            Answer::Accepted(provider_id) => {
                let notice = Self { provider_id: Some(provider_id.clone()), ..self.now(Status::Sent) };
                Some(Change { notice, told: Told::Sent })
            }
            Answer::Refused(reason) => Some(self.failed(Status::Refused, reason)),
            Answer::Unavailable(reason) => {
                let is_news = is_last && self.status != Status::Exhausted;
                is_news.then(|| self.failed(Status::Exhausted, reason))
            }
        }
    }

    /// What a delivery receipt changes; `None` for nothing. `provider_id` is what the provider calls it.
    pub(crate) fn received(&self, receipt: &Receipt, provider_id: Option<&str>) -> Option<Change> {
        match (self.status, receipt) {
            // A receipt that overtakes the provider's answer proves that it accepted the message.
            (Status::Sending | Status::Exhausted, Receipt::Delivered) => {
                let known = provider_id.unwrap_or(&self.notification_id).to_owned();
                let notice = Self { provider_id: Some(known), ..self.now(Status::Delivered) };
                Some(Change { notice, told: Told::Sent })
            }
            (Status::Sent, Receipt::Delivered) => {
                Some(Change { notice: self.now(Status::Delivered), told: Told::Nothing })
            }
            // A delivered e-mail may still bounce.
            (Status::Sending | Status::Exhausted | Status::Sent | Status::Delivered, Receipt::Failed(reason)) => {
                Some(self.failed(Status::Undelivered, reason))
            }
            (Status::Delivered | Status::Undelivered | Status::Refused, Receipt::Delivered)
            | (Status::Undelivered | Status::Refused, Receipt::Failed(_)) => None,
        }
    }

    /// The event that tells of `told`, if any.
    ///
    /// # Errors
    /// If it cannot be written as JSON.
    pub(crate) fn event(&self, told: Told, at: Timestamp) -> Result<Option<Draft>, serde_json::Error> {
        let draft = match (told, self.channel) {
            (Told::Nothing, _) => return Ok(None),
            (Told::Failed, channel) => Draft::new(&self.failure(channel), at),
            (Told::Sent, Channel::Sms) => Draft::new(&self.sms(), at),
            (Told::Sent, Channel::Email) => Draft::new(&self.email(), at),
            (Told::Sent, Channel::Push) => Draft::new(&self.push(), at),
        };
        draft.map(Some)
    }

    fn failure(&self, channel: Channel) -> NotificationFailed {
        NotificationFailed {
            notification_id: self.notification_id.clone(),
            user_id: self.user_id.clone(),
            channel,
            template: self.template.clone(),
            failure_reason: self.failure_reason.clone().unwrap_or_default(),
            about_event: self.about_event.clone(),
            about_event_id: self.about_event_id.clone(),
        }
    }
}

/// The three events of an accepted message have the same fields.
macro_rules! sent {
    ($name:ident, $event:ident) => {
        impl Notice {
            fn $name(&self) -> $event {
                $event {
                    notification_id: self.notification_id.clone(),
                    user_id: self.user_id.clone(),
                    template: self.template.clone(),
                    language: self.language.clone(),
                    provider_id: self.provider_id.clone().unwrap_or_default(),
                    about_event: self.about_event.clone(),
                    about_event_id: self.about_event_id.clone(),
                }
            }
        }
    };
}
sent!(sms, SmsSent);
sent!(email, EmailSent);
sent!(push, PushNotificationSent);

/// A reason that an outside party gave, if it is a bare code; anything longer may quote a person's data.
pub(crate) fn code(reason: Option<&str>) -> Option<String> {
    let is_code = |text: &&str| {
        (1..=64).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'_' || byte == b'-')
    };
    reason.filter(is_code).map(str::to_owned)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A notice that is being sent.
    pub(crate) fn sending() -> Notice {
        Notice {
            notification_id: id("e", Channel::Sms, "u"),
            status: Status::Sending,
            user_id: "u".to_owned(),
            channel: Channel::Sms,
            template: "welcome".to_owned(),
            language: "en".to_owned(),
            about_event: "UserRegistered".to_owned(),
            about_event_id: "e".to_owned(),
            listed_at: "t#n".to_owned(),
            provider_id: None,
            accepted_at: None,
            failure_reason: None,
        }
    }

    #[test]
    fn one_event_has_one_notice_per_person_and_channel() {
        assert_eq!(id("e", Channel::Sms, "u"), id("e", Channel::Sms, "u"));
        assert_ne!(id("e", Channel::Sms, "u"), id("e", Channel::Email, "u"));
        assert_ne!(id("e", Channel::Sms, "u"), id("e", Channel::Sms, "v"));
    }

    #[test]
    fn a_refusal_is_final_and_a_failure_only_at_the_last_try() {
        let refused = sending().answered(&Answer::Refused("HTTP 422".to_owned()), false).unwrap();
        assert_eq!((refused.notice.status, refused.told), (Status::Refused, Told::Failed));
        let unavailable = Answer::Unavailable("HTTP 503".to_owned());
        assert_eq!(sending().answered(&unavailable, false), None);
        let given_up = sending().answered(&unavailable, true).unwrap();
        assert_eq!((given_up.notice.status, given_up.told), (Status::Exhausted, Told::Failed));
        assert!(given_up.notice.wants_sending() && !refused.notice.wants_sending());
    }

    #[test]
    fn only_bare_codes_are_taken_from_an_outside_party() {
        assert_eq!(code(Some("unknown_subscriber")).as_deref(), Some("unknown_subscriber"));
        for reason in ["+491701234567", "no such user jane@example.com", "Jane Doe", "", "a1"] {
            assert_eq!(code(Some(reason)), None, "{reason}");
        }
    }

    #[derive(Debug, Clone)]
    enum Step {
        Answer(Answer, bool),
        Receipt(Receipt),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            Just(Step::Answer(Answer::Accepted("m".to_owned()), false)),
            Just(Step::Answer(Answer::Refused("r".to_owned()), false)),
            any::<bool>().prop_map(|last| Step::Answer(Answer::Unavailable("u".to_owned()), last)),
            Just(Step::Receipt(Receipt::Delivered)),
            Just(Step::Receipt(Receipt::Failed("f".to_owned()))),
        ]
    }

    proptest! {
        #[test]
        fn whatever_happens_it_is_told_as_sent_at_most_once(steps in prop::collection::vec(step(), 0..12)) {
            let (mut notice, mut sent) = (sending(), 0_u32);
            for step in steps {
                let change = match step {
                    Step::Answer(answer, last) if notice.wants_sending() => notice.answered(&answer, last),
                    Step::Answer(_, _) => None,
                    Step::Receipt(receipt) => notice.received(&receipt, Some("m")),
                };
                let Some(change) = change else { continue };
                prop_assert_ne!(&change.notice, &notice, "what changes nothing is not written");
                sent = sent.saturating_add(u32::from(change.told == Told::Sent));
                let event = change.notice.event(change.told, Timestamp::default()).unwrap();
                prop_assert_eq!(event.is_none(), change.told == Told::Nothing);
                notice = change.notice;
                // A repetition of a receipt changes nothing.
                match notice.status {
                    Status::Delivered => prop_assert_eq!(notice.received(&Receipt::Delivered, Some("m")), None),
                    Status::Undelivered => {
                        prop_assert_eq!(notice.received(&Receipt::Failed("f".to_owned()), Some("m")), None);
                    }
                    Status::Sending | Status::Sent | Status::Refused | Status::Exhausted => {}
                }
            }
            prop_assert!(sent <= 1);
        }
    }
}
