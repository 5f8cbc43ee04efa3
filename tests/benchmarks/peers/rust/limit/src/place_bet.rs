//! Job 2: a bet, through an HTTP API.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::clock::Moment;
use crate::debit::{Entry, Wallet};
use crate::endpoint::body;
use crate::exact::Product;
use crate::json::{Number, Text, amount, number, quoted, shown, text};
use crate::receipt::{Receipt, Stored};
use crate::table::{Outcome, Tables, outcome};
use crate::{ATTEMPTS, Error, variable};

/// The most selections of a bet.
const MAX_SELECTIONS: usize = 20;

/// The job, with the tables that only it knows.
pub struct PlaceBet {
    bets: String,
    markets: String,
}

/// An HTTP API's request, payload 2.0.
#[derive(Deserialize)]
struct Request<'a> {
    #[serde(borrow)]
    headers: Headers<'a>,
    #[serde(rename = "requestContext", borrow)]
    context: Context<'a>,
    #[serde(borrow, default)]
    body: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct Headers<'a> {
    #[serde(rename = "idempotency-key", borrow, default)]
    key: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct Context<'a> {
    #[serde(borrow)]
    authorizer: Authorizer<'a>,
}

#[derive(Deserialize)]
struct Authorizer<'a> {
    #[serde(borrow)]
    lambda: Caller<'a>,
}

#[derive(Deserialize)]
struct Caller<'a> {
    #[serde(borrow)]
    sub: Cow<'a, str>,
}

/// The body; each member is read on its own, so that a refusal names it.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Order<'a> {
    #[serde(rename = "type", borrow)]
    kind: Option<&'a RawValue>,
    #[serde(borrow)]
    stake: Option<&'a RawValue>,
    #[serde(borrow)]
    selections: Option<&'a RawValue>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Stake<'a> {
    #[serde(borrow)]
    amount: Option<&'a RawValue>,
    #[serde(borrow)]
    asset: Option<&'a RawValue>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Leg<'a> {
    #[serde(borrow)]
    event_id: Option<&'a RawValue>,
    #[serde(borrow)]
    market_id: Option<&'a RawValue>,
    #[serde(borrow)]
    specifiers: Option<&'a RawValue>,
    #[serde(borrow)]
    outcome_id: Option<&'a RawValue>,
    #[serde(borrow)]
    odds: Option<&'a RawValue>,
}

struct Bet<'a> {
    user_id: &'a str,
    kind: &'static str,
    stake: Decimal,
    selections: Vec<Selection<'a>>,
}

struct Selection<'a> {
    event_id: Cow<'a, str>,
    market_id: Cow<'a, str>,
    specifiers: Option<Cow<'a, str>>,
    outcome_id: Cow<'a, str>,
    odds: Decimal,
}

/// A batch's answer: rows of a table look like each other, tables do not.
#[derive(Deserialize)]
struct Batch<'a> {
    #[serde(rename = "Responses", borrow)]
    responses: HashMap<Text<'a>, &'a RawValue>,
    #[serde(rename = "UnprocessedKeys", borrow, default)]
    unprocessed: HashMap<Text<'a>, &'a RawValue>,
}

#[derive(Deserialize)]
struct Market<'a> {
    #[serde(borrow)]
    event_id: Word<'a>,
    #[serde(borrow)]
    market: Word<'a>,
    #[serde(borrow)]
    status: Word<'a>,
    #[serde(borrow)]
    outcomes: Map<HashMap<Text<'a>, Map<Outcomes<'a>>>>,
}

#[derive(Deserialize)]
struct Word<'a> {
    #[serde(rename = "S", borrow)]
    s: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Map<T> {
    #[serde(rename = "M")]
    m: T,
}

#[derive(Deserialize)]
struct Outcomes<'a> {
    #[serde(borrow)]
    odds: Number<'a>,
    active: Flag,
}

#[derive(Deserialize)]
struct Flag {
    #[serde(rename = "BOOL")]
    bool: bool,
}

impl Selection<'_> {
    /// The sort key of its market.
    fn market(&self) -> Cow<'_, str> {
        match &self.specifiers {
            Some(specifiers) => format!("{}|{specifiers}", self.market_id).into(),
            None => self.market_id.as_ref().into(),
        }
    }

    /// As it stands in a bet, at the odds it was accepted at.
    fn placed(&self, odds: Decimal) -> String {
        let specifiers =
            self.specifiers.as_ref().map(|text| format!(r#""specifiers":{},"#, quoted(text))).unwrap_or_default();
        format!(
            r#"{{"event_id":{},"market_id":{},{specifiers}"outcome_id":{},"odds":"{}"}}"#,
            quoted(&self.event_id),
            quoted(&self.market_id),
            quoted(&self.outcome_id),
            shown(odds)
        )
    }
}

impl PlaceBet {
    /// With the names of its tables.
    pub fn from_env() -> Result<Self, Error> {
        Ok(Self { bets: variable("TABLE_BETS")?, markets: variable("TABLE_MARKETS")? })
    }

    /// Places a bet once per key of a user.
    pub fn handle(&self, tables: &mut Tables, payload: &[u8]) -> Result<String, Error> {
        let request: Request<'_> = serde_json::from_slice(payload)?;
        let Some(key) = request.headers.key.filter(|key| !key.is_empty()) else {
            return Ok(response(400, r#"{"code":"IDEMPOTENCY_KEY_REQUIRED"}"#));
        };
        let user_id = request.context.authorizer.lambda.sub;
        let text = request.body.unwrap_or_default();
        let bet = match read(&user_id, &text) {
            Ok(bet) => bet,
            Err(field) => return Ok(response(400, &format!(r#"{{"code":"VALIDATION_FAILED","field":"{field}"}}"#))),
        };
        let receipt = Receipt::of(&format!("{user_id}#{key}"), text.as_bytes());
        Ok(match self.attempt(tables, &bet, &receipt)? {
            Stored::Answer(answer) => answer,
            Stored::Reused => response(422, r#"{"code":"IDEMPOTENCY_KEY_REUSED"}"#),
        })
    }

    fn attempt(&self, tables: &mut Tables, bet: &Bet<'_>, receipt: &Receipt) -> Result<Stored, Error> {
        let user = quoted(bet.user_id);
        let batch = self.batch(tables, bet, &user);
        for _ in 0..ATTEMPTS {
            let (wallets, markets) = (tables.wallets.clone(), &self.markets);
            let reply = tables.call("BatchGetItem", &batch)?;
            let read: Batch<'_> = serde_json::from_slice(body(&reply)?)?;
            if !read.unprocessed.is_empty() {
                return Err("the table left keys out".into());
            }
            let rows = |table: &str| read.responses.get(&Text(table.into())).map_or("[]", |rows| rows.get());
            let markets: Vec<Market<'_>> = serde_json::from_str(rows(markets))?;
            let wallets: Vec<Wallet<'_>> = serde_json::from_str(rows(&wallets))?;
            let (before, version) = Wallet::stand(wallets.first())?;
            let odds = accept(bet, &markets)?;
            let now = Moment::now();
            let odds = match odds {
                Ok(_) if before < bet.stake => Err("WALLET_INSUFFICIENT_BALANCE"),
                odds => odds,
            };
            let odds = match odds {
                Ok(odds) => odds,
                Err(code) => return receipt.refuse(tables, response(422, &format!(r#"{{"code":"{code}"}}"#)), now),
            };
            let bet_id = tables.id(now)?;
            let entry = Entry {
                user: &user,
                operation: &quoted(&bet_id),
                amount: bet.stake,
                before,
                after: before - bet.stake,
                version,
                id: tables.id(now)?,
                at: now.rfc3339(),
            };
            let placed = placed(bet, &odds, &bet_id, &entry.at);
            let whole = format!(r#"{{"user_id":{user},"type":"{}",{placed}}}"#, bet.kind);
            let event = format!(r#"{{"type":"BetPlaced","bet":{whole}}}"#);
            let answer = response(201, &format!("{{{placed}}}"));
            let transaction = format!(
                r#"{{"TransactItems":[{},{{"Put":{{"TableName":"{}","ConditionExpression":"attribute_not_exists(bet_id)","Item":{{"bet_id":{{"S":"{bet_id}"}},"user_id":{{"S":{user}}},"bet":{{"S":{}}}}}}}}},{{"Put":{{{}}}}}]}}"#,
                entry.items(tables, &event)?,
                self.bets,
                quoted(&whole),
                receipt.put(tables, &answer, now)
            );
            match outcome(&tables.call("TransactWriteItems", &transaction)?)? {
                Outcome::Done => return Ok(Stored::Answer(answer)),
                Outcome::Repeated => return receipt.stored(tables),
                Outcome::Moved => {}
            }
        }
        Err("the wallet moved at every attempt".into())
    }

    /// The read of the wallet and every market.
    fn batch(&self, tables: &Tables, bet: &Bet<'_>, user: &str) -> String {
        let mut keys = String::new();
        for leg in &bet.selections {
            let (comma, event, market) = (if keys.is_empty() { "" } else { "," }, &leg.event_id, leg.market());
            let (event, market) = (quoted(event), quoted(&market));
            keys.push_str(&format!(r#"{comma}{{"event_id":{{"S":{event}}},"market":{{"S":{market}}}}}"#));
        }
        format!(
            r#"{{"RequestItems":{{"{}":{{"ConsistentRead":true,"Keys":[{{"user_id":{{"S":{user}}}}}]}},"{}":{{"ConsistentRead":true,"Keys":[{keys}]}}}}}}"#,
            tables.wallets, self.markets
        )
    }
}

/// The order, or the member that is wrong.
fn read<'a>(user_id: &'a str, body: &'a str) -> Result<Bet<'a>, String> {
    let order: Order<'a> = serde_json::from_str(body).map_err(|_| "body")?;
    let kind = match text(order.kind).as_deref() {
        Some("single") => "single",
        Some("accumulator") => "accumulator",
        _ => return Err("type".into()),
    };
    let stake: Stake<'_> = order.stake.and_then(|raw| serde_json::from_str(raw.get()).ok()).ok_or("stake")?;
    let amount = amount(stake.amount).ok_or("stake.amount")?;
    text(stake.asset).filter(|asset| asset == "cash").ok_or("stake.asset")?;
    let legs = order.selections.and_then(|raw| serde_json::from_str::<Vec<&'a RawValue>>(raw.get()).ok());
    let most = if kind == "single" { 1 } else { MAX_SELECTIONS };
    let legs = legs.filter(|legs| (1..=most).contains(&legs.len())).ok_or("selections")?;
    let leg = |(index, raw): (usize, &&'a RawValue)| {
        let at = |name: &str| format!("selections[{index}]{name}");
        let leg: Leg<'a> = serde_json::from_str(raw.get()).map_err(|_| at(""))?;
        Ok(Selection {
            event_id: text(leg.event_id).ok_or_else(|| at(".event_id"))?,
            market_id: text(leg.market_id).ok_or_else(|| at(".market_id"))?,
            specifiers: match leg.specifiers {
                Some(raw) => Some(text(Some(raw)).ok_or_else(|| at(".specifiers"))?),
                None => None,
            },
            outcome_id: text(leg.outcome_id).ok_or_else(|| at(".outcome_id"))?,
            odds: number(leg.odds).filter(|odds| *odds >= Decimal::ONE).ok_or_else(|| at(".odds"))?,
        })
    };
    let selections: Vec<_> = legs.iter().enumerate().map(leg).collect::<Result<_, String>>()?;
    let events: HashSet<_> = selections.iter().map(|leg| &leg.event_id).collect();
    if events.len() < selections.len() {
        return Err("selections".into());
    }
    Ok(Bet { user_id, kind, stake: amount, selections })
}

/// The odds of now, in the selections' order; or why not.
fn accept(bet: &Bet<'_>, markets: &[Market<'_>]) -> Result<Result<Vec<Decimal>, &'static str>, Error> {
    let mut accepted = Vec::with_capacity(bet.selections.len());
    for leg in &bet.selections {
        let key = leg.market();
        let market = markets.iter().find(|market| market.event_id.s == leg.event_id && market.market.s == key);
        let market = market.filter(|market| market.status.s == "active");
        let outcome = market.and_then(|market| market.outcomes.m.get(&Text(leg.outcome_id.as_ref().into())));
        let Some(outcome) = outcome.filter(|outcome| outcome.m.active.bool) else {
            return Ok(Err("MARKET_SUSPENDED"));
        };
        let odds = outcome.m.odds.decimal()?;
        if odds < leg.odds {
            return Ok(Err("ODDS_CHANGED"));
        }
        accepted.push(odds);
    }
    Ok(Ok(accepted))
}

/// The members of a placed bet.
fn placed(bet: &Bet<'_>, odds: &[Decimal], bet_id: &str, at: &str) -> String {
    let total = odds.iter().fold(Product::one(), |total, odds| total.times(*odds));
    let selections: Vec<_> = bet.selections.iter().zip(odds).map(|(leg, odds)| leg.placed(*odds)).collect();
    format!(
        r#""bet_id":"{bet_id}","status":"placed","stake":"{}","potential_payout":"{}","total_odds":"{}","selections":[{}],"placed_at":"{at}""#,
        shown(bet.stake),
        total.clone().times(bet.stake).places(2),
        total.text(),
        selections.join(",")
    )
}

fn response(status: u16, body: &str) -> String {
    format!(r#"{{"statusCode":{status},"headers":{{"content-type":"application/json"}},"body":{}}}"#, quoted(body))
}
