//! A notice: one message to one person over one channel about one event.
//!
//! Its row in the person's list is written before the provider is called, and is the record of the intent: `sending`.
//! From there the provider's answer leads to `sent` or `refused`, the end of all retries to `exhausted`, and a delivery
//! receipt to `delivered` or `undelivered`. With the first of these its stream begins. Everything is idempotent: what
//! changes nothing is not written.

use quoin_events::types::{Channel, EmailSent, NotificationFailed, PushNotificationSent, SmsSent};
use quoin_events::{Draft, Timestamp};
use quoin_store::{Head, Item, StoreError, Stream, derived_id};
use serde::{Deserialize, Serialize};

use crate::reference::Reference;

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
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Notice {
    /// Its id, its person and its moment: the key of its row.
    pub(crate) reference: Reference,
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
}

/// How far a notice is: the state of its stream. Everything else stands in its row and in its events, and a state that
/// repeated it would not fit into the same write unit with them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Standing {
    /// How far it is.
    pub(crate) status: Status,
    /// The provider's own id of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) provider_id: Option<String>,
    /// When the provider's acceptance became known; not written where that is the moment of the item.
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

/// A change of how far a notice is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Change {
    /// How far it is afterwards.
    pub(crate) standing: Standing,
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

impl Standing {
    /// Of a notice whose stream has not begun.
    pub(crate) const SENDING: Self =
        Self { status: Status::Sending, provider_id: None, accepted_at: None, failure_reason: None };

    /// What the stream that ends at `head` says.
    ///
    /// # Errors
    /// If the stream's state cannot be read.
    pub(crate) fn at(head: &Head) -> Result<Self, StoreError> {
        let Some(state) = head.state.as_deref() else { return Ok(Self::SENDING) };
        let mut standing: Self = serde_json::from_str(state)?;
        if standing.status == Status::Sent {
            standing.accepted_at.get_or_insert(head.at);
        }
        Ok(standing)
    }

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
        let standing = Self { failure_reason: Some(reason.to_owned()), ..self.now(status) };
        Change { standing, told: Told::Failed }
    }

    /// What the provider's answer changes; `None` if the message is to be sent again later.
    pub(crate) fn answered(&self, answer: &Answer, is_last: bool) -> Option<Change> {
        match answer {
            Answer::Accepted(provider_id) => {
                let standing = Self { provider_id: Some(provider_id.clone()), ..self.now(Status::Sent) };
                Some(Change { standing, told: Told::Sent })
            }
            Answer::Refused(reason) => Some(self.failed(Status::Refused, reason)),
            Answer::Unavailable(reason) => {
                let is_news = is_last && self.status != Status::Exhausted;
                is_news.then(|| self.failed(Status::Exhausted, reason))
            }
        }
    }

    /// What a delivery receipt changes; `None` for nothing. `provider_id` is what the provider calls it.
    pub(crate) fn received(&self, receipt: &Receipt, provider_id: &str) -> Option<Change> {
        match (self.status, receipt) {
            // A receipt that overtakes the provider's answer proves that it accepted the message.
            (Status::Sending | Status::Exhausted, Receipt::Delivered) => {
                let standing = Self { provider_id: Some(provider_id.to_owned()), ..self.now(Status::Delivered) };
                Some(Change { standing, told: Told::Sent })
            }
            (Status::Sent, Receipt::Delivered) => {
                Some(Change { standing: self.now(Status::Delivered), told: Told::Nothing })
            }
            // A delivered e-mail may still bounce.
            (Status::Sending | Status::Exhausted | Status::Sent | Status::Delivered, Receipt::Failed(reason)) => {
                Some(self.failed(Status::Undelivered, reason))
            }
            (Status::Delivered | Status::Undelivered | Status::Refused, Receipt::Delivered)
            | (Status::Undelivered | Status::Refused, Receipt::Failed(_)) => None,
        }
    }
}

impl Notice {
    /// The notice that `row` and its key tell of.
    ///
    /// # Errors
    /// If something is missing that every row has.
    pub(crate) fn read(reference: &Reference, row: &Item) -> Result<Self, StoreError> {
        let text = |name: &str| row.require_text(name).map(str::to_owned);
        Ok(Self {
            reference: reference.clone(),
            channel: serde_json::from_value(row.require_text("channel")?.into())?,
            template: text("template")?,
            language: text("language")?,
            about_event: text("about_event")?,
            about_event_id: text("about_event_id")?,
        })
    }

    /// The event that tells of `change`, if any.
    ///
    /// # Errors
    /// If it cannot be written as JSON.
    pub(crate) fn event(&self, change: &Change, at: Timestamp) -> Result<Option<Draft>, serde_json::Error> {
        let standing = &change.standing;
        let draft = match (change.told, self.channel) {
            (Told::Nothing, _) => return Ok(None),
            (Told::Failed, channel) => Draft::new(&self.failure(channel, standing), at),
            (Told::Sent, Channel::Sms) => Draft::new(&self.sms(standing), at),
            (Told::Sent, Channel::Email) => Draft::new(&self.email(standing), at),
            (Told::Sent, Channel::Push) => Draft::new(&self.push(standing), at),
        };
        draft.map(Some)
    }

    fn failure(&self, channel: Channel, standing: &Standing) -> NotificationFailed {
        NotificationFailed {
            notification_id: self.reference.notification_id.clone(),
            user_id: self.reference.user_id.clone(),
            channel,
            template: self.template.clone(),
            failure_reason: standing.failure_reason.clone().unwrap_or_default(),
            about_event: self.about_event.clone(),
            about_event_id: self.about_event_id.clone(),
        }
    }
}

/// The three events of an accepted message have the same fields.
macro_rules! sent {
    ($name:ident, $event:ident) => {
        impl Notice {
            fn $name(&self, standing: &Standing) -> $event {
                $event {
                    notification_id: self.reference.notification_id.clone(),
                    user_id: self.reference.user_id.clone(),
                    template: self.template.clone(),
                    language: self.language.clone(),
                    provider_id: standing.provider_id.clone().unwrap_or_default(),
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

    /// A notice of `channel`.
    pub(crate) fn notice(channel: Channel) -> Notice {
        let reference = Reference {
            notification_id: id("e", channel, "u"),
            user_id: "u".to_owned(),
            about_at: Timestamp::from_millis(5),
        };
        Notice {
            reference,
            channel,
            template: "welcome".to_owned(),
            language: "en".to_owned(),
            about_event: "UserRegistered".to_owned(),
            about_event_id: "e".to_owned(),
        }
    }

    #[test]
    fn one_event_has_one_notice_per_person_and_channel() {
        assert_eq!(id("e", Channel::Sms, "u"), id("e", Channel::Sms, "u"));
        assert_ne!(id("e", Channel::Sms, "u"), id("e", Channel::Email, "u"));
        assert_ne!(id("e", Channel::Sms, "u"), id("e", Channel::Sms, "v"));
    }

    #[test]
    fn the_moment_of_acceptance_is_that_of_its_item_and_stays() {
        let head = |at: i64, state: &str| Head {
            version: 1,
            next_sequence: 2,
            at: Timestamp::from_millis(at),
            state: Some(state.to_owned()),
        };
        let sent = Standing::at(&head(5, r#"{"status":"sent","provider_id":"m"}"#)).unwrap();
        assert_eq!(sent.accepted_at, Some(Timestamp::from_millis(5)));
        let delivered = sent.received(&Receipt::Delivered, "m").unwrap().standing;
        let delivered = Standing::at(&head(9, &serde_json::to_string(&delivered).unwrap())).unwrap();
        assert_eq!(delivered.accepted_at, Some(Timestamp::from_millis(5)));
        assert_eq!(Standing::at(&Head::none()).unwrap(), Standing::SENDING);
    }

    #[test]
    fn a_refusal_is_final_and_a_failure_only_at_the_last_try() {
        let refused = Standing::SENDING.answered(&Answer::Refused("HTTP 422".to_owned()), false).unwrap();
        assert_eq!((refused.standing.status, refused.told), (Status::Refused, Told::Failed));
        let unavailable = Answer::Unavailable("HTTP 503".to_owned());
        assert_eq!(Standing::SENDING.answered(&unavailable, false), None);
        let given_up = Standing::SENDING.answered(&unavailable, true).unwrap();
        assert_eq!((given_up.standing.status, given_up.told), (Status::Exhausted, Told::Failed));
        assert!(given_up.standing.wants_sending() && !refused.standing.wants_sending());
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
            let (notice, mut standing, mut sent) = (notice(Channel::Sms), Standing::SENDING, 0_u32);
            for step in steps {
                let change = match step {
                    Step::Answer(answer, last) if standing.wants_sending() => standing.answered(&answer, last),
                    Step::Answer(_, _) => None,
                    Step::Receipt(receipt) => standing.received(&receipt, "m"),
                };
                let Some(change) = change else { continue };
                prop_assert_ne!(&change.standing, &standing, "what changes nothing is not written");
                sent = sent.saturating_add(u32::from(change.told == Told::Sent));
                let event = notice.event(&change, Timestamp::default()).unwrap();
                prop_assert_eq!(event.is_none(), change.told == Told::Nothing);
                standing = change.standing;
                // A repetition of a receipt changes nothing.
                match standing.status {
                    Status::Delivered => prop_assert_eq!(standing.received(&Receipt::Delivered, "m"), None),
                    Status::Undelivered => {
                        prop_assert_eq!(standing.received(&Receipt::Failed("f".to_owned()), "m"), None);
                    }
                    Status::Sending | Status::Sent | Status::Refused | Status::Exhausted => {}
                }
            }
            prop_assert!(sent <= 1);
        }
    }
}
