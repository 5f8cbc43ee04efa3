//! Messages of the Unified Odds Feed, read strictly: what cannot be understood is refused by name.

use std::collections::BTreeMap;

use quick_xml::de;
use quoin_money::Odds;
use rust_decimal::Decimal;
use serde::Deserialize;

use crate::rules::{CancelWindow, MarketGroups, MarketRow, MarketStatus, Outcome, OutcomeFact, Outcomes};
use crate::table::MarketKey;

use super::well_formed::well_formed;

/// The largest message that is kept as it is.
const MAX_PARKED: usize = 256 * 1024;

/// The most text of ids and groups in market descriptions; some 1,300 markets have 30 KB.
const MAX_GROUPS: usize = 200 * 1024;
/// The most outcomes of a market: they are one item of the table.
const MAX_OUTCOMES: usize = 1_000;
/// The year 2100 in milliseconds. A time in a smaller unit would be newer than every message to come.
const MAX_TIME: i64 = 4_102_444_800_000;

/// A message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Message {
    OddsChange {
        event_id: String,
        ts: i64,
        markets: Vec<(MarketKey, MarketRow)>,
    },
    BetStop {
        event_id: String,
        ts: i64,
        /// `all`, or market groups joined by `|`.
        groups: String,
    },
    BetSettlement {
        event_id: String,
        ts: i64,
        certainty: u8,
        markets: Vec<(MarketKey, Outcomes)>,
    },
    BetCancel {
        event_id: String,
        ts: i64,
        window: CancelWindow,
        markets: Vec<MarketKey>,
    },
    FixtureChange {
        event_id: String,
        ts: i64,
        start_time: Option<i64>,
    },
    /// `rollback_bet_settlement` and `rollback_bet_cancel`, with the message as it came.
    Rollback {
        event_id: String,
        ts: i64,
        name: &'static str,
        xml: String,
    },
    /// The feed's market descriptions, for the groups that bet stops name.
    MarketDescriptions {
        groups: MarketGroups,
    },
    /// Heartbeats of the feed.
    Alive,
}

/// Why a message is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FeedError {
    #[error("the XML cannot be read: {0}")]
    Malformed(String),
    #[error("document type declarations are not accepted")]
    Doctype,
    #[error("{0}")]
    Field(String),
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Document {
    OddsChange(OddsChange),
    BetStop(Stop),
    BetSettlement(Settlement),
    BetCancel(Cancel),
    FixtureChange(Fixture),
    RollbackBetSettlement(Head),
    RollbackBetCancel(Head),
    MarketDescriptions(Descriptions),
    Alive(Ignored),
    SnapshotComplete(Ignored),
}

#[derive(Deserialize)]
struct Ignored {}

#[derive(Deserialize)]
struct Head {
    #[serde(rename = "@event_id")]
    event_id: String,
    #[serde(rename = "@timestamp")]
    timestamp: String,
}

#[derive(Deserialize)]
struct OddsChange {
    #[serde(rename = "@event_id")]
    event_id: String,
    #[serde(rename = "@timestamp")]
    timestamp: String,
    odds: Option<Markets>,
}

#[derive(Deserialize)]
struct Stop {
    #[serde(rename = "@event_id")]
    event_id: String,
    #[serde(rename = "@timestamp")]
    timestamp: String,
    #[serde(rename = "@groups")]
    groups: Option<String>,
}

#[derive(Deserialize)]
struct Descriptions {
    #[serde(default)]
    market: Vec<Description>,
}

#[derive(Deserialize)]
struct Description {
    #[serde(rename = "@id")]
    id: String,
    #[serde(rename = "@groups")]
    groups: Option<String>,
}

#[derive(Deserialize)]
struct Settlement {
    #[serde(rename = "@event_id")]
    event_id: String,
    #[serde(rename = "@timestamp")]
    timestamp: String,
    #[serde(rename = "@certainty")]
    certainty: String,
    outcomes: Option<Markets>,
}

#[derive(Deserialize)]
struct Cancel {
    #[serde(rename = "@event_id")]
    event_id: String,
    #[serde(rename = "@timestamp")]
    timestamp: String,
    #[serde(rename = "@start_time")]
    start_time: Option<String>,
    #[serde(rename = "@end_time")]
    end_time: Option<String>,
    #[serde(default)]
    market: Vec<Market>,
}

#[derive(Deserialize)]
struct Fixture {
    #[serde(rename = "@event_id")]
    event_id: String,
    #[serde(rename = "@timestamp")]
    timestamp: String,
    #[serde(rename = "@start_time")]
    start_time: Option<String>,
}

#[derive(Deserialize)]
struct Markets {
    #[serde(default)]
    market: Vec<Market>,
}

#[derive(Deserialize)]
struct Market {
    #[serde(rename = "@id")]
    id: String,
    #[serde(rename = "@specifiers")]
    specifiers: Option<String>,
    #[serde(rename = "@status")]
    status: Option<String>,
    #[serde(default)]
    outcome: Vec<OutcomeXml>,
}

#[derive(Deserialize)]
struct OutcomeXml {
    #[serde(rename = "@id")]
    id: String,
    #[serde(rename = "@odds")]
    odds: Option<String>,
    #[serde(rename = "@active")]
    active: Option<String>,
    #[serde(rename = "@result")]
    result: Option<String>,
    #[serde(rename = "@void_factor")]
    void_factor: Option<String>,
    #[serde(rename = "@dead_heat_factor")]
    dead_heat_factor: Option<String>,
}

/// Reads a message.
pub(crate) fn parse(body: &[u8]) -> Result<Message, FeedError> {
    let text = std::str::from_utf8(body).map_err(|_| FeedError::Malformed("not UTF-8".to_owned()))?;
    well_formed(text)?;
    let document: Document = de::from_str(text).map_err(|error| FeedError::Malformed(error.to_string()))?;
    match document {
        Document::OddsChange(message) => odds_change(message),
        Document::BetStop(Stop { event_id, timestamp, groups }) => Ok(Message::BetStop {
            event_id: urn(event_id)?,
            ts: time("timestamp", &timestamp)?,
            // Whatever cannot be told apart closes everything.
            groups: groups.filter(|text| is_short(text) && !text.is_empty()).unwrap_or_else(|| "all".to_owned()),
        }),
        Document::BetSettlement(message) => settlement(message),
        Document::BetCancel(message) => cancel(message),
        Document::FixtureChange(message) => Ok(Message::FixtureChange {
            event_id: urn(message.event_id)?,
            ts: time("timestamp", &message.timestamp)?,
            start_time: message.start_time.map(|text| time("start_time", &text)).transpose()?,
        }),
        Document::RollbackBetSettlement(head) => rollback(head, "rollback_bet_settlement", text),
        Document::RollbackBetCancel(head) => rollback(head, "rollback_bet_cancel", text),
        Document::MarketDescriptions(message) => descriptions(message),
        Document::Alive(Ignored {}) | Document::SnapshotComplete(Ignored {}) => Ok(Message::Alive),
    }
}

fn odds_change(message: OddsChange) -> Result<Message, FeedError> {
    let (event_id, ts) = (urn(message.event_id)?, time("timestamp", &message.timestamp)?);
    let mut markets = Vec::new();
    for market in message.odds.map(|odds| odds.market).unwrap_or_default() {
        let status = match &market.status {
            None => MarketStatus::Active,
            Some(text) => {
                let number = text.parse().ok().and_then(MarketStatus::from_feed);
                number.ok_or_else(|| field(&market.id, "status", text))?
            }
        };
        let key = key(&event_id, &market)?;
        let mut outcomes = BTreeMap::new();
        for outcome in market.outcome {
            let odds =
                outcome.odds.as_deref().map(|text| text.parse::<Odds>().map_err(|_| field(&outcome.id, "odds", text)));
            let active = outcome.active.as_deref().is_none_or(|text| text == "1");
            outcomes.insert(short(outcome.id)?, Outcome { odds: odds.transpose()?, active });
        }
        markets.push((key, MarketRow { ts, status, outcomes }));
    }
    Ok(Message::OddsChange { event_id, ts, markets })
}

fn settlement(message: Settlement) -> Result<Message, FeedError> {
    let (event_id, ts) = (urn(message.event_id)?, time("timestamp", &message.timestamp)?);
    let certainty = match message.certainty.as_str() {
        "1" => 1,
        "2" => 2,
        other => return Err(field("bet_settlement", "certainty", other)),
    };
    let mut markets = Vec::new();
    for market in message.outcomes.map(|outcomes| outcomes.market).unwrap_or_default() {
        let key = key(&event_id, &market)?;
        let mut facts = BTreeMap::new();
        for outcome in market.outcome {
            let fact = fact(&outcome)?;
            facts.insert(short(outcome.id)?, fact);
        }
        markets.push((key, facts));
    }
    Ok(Message::BetSettlement { event_id, ts, certainty, markets })
}

fn fact(outcome: &OutcomeXml) -> Result<OutcomeFact, FeedError> {
    let result = match outcome.result.as_deref() {
        Some("1") => 1,
        Some("0") => 0,
        Some("-1") => -1,
        other => return Err(field(&outcome.id, "result", other.unwrap_or("nothing"))),
    };
    let void_tenths = match outcome.void_factor.as_deref() {
        None | Some("0" | "0.0") => 0,
        Some("0.5") => 5,
        Some("1" | "1.0") => 10,
        Some(other) => return Err(field(&outcome.id, "void_factor", other)),
    };
    let dead_heat = match outcome.dead_heat_factor.as_deref() {
        None => None,
        Some(text) => {
            let share =
                Decimal::from_str_exact(text).ok().filter(|share| *share > Decimal::ZERO && *share <= Decimal::ONE);
            Some(share.ok_or_else(|| field(&outcome.id, "dead_heat_factor", text))?)
        }
    };
    Ok(OutcomeFact { result, void_tenths, dead_heat })
}

fn cancel(message: Cancel) -> Result<Message, FeedError> {
    let event_id = urn(message.event_id)?;
    let bound = |name, text: Option<String>| text.map(|text| time(name, &text)).transpose();
    let window =
        CancelWindow { from: bound("start_time", message.start_time)?, to: bound("end_time", message.end_time)? };
    let markets = message.market.iter().map(|market| key(&event_id, market)).collect::<Result<_, _>>()?;
    Ok(Message::BetCancel { ts: time("timestamp", &message.timestamp)?, event_id, window, markets })
}

fn rollback(head: Head, name: &'static str, text: &str) -> Result<Message, FeedError> {
    if text.len() > MAX_PARKED {
        return Err(FeedError::Field(format!("{name} is larger than {MAX_PARKED} bytes")));
    }
    let (event_id, ts) = (urn(head.event_id)?, time("timestamp", &head.timestamp)?);
    Ok(Message::Rollback { event_id, ts, name, xml: text.to_owned() })
}

fn descriptions(message: Descriptions) -> Result<Message, FeedError> {
    let mut groups = BTreeMap::new();
    for Description { id, groups: named } in message.market {
        // One without groups is left out: what is not known is closed by every stop.
        if let Some(named) = named {
            groups.insert(short(id)?, short(named)?);
        }
    }
    let size: usize = groups.iter().map(|(id, named): (&String, &String)| id.len().saturating_add(named.len())).sum();
    if groups.is_empty() || size > MAX_GROUPS {
        return Err(FeedError::Field(format!("market_descriptions needs 1 to {MAX_GROUPS} bytes of ids and groups")));
    }
    Ok(Message::MarketDescriptions { groups: MarketGroups(groups) })
}

fn field(place: &str, name: &str, value: &str) -> FeedError {
    let (place, value): (String, String) = (place.chars().take(60).collect(), value.chars().take(60).collect());
    FeedError::Field(format!("{name} of {place} cannot be {value}"))
}

/// `sr:match:1234`: three parts of letters, digits, dashes and underscores.
fn urn(text: String) -> Result<String, FeedError> {
    let part =
        |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    if text.len() <= 100 && text.split(':').count() >= 3 && text.split(':').all(part) {
        Ok(text)
    } else {
        Err(field("the message", "event_id", &text))
    }
}

fn time(name: &str, text: &str) -> Result<i64, FeedError> {
    text.parse().ok().filter(|ms| (0..=MAX_TIME).contains(ms)).ok_or_else(|| field("the message", name, text))
}

fn short(id: String) -> Result<String, FeedError> {
    if is_short(&id) && !id.is_empty() { Ok(id) } else { Err(field("the message", "id", &id)) }
}

/// Whether a text can be part of a key, which is what a bet may name.
fn is_short(text: &str) -> bool {
    text.len() <= 200 && !text.chars().any(|letter| letter == '#' || letter.is_control())
}

fn key(event_id: &str, market: &Market) -> Result<MarketKey, FeedError> {
    let id = short(market.id.clone())?;
    if let Some(specifiers) = market.specifiers.as_ref().filter(|text| !is_short(text)) {
        return Err(field(&id, "specifiers", specifiers));
    }
    if market.outcome.len() > MAX_OUTCOMES {
        return Err(FeedError::Field(format!("{id} has more than {MAX_OUTCOMES} outcomes")));
    }
    Ok(MarketKey::new(event_id, &id, market.specifiers.as_deref()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ODDS: &str = r#"<?xml version="1.0"?><odds_change product="1" event_id="sr:match:1234" timestamp="1767521825123">
        <sport_event_status status="1" home_score="0"/>
        <odds><market id="1" status="1"><outcome id="1" odds="2.15" active="1"/><outcome id="2" active="0"/></market>
        <market favourite="1" id="18" specifiers="total=2.5|variant=a" status="-1"/></odds></odds_change>"#;

    #[test]
    fn odds_are_read_with_their_market_and_status() {
        let Ok(Message::OddsChange { event_id, ts, markets }) = parse(ODDS.as_bytes()) else { panic!() };
        assert_eq!((event_id.as_str(), ts, markets.len()), ("sr:match:1234", 1_767_521_825_123, 2));
        assert_eq!(markets[0].1.outcomes["1"].odds, Some("2.15".parse().unwrap()));
        assert!(!markets[0].1.outcomes["2"].active);
        assert_eq!(markets[1].1.status, MarketStatus::Suspended);
    }

    #[test]
    fn results_carry_void_and_dead_heat_factors() {
        let xml = r#"<bet_settlement certainty="2" product="3" event_id="sr:match:1" timestamp="5"><outcomes><market id="1">
            <outcome id="1" result="1" dead_heat_factor="0.5"/><outcome id="2" result="0" void_factor="0.5"/></market></outcomes></bet_settlement>"#;
        let Ok(Message::BetSettlement { certainty: 2, markets, .. }) = parse(xml.as_bytes()) else { panic!() };
        assert_eq!(markets[0].1["1"].dead_heat, Some(Decimal::new(5, 1)));
        assert_eq!(markets[0].1["2"].void_tenths, 5);
    }

    #[test]
    fn a_bet_stop_names_groups_or_means_everything() {
        let groups = |attribute: &str| {
            let xml = format!(r#"<bet_stop event_id="sr:match:1" timestamp="5" {attribute}/>"#);
            let Ok(Message::BetStop { groups, .. }) = parse(xml.as_bytes()) else { panic!("{xml}") };
            groups
        };
        assert_eq!(groups(r#"groups="score|1st_half" market_status="-1""#), "score|1st_half");
        for unusable in [String::new(), r#"groups="""#.to_owned(), format!(r#"groups="{}""#, "a|".repeat(101))] {
            assert_eq!(groups(&unusable), "all");
        }
    }

    #[test]
    fn market_descriptions_say_which_groups_a_market_is_in() {
        let xml = r#"<?xml version="1.0"?><market_descriptions response_code="OK">
            <market id="1" name="1x2" groups="all|score|regular_play"><outcomes><outcome id="1" name="{$competitor1}"/></outcomes></market>
            <market id="18" name="Total" groups="all|score"><specifiers><specifier name="total" type="decimal"/></specifiers></market>
            <market id="7" name="A market without groups"/></market_descriptions>"#;
        let Ok(Message::MarketDescriptions { groups }) = parse(xml.as_bytes()) else { panic!() };
        let ids: Vec<_> = groups.0.iter().map(|(id, groups)| (id.as_str(), groups.as_str())).collect();
        assert_eq!(ids, [("1", "all|score|regular_play"), ("18", "all|score")]);
        assert!(parse(b"<market_descriptions/>").is_err());
    }

    #[test]
    fn entities_are_never_expanded() {
        let bomb = r#"<!DOCTYPE x [<!ENTITY a "aaaa">]><bet_stop event_id="&a;" timestamp="1" groups="all"/>"#;
        assert_eq!(parse(bomb.as_bytes()), Err(FeedError::Doctype));
        let undeclared = r#"<bet_stop event_id="sr:match:&a;" timestamp="1" groups="all"/>"#;
        assert!(parse(undeclared.as_bytes()).is_err());
    }

    #[test]
    fn what_cannot_be_understood_is_refused() {
        for xml in [
            "",
            "<",
            "<nonsense/>",
            r#"<bet_stop event_id="match" timestamp="1"/>"#,
            r#"<bet_stop event_id="sr:match:1" timestamp="-1"/>"#,
            r#"<odds_change event_id="sr:match:1" timestamp="1"><odds><market id="1"><outcome id="1" odds="0.9"/></market></odds></odds_change>"#,
            r#"<odds_change event_id="sr:match:1" timestamp="1"><odds><market id="1"><outcome id="1" odds="1e3"/></market></odds></odds_change>"#,
            r#"<bet_settlement certainty="3" event_id="sr:match:1" timestamp="1"/>"#,
            r#"<bet_stop event_id="sr:match:1" timestamp="1767521825123000"/>"#,
            r#"<bet_stop event_id="sr:match:1" timestamp="1"/><bet_stop event_id="sr:match:2" timestamp="1"/>"#,
            r#"<bet_cancel event_id="sr:match:1" timestamp="1"><market id="a&#10;"/></bet_cancel>"#,
            r#"<bet_cancel event_id="sr:match:1" timestamp="1"><market id="1" specifiers="a=#"/></bet_cancel>"#,
        ] {
            assert!(parse(xml.as_bytes()).is_err(), "{xml}");
        }
        let market = |specifiers: &str, outcomes: usize| {
            let outcomes: String = (0..outcomes).map(|id| format!(r#"<outcome id="{id}" odds="2"/>"#)).collect();
            let market = format!(r#"<market id="1" specifiers="{specifiers}">{outcomes}</market>"#);
            parse(
                format!(r#"<odds_change event_id="sr:match:1" timestamp="1"><odds>{market}</odds></odds_change>"#)
                    .as_bytes(),
            )
        };
        assert!(market("a=1", MAX_OUTCOMES).is_ok());
        assert!(market("a=1", MAX_OUTCOMES + 1).is_err());
        assert!(market(&"a".repeat(201), 1).is_err());
    }

    proptest! {
        #[test]
        fn mutated_messages_are_read_or_refused_without_panic(at in 0_usize..500, with in any::<u8>(), cut in 0_usize..600) {
            let mut bytes = ODDS.as_bytes().to_vec();
            if let Some(byte) = bytes.get_mut(at) { *byte = with; }
            bytes.truncate(cut.max(1));
            let _ = parse(&bytes);
        }
    }
}
