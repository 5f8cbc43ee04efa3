//! Carrying out steps over the API as clients do: with one idempotency key a step, again and again until there is a
//! definite answer, whatever gets lost on the way.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use quoin_events::Timestamp;
use quoin_runtime::sign_webhook;
use serde_json::{Value, json};

use crate::cloud::{BEGIN, Way, millis, secret_value};
use crate::faults::Fault;
use crate::feed;
use crate::gateway::Principal;
use crate::model::boosts::Target;
use crate::people::People;
use crate::platform::{Invoked, Platform};
use crate::scenario::{ASKED, Action, MARKETS, Market, Said, Step, USERS};
use crate::scheduler::{Micros, both, lock};
use crate::shop::operator;
use crate::wire::{Reply, Request};

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
    /// When it was first asked for, and when it was answered.
    pub(crate) span: (Micros, Micros),
    /// The commands that it took, a hold two of them; of each every definite answer that its key was given, in order:
    /// several only if one of them was lost or asked for twice.
    pub(crate) commands: Vec<Vec<Answer>>,
    /// The bet that it cancels.
    pub(crate) about: Option<String>,
}

impl Done {
    /// The body of its answer, if it was accepted.
    pub(crate) fn accepted(&self) -> Option<&Value> {
        self.answer().filter(|answer| answer.status < 300).map(|answer| &answer.body)
    }

    /// The answer to its first command.
    pub(crate) fn answer(&self) -> Option<&Answer> {
        self.commands.first()?.first()
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
    /// Whether people had settled in: the papers of some were checked.
    pub(crate) is_settled: bool,
    /// Other requests under a key that was used, and what they were answered.
    pub(crate) reused: Vec<(usize, Answer)>,
    /// Accounts and subscriptions of those who became members.
    pub(crate) members: Vec<(String, String)>,
    /// What boosts of something count, as somebody was told.
    pub(crate) reads: Vec<Read>,
    /// Lists as somebody was shown them.
    pub(crate) lists: Vec<Read>,
    /// Gigs and clans that somebody was told to have made.
    pub(crate) gigs: Vec<Offered>,
    pub(crate) clans: Vec<String>,
    /// What steps are about that do something with credits.
    pub(crate) targets: BTreeMap<usize, Target>,
    deposits: BTreeMap<usize, Vec<(String, &'static str)>>,
    bets: BTreeMap<usize, Vec<String>>,
}

impl Record {
    /// Nothing was done yet.
    pub(crate) fn of(is_settled: bool) -> Self {
        Self { is_settled, ..Self::default() }
    }

    /// A gig as it was offered.
    pub(crate) fn offered(&self, id: &str) -> Option<&Offered> {
        self.gigs.iter().find(|one| one.id == id)
    }
}

/// A gig as it was offered.
#[derive(Debug, Clone)]
pub(crate) struct Offered {
    pub(crate) id: String,
    pub(crate) owner: usize,
    pub(crate) price: u64,
}

/// What somebody was told of the boosts of something.
#[derive(Debug, Clone)]
pub(crate) struct Read {
    pub(crate) target: Target,
    /// When it was asked for, and when it was answered.
    pub(crate) span: (Micros, Micros),
    pub(crate) answer: Answer,
}

/// The parties of one history.
pub(crate) struct Actors {
    pub(crate) platform: Rc<Platform>,
    pub(crate) people: Rc<People>,
    pub(crate) record: RefCell<Record>,
}

/// How long the provider takes to change its mind.
const YES_AFTER: Micros = 30_000_000;

impl Actors {
    /// Carries out `step` when its time has come.
    pub(crate) async fn perform(self: Rc<Self>, step: Step) {
        self.record.borrow_mut().open += 1;
        self.platform.cloud.handle.sleep(step.at).await;
        self.platform.cloud.say(|| format!("step {step}"));
        let began = self.platform.cloud.handle.now();
        let about = self.bet_of(&step);
        let commands = self.act(&step).await;
        let span = (began, self.platform.cloud.handle.now());
        let mut record = self.record.borrow_mut();
        let done = Done { step: step.clone(), span, commands, about };
        if let Some(answer) = done.answer() {
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
        record.done.push(done);
    }

    async fn act(&self, step: &Step) -> Vec<Vec<Answer>> {
        let key = format!("step-{}", step.number);
        match &step.action {
            // These find nothing to do where no bet or deposit of that kind was accepted before.
            Action::CancelBet { user, .. } => {
                let Some(bet) = self.bet_of(step) else { return Vec::new() };
                vec![self.command(*user, "POST", &format!("/api/bets/{bet}/cancel"), &Value::Null, &key).await]
            }
            Action::YesAfterAll { user } => {
                // The provider said no first. Of theirs, or of whoever has one.
                self.platform.cloud.handle.sleep(YES_AFTER).await;
                let found = (*user..*user + USERS).find_map(|user| self.deposit(user % USERS, "sandbox_decline"));
                let Some(payment) = found else { return Vec::new() };
                self.record.borrow_mut().paid_after_all.push(payment.clone());
                vec![self.callback(&payment, &key, "PaymentSecret.Id").await]
            }
            Action::Forged { user } => {
                // Of theirs, or of whoever has one that is not paid.
                let unpaid =
                    |user| ["sandbox_silent", "sandbox_decline"].into_iter().find_map(|how| self.deposit(user, how));
                let found = (*user..*user + USERS).find_map(|user| unpaid(user % USERS));
                let Some(payment) = found else { return Vec::new() };
                vec![self.callback(&payment, &key, "nobody").await]
            }
            Action::Poison { queue } => {
                self.poison(*queue, &key);
                Vec::new()
            }
            Action::Hold { user, cents, is_captured } => self.hold(step, *user, *cents, *is_captured).await,
            Action::Register { who, rival } => self.register(step.number, *who, *rival).await,
            Action::Join { email, plan, token } => vec![self.join(*email, plan, token, &key).await],
            Action::Credits { user, deed } => self.deed(step, *user, *deed, &key).await,
            Action::Member { member, what } => self.sees_to(*member, *what, &key).await,
            Action::Order { .. } | Action::Gift { .. } | Action::Behave { .. } | Action::Clear { .. } => {
                vec![self.buy(step, &key).await]
            }
            _ => vec![self.simple(step, &key).await],
        }
    }

    /// The accepted bet that a step is about.
    fn bet_of(&self, step: &Step) -> Option<String> {
        let Action::CancelBet { user, bet } = &step.action else { return None };
        self.record.borrow().bets.get(user)?.get(*bet).cloned()
    }

    /// Steps that are one command.
    async fn simple(&self, step: &Step, key: &str) -> Vec<Answer> {
        match &step.action {
            Action::Deposit { user, cents, method } => {
                let body = json!({"amount": amount(*cents), "asset": "cash", "method": method});
                self.command(*user, "POST", "/api/payments/deposits", &body, key).await
            }
            Action::Bet { user, legs, cents, is_bonus, accept } => {
                let asset = if *is_bonus { "bonus" } else { "cash" };
                let selections: Vec<_> = legs.iter().map(|(market, outcome)| selection(*market, *outcome)).collect();
                let body = json!({
                    "type": if legs.len() > 1 { "accumulator" } else { "single" },
                    "stake": {"amount": amount(*cents), "asset": asset}, "selections": selections, "accept_odds": accept.name(),
                });
                self.command(*user, "POST", "/api/bets", &body, key).await
            }
            Action::Transfer { from, to, cents } => {
                let body = json!({"to_user_id": self.people.id(*to), "asset": "cash", "amount": amount(*cents)});
                self.command(*from, "POST", "/api/wallets/me/transfers", &body, key).await
            }
            Action::Limit { user, kind, cents } => {
                let body = json!({"kind": kind, "period": "day", "asset": "cash", "amount": amount(*cents)});
                self.command(*user, "PUT", "/api/wallets/me/limits", &body, key).await
            }
            Action::Adjust { user, cents } => {
                let path = format!("/api/wallets/{}/adjustments", self.people.id(*user));
                let text = format!("{}{}", if *cents < 0 { "-" } else { "" }, amount(cents.unsigned_abs()));
                let number: Value = serde_json::from_str(&text).unwrap_or_default();
                let body = json!({"asset": "cash", "amount": number, "reason": "simulated"});
                self.request(Some(&operator()), "POST", &path, &body, key).await
            }
            Action::Exclude { user } => {
                let body = json!({"reason": "self_exclusion", "self_exclusion_days": 1});
                self.command(*user, "POST", "/api/users/me/deactivate", &body, key).await
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
            Action::CancelBet { .. }
            | Action::Hold { .. }
            | Action::YesAfterAll { .. }
            | Action::Forged { .. }
            | Action::Poison { .. }
            | Action::Order { .. }
            | Action::Gift { .. }
            | Action::Behave { .. }
            | Action::Clear { .. }
            | Action::Register { .. }
            | Action::Join { .. }
            | Action::Credits { .. }
            | Action::Member { .. } => Vec::new(),
        }
    }

    /// Puts what nobody can read into one of the queues that feed functions.
    fn poison(&self, queue: usize, key: &str) {
        let cloud = &self.platform.cloud;
        let fed = |name: &&String| cloud.application.queues.get(*name).is_some_and(|queue| queue.consumer.is_some());
        let queues: Vec<String> = lock(&cloud.queues).messages.keys().filter(fed).cloned().collect();
        let Some(name) = queues.get(queue % queues.len().max(1)) else { return };
        let body = format!("{{\"poison\": \"{key}\"");
        lock(&cloud.queues).send(name, body.clone(), Value::Null, Way::default());
        self.record.borrow_mut().poison.push((name.clone(), body));
    }

    fn deposit(&self, user: usize, wanted: &str) -> Option<String> {
        let record = self.record.borrow();
        record.deposits.get(&user)?.iter().find(|(_, method)| *method == wanted).map(|(payment, _)| payment.clone())
    }

    async fn hold(&self, step: &Step, user: usize, cents: u64, is_captured: bool) -> Vec<Vec<Answer>> {
        let key = format!("step-{}", step.number);
        let (id, hold) = (self.people.id(user), format!("hold-{key}"));
        let command = json!({
            "operation_id": format!("{key}-hold"), "user_id": id, "command": "hold", "asset": "cash",
            "amount": amount(cents), "hold_id": hold, "request_id": format!("req-{key}"),
        });
        let held = self.direct(step, &command).await;
        if held.first().is_none_or(|answer| answer.status != 201) {
            return vec![held];
        }
        let name = if is_captured { "capture" } else { "void" };
        let command = json!({
            "operation_id": format!("{key}-{name}"), "user_id": id, "command": name, "hold_id": hold,
            "request_id": format!("req-{key}"),
        });
        vec![held, self.direct(step, &command).await]
    }

    /// Invokes `wallet-command` until there is a definite answer that got through.
    async fn direct(&self, step: &Step, command: &Value) -> Vec<Answer> {
        let cloud = &self.platform.cloud;
        let ask = async |command: &Value| {
            let Invoked::Answered(text) = self.platform.invoke("quoin-dev-wallet-command", &command.to_string()).await
            else {
                return None;
            };
            let reply: Value = serde_json::from_str(&text).unwrap_or_default();
            Some(Answer {
                status: reply["status"].as_u64().and_then(|status| u16::try_from(status).ok()).unwrap_or(500),
                body: reply["body"].clone(),
                is_repeated: reply["repeated"] == true,
            })
        };
        let mut answers = Vec::new();
        for pause in pauses() {
            let is_twice = cloud.happens(Fault::AskedTwice);
            let (one, other) = both(ask(command), async { if is_twice { ask(command).await } else { None } }).await;
            answers.extend(one.into_iter().chain(other));
            if !answers.is_empty() && !cloud.happens(Fault::AnswerLost) {
                break;
            }
            cloud.handle.sleep(pause).await;
        }
        let mut other = command.clone();
        if is_changed(&mut other) && cloud.may_happen(Fault::KeyReused) {
            let answer = ask(&other).await;
            self.was_reused(step.number, answer);
        }
        answers
    }

    pub(crate) async fn command(&self, user: usize, method: &str, path: &str, body: &Value, key: &str) -> Vec<Answer> {
        self.request(Some(&self.people.principal(user)), method, path, body, key).await
    }

    pub(crate) async fn request(
        &self,
        who: Option<&Principal>,
        method: &str,
        path: &str,
        body: &Value,
        key: &str,
    ) -> Vec<Answer> {
        let request = |body: &Value| Request { method: method.to_owned(), ..self.posted(path, body, key) };
        let answers = self.insist(who, &|_| request(body)).await;
        let mut other = body.clone();
        if method == "POST" && is_changed(&mut other) && self.platform.cloud.may_happen(Fault::KeyReused) {
            let reply = self.platform.http(&request(&other), who).await;
            let number = key.rsplit('-').next().and_then(|number| number.parse().ok()).unwrap_or(0);
            self.was_reused(number, definite(&reply));
        }
        answers
    }

    /// A command with a key of its own.
    pub(crate) fn posted(&self, path: &str, body: &Value, key: &str) -> Request {
        let headers = BTreeMap::from([
            ("idempotency-key".to_owned(), key.to_owned()),
            ("x-request-id".to_owned(), format!("req-{key}")),
        ]);
        let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        Request { method: "POST".to_owned(), url: path.to_owned(), headers, body }
    }

    /// Keeps what another request under the key of a step was answered.
    pub(crate) fn was_reused(&self, step: usize, answer: Option<Answer>) {
        let Some(answer) = answer else { return };
        self.platform.cloud.happened(Fault::KeyReused);
        self.record.borrow_mut().reused.push((step, answer));
    }

    /// Sends until there is a definite answer that got through; all definite answers on the way are kept.
    pub(crate) async fn insist(&self, who: Option<&Principal>, request: &dyn Fn(i64) -> Request) -> Vec<Answer> {
        let cloud = &self.platform.cloud;
        let mut answers = Vec::new();
        for pause in pauses() {
            let request = request(millis(cloud.handle.now()));
            let send = async || definite(&self.platform.http(&request, who).await);
            // Somebody clicks twice, or a proxy sends again what it sends already.
            let is_twice = cloud.happens(Fault::AskedTwice);
            let (one, other) = both(send(), async { if is_twice { send().await } else { None } }).await;
            answers.extend(one.into_iter().chain(other));
            if !answers.is_empty() && !cloud.happens(Fault::AnswerLost) {
                break;
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
            let ts = feed::free(messages, millis(BEGIN + step.at));
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
            for pause in pauses() {
                let reply = self.platform.http(&request, None).await;
                if reply.status < 500 && reply.status != 429 {
                    return vec![Answer { status: reply.status, body: Value::Null, is_repeated: false }];
                }
                self.platform.cloud.handle.sleep(pause).await;
            }
            return Vec::new();
        }
        self.signed("/api/payments/callbacks/sandbox", &body, key, secret).await
    }

    async fn signed(&self, path: &str, body: &[u8], key: &str, secret: &str) -> Vec<Answer> {
        self.insist(None, &|now| signed_request(path, body, key, secret, now)).await
    }
}

pub(crate) fn signed_request(path: &str, body: &[u8], key: &str, secret: &str, now_ms: i64) -> Request {
    let secret = format!("whsec_{}", secret_value(secret));
    let signature = sign_webhook(&secret, key, Timestamp::from_millis(now_ms), body).unwrap_or_default();
    let mut headers: BTreeMap<_, _> = signature.into_iter().collect();
    headers.insert("x-request-id".to_owned(), format!("req-{key}"));
    Request { method: "POST".to_owned(), url: path.to_owned(), headers, body: body.to_vec() }
}

/// The answer, if it is one that trying again would not change.
pub(crate) fn definite(reply: &Reply) -> Option<Answer> {
    if reply.status >= 500 || matches!(reply.status, 401 | 409 | 429) {
        return None;
    }
    let body = serde_json::from_slice(&reply.body).unwrap_or_default();
    let is_repeated = reply.headers.get("idempotency-hit").is_some_and(|hit| hit == "true");
    Some(Answer { status: reply.status, body, is_repeated })
}

/// Makes another command of `body`; false if it names no amount and no quantity.
fn is_changed(body: &mut Value) -> bool {
    let places = [("/stake/amount", 777_777), ("/items/0/quantity", 777), ("/amount", 777_777)];
    let Some((place, other)) = places.iter().find(|(place, _)| body.pointer(place).is_some()) else { return false };
    let changed = body.pointer_mut(place).map(|number| *number = json!(other));
    changed.is_some()
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
