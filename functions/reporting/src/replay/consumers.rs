//! What each consumer takes from the bus, as its rules in the templates say: both are rendered from `service.yaml`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use quoin_events::{CATALOGUE, Envelope, EventType};
use serde::Deserialize;

static CONSUMERS: LazyLock<BTreeMap<String, Consumer>> =
    LazyLock::new(|| serde_json::from_str(include_str!("consumers.json")).unwrap_or_default());

/// The rules of one consumer: it takes what one of them takes.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(crate) struct Consumer(Vec<Rule>);

/// What is said has to fit; what is left out takes everything.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Rule {
    topics: Option<Vec<String>>,
    events: Option<Vec<String>>,
    entities: Option<Vec<String>>,
    routing_keys: Option<Vec<String>>,
    target_types: Option<Vec<String>>,
    about: Option<Vec<String>>,
}

/// The part of some events' data that they are routed by.
#[derive(Default, Deserialize)]
struct Aimed {
    #[serde(rename = "targetType")]
    target_type: Option<String>,
    about_event: Option<String>,
}

/// The consumer called `name`, as its queue is.
pub(crate) fn find(name: &str) -> Option<&'static Consumer> {
    CONSUMERS.get(name)
}

/// Every consumer.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    CONSUMERS.keys().map(String::as_str)
}

impl Consumer {
    /// The event types that it may be told of, in the order of the catalogue.
    pub(crate) fn events(&self) -> impl Iterator<Item = &'static EventType> {
        CATALOGUE.iter().filter(|known| self.0.iter().any(|rule| rule.is_about(known)))
    }

    /// Whether the bus would have sent it `event`.
    pub(crate) fn takes(&self, event: &Envelope) -> bool {
        self.0.iter().any(|rule| rule.takes(event))
    }
}

impl Rule {
    fn is_about(&self, known: &EventType) -> bool {
        fits(self.topics.as_deref(), Some(known.topic.as_str())) && fits(self.events.as_deref(), Some(known.name))
    }

    fn takes(&self, event: &Envelope) -> bool {
        let entity = event.metadata.entity.as_ref().map(|entity| entity.kind.as_str());
        quoin_events::event_type(&event.event).is_some_and(|known| self.is_about(known))
            && fits(self.entities.as_deref(), entity)
            && fits(self.routing_keys.as_deref(), event.metadata.routing_key.as_deref())
            && (self.target_types.is_none() && self.about.is_none() || {
                let aimed = event.data::<Aimed>().unwrap_or_default();
                fits(self.target_types.as_deref(), aimed.target_type.as_deref())
                    && fits(self.about.as_deref(), aimed.about_event.as_deref())
            })
    }
}

fn fits(wanted: Option<&[String]>, is: Option<&str>) -> bool {
    wanted.is_none_or(|wanted| is.is_some_and(|is| wanted.iter().any(|one| one == is)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::value::RawValue;

    fn event(name: &str, entity: &str, routing_key: &str, target_type: &str) -> Envelope {
        let text = format!(
            r#"{{"event":"{name}","version":"1.0","timestamp":"2026-01-04T10:17:12.567Z","data":{{"targetType":"{target_type}"}},
                "metadata":{{"source":"s","request_id":"r","entity":{{"type":"{entity}","id":"1"}},"routing_key":"{routing_key}"}}}}"#
        );
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn a_consumer_is_sent_what_its_rules_take_and_nothing_else() {
        let gigs = find("gig-credit-queue").unwrap();
        let names: Vec<_> = gigs.events().map(|known| known.name).collect();
        assert_eq!(names, ["gig_boost", "credit_spent", "gig_payment"]);
        assert!(gigs.takes(&event("gig_boost", "boost", "boost.event", "")));
        assert!(!gigs.takes(&event("gig_boost", "boost", "credit.event", "")));
        assert!(gigs.takes(&event("credit_spent", "boost", "credit.event", "gig")));
        assert!(!gigs.takes(&event("credit_spent", "boost", "credit.event", "clan")));
        assert!(!gigs.takes(&event("profile_boost", "boost", "boost.event", "gig")));
        let about = |what: &str| {
            let mut sent = event("SMSSent", "notice", "", "");
            sent.data = RawValue::from_string(format!(r#"{{"about_event":"{what}"}}"#)).unwrap();
            find("payment-events").unwrap().takes(&sent)
        };
        assert!(about("DepositSuccess"));
        assert!(!about("BetPlaced"));
    }

    #[test]
    fn who_takes_all_topics_takes_every_event_of_the_catalogue() {
        assert_eq!(find("audit").unwrap().events().count(), CATALOGUE.len());
        let orders = find("order-monitor").unwrap();
        assert!(orders.takes(&event("order.created", "order", "", "")));
        assert!(!orders.takes(&event("order.created", "bet", "", "")));
        assert!(!orders.takes(&event("something.else", "order", "", "")));
    }

    #[test]
    fn there_is_no_consumer_of_another_name_and_each_takes_something() {
        assert!(find("user").is_none());
        assert!(names().count() > 20);
        assert!(names().all(|name| find(name).unwrap().events().next().is_some()));
    }
}
