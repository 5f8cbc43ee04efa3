//! Deliberate bugs, to show that the simulation would find them. Each changes what functions send or what they are
//! told, as the bug in their code would; the functions themselves stay as they are.

use serde_json::{Value, json};

use crate::audit::chain;
use crate::cloud::Cloud;
use crate::findings::Check;
use crate::packed::unpacked;
use crate::wire::{Reply, Request};

/// A bug.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mutant {
    /// Wallets are written whatever their version is.
    ForgottenCondition,
    /// Events are published when a write is tried, not when it is committed.
    PublishedBeforeCommit,
    /// A consumer's queue is told that it handled what it did not; which consumer, the seed says.
    SwallowedError,
    /// A credit leaves no record of its operation.
    DroppedDedupe,
    /// The publisher takes a half-failed call for a whole one.
    IgnoredPartialFailures,
    /// A refund does not end its bet, so that another one can follow.
    RefundedTwice,
    /// Balances of an earlier moment are read with the version of now, so that every condition holds.
    StaleBalance,
    /// Wallets and the journal are read as they may have been some seconds ago.
    InconsistentRead,
    /// What expires some day has expired already.
    ExpiredEarly,
    /// The wallet's consumer pays a refund that the caller's transaction has paid.
    PaidOnBothPaths,
    /// Results are looked at before the bet is indexed.
    SettledBeforeIndexed,
    /// An entry takes the clock's time although it went back, and is hashed so.
    ClockBackInChain,
    /// An award leaves no record of what it was for.
    AwardedTwice,
    /// Points leave no record of the bet that they are for.
    PointsTwice,
    /// Figures keep no record of the events that they counted.
    CountedTwice,
    /// A command keeps no receipt where the same key finds it.
    CommandTwice,
    /// A merchant from whom nothing is heard is taken to have refused.
    SilenceIsNo,
    /// A refund gives back the money, and not the stock.
    StockNotReturned,
    /// Whether somebody has the address or the number is not looked at when an account is made.
    RegisteredTwice,
    /// A boost whose event comes again is added again to what runs.
    BoostTakenTwice,
    /// Whoever is called by a boost's schedule takes it for the call at the end, and all that runs for over.
    BoostEndedEarly,
    /// Nothing has a target looked at when a boost of it is over: no schedule, and no row for the clean-up.
    BoostNeverEnded,
    /// A boost is given and the credits stay where they are.
    BoostForNothing,
    /// A gig that is paid is still one that is to be paid.
    GigPaidTwice,
    /// Each try to send a message has an idempotency key of its own.
    NotifiedTwice,
}

/// Every bug.
pub const ALL: [Mutant; 25] = [
    Mutant::ForgottenCondition,
    Mutant::PublishedBeforeCommit,
    Mutant::SwallowedError,
    Mutant::DroppedDedupe,
    Mutant::IgnoredPartialFailures,
    Mutant::RefundedTwice,
    Mutant::StaleBalance,
    Mutant::InconsistentRead,
    Mutant::ExpiredEarly,
    Mutant::PaidOnBothPaths,
    Mutant::SettledBeforeIndexed,
    Mutant::ClockBackInChain,
    Mutant::AwardedTwice,
    Mutant::PointsTwice,
    Mutant::CountedTwice,
    Mutant::CommandTwice,
    Mutant::SilenceIsNo,
    Mutant::StockNotReturned,
    Mutant::RegisteredTwice,
    Mutant::BoostTakenTwice,
    Mutant::BoostEndedEarly,
    Mutant::BoostNeverEnded,
    Mutant::BoostForNothing,
    Mutant::GigPaidTwice,
    Mutant::NotifiedTwice,
];

impl Mutant {
    /// The checks of which one must fire: what the bug does is seen, not that it was tampered with something.
    #[must_use]
    pub const fn found_by(self) -> &'static [Check] {
        match self {
            Self::ForgottenCondition => &[Check::Sequence],
            Self::PublishedBeforeCommit | Self::IgnoredPartialFailures => &[Check::Published],
            Self::SwallowedError => {
                &[Check::Handled, Check::Money, Check::Trail, Check::Notices, Check::Bets, Check::Deposits]
            }
            Self::DroppedDedupe | Self::AwardedTwice | Self::CommandTwice | Self::RefundedTwice => &[Check::Once],
            Self::InconsistentRead => &[Check::Stale],
            Self::ExpiredEarly => &[Check::Line],
            Self::StaleBalance => &[Check::Line, Check::Balance],
            Self::PaidOnBothPaths | Self::SettledBeforeIndexed => &[Check::Bets],
            Self::ClockBackInChain => &[Check::Clock],
            Self::PointsTwice => &[Check::Once, Check::Points],
            Self::CountedTwice => &[Check::Figures],
            Self::RegisteredTwice => &[Check::Registered],
            Self::BoostTakenTwice | Self::BoostEndedEarly | Self::BoostForNothing => &[Check::Boosts],
            Self::BoostNeverEnded => &[Check::Boosts, Check::Listed],
            Self::GigPaidTwice => &[Check::Once, Check::Listed],
            Self::NotifiedTwice => &[Check::Notices],
            Self::SilenceIsNo | Self::StockNotReturned => &[Check::Orders],
        }
    }

    /// The request as the bug would send it.
    pub(crate) fn request(self, cloud: &Cloud, mut request: Request) -> Request {
        if self == Self::NotifiedTwice && request.url.ends_with("/sandbox/messages") {
            let key = request.headers.entry("idempotency-key".to_owned()).or_default();
            key.push_str(&format!("~{:016x}", cloud.below(u64::MAX)));
            return request;
        }
        if self == Self::BoostNeverEnded && request.url.contains("://scheduler.") {
            let Ok(mut body) = serde_json::from_slice::<Value>(&request.body) else { return request };
            body["ScheduleExpression"] = "at(2099-01-01T00:00:00)".into();
            request.body = body.to_string().into_bytes();
            return request;
        }
        let target = request.headers.get("x-amz-target").map(String::as_str).unwrap_or_default();
        let action = target.rsplit('.').next().unwrap_or_default().to_owned();
        let is_read = self == Self::InconsistentRead && matches!(action.as_str(), "GetItem" | "Query" | "BatchGetItem");
        if !matches!(action.as_str(), "TransactWriteItems" | "PutItem") && !is_read {
            return request;
        }
        let Ok(mut body) = serde_json::from_slice::<Value>(&request.body) else { return request };
        if is_read {
            for (table, part) in body["RequestItems"].as_object_mut().into_iter().flatten() {
                may_be_old(table, part);
            }
            let table = body["TableName"].as_str().unwrap_or_default().to_owned();
            may_be_old(&table, &mut body);
            request.body = body.to_string().into_bytes();
            return request;
        }
        if action == "PutItem" {
            let mut part = json!({"Put": body});
            self.part(cloud, &mut part);
            body = part["Put"].take();
        } else {
            for part in body["TransactItems"].as_array_mut().into_iter().flatten() {
                self.part(cloud, part);
            }
            match self {
                Self::ClockBackInChain => back_in_time(cloud, &mut body),
                Self::BoostTakenTwice => run_twice(cloud, &mut body),
                Self::BoostForNothing => spend_nothing(&mut body),
                _ => {}
            }
        }
        request.body = body.to_string().into_bytes();
        request
    }

    fn part(self, cloud: &Cloud, part: &mut Value) {
        if let Some(item) = part.get_mut("Put").and_then(|put| put.get_mut("Item")) {
            *item = unpacked(item.take());
        }
        let pk = pk(part);
        match self {
            Self::ForgottenCondition => unchecked(part),
            Self::DroppedDedupe if pk.starts_with("op#") => elsewhere(cloud, part),
            Self::AwardedTwice if pk.starts_with("award#") => elsewhere(cloud, part),
            Self::PointsTwice if pk.starts_with("points#") => elsewhere(cloud, part),
            Self::CountedTwice if pk.starts_with("seen#") => elsewhere(cloud, part),
            Self::CommandTwice if pk.starts_with("cmd#") => elsewhere(cloud, part),
            Self::RegisteredTwice if pk.starts_with("email#") || pk.starts_with("phone#") => unchecked_put(part),
            Self::BoostNeverEnded if pk.starts_with("due#") => part["Put"]["Item"]["pk"]["S"] = "nowhere".into(),
            Self::GigPaidTwice => still_to_be_paid(part),
            Self::StockNotReturned if gives_back(part) => {
                part["Update"]["Key"]["pk"]["S"] = "nowhere".into();
            }
            Self::RefundedTwice if pk.starts_with("bet#") => {
                let state = part["Put"]["Item"]["st"]["S"].as_str().unwrap_or_default();
                part["Put"]["Item"]["st"]["S"] =
                    state.replace(r#""status":"cancelled""#, r#""status":"placed""#).into();
            }
            _ => {}
        }
    }

    /// The reply as the bug would read it.
    pub(crate) fn reply(self, reply: &mut Value) {
        if self == Self::BoostTakenTwice {
            for (_, items) in reply["Responses"].as_object_mut().into_iter().flatten() {
                // Of a boost that was taken in nothing is known.
                if let Some(items) = items.as_array_mut() {
                    items.retain(|item| item.get("boost").is_none());
                }
            }
        }
        if self != Self::ExpiredEarly {
            return;
        }
        let one = reply.get_mut("Item").filter(|item| item.get("assets").is_some());
        one.into_iter().for_each(end_lots);
        let batch = reply.pointer_mut("/Responses/WalletsTable").and_then(Value::as_array_mut);
        batch.into_iter().flatten().for_each(end_lots);
    }

    /// Whether a function believes that all boosts are over.
    pub(crate) fn is_ahead(self, function: &str) -> bool {
        self == Self::BoostEndedEarly && function.ends_with("-boost-end")
    }

    /// Whether the request is answered before it is carried out.
    pub(crate) fn is_postponed(self, function: &str, request: &Request) -> bool {
        self == Self::SettledBeforeIndexed
            && function.ends_with("bet-indexer")
            && String::from_utf8_lossy(&request.body).contains("index#")
            && request.headers.get("x-amz-target").is_some_and(|target| target.ends_with("UpdateItem"))
    }

    /// What is heard where a request to a merchant was answered by nothing that says anything.
    pub(crate) fn heard(self, request: &Request) -> Option<Reply> {
        let path = request.url.split_once("/sandbox/merchant/orders").map(|(_, path)| path)?;
        let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        let order = path.split('/').nth(1).or_else(|| body["rabtul_order_id"].as_str())?;
        let no = || Reply::json(200, &json!({"rabtul_order_id": order, "status": "rejected"}));
        (self == Self::SilenceIsNo).then(no)
    }

    /// What a second path would be told of an event.
    pub(crate) fn second_path(self, detail: &Value) -> Option<(&'static str, Value)> {
        if self != Self::PaidOnBothPaths || detail["event"] != "BetCancelled" {
            return None;
        }
        let data = &detail["data"];
        let mut told = detail.clone();
        told["event"] = "BetSettled".into();
        told["data"] = json!({
            "bet_id": data["bet_id"], "user_id": data["user_id"], "settlement_no": 1, "result": "void",
            "stake": {"amount": data["refund"], "asset": data["asset"]},
            "payout_total": data["refund"], "payout_delta": data["refund"],
        });
        Some(("quoin-dev-wallet-payouts", told))
    }
}

/// A boost that is put a second time runs a second time.
fn run_twice(cloud: &Cloud, body: &mut Value) {
    let parts = body["TransactItems"].as_array_mut().map(Vec::as_mut_slice).unwrap_or_default();
    let mut again = None;
    for part in parts.iter_mut().filter(|part| !part["Put"]["Item"]["boost"].is_null()) {
        let (table, item) = (part["Put"]["TableName"].as_str().unwrap_or_default(), &part["Put"]["Item"]);
        if cloud.item(table, &json!({"pk": item["pk"], "sk": item["sk"]})).is_some_and(|known| !known.is_null()) {
            let given: Value =
                serde_json::from_str(item["boost"]["S"].as_str().unwrap_or_default()).unwrap_or_default();
            again = given["eventId"].as_str().map(str::to_owned);
            unchecked_put(part);
        }
    }
    let Some(again) = again else { return };
    for part in parts.iter_mut().filter(|part| part["Update"]["Key"]["sk"]["S"] == "standing") {
        for (_, value) in part["Update"]["ExpressionAttributeValues"].as_object_mut().into_iter().flatten() {
            let text = value["S"].as_str().unwrap_or_default();
            let Ok(Value::Array(mut running)) = serde_json::from_str(text) else { continue };
            let twice: Vec<_> = running.iter().filter(|boost| boost["event_id"] == again.as_str()).cloned().collect();
            running.extend(twice);
            value["S"] = Value::Array(running).to_string().into();
        }
    }
}

/// Whatever a transaction that gives a boost writes of wallets is left out.
fn spend_nothing(body: &mut Value) {
    let Some(parts) = body["TransactItems"].as_array_mut() else { return };
    if parts.iter().any(|part| pk(part).starts_with("boost#")) {
        parts.retain(|part| part["Update"]["TableName"] != "WalletsTable" && !pk(part).starts_with("wallet#"));
    }
}

fn still_to_be_paid(part: &mut Value) {
    let paid = |text: &str| text.replace(r#""status":"paid""#, r#""status":"completed""#);
    if pk(part).starts_with("gig#") {
        let state = paid(part["Put"]["Item"]["st"]["S"].as_str().unwrap_or_default());
        part["Put"]["Item"]["st"]["S"] = state.into();
    }
    if part["Update"]["TableName"] == "GigsTable" {
        for (_, value) in part["Update"]["ExpressionAttributeValues"].as_object_mut().into_iter().flatten() {
            if let Some(text) = value["S"].as_str() {
                value["S"] = if text == "paid" { "completed".into() } else { paid(text).into() };
            }
        }
    }
}

/// Lets all lots of a wallet end with the year before.
fn end_lots(wallet: &mut Value) {
    let text = wallet["assets"]["S"].as_str().unwrap_or_default();
    let Ok(mut assets) = serde_json::from_str::<Value>(text) else { return };
    for (_, part) in assets.as_object_mut().into_iter().flatten() {
        for lot in part["lots"].as_array_mut().into_iter().flatten() {
            if lot.get("expires_at").is_some() {
                lot["expires_at"] = "2025-12-31T23:59:59.000Z".into();
            }
        }
    }
    wallet["assets"]["S"] = assets.to_string().into();
}

fn may_be_old(table: &str, read: &mut Value) {
    if let Some(read) = read.as_object_mut().filter(|_| matches!(table, "WalletsTable" | "JournalTable")) {
        read.remove("ConsistentRead");
    }
}

fn pk(part: &Value) -> String {
    part["Put"]["Item"]["pk"]["S"].as_str().unwrap_or_default().to_owned()
}

/// Whether a part of a write gives stock back: what is taken has a condition.
fn gives_back(part: &Value) -> bool {
    let update = &part["Update"];
    let is_stock = update["Key"]["pk"]["S"].as_str().is_some_and(|pk| pk.starts_with("stock#"));
    is_stock && update["ConditionExpression"].is_null()
}

/// The item under a key that nobody looks for, as if its id had not followed from what it is for.
fn elsewhere(cloud: &Cloud, part: &mut Value) {
    let chance = cloud.below(u64::MAX);
    let moved = format!("{}~{chance:016x}", pk(part));
    for text in part.pointer_mut("/Put/Item/ev/L").and_then(Value::as_array_mut).into_iter().flatten() {
        let Ok(mut event) = serde_json::from_str::<Value>(text["S"].as_str().unwrap_or_default()) else { continue };
        event["metadata"]["entity"]["id"] = moved.split_once('#').map_or("", |(_, id)| id).into();
        event["metadata"]["event_id"] = format!("{chance:016x}-{}", event["metadata"]["sequence"]).into();
        text["S"] = event.to_string().into();
    }
    part["Put"]["Item"]["pk"]["S"] = moved.into();
}

/// The time of a wallet's change by a clock that is behind, with the hash over it.
fn back_in_time(cloud: &Cloud, body: &mut Value) {
    let back = i64::try_from(cloud.below(240_000)).unwrap_or(0);
    let at = quoin_events::Timestamp::from_millis(crate::cloud::millis(cloud.handle.now()) - back).to_string();
    let parts = body["TransactItems"].as_array_mut();
    let mut changed = Vec::new();
    for part in parts.into_iter().flatten() {
        if let Some(user) = pk(part).strip_prefix("wallet#") {
            let item = &mut part["Put"]["Item"];
            let before = [item["at"]["S"].clone(), item["h"]["S"].clone()];
            item["at"]["S"] = at.clone().into();
            item["h"]["S"] = chain::link(user, item).into();
            changed.push((user.to_owned(), before, [item["at"]["S"].clone(), item["h"]["S"].clone()]));
        }
    }
    for part in body["TransactItems"].as_array_mut().into_iter().flatten() {
        let owner = part["Update"]["Key"]["pk"]["S"].clone();
        for (_, before, after) in changed.iter().filter(|(user, _, _)| owner == **user) {
            for (_, value) in part["Update"]["ExpressionAttributeValues"].as_object_mut().into_iter().flatten() {
                if let Some(place) = before.iter().position(|old| value["S"] == *old) {
                    value["S"] = after[place].clone();
                }
            }
        }
    }
}

fn unchecked(part: &mut Value) {
    if part["Update"]["TableName"] == "WalletsTable" {
        let condition = part["Update"]["ConditionExpression"].as_str().unwrap_or_default();
        part["Update"]["ConditionExpression"] = format!("({condition}) OR attribute_exists(#v)").into();
    }
    if pk(part).starts_with("wallet#") {
        unchecked_put(part);
    }
}

fn unchecked_put(part: &mut Value) {
    if let Some(put) = part["Put"].as_object_mut() {
        put.remove("ConditionExpression");
        put.remove("ReturnValuesOnConditionCheckFailure");
    }
}
