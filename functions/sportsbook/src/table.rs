//! Keys of the sportsbook's table, in one place.
//!
//! | pk | sk | what |
//! |---|---|---|
//! | `fixtures` | event | a line of the fixture list |
//! | `event#<event>` | `event` | bet stops, and the groups of the markets they concern |
//! | `event#<event>` | `market#<market>#<specifiers>` | odds and status |
//! | `event#<event>` | `result#…`, `cancel#…` | result, provisional and confirmed; cancellations |
//! | `index#<event>#<shard>` | `<market>#<specifiers>#<bet>#<leg>` | index of bets by market, and what each may cost |
//! | `bets#<user>` | `<placed at>#<bet>` | list of a user's bets |
//! | `reference` | `market_groups` | the groups of every market, as the feed describes them |
//! | `parked#<event>` | `<time>#<message>` | feed messages that wait for a capability |

use quoin_events::Timestamp;
use quoin_store::{Key, derived_id};
use serde::{Deserialize, Serialize};

/// Name of the service's table.
pub(crate) const TABLE: &str = "sportsbook";
/// Shards of the index of one event.
pub(crate) const SHARDS: u8 = 16;

/// A market of a sport event. Specifiers are sorted: their order does not matter to the feed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct MarketKey {
    pub(crate) event_id: String,
    pub(crate) market_id: String,
    pub(crate) specifiers: String,
}

impl MarketKey {
    pub(crate) fn new(event_id: &str, market_id: &str, specifiers: Option<&str>) -> Self {
        Self {
            event_id: event_id.to_owned(),
            market_id: market_id.to_owned(),
            specifiers: sorted(specifiers.unwrap_or_default()),
        }
    }

    fn item(&self, kind: &str) -> Key {
        Key::new(event_pk(&self.event_id), format!("{kind}#{}#{}", self.market_id, self.specifiers))
    }

    pub(crate) fn odds(&self) -> Key {
        self.item("market")
    }

    pub(crate) fn result(&self) -> Key {
        self.item("result")
    }

    pub(crate) fn cancellation(&self) -> Key {
        self.item("cancel")
    }

    /// What the index rows of this market begin with.
    pub(crate) fn index_prefix(&self) -> String {
        format!("{}#{}#", self.market_id, self.specifiers)
    }
}

/// `name=value` pairs in order of their names.
pub(crate) fn sorted(specifiers: &str) -> String {
    let mut parts: Vec<_> = specifiers.split('|').filter(|part| !part.is_empty()).collect();
    parts.sort_unstable();
    parts.join("|")
}

pub(crate) fn event_pk(event_id: &str) -> String {
    format!("event#{event_id}")
}

pub(crate) fn event(event_id: &str) -> Key {
    Key::new(event_pk(event_id), "event")
}

pub(crate) fn fixture(event_id: &str) -> Key {
    Key::new("fixtures", event_id)
}

pub(crate) fn bets_pk(user_id: &str) -> String {
    format!("bets#{user_id}")
}

pub(crate) fn bet_line(user_id: &str, placed_at: Timestamp, bet_id: &str) -> Key {
    Key::new(bets_pk(user_id), format!("{placed_at}#{bet_id}"))
}

/// The groups of every market.
pub(crate) fn market_groups() -> Key {
    Key::new("reference", "market_groups")
}

pub(crate) fn index_pk(event_id: &str, shard: u8) -> String {
    format!("index#{event_id}#{shard}")
}

pub(crate) fn index(market: &MarketKey, bet_id: &str, leg: usize) -> Key {
    Key::new(index_pk(&market.event_id, shard(bet_id)), format!("{}{bet_id}#{leg}", market.index_prefix()))
}

/// The shard that a bet's index rows are in.
fn shard(bet_id: &str) -> u8 {
    let hash = derived_id("", &[bet_id]);
    hash.bytes()
        .last()
        .map_or(0, |digit| char::from(digit).to_digit(16).and_then(|n| u8::try_from(n).ok()).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_specifiers_does_not_matter() {
        let key = |specifiers| MarketKey::new("sr:match:1", "47", Some(specifiers));
        assert_eq!(key("score=1:0|total=2.5"), key("total=2.5|score=1:0"));
        assert_eq!(MarketKey::new("sr:match:1", "1", None).odds().sk, "market#1#");
    }

    #[test]
    fn the_index_of_a_market_holds_no_other_market() {
        let key = |id, specifiers| index(&MarketKey::new("sr:match:1", id, specifiers), "bet_1", 0).sk;
        let prefix = MarketKey::new("sr:match:1", "1", None).index_prefix();
        assert!(key("1", None).starts_with(&prefix));
        for other in [key("1", Some("total=2.5")), key("11", None), key("18", Some("total=1"))] {
            assert!(!other.starts_with(&prefix), "{other}");
        }
    }

    #[test]
    fn bets_spread_over_every_shard() {
        let shards: std::collections::BTreeSet<_> = (0..500).map(|n| shard(&format!("bet_{n}"))).collect();
        assert_eq!(shards.len(), usize::from(SHARDS));
    }
}
