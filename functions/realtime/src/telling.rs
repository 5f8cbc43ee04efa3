//! Which events are told live, on which channels, and what they are the newest of.
//!
//! An event type that is told is a line of [`TOLD`]. A pure function of the event: nothing is read.

use std::collections::BTreeMap;

use quoin_events::types::{
    BetCancelled, BetPlaced, BetSettled, BoostExpired, ClanBoost, EmailSent, GigBoost, NotificationFailed,
    ProfileBoost, PushNotificationSent, SmsSent, WalletCredited, WalletDebitFailed, WalletDebited, WalletLimitReached,
    WalletRefunded,
};
use quoin_events::{Envelope, EventData};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::channel::Channel;

/// On which channel an event is told.
#[derive(Debug, Clone, Copy)]
enum To {
    /// That of the person whom this member names: it is their own doing, or their own money.
    Own(&'static str),
    /// That of what these members name, kind and id, or of this kind and id. Who did it is not told.
    About(Kind, &'static str),
}

/// Of which kind the thing is that an event is about.
#[derive(Debug, Clone, Copy)]
enum Kind {
    /// Of this one.
    Is(&'static str),
    /// Of the one that this member names.
    In(&'static str),
}

/// Which of two events about one thing is newer.
#[derive(Debug, Clone, Copy)]
enum Version {
    /// The one that comes later in the entity's stream.
    Stream,
    /// The one that comes later among the wallet's events.
    Wallet,
    /// What is told once, and what is told once after that.
    Stage(u64),
}

/// How events of a type are told.
#[derive(Debug, Clone, Copy)]
struct Telling {
    event: &'static str,
    to: &'static [To],
    /// What it tells the state of: a kind, and the member that names which one.
    of: (&'static str, &'static str),
    version: Version,
}

const fn telling(
    event: &'static str,
    to: &'static [To],
    of: (&'static str, &'static str),
    version: Version,
) -> Telling {
    Telling { event, to, of, version }
}

const OWN: &[To] = &[To::Own("user_id")];
const PROFILE: &[To] = &[To::Own("userId"), To::About(Kind::Is("user"), "targetId")];
const GIG: &[To] = &[To::Own("userId"), To::About(Kind::Is("gig"), "targetId")];
const CLAN: &[To] = &[To::Own("userId"), To::About(Kind::Is("clan"), "targetId")];
const TARGET: &[To] = &[To::Own("userId"), To::About(Kind::In("targetType"), "targetId")];

/// Every event that is told live.
const TOLD: &[Telling] = &[
    telling(ProfileBoost::NAME, PROFILE, ("boost", "eventId"), Version::Stage(1)),
    telling(GigBoost::NAME, GIG, ("boost", "eventId"), Version::Stage(1)),
    telling(ClanBoost::NAME, CLAN, ("boost", "eventId"), Version::Stage(1)),
    telling(BoostExpired::NAME, TARGET, ("boost", "eventId"), Version::Stage(2)),
    telling(WalletDebited::NAME, OWN, ("wallet", "coin_type"), Version::Wallet),
    telling(WalletCredited::NAME, OWN, ("wallet", "coin_type"), Version::Wallet),
    telling(WalletRefunded::NAME, OWN, ("refund", "original_order_id"), Version::Stream),
    telling(WalletDebitFailed::NAME, OWN, ("event", ""), Version::Stage(1)),
    telling(WalletLimitReached::NAME, OWN, ("event", ""), Version::Stage(1)),
    telling(BetPlaced::NAME, OWN, ("bet", "bet_id"), Version::Stream),
    telling(BetSettled::NAME, OWN, ("bet", "bet_id"), Version::Stream),
    telling(BetCancelled::NAME, OWN, ("bet", "bet_id"), Version::Stream),
    telling(SmsSent::NAME, OWN, ("notification", "notification_id"), Version::Stream),
    telling(EmailSent::NAME, OWN, ("notification", "notification_id"), Version::Stream),
    telling(PushNotificationSent::NAME, OWN, ("notification", "notification_id"), Version::Stream),
    telling(NotificationFailed::NAME, OWN, ("notification", "notification_id"), Version::Stream),
];

/// Members that only a person's own channel shows: who did something.
const HIDDEN: &[&str] = &["userId"];

/// A message, before it is known who hears it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Message {
    /// On which channel.
    pub(crate) channel: Channel,
    /// What it tells the state of.
    pub(crate) key: String,
    /// Which state of it: of two, the higher is newer.
    pub(crate) version: u64,
    /// What goes over the connections.
    pub(crate) text: String,
}

/// A message as clients get it.
#[derive(Serialize)]
struct Body<'a> {
    channel: String,
    event: &'a str,
    data: &'a Map<String, Value>,
    timestamp: &'a str,
    key: &'a str,
    version: u64,
}

/// The messages that `event` becomes; none if it is not told live, or does not say what it is newer than.
///
/// # Errors
/// The member that it lacks.
pub(crate) fn messages(event: &Envelope) -> Result<Vec<Message>, String> {
    let Some(telling) = TOLD.iter().find(|telling| telling.event == event.event) else { return Ok(Vec::new()) };
    let lacks = |member: &str| format!("{} lacks {member}", event.event);
    let data: Map<String, Value> = event.data().map_err(|error| format!("{}: {error}", event.event))?;
    let text = |member: &str| data.get(member).and_then(Value::as_str).ok_or_else(|| lacks(member));
    let key = match telling.of {
        (kind, "") => format!("{kind}:{}", event.event_id()),
        (kind, member) => format!("{kind}:{}", text(member)?),
    };
    let version = match telling.version {
        Version::Stage(stage) => Some(stage),
        Version::Stream => event.metadata.sequence,
        Version::Wallet => event.metadata.wallet.as_ref().map(|wallet| wallet.sequence),
    };
    // An older writer's event may not say its place: told, it might follow what is newer.
    let Some(version) = version else { return Ok(Vec::new()) };
    let public: Map<String, Value> =
        data.iter().filter(|(name, _)| !HIDDEN.contains(&name.as_str())).map(|(n, v)| (n.clone(), v.clone())).collect();
    let mut messages: Vec<Message> = Vec::with_capacity(telling.to.len());
    for to in telling.to {
        let (channel, data) = match to {
            To::Own(member) => (Channel::about("user", text(member)?), &data),
            To::About(Kind::Is(kind), member) => (Channel::about(kind, text(member)?), &public),
            To::About(Kind::In(kind), member) => (Channel::about(text(kind)?, text(member)?), &public),
        };
        let channel = channel.ok_or_else(|| lacks("a kind that has channels"))?;
        // Who boosts what is their own is told once, and of all of it.
        if messages.iter().any(|message| message.channel == channel) {
            continue;
        }
        let body = Body {
            channel: channel.name(),
            event: &event.event,
            data,
            timestamp: &event.timestamp,
            key: &key,
            version,
        };
        let text = serde_json::to_string(&body).map_err(|error| error.to_string())?;
        messages.push(Message { channel, key: key.clone(), version, text });
    }
    Ok(messages)
}

/// The newest version of each thing on each channel, among several messages.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Newest(BTreeMap<(Channel, String), u64>);

impl Newest {
    /// Of all of `messages`.
    pub(crate) fn of(messages: impl IntoIterator<Item = Message>) -> Self {
        let mut newest = BTreeMap::new();
        for message in messages {
            let version = newest.entry((message.channel, message.key)).or_insert(message.version);
            *version = message.version.max(*version);
        }
        Self(newest)
    }

    /// Whether one of them says something newer than `message` of the same thing.
    pub(crate) fn supersedes(&self, message: &Message) -> bool {
        let version = self.0.get(&(message.channel.clone(), message.key.clone()));
        version.is_some_and(|version| *version > message.version)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sample(name: &str) -> Envelope {
        let path = format!("{}/../../events/catalogue/{name}.json", env!("CARGO_MANIFEST_DIR"));
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
    }

    /// Channel, key and version of each message.
    fn told(name: &str) -> Vec<(String, String, u64)> {
        let messages = messages(&sample(name)).unwrap();
        messages.into_iter().map(|one| (one.channel.to_string(), one.key, one.version)).collect()
    }

    fn line(channel: &str, key: &str, version: u64) -> (String, String, u64) {
        (channel.to_owned(), key.to_owned(), version)
    }

    #[test]
    fn every_event_of_the_table_is_told_on_its_channels() {
        for telling in TOLD {
            assert!(quoin_events::event_type(telling.event).is_some(), "{}", telling.event);
            assert_eq!(told(telling.event).len(), telling.to.len(), "{}", telling.event);
        }
        assert_eq!(told("order.created"), []);
    }

    #[test]
    fn what_the_table_tells_is_what_the_queue_is_given() {
        let path = format!("{}/service.yaml", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(path).unwrap();
        let lists = text.lines().filter_map(|line| line.trim().strip_prefix("events: [")?.strip_suffix(']'));
        let mut given: Vec<_> = lists.flat_map(|list| list.split(", ")).collect();
        let mut told: Vec<_> = TOLD.iter().map(|telling| telling.event).collect();
        given.sort_unstable();
        told.sort_unstable();
        assert_eq!(given, told);
    }

    #[test]
    fn a_boost_is_told_to_who_gave_it_and_on_the_channel_of_what_was_boosted() {
        let key = "boost:boost_abc123";
        assert_eq!(told("profile_boost"), [line("user:booster456", key, 1), line("user:user123", key, 1)]);
        assert_eq!(told("boost_expired"), [line("user:booster456", key, 2), line("user:user123", key, 2)]);
        let key = "boost:boost_abc124";
        assert_eq!(told("gig_boost"), [line("user:booster456", key, 1), line("gig:gig789", key, 1)]);
    }

    #[test]
    fn who_gave_a_boost_is_told_to_nobody_else() {
        for name in ["profile_boost", "gig_boost", "clan_boost", "boost_expired"] {
            let messages = messages(&sample(name)).unwrap();
            let [own, other] = messages.as_slice() else { panic!("{name}") };
            assert!(own.text.contains("booster456") && !other.text.contains("booster456"), "{name}");
        }
    }

    #[test]
    fn a_wallet_s_balances_are_newer_by_the_place_among_its_events() {
        assert_eq!(told("wallet.debited"), [line("user:user_789", "wallet:promo_coins", 97)]);
        let text = &messages(&sample("wallet.debited")).unwrap()[0].text;
        let read: Value = serde_json::from_str(text).unwrap();
        assert_eq!((&read["channel"], &read["event"]), (&"user".into(), &"wallet.debited".into()));
        assert_eq!(read["data"]["balance_after"].to_string(), "0");
        assert_eq!(read["timestamp"], "2026-01-04T10:17:12.567Z");
    }

    #[test]
    fn an_event_that_lacks_what_it_is_told_by_is_refused_by_name() {
        let mut event = sample("wallet.debited");
        event.data = serde_json::value::RawValue::from_string("{\"coin_type\":\"cash\"}".to_owned()).unwrap();
        assert_eq!(messages(&event), Err("wallet.debited lacks user_id".to_owned()));
    }

    #[test]
    fn an_older_event_that_does_not_say_its_place_is_told_to_nobody() {
        let mut event = sample("wallet.debited");
        event.metadata.wallet = None;
        assert_eq!(messages(&event), Ok(Vec::new()));
    }

    fn message(key: u8, version: u64) -> Message {
        let channel = Channel::Gig("g".to_owned());
        Message { channel, key: key.to_string(), version, text: String::new() }
    }

    proptest! {
        #[test]
        fn of_several_messages_the_newest_of_each_key_remain(all in prop::collection::vec((0_u8..3, 1_u64..6), 0..12)) {
            let all: Vec<_> = all.into_iter().map(|(key, version)| message(key, version)).collect();
            let newest = Newest::of(all.clone());
            for one in &all {
                let is_newest = all.iter().filter(|other| other.key == one.key).all(|other| other.version <= one.version);
                prop_assert_eq!(newest.supersedes(one), !is_newest);
            }
        }
    }
}
