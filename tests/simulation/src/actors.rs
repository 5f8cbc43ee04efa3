//! Carrying out steps over the API as clients do: with one idempotency key a step, again and again until there is a
//! definite answer, whatever gets lost on the way.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use quoin_events::Timestamp;
use quoin_runtime::sign_webhook;
use serde_json::{Value, json};

use crate::cloud::{millis, secret_value};
use crate::faults::Fault;
use crate::feed;
use crate::gateway::Principal;
use crate::people::People;
use crate::platform::{Invoked, Platform};
use crate::scenario::{ASKED, Action, MARKETS, Market, Said, Step};
use crate::scheduler::{Micros, lock};
use crate::wire::Request;

/// A definite answer.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Value,
    pub(crate) is_repeated: bool,
}

/// What a step came to.
#[derive(Debug, Clone)]
pub(crate) struct Done {
    pub(crate) step: Step,
    /// Every definite answer that its key was given, in order; several only if one of them was lost.
    pub(crate) answers: Vec<Answer>,
}

impl Done {
    /// The body of its answer, if it was accepted.
    pub(crate) fn accepted(&self) -> Option<&Value> {
        self.answers.first().filter(|answer| answer.status < 300).map(|answer| &answer.body)
    }
}

/// Everything that was done, as the parties themselves know it.
#[derive(Debug, Default)]
pub(crate) struct Record {
    pub(crate) done: Vec<Done>,
    pub(crate) feed: Vec<feed::Message>,
    pub(crate) poison: Vec<(String, String)>,
    /// Payments that the provider called paid after all.
    pub(crate) paid_after_all: Vec<String>,
    /// Steps that are under way.
    pub(crate) open: usize,
    deposits: BTreeMap<usize, Vec<(String, &'static str)>>,
    bets: BTreeMap<usize, Vec<String>>,
}

/// The parties of one history.
pub(crate) struct Actors {
    pub(crate) platform: Rc<Platform>,
    pub(crate) people: Rc<People>,
    pub(crate) record: RefCell<Record>,
}

const OPERATOR: &str = "operator-1";

impl Actors {
    /// Carries out `step` when its time has come.
    pub(crate) async fn perform(self: Rc<Self>, step: Step) {
        self.record.borrow_mut().open += 1;
        self.platform.cloud.handle.sleep(step.at).await;
        self.platform.cloud.say(|| format!("step {step}"));
        let answers = self.act(&step).await;
        let mut record = self.record.borrow_mut();
        if let Some(answer) = answers.first() {
            self.platform.cloud.say(|| format!("step {} answered {} {}", step.number, answer.status, answer.body));
            let text = |name: &str| answer.body[name].as_str().unwrap_or_default().to_owned();
            match (&step.action, answer.status) {
                (Action::Deposit { user, method, .. }, 202) => {
                    record.deposits.entry(*user).or_default().push((text("payment_id"), method));
                }
                (Action::Bet { user, .. }, 201) => record.bets.entry(*user).or_default().push(text("bet_id")),
                _ => {}
            }
        }
        record.open -= 1;
        record.done.push(Done { step, answers });
    }

    async fn act(&self, step: &Step) -> Vec<Answer> {
        let key = format!("step-{}", step.number);
        match &step.action {
            Action::Deposit { user, cents, method } => {
                let body = json!({"amount": amount(*cents), "asset": "cash", "method": method});
                self.command(*user, "POST", "/api/payments/deposits", &body, &key).await
            }
            Action::Bet { user, legs, cents, is_bonus, accept } => {
                let asset = if *is_bonus { "bonus" } else { "cash" };
                let selections: Vec<_> = legs.iter().map(|(market, outcome)| selection(*market, *outcome)).collect();
                let body = json!({
                    "type": if legs.len() > 1 { "accumulator" } else { "single" },
                    "stake": {"amount": amount(*cents), "asset": asset}, "selections": selections, "accept_odds": accept.name(),
                });
                self.command(*user, "POST", "/api/bets", &body, &key).await
            }
            Action::CancelBet { user, bet } => {
                let found = self.record.borrow().bets.get(user).and_then(|bets| bets.get(*bet)).cloned();
                let Some(bet) = found else { return Vec::new() };
                self.command(*user, "POST", &format!("/api/bets/{bet}/cancel"), &Value::Null, &key).await
            }
            Action::Transfer { from, to, cents } => {
                let body = json!({"to_user_id": self.people.id(*to), "asset": "cash", "amount": amount(*cents)});
                self.command(*from, "POST", "/api/wallets/me/transfers", &body, &key).await
            }
            Action::Limit { user, kind, cents } => {
                let body = json!({"kind": kind, "period": "day", "asset": "cash", "amount": amount(*cents)});
                self.command(*user, "PUT", "/api/wallets/me/limits", &body, &key).await
            }
            Action::Adjust { user, cents } => {
                let path = format!("/api/wallets/{}/adjustments", self.people.id(*user));
                let text = format!("{}{}", if *cents < 0 { "-" } else { "" }, amount(cents.unsigned_abs()));
                let number: Value = serde_json::from_str(&text).unwrap_or_default();
                let body = json!({"asset": "cash", "amount": number, "reason": "simulated"});
                let operator = Principal { user_id: OPERATOR.to_owned(), roles: "user,operator" };
                self.request(Some(&operator), "POST", &path, &body, &key).await
            }
            Action::Hold { user, cents, is_captured } => self.hold(*user, *cents, *is_captured, &key).await,
            Action::Exclude { user } => {
                let body = json!({"reason": "self_exclusion", "self_exclusion_days": 1});
                self.command(*user, "POST", "/api/users/me/deactivate", &body, &key).await
            }
            Action::Odds { market, odds } => self.odds(step, *market, odds).await,
            Action::Stop { event } => {
                self.feed(step, |ts| {
                    format!(r#"<bet_stop product="3" event_id="sr:match:{event}" timestamp="{ts}" groups="all"/>"#)
                })
                .await
            }
            Action::Result { market, results, certainty } => self.result(step, *market, results, *certainty).await,
            Action::CancelMarket { market, window } => {
                let bounds = |ts: i64| {
                    window.map_or(String::new(), |(before, after)| {
                        let (start, end) = (ts - 1000 * i64::from(before), ts + 1000 * i64::from(after));
                        format!(r#" start_time="{start}" end_time="{end}""#)
                    })
                };
                self.feed(step, |ts| {
                    let (event, named) = (market.0, named(*market));
                    let bounds = bounds(ts);
                    format!(r#"<bet_cancel product="3" event_id="sr:match:{event}" timestamp="{ts}"{bounds}><market {named}/></bet_cancel>"#)
                })
                .await
            }
            Action::YesAfterAll { user } => {
                let found = self.deposit(*user, "sandbox_decline");
                let Some(payment) = found else { return Vec::new() };
                self.record.borrow_mut().paid_after_all.push(payment.clone());
                self.callback(&payment, &key, "PaymentSecret.Id").await
            }
            Action::Forged { user } => {
                let Some(payment) = self.deposit(*user, "sandbox_silent") else { return Vec::new() };
                self.callback(&payment, &key, "nobody").await
            }
            Action::Poison { queue } => {
                let queues: Vec<String> = {
                    let queues = lock(&self.platform.cloud.queues);
                    let application = &self.platform.cloud.application;
                    let fed =
                        |name: &&String| application.queues.get(*name).is_some_and(|queue| queue.consumer.is_some());
                    queues.messages.keys().filter(fed).cloned().collect()
                };
                let Some(name) = queues.get(queue % queues.len().max(1)) else { return Vec::new() };
                let body = format!("{{\"poison\": \"{key}\"");
                lock(&self.platform.cloud.queues).send(name, body.clone(), Value::Null, 0, 0);
                self.record.borrow_mut().poison.push((name.clone(), body));
                Vec::new()
            }
        }
    }

    fn deposit(&self, user: usize, wanted: &str) -> Option<String> {
        let record = self.record.borrow();
        record.deposits.get(&user)?.iter().find(|(_, method)| *method == wanted).map(|(payment, _)| payment.clone())
    }

    async fn hold(&self, user: usize, cents: u64, is_captured: bool, key: &str) -> Vec<Answer> {
        let (id, hold) = (self.people.id(user), format!("hold-{key}"));
        let command = json!({
            "operation_id": format!("{key}-hold"), "user_id": id, "command": "hold", "asset": "cash",
            "amount": amount(cents), "hold_id": hold,
        });
        let held = self.direct(&command).await;
        if held.first().is_some_and(|answer| answer.status == 201) {
            let name = if is_captured { "capture" } else { "void" };
            let command =
                json!({"operation_id": format!("{key}-{name}"), "user_id": id, "command": name, "hold_id": hold});
            let ended = self.direct(&command).await;
            return held.into_iter().take(1).chain(ended.into_iter().take(1)).collect();
        }
        held.into_iter().take(1).collect()
    }

    async fn direct(&self, command: &Value) -> Vec<Answer> {
        let mut answers = Vec::new();
        for pause in pauses() {
            if let Invoked::Answered(text) =
                self.platform.invoke("quoin-dev-wallet-command", &command.to_string()).await
            {
                let reply: Value = serde_json::from_str(&text).unwrap_or_default();
                answers.push(Answer {
                    status: reply["status"].as_u64().and_then(|status| u16::try_from(status).ok()).unwrap_or(500),
                    body: reply["body"].clone(),
                    is_repeated: reply["repeated"] == true,
                });
                if !self.platform.cloud.happens(Fault::AnswerLost) {
                    break;
                }
            }
            self.platform.cloud.handle.sleep(pause).await;
        }
        answers
    }

    async fn command(&self, user: usize, method: &str, path: &str, body: &Value, key: &str) -> Vec<Answer> {
        self.request(Some(&self.people.principal(user)), method, path, body, key).await
    }

    async fn request(&self, who: Option<&Principal>, method: &str, path: &str, body: &Value, key: &str) -> Vec<Answer> {
        let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        let headers = BTreeMap::from([
            ("idempotency-key".to_owned(), key.to_owned()),
            ("x-request-id".to_owned(), format!("req-{key}")),
        ]);
        self.insist(who, &|_| Request {
            method: method.to_owned(),
            url: path.to_owned(),
            headers: headers.clone(),
            body: body.clone(),
        })
        .await
    }

    /// Sends until there is a definite answer that got through; all definite answers on the way are kept.
    async fn insist(&self, who: Option<&Principal>, request: &dyn Fn(i64) -> Request) -> Vec<Answer> {
        let cloud = &self.platform.cloud;
        let mut answers = Vec::new();
        for pause in pauses() {
            let reply = self.platform.http(&request(millis(cloud.handle.now())), who).await;
            let is_definite = reply.status < 500 && !matches!(reply.status, 401 | 409 | 429);
            if is_definite {
                let body = serde_json::from_slice(&reply.body).unwrap_or_default();
                let is_repeated = reply.headers.get("idempotency-hit").is_some_and(|hit| hit == "true");
                answers.push(Answer { status: reply.status, body, is_repeated });
                if !cloud.happens(Fault::AnswerLost) {
                    break;
                }
            }
            cloud.handle.sleep(pause).await;
        }
        answers
    }

    async fn odds(&self, step: &Step, market: Market, odds: &[u64]) -> Vec<Answer> {
        let outcomes: String = ids(market)
            .iter()
            .zip(odds)
            .map(|(id, odds)| format!(r#"<outcome id="{id}" odds="{}" active="1"/>"#, amount(*odds)))
            .collect();
        let status = if odds.is_empty() { -1 } else { 1 };
        self.feed(step, |ts| {
            let (event, named) = (market.0, named(market));
            format!(r#"<odds_change product="3" event_id="sr:match:{event}" timestamp="{ts}"><odds><market {named} status="{status}">{outcomes}</market></odds></odds_change>"#)
        })
        .await
    }

    async fn result(&self, step: &Step, market: Market, results: &[Said], certainty: u8) -> Vec<Answer> {
        let outcomes: String = ids(market)
            .iter()
            .zip(results)
            .map(|(id, said)| {
                let void = match said.void {
                    0 => String::new(),
                    10 => r#" void_factor="1""#.to_owned(),
                    tenths => format!(r#" void_factor="0.{tenths}""#),
                };
                let heat = match said.heat {
                    1_000 => String::new(),
                    thousandths => format!(r#" dead_heat_factor="0.{thousandths:03}""#),
                };
                format!(r#"<outcome id="{id}" result="{}"{void}{heat}/>"#, u8::from(said.is_won))
            })
            .collect();
        self.feed(step, |ts| {
            let (event, named) = (market.0, named(market));
            format!(r#"<bet_settlement product="3" certainty="{certainty}" event_id="sr:match:{event}" timestamp="{ts}"><outcomes><market {named}>{outcomes}</market></outcomes></bet_settlement>"#)
        })
        .await
    }

    /// The feed's own clock is right, its messages may come late, and it sends them until they are taken.
    async fn feed(&self, step: &Step, xml: impl Fn(i64) -> String) -> Vec<Answer> {
        let cloud = &self.platform.cloud;
        let ts = {
            let messages = &mut self.record.borrow_mut().feed;
            let ts = feed::free(messages, millis(step.at));
            messages.push(feed::Message { ts, action: step.action.clone() });
            ts
        };
        if cloud.happens(Fault::Delayed) {
            cloud.handle.sleep(cloud.below(600_000_000)).await;
        }
        let body = xml(ts).into_bytes();
        self.signed("/api/feeds/betradar", &body, &format!("feed-{}", step.number), "BetradarSecret.Id").await
    }

    async fn callback(&self, payment: &str, key: &str, secret: &str) -> Vec<Answer> {
        let cents = {
            let record = self.record.borrow();
            let of = record.done.iter().find(|done| done.accepted().is_some_and(|body| body["payment_id"] == payment));
            match of.map(|done| &done.step.action) {
                Some(Action::Deposit { cents, .. }) => *cents,
                _ => return Vec::new(),
            }
        };
        let body = json!({
            "type": "payment.succeeded", "payment_id": payment, "amount": amount(cents),
            "provider_reference": format!("late-{payment}"),
        });
        let body = body.to_string().into_bytes();
        if secret == "nobody" {
            let request = signed_request(
                "/api/payments/callbacks/sandbox",
                &body,
                key,
                secret,
                millis(self.platform.cloud.handle.now()),
            );
            let reply = self.platform.http(&request, None).await;
            return vec![Answer { status: reply.status, body: Value::Null, is_repeated: false }];
        }
        self.signed("/api/payments/callbacks/sandbox", &body, key, secret).await
    }

    async fn signed(&self, path: &str, body: &[u8], key: &str, secret: &str) -> Vec<Answer> {
        self.insist(None, &|now| signed_request(path, body, key, secret, now)).await
    }
}

fn signed_request(path: &str, body: &[u8], key: &str, secret: &str, now_ms: i64) -> Request {
    let secret = format!("whsec_{}", secret_value(secret));
    let signature = sign_webhook(&secret, key, Timestamp::from_millis(now_ms), body).unwrap_or_default();
    let mut headers: BTreeMap<_, _> = signature.into_iter().collect();
    headers.insert("x-request-id".to_owned(), format!("req-{key}"));
    Request { method: "POST".to_owned(), url: path.to_owned(), headers, body: body.to_vec() }
}

/// Pauses between tries: soon at first, then a minute. Whoever gives up after them never had an answer.
fn pauses() -> impl Iterator<Item = Micros> {
    (0..400_u64).map(|attempt| 1_000_000 * (1 << attempt.min(6)))
}

/// Cents as a JSON number.
pub(crate) fn amount(cents: u64) -> Value {
    let text = format!("{}.{:02}", cents / 100, cents % 100);
    serde_json::from_str(text.trim_end_matches('0').trim_end_matches('.')).unwrap_or_default()
}

fn selection(market: Market, outcome: usize) -> Value {
    let mut selection = json!({
        "event_id": format!("sr:match:{}", market.0), "market_id": MARKETS.get(market.1).map_or("", |one| one.0),
        "outcome_id": ids(market).get(outcome).copied().unwrap_or_default(), "odds": amount(ASKED),
    });
    if let Some(specifiers) = MARKETS.get(market.1).and_then(|one| one.1) {
        selection["specifiers"] = specifiers.into();
    }
    selection
}

pub(crate) fn ids(market: Market) -> &'static [&'static str] {
    MARKETS.get(market.1).map_or(&[], |one| one.2)
}

fn named(market: Market) -> String {
    let (id, specifiers, _) = MARKETS.get(market.1).copied().unwrap_or_default();
    let specifiers = specifiers.map_or(String::new(), |text| format!(r#" specifiers="{text}""#));
    format!(r#"id="{id}"{specifiers}"#)
}
