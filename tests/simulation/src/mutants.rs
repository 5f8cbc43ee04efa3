//! Deliberate bugs, to show that the simulation would find them. Each changes what functions send or what they are
//! told, as the bug in their code would; the functions themselves stay as they are.

use serde_json::{Value, json};

use crate::cloud::Cloud;
use crate::wire::Request;

/// A bug.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mutant {
    /// Wallets are written whatever their version is.
    ForgottenCondition,
    /// Events are published when a write is tried, not when it is committed.
    PublishedBeforeCommit,
    /// A consumer says that it handled what it did not.
    SwallowedError,
    /// A credit leaves no record of its operation.
    DroppedDedupe,
    /// The publisher takes a half-failed call for a whole one.
    IgnoredPartialFailures,
    /// A refund does not end its bet.
    RefundedTwice,
    /// Balances are read from the lagging copy and written unchecked.
    StaleBalance,
    /// The wallet's consumer pays a refund that the caller's transaction has paid.
    PaidOnBothPaths,
    /// Results are looked at before the bet is indexed.
    SettledBeforeIndexed,
    /// An entry takes the clock's time although it went back.
    ClockBackInChain,
}

/// Every bug.
pub const ALL: [Mutant; 10] = [
    Mutant::ForgottenCondition,
    Mutant::PublishedBeforeCommit,
    Mutant::SwallowedError,
    Mutant::DroppedDedupe,
    Mutant::IgnoredPartialFailures,
    Mutant::RefundedTwice,
    Mutant::StaleBalance,
    Mutant::PaidOnBothPaths,
    Mutant::SettledBeforeIndexed,
    Mutant::ClockBackInChain,
];

impl Mutant {
    /// The request as the bug would send it.
    pub(crate) fn request(self, cloud: &Cloud, mut request: Request) -> Request {
        if request.headers.get("x-amz-target").is_none_or(|target| !target.ends_with("TransactWriteItems")) {
            return request;
        }
        let Ok(mut body) = serde_json::from_slice::<Value>(&request.body) else { return request };
        for part in body["TransactItems"].as_array_mut().into_iter().flatten() {
            match self {
                Self::ForgottenCondition | Self::StaleBalance => unchecked(part),
                Self::DroppedDedupe if pk(part).starts_with("op#") => {
                    part["Put"]["Item"]["pk"]["S"] = format!("{}#{}", pk(part), cloud.below(u64::MAX)).into();
                }
                Self::RefundedTwice if pk(part).starts_with("bet#") && part.to_string().contains("BetCancelled") => {
                    part["Put"]["Item"]["pk"]["S"] = format!("{}#lost", pk(part)).into();
                }
                Self::ClockBackInChain if pk(part).starts_with("wallet#") => {
                    let back = i64::try_from(cloud.below(240_000)).unwrap_or(0);
                    let at = quoin_events::Timestamp::from_millis(crate::cloud::millis(cloud.handle.now()) - back);
                    part["Put"]["Item"]["at"]["S"] = at.to_string().into();
                }
                _ => {}
            }
        }
        request.body = body.to_string().into_bytes();
        request
    }

    /// Whether the request is answered before it is carried out.
    pub(crate) fn is_postponed(self, function: &str, request: &Request) -> bool {
        self == Self::SettledBeforeIndexed
            && function.ends_with("bet-indexer")
            && String::from_utf8_lossy(&request.body).contains("index#")
            && request.headers.get("x-amz-target").is_some_and(|target| target.ends_with("UpdateItem"))
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

fn pk(part: &Value) -> String {
    part["Put"]["Item"]["pk"]["S"].as_str().unwrap_or_default().to_owned()
}

fn unchecked(part: &mut Value) {
    if part["Update"]["TableName"] == "WalletsTable" {
        let condition = part["Update"]["ConditionExpression"].as_str().unwrap_or_default();
        part["Update"]["ConditionExpression"] = format!("({condition}) OR attribute_exists(#v)").into();
    }
    if pk(part).starts_with("wallet#")
        && let Some(put) = part["Put"].as_object_mut()
    {
        put.remove("ConditionExpression");
        put.remove("ReturnValuesOnConditionCheckFailure");
    }
}
