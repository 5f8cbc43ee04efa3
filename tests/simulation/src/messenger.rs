//! Whoever carries messages to people, with manners that chance gives it message by message: it is down for a while,
//! takes a message and does not say so, answers late, or refuses whom it is for; and it tells what became of a message
//! early, late, twice or never.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use serde_json::{Value, json};

use crate::actors::signed_request;
use crate::books::{Books, Entry};
use crate::cloud::{BEGIN, Cloud, millis};
use crate::faults::Fault;
use crate::findings::{Broken, Check, Side};
use crate::platform::Platform;
use crate::scheduler::{Micros, Promise, lock};
use crate::wire::{Reply, Request};

const SECOND: Micros = 1_000_000;
/// What the provider says of whom it does not know.
const REFUSAL: &str = "UNKNOWN_RECIPIENT";
/// Requests that fail at most before a message is taken: more than a message has tries.
const MOST_DOWN: u64 = 8;
/// How late a receipt comes at most.
const LATEST: Micros = 3 * 86_400 * SECOND;
/// Longer than anybody waits for an answer.
const SLOW: Micros = 20 * SECOND;
/// A receipt that is not taken is sent again after this at most.
const AGAIN: Micros = 4 * 3_600 * SECOND;
/// So often at most, which is some weeks.
const MOST_TOLD: u32 = 200;

/// What the provider knows of each message, by its key.
#[derive(Debug, Default)]
pub(crate) struct Messenger(BTreeMap<String, Handed>);

/// A message that it was handed.
#[derive(Debug, Default)]
struct Handed {
    manner: Option<Manner>,
    /// How often.
    times: u64,
    /// Its texts: one, as often as it comes.
    bodies: BTreeSet<String>,
    is_taken: bool,
    is_told: bool,
    /// What was said of it in the end, and heard.
    receipt: Option<&'static str>,
}

/// How it treats one message.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Manner {
    /// Requests that fail first.
    pub(crate) down: u64,
    /// Whether it refuses whom the message is for.
    pub(crate) is_refused: bool,
    /// Requests that are carried out and not answered.
    silent: u64,
    /// How long its answer takes, and how often.
    slow: (Micros, u64),
    receipt: Option<Receipt>,
}

/// When it tells what became of a message.
#[derive(Debug, Clone, Copy)]
struct Receipt {
    status: &'static str,
    delay: Micros,
    times: u64,
    is_early: bool,
}

impl Cloud {
    /// How the message with `key` is treated this time, if it comes for the `times`th time.
    pub(crate) fn manner(&self, key: &str, body: &str) -> (Manner, u64) {
        let mut messenger = lock(&self.messenger);
        let handed = messenger.0.entry(key.to_owned()).or_default();
        handed.times += 1;
        handed.bodies.insert(body.to_owned());
        let manner = *handed.manner.get_or_insert_with(|| self.draw_manner());
        (manner, handed.times)
    }

    fn draw_manner(&self) -> Manner {
        let mut manner = Manner::default();
        if self.may_happen(Fault::ProviderDown) {
            manner.down = 1 + self.below(MOST_DOWN);
        }
        manner.is_refused = self.may_happen(Fault::Refused);
        if self.may_happen(Fault::ProviderSilent) {
            manner.silent = 1 + self.below(2);
        }
        if self.may_happen(Fault::ProviderSlow) {
            manner.slow = (self.below(SLOW), 1 + self.below(2));
        }
        let (is_early, is_late, is_twice) = (
            self.may_happen(Fault::ReceiptEarly),
            self.may_happen(Fault::ReceiptLate),
            self.may_happen(Fault::ReceiptTwice),
        );
        if is_early || is_late || is_twice {
            let delay = if is_late { self.below(LATEST) } else { self.below(SECOND) };
            let status = if self.below(4) == 0 { "failed" } else { "delivered" };
            manner.receipt = Some(Receipt { status, delay, times: 1 + u64::from(is_twice), is_early });
        }
        manner
    }
}

impl Platform {
    /// Carries a message, well or badly.
    pub(crate) async fn carry(self: Rc<Self>, request: Request, reply: Promise<Reply>) {
        let cloud = &self.cloud;
        let key = request.headers.get("idempotency-key").cloned().unwrap_or_default();
        let (manner, times) = cloud.manner(&key, &String::from_utf8_lossy(&request.body));
        if times <= manner.down {
            cloud.happened(Fault::ProviderDown);
            reply.give(Reply::json(503, &json!({"code": "TRY_AGAIN"})));
            return;
        }
        if manner.is_refused {
            cloud.happened(Fault::Refused);
            reply.give(Reply::json(422, &json!({"code": REFUSAL})));
            return;
        }
        let answer = self.http(&request, None).await;
        if answer.status != 202 {
            reply.give(answer);
            return;
        }
        let is_first = {
            let mut messenger = lock(&cloud.messenger);
            let handed = messenger.0.entry(key.clone()).or_default();
            handed.is_taken = true;
            !std::mem::replace(&mut handed.is_told, true)
        };
        let told: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        if let Some(receipt) = manner.receipt.filter(|_| is_first) {
            let theirs = told["message_id"].as_str().unwrap_or_default().to_owned();
            for number in 0..receipt.times {
                let telling = self.clone().tell(key.clone(), theirs.clone(), receipt, number);
                self.spawner.spawn(telling);
            }
            if receipt.is_early {
                cloud.handle.sleep(SECOND + cloud.below(SECOND)).await;
            }
        }
        if times <= manner.down + manner.silent {
            cloud.happened(Fault::ProviderSilent);
            return;
        }
        let (slow, slow_times) = manner.slow;
        if times <= manner.down + manner.silent + slow_times {
            cloud.happened(Fault::ProviderSlow);
            cloud.handle.sleep(slow).await;
        }
        reply.give(answer);
    }

    /// Says what became of a message until somebody takes that.
    async fn tell(self: Rc<Self>, key: String, theirs: String, receipt: Receipt, number: u64) {
        let cloud = &self.cloud;
        cloud.handle.sleep(receipt.delay + number * cloud.below(600 * SECOND)).await;
        let fault = match (number, receipt.is_early) {
            (0, true) => Fault::ReceiptEarly,
            (0, false) => Fault::ReceiptLate,
            (_, _) => Fault::ReceiptTwice,
        };
        cloud.happened(fault);
        let mut body = json!({"message_id": theirs, "status": receipt.status});
        // Some providers hand our own id back.
        if cloud.below(2) == 0 {
            body["notification_id"] = key.as_str().into();
        }
        if receipt.status == "failed" {
            body["reason"] = "handset_off".into();
        }
        let body = body.to_string().into_bytes();
        let mut pause = SECOND;
        for attempt in 0..=MOST_TOLD {
            if attempt == MOST_TOLD {
                return;
            }
            let (path, id) = ("/api/notifications/callbacks/sandbox", format!("receipt-{key}-{number}"));
            let request = signed_request(path, &body, &id, "SmsSecret.Id", millis(cloud.handle.now()));
            let answer = self.http(&request, None).await;
            cloud.say(|| format!("receipt {} of {key} answered {}", receipt.status, answer.status));
            if answer.status == 204 {
                break;
            }
            if answer.status == 404 {
                cloud.count("reached: a receipt for a message that is not known yet");
            }
            cloud.handle.sleep(pause).await;
            pause = (2 * pause).min(AGAIN);
        }
        if let Some(handed) = lock(&cloud.messenger).0.get_mut(&key) {
            handed.receipt = Some(receipt.status);
        }
    }
}

/// The notices of this history with their ids: people had settled in long before it, by clocks that are right.
fn notices(books: &Books) -> impl Iterator<Item = (&str, &[Entry])> {
    let begin = quoin_events::Timestamp::from_millis(millis(BEGIN / 2)).to_string();
    books.of_kind("notice").filter(move |(_, entries)| entries.first().is_some_and(|entry| entry.at >= begin))
}

/// Each notice ends as the provider decided, with its reason, and was handed over under one key with one text.
pub(crate) fn compare(cloud: &Cloud, books: &Books) -> Vec<Broken> {
    if cloud.sends_by_aws() {
        return mailed(cloud, books);
    }
    let messenger = lock(&cloud.messenger);
    let mut by_notice: BTreeMap<&str, Vec<&Handed>> = BTreeMap::new();
    for (key, handed) in &messenger.0 {
        by_notice.entry(notice_of(key)).or_default().push(handed);
    }
    let mut broken = Vec::new();
    let mut add = |what: String, of: &str, expected: &str, is: &str| {
        broken.push(Broken::new(Check::Notices, what).beside([Side::new(of, expected, is)]));
    };
    let none = Handed::default();
    for (id, entries) in notices(books) {
        let state = entries.iter().rev().find_map(|entry| entry.state.as_ref()).unwrap_or(&Value::Null);
        let under = by_notice.get(id).map(Vec::as_slice).unwrap_or_default();
        if under.len() > 1 {
            add(format!("notice {id} was handed over under several keys"), "keys", "1", &under.len().to_string());
        }
        let handed = under.first().copied().unwrap_or(&none);
        let is = [&state["status"], &state["failure_reason"]].map(|value| value.as_str().unwrap_or_default());
        let refusal = format!("HTTP 422 {REFUSAL}");
        let expected = match (handed.is_taken, handed.receipt) {
            (true, None) => ["sent", ""],
            (true, Some("delivered")) => ["delivered", ""],
            (true, Some(_)) => ["undelivered", "handset_off"],
            (false, _) => ["refused", refusal.as_str()],
        };
        if is != expected {
            let what = format!("notice {id} is not what its provider made of it: {handed:?}");
            add(what, "notice", &expected.join(" "), &is.join(" "));
        }
        if is[0] == "refused" {
            cloud.count("reached: a message, refused");
        }
        let was = |status: &str| entries.iter().flat_map(|one| &one.state).any(|state| state["status"] == status);
        if was("exhausted") && is[0] != "exhausted" {
            cloud.count("reached: a message that was given up, and sent after all");
        }
        if handed.times > 1 && handed.is_taken {
            cloud.count("reached: a message, handed over again under its key");
        }
    }
    for (key, handed) in &messenger.0 {
        if books.state(&format!("notice#{}", notice_of(key))).is_none() {
            add(format!("a message was handed over under {key}, which is no notice"), key, "a notice", "none");
        }
        if handed.bodies.len() > 1 {
            let bodies: Vec<_> = handed.bodies.iter().map(String::as_str).collect();
            add(format!("{key} is not one message"), "message", bodies[0], bodies[1]);
        }
    }
    broken
}

/// The notice that a message's key begins with.
fn notice_of(key: &str) -> &str {
    key.split('.').next().unwrap_or_default()
}

/// The event with which a notice's stream begins, and the channel that it tells of.
pub(crate) fn first_told(entries: &[Entry]) -> (&Value, &str) {
    let first = entries.iter().flat_map(|entry| &entry.events).next().unwrap_or(&Value::Null);
    let channel = match first["event"].as_str() {
        Some("SMSSent") => "sms",
        Some("EmailSent") => "email",
        Some("PushNotificationSent") => "push",
        Some(_) | None => first["data"]["channel"].as_str().unwrap_or_default(),
    };
    (&first["data"], channel)
}

/// A message that AWS was handed.
#[derive(Debug)]
pub(crate) struct Mail {
    /// The id that AWS gave it.
    pub(crate) id: String,
    pub(crate) at: Micros,
    /// The notice that an e-mail names; a text message names none.
    pub(crate) notice: Option<String>,
    /// Address and text, as they were sent.
    pub(crate) what: String,
}

/// After this an acceptance is recorded, whatever was late.
const RECORDED: i64 = 600_000;

/// AWS knows no keys: a message whose acceptance was not heard of is handed over again. None is after that, each
/// acceptance is of a message that AWS has, and nothing was sent that no notice tells of.
fn mailed(cloud: &Cloud, books: &Books) -> Vec<Broken> {
    let (mails, mut broken) = (lock(&cloud.mails), Vec::new());
    let mut add = |what: String, of: &str, expected: &str, is: &str| {
        broken.push(Broken::new(Check::Notices, what).beside([Side::new(of, expected, is)]));
    };
    let mut claimed: BTreeMap<&str, (&str, i64)> = BTreeMap::new();
    for (id, entries) in notices(books) {
        let state = entries.iter().rev().find_map(|entry| entry.state.as_ref()).unwrap_or(&Value::Null);
        let provider_id = state["provider_id"].as_str();
        let mail = provider_id.and_then(|known| mails.iter().find(|mail| mail.id == known));
        match (state["status"].as_str().unwrap_or_default(), mail) {
            ("refused", None) => cloud.count("reached: a message, refused by AWS"),
            ("sent", Some(mail)) => {
                cloud.count("reached: a message that AWS has");
                let (is, expected) = (mail.notice.as_deref(), (first_told(entries).1 == "email").then_some(id));
                if is != expected {
                    let shown = |one: Option<&str>| one.unwrap_or("a text message").to_owned();
                    add(format!("{} is not the mail of notice {id}", mail.id), "mail", &shown(expected), &shown(is));
                }
                // Nothing follows where there are no receipts, so the last item is the acceptance.
                let accepted = entries.last().and_then(|entry| entry.at.parse().ok());
                let accepted = accepted.map_or(i64::MAX, quoin_events::Timestamp::millis);
                if let Some((other, _)) = claimed.insert(&mail.id, (id, accepted)) {
                    add(format!("two notices are {}", mail.id), &mail.id, other, id);
                }
            }
            (status, _) => {
                let is = format!("{status} as {}", provider_id.unwrap_or("nothing"));
                add(format!("notice {id} has no end at AWS"), "notice", "sent as a mail, or refused", &is);
            }
        }
    }
    for mail in mails.iter().filter(|mail| !claimed.contains_key(mail.id.as_str())) {
        let same = |other: &&Mail| match &mail.notice {
            Some(notice) => other.notice.as_ref() == Some(notice),
            None => other.what == mail.what,
        };
        let known = mails.iter().filter(same).filter_map(|other| claimed.get(other.id.as_str()));
        let Some(accepted) = known.map(|(_, accepted)| *accepted).max() else {
            add(format!("{mail:?} was sent"), &mail.id, "a notice that tells of it", "none");
            continue;
        };
        cloud.count("reached: a message, handed to AWS again");
        if millis(mail.at) > accepted.saturating_add(RECORDED) {
            let at = |at: i64| quoin_events::Timestamp::from_millis(at).to_string();
            let what = format!("{mail:?} was sent again when its acceptance had been recorded");
            add(what, "sent", &format!("by {}", at(accepted)), &at(millis(mail.at)));
        }
    }
    broken
}

/// The id of the notice in the tags of an e-mail's request.
pub(crate) fn tag(body: &Value) -> Option<String> {
    let tags = body["EmailTags"].as_array().into_iter().flatten();
    tags.filter(|tag| tag["Name"] == "notice").find_map(|tag| tag["Value"].as_str()).map(str::to_owned)
}
