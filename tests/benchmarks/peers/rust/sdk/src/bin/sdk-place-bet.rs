//! Job 2: a bet, through an HTTP API.

use std::collections::{HashMap, HashSet};

use aws_lambda_events::apigw::ApiGatewayV2httpRequest;
use aws_sdk_dynamodb::types::{KeysAndAttributes, Put, TransactWriteItem};
use bigdecimal::num_bigint::BigInt;
use bigdecimal::{BigDecimal, RoundingMode};
use chrono::Utc;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use rust_decimal::Decimal;
use sdk::{ATTEMPTS, Debit, Item, Outcome, Receipt, Stored, Tables, Wallet};
use sdk::{decimal, exact, is_amount, new_id, rfc3339, shown, string, text};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Value, json};

const MAX_SELECTIONS: usize = 20;

#[derive(Deserialize)]
struct Order {
    #[serde(rename = "type")]
    kind: Kind,
    stake: Stake,
    selections: Vec<Selection>,
}

#[derive(Clone, Copy, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Single,
    Accumulator,
}

#[derive(Deserialize)]
struct Stake {
    #[serde(deserialize_with = "exact")]
    amount: Decimal,
    asset: String,
}

#[derive(Clone, Deserialize, Serialize)]
struct Selection {
    event_id: String,
    market_id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    specifiers: Option<String>,
    outcome_id: String,
    #[serde(deserialize_with = "exact", serialize_with = "as_shown")]
    odds: Decimal,
}

impl Selection {
    /// The sort key of its market.
    fn market(&self) -> String {
        match &self.specifiers {
            Some(specifiers) => format!("{}|{specifiers}", self.market_id),
            None => self.market_id.clone(),
        }
    }
}

/// The tables that only this function knows.
struct Job {
    tables: Tables,
    bets: String,
    markets: String,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    sdk::log();
    let job = &Job {
        tables: Tables::from_env().await?,
        bets: std::env::var("TABLE_BETS")?,
        markets: std::env::var("TABLE_MARKETS")?,
    };
    run(service_fn(async |event: LambdaEvent<ApiGatewayV2httpRequest>| {
        let answer = job.handle(event.payload).await?;
        tracing::info!(request_id = event.context.request_id, status = answer["statusCode"].as_u64(), "place-bet");
        Ok::<_, Error>(answer)
    }))
    .await
}

impl Job {
    async fn handle(&self, request: ApiGatewayV2httpRequest) -> Result<Value, Error> {
        let key = request.headers.get("idempotency-key").and_then(|key| key.to_str().ok());
        let Some(key) = key.filter(|key| !key.is_empty()) else {
            return Ok(response(400, &json!({"code": "IDEMPOTENCY_KEY_REQUIRED"})));
        };
        let caller = request.request_context.authorizer.as_ref().and_then(|authorizer| authorizer.fields.get("sub"));
        let user_id = caller.and_then(Value::as_str).ok_or("a request without a user")?;
        let body = request.body.as_deref().unwrap_or_default();
        let order = match validate(body) {
            Ok(order) => order,
            Err(field) => return Ok(response(400, &json!({"code": "VALIDATION_FAILED", "field": field}))),
        };
        let receipt = Receipt::of(format!("{user_id}#{key}"), body);
        Ok(match self.place(user_id, &order, &receipt).await? {
            Stored::Answer(answer) => answer,
            Stored::Reused => response(422, &json!({"code": "IDEMPOTENCY_KEY_REUSED"})),
        })
    }

    async fn place(&self, user_id: &str, order: &Order, receipt: &Receipt) -> Result<Stored, Error> {
        let (tables, stake) = (&self.tables, order.stake.amount);
        for _ in 0..ATTEMPTS {
            let (wallet, markets) = self.read(user_id, order).await?;
            let now = Utc::now();
            let selections = match accept(order, &markets)? {
                Ok(_) if wallet.balance < stake => Err("WALLET_INSUFFICIENT_BALANCE"),
                accepted => accepted,
            };
            let selections = match selections {
                Ok(selections) => selections,
                Err(code) => return tables.refuse(receipt, response(422, &json!({"code": code})), now).await,
            };
            let total = selections.iter().fold(BigDecimal::from(1), |total, leg| total * big(leg.odds));
            let payout = (&total * big(stake)).with_scale_round(2, RoundingMode::Down);
            let bet_id = new_id();
            let answer = json!({
                "bet_id": bet_id,
                "status": "placed",
                "stake": shown(stake),
                "potential_payout": payout.normalized().to_plain_string(),
                "total_odds": total.normalized().to_plain_string(),
                "selections": selections,
                "placed_at": rfc3339(now),
            });
            let mut bet = answer.clone();
            bet["user_id"] = json!(user_id);
            bet["type"] = json!(order.kind);
            let debit = Debit { user_id, operation: &bet_id, amount: stake, wallet, entry_id: new_id(), at: now };
            let mut items = tables.debit(&debit, &json!({"type": "BetPlaced", "bet": bet}))?;
            let put = Put::builder()
                .table_name(&self.bets)
                .item("bet_id", text(&bet_id))
                .item("user_id", text(user_id))
                .item("bet", text(bet.to_string()))
                .condition_expression("attribute_not_exists(bet_id)")
                .build()?;
            items.push(TransactWriteItem::builder().put(put).build());
            let answer = response(201, &answer);
            match tables.commit(items, receipt, &answer, now).await? {
                Outcome::Done => return Ok(Stored::Answer(answer)),
                Outcome::Repeated => return tables.stored(receipt).await,
                Outcome::Moved => {}
            }
        }
        Err("the wallet moved at every attempt".into())
    }

    /// The wallet and every market, in one batch unless the table leaves keys out.
    async fn read(&self, user_id: &str, order: &Order) -> Result<(Wallet, Vec<Item>), Error> {
        let wallet = Item::from([("user_id".to_owned(), text(user_id))]);
        let market = |leg: &Selection| {
            Item::from([("event_id".to_owned(), text(&leg.event_id)), ("market".to_owned(), text(leg.market()))])
        };
        let keys = |keys: Vec<Item>| KeysAndAttributes::builder().consistent_read(true).set_keys(Some(keys)).build();
        let mut wanted = HashMap::from([
            (self.tables.wallets.clone(), keys(vec![wallet])?),
            (self.markets.clone(), keys(order.selections.iter().map(market).collect())?),
        ]);
        let mut found: HashMap<String, Vec<Item>> = HashMap::new();
        while !wanted.is_empty() {
            let read = self.tables.client.batch_get_item().set_request_items(Some(wanted)).send().await?;
            for (table, items) in read.responses.unwrap_or_default() {
                found.entry(table).or_default().extend(items);
            }
            wanted = read.unprocessed_keys.unwrap_or_default();
        }
        let wallet = Wallet::of(found.get(&self.tables.wallets).and_then(|items| items.first()))?;
        Ok((wallet, found.remove(&self.markets).unwrap_or_default()))
    }
}

/// The order, or the path of the member that is wrong.
fn validate(body: &str) -> Result<Order, String> {
    let order: Order = sdk::parse(body)?;
    if !is_amount(order.stake.amount) {
        return Err("stake.amount".to_owned());
    }
    if order.stake.asset != "cash" {
        return Err("stake.asset".to_owned());
    }
    let most = if order.kind == Kind::Single { 1 } else { MAX_SELECTIONS };
    let events: HashSet<_> = order.selections.iter().map(|leg| &leg.event_id).collect();
    if !(1..=most).contains(&order.selections.len()) || events.len() < order.selections.len() {
        return Err("selections".to_owned());
    }
    for (index, leg) in order.selections.iter().enumerate() {
        let empty = |text: &String| text.is_empty();
        let wrong = if empty(&leg.event_id) {
            "event_id"
        } else if empty(&leg.market_id) {
            "market_id"
        } else if leg.specifiers.as_ref().is_some_and(empty) {
            "specifiers"
        } else if empty(&leg.outcome_id) {
            "outcome_id"
        } else if leg.odds < Decimal::ONE {
            "odds"
        } else {
            continue;
        };
        return Err(format!("selections[{index}].{wrong}"));
    }
    Ok(order)
}

/// The selections at the odds of now; or why not.
fn accept(order: &Order, markets: &[Item]) -> Result<Result<Vec<Selection>, &'static str>, Error> {
    let mut accepted = Vec::new();
    for leg in &order.selections {
        let (key, mut market) = (leg.market(), None);
        for item in markets {
            if string(item, "event_id")? == leg.event_id && string(item, "market")? == key {
                market = Some(item);
            }
        }
        let open = market.filter(|market| string(market, "status").is_ok_and(|status| status == "active"));
        let outcomes = open.and_then(|market| market.get("outcomes")?.as_m().ok());
        let outcome = outcomes.and_then(|outcomes| outcomes.get(&leg.outcome_id)?.as_m().ok());
        let is_active = |outcome: &&Item| outcome.get("active").is_some_and(|active| active.as_bool() == Ok(&true));
        let Some(outcome) = outcome.filter(is_active) else {
            return Ok(Err("MARKET_SUSPENDED"));
        };
        let odds = decimal(outcome, "odds")?;
        if odds < leg.odds {
            return Ok(Err("ODDS_CHANGED"));
        }
        accepted.push(Selection { odds, ..leg.clone() });
    }
    Ok(Ok(accepted))
}

/// Twenty odds have more digits than a `Decimal` holds.
fn big(decimal: Decimal) -> BigDecimal {
    BigDecimal::new(BigInt::from(decimal.mantissa()), decimal.scale().into())
}

fn as_shown<S: Serializer>(decimal: &Decimal, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&shown(*decimal))
}

fn response(status: u16, body: &Value) -> Value {
    json!({"statusCode": status, "headers": {"content-type": "application/json"}, "body": body.to_string()})
}
