//! Members: people who register with a payment, and what they do afterwards. Nobody pays without a subscription, nor
//! twice; of a registration that came to nothing, nothing is left; and time passes until periods end.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::actors::{Actors, Answer, Record};
use crate::audit::text;
use crate::books::{Books, Entry};
use crate::cloud::Cloud;
use crate::findings::{Broken, Check, Side};
use crate::gateway::Principal;
use crate::newcomers;
use crate::scenario::{Action, Matter};

/// How long it may take until there is a member.
const SOON: u64 = 600_000_000;
/// How long somebody waits who was told that the payment is on its way.
const WAIT: u64 = 45_000_000;
/// When a payment that nobody could ask for is given up, less what clocks may differ by.
const GIVEN_UP: u64 = (1_800 - 300) * 1_000_000;

/// The e-mail address of somebody who joins: some are also newcomers' own.
fn email(number: usize) -> String {
    newcomers::email(number)
}

/// Whether a step's command takes no key: it is answered as things are when it is asked.
pub(crate) fn takes_no_key(action: &Action) -> bool {
    matches!(action, Action::Member { what: Matter::Cancel, .. })
}

/// Whether an answer that took `micros` is one that the action may get.
pub(crate) fn fits(action: &Action, status: u16, code: &str, micros: u64) -> bool {
    match action {
        Action::Join { token, .. } => match status {
            201 => !matches!(*token, "tok_decline"),
            402 if matches!(*token, "tok_approve" | "tok_twice") => code == "PAYMENT_DECLINED" && micros >= GIVEN_UP,
            402 => code == "PAYMENT_DECLINED",
            422 => code == "EMAIL_TAKEN",
            _ => false,
        },
        Action::Member { what, .. } => match (what, status) {
            (_, 200) => true,
            (Matter::Renew | Matter::Change(_), 402) => code == "PAYMENT_DECLINED",
            (Matter::Renew, 422) => code == "SUBSCRIPTION_CANCELLED",
            (Matter::Change(_), 422) => {
                matches!(code, "SUBSCRIPTION_CANCELLED" | "SUBSCRIPTION_PAST_DUE" | "PLAN_UNCHANGED")
            }
            _ => false,
        },
        _ => false,
    }
}

impl Actors {
    /// Somebody registers, and asks again under the same key until it is known what became of it.
    pub(crate) async fn join(&self, number: usize, plan: &str, token: &str, key: &str) -> Vec<Answer> {
        let body = json!({
            "email": email(number), "full_name": "A Member", "password": "correct horse battery staple",
            "plan": plan, "payment_method": {"token": token},
        });
        let answers = self.until_known(None, "/register", &body, key).await;
        if let Some(made) = answers.iter().find(|answer| answer.status == 201) {
            let id = |name: &str| made.body[name].as_str().unwrap_or_default().to_owned();
            let account = id("customer_id").replace("cust_", "user_");
            self.record.borrow_mut().members.push((account, id("subscription_id")));
        }
        answers
    }

    /// A member does something, if there is one.
    pub(crate) async fn sees_to(&self, member: usize, what: Matter, key: &str) -> Vec<Vec<Answer>> {
        let find = || {
            let members = &self.record.borrow().members;
            members.get(member.checked_rem(members.len()).unwrap_or(0)).cloned()
        };
        if find().is_none() {
            // Perhaps somebody is about to be one.
            self.platform.cloud.handle.sleep(SOON).await;
        }
        let Some((user_id, subscription)) = find() else { return Vec::new() };
        let principal = Principal { user_id, roles: "user" };
        let (path, body) = match what {
            Matter::Renew => ("renew", Value::Null),
            Matter::Change(plan) => ("plan", json!({"plan": plan})),
            Matter::Cancel => ("cancel", Value::Null),
        };
        let path = format!("/api/subscriptions/{subscription}/{path}");
        vec![self.until_known(Some(&principal), &path, &body, key).await]
    }

    /// Definite answers; that the payment is on its way is none.
    async fn until_known(&self, who: Option<&Principal>, path: &str, body: &Value, key: &str) -> Vec<Answer> {
        loop {
            let mut answers = self.request(who, "POST", path, body, key).await;
            answers.retain(|answer| answer.status != 202);
            if !answers.is_empty() {
                return answers;
            }
            self.platform.cloud.handle.sleep(WAIT).await;
        }
    }
}

/// Accounts of those who are members.
pub(crate) fn accounts(record: &Record) -> impl Iterator<Item = &str> {
    record.members.iter().map(|(account, _)| account.as_str())
}

/// E-mail addresses with the accounts that were given to them.
pub(crate) fn addresses(record: &Record) -> impl Iterator<Item = (String, &str)> {
    let joined = record.done.iter().filter_map(|done| match done.step.action {
        Action::Join { email, .. } => Some((email, done.commands.first()?.iter().find(|answer| answer.status == 201)?)),
        _ => None,
    });
    joined.filter_map(move |(number, made)| {
        let account = made.body["customer_id"].as_str()?.replace("cust_", "user_");
        let (account, _) = record.members.iter().find(|(one, _)| *one == account)?;
        Some((newcomers::claim("email", &email(number)), account.as_str()))
    })
}

fn names(entries: &[Entry]) -> Vec<&str> {
    entries.iter().flat_map(|entry| &entry.events).filter_map(|event| event["event"].as_str()).collect()
}

fn broken(what: String, side: Side) -> Broken {
    Broken::new(Check::Members, what).beside([side])
}

/// Holds what is there against what the provider did and what people were told.
pub(crate) fn compare(cloud: &Cloud, books: &Books, record: &Record) -> Vec<Broken> {
    let mut found = Vec::new();
    found.extend(paid_for_something(books));
    found.extend(whole_or_nothing(books, record));
    found.extend(books.of_kind("subscription").flat_map(|(id, entries)| periods(id, entries)));
    found.extend(forgotten(cloud, books));
    let rows = cloud.scan("MembershipTable");
    let keys_of = |kind: &str| {
        let rows = rows.iter().filter(|row| text(row, "pk").starts_with(kind));
        rows.map(|row| text(row, "sk")).collect::<BTreeSet<_>>()
    };
    found.extend(noted(books, &keys_of("due#")));
    found.extend(
        keys_of("open#")
            .into_iter()
            .map(|payment| broken(format!("the payment {payment} is still open"), Side::new(payment, "ended", "open"))),
    );
    found
}

/// What the provider took money for, and nothing else, is processed; nothing is both.
fn paid_for_something(books: &Books) -> Vec<Broken> {
    let charges: BTreeMap<&str, &[Entry]> = books.of_kind("charge").collect();
    let mut found = Vec::new();
    for (payment, entries) in charges {
        let verdict = books.verdicts.get(payment).map_or("never asked", String::as_str);
        let is_processed = names(entries).contains(&"payment.processed");
        let is = if is_processed { "processed" } else { "not processed" };
        if is_processed != (verdict == "succeeded") {
            found.push(broken(format!("the payment {payment} is {is}"), Side::new("provider", is, verdict)));
        }
    }
    found
}

/// Who was told of a subscription has one, and who was told of none has nothing.
fn whole_or_nothing(books: &Books, record: &Record) -> Vec<Broken> {
    let mut found = Vec::new();
    let registered: BTreeSet<&str> = accounts(record).collect();
    for (customer, entries) in books.of_kind("customer") {
        let user = customer.replace("cust_", "user_");
        let expected = if registered.contains(user.as_str()) { "customer.registered" } else { "customer.deleted" };
        let is = names(entries);
        if is != ["customer.created", expected] {
            let what = format!("customer {customer} is told of by {is:?}");
            found.push(broken(what, Side::new("events", format!("customer.created, {expected}"), is.join(", "))));
        }
    }
    let subscribed: BTreeSet<String> =
        books.of_kind("subscription").map(|(id, _)| id.replace("sub_", "user_")).collect();
    if subscribed.iter().map(String::as_str).ne(registered.iter().copied()) {
        let side = Side::new("subscriptions", format!("{registered:?}"), format!("{subscribed:?}"));
        found.push(broken("subscriptions are not those of the members".to_owned(), side));
    }
    found
}

/// Periods follow each other without a gap, each paid for once, at a price that the payment and the credit make up.
fn periods(id: &str, entries: &[Entry]) -> Vec<Broken> {
    let (mut found, mut end, mut count) = (Vec::new(), Value::Null, 0);
    for event in entries.iter().flat_map(|entry| &entry.events) {
        let (name, data) = (event["event"].as_str().unwrap_or_default(), &event["data"]);
        if !matches!(name, "subscription.created" | "subscription.renewed" | "subscription.plan_changed") {
            continue;
        }
        count += 1;
        if name == "subscription.renewed" && data["period_start"] != end {
            let what = format!("a period of {id} begins where none ends");
            found.push(broken(what, Side::new("period_start", &end, &data["period_start"])));
        }
        if count > 1 && data["period"] != count {
            found.push(broken(
                format!("a period of {id} is counted wrong"),
                Side::new("period", count, &data["period"]),
            ));
        }
        end = data["period_end"].clone();
    }
    // The state beside the events is what a reader of the events alone comes to.
    let state = entries.iter().rev().find_map(|entry| entry.state.as_ref());
    let is = state.map(|state| (state["period"].clone(), state["period_end"].clone()));
    if is != Some((json!(count), end.clone())) {
        let what = format!("the state of {id} is not what its events make");
        found.push(broken(what, Side::new("state", format!("{count} until {end}"), format!("{is:?}"))));
    }
    if state.is_some_and(|state| !state["charging"].is_null()) {
        found.push(broken(format!("a payment of {id} goes on"), Side::new("charging", "nothing", "a payment")));
    }
    found
}

/// When a subscription was last said to be charged next.
fn next_charge(entries: &[Entry]) -> Option<&str> {
    entries.iter().rev().find_map(|entry| entry.state.as_ref())?["next_charge_at"].as_str()
}

/// What the sweeper looks for is where it should be, and nothing else: a row for each that is charged at some time.
fn noted(books: &Books, is: &BTreeSet<&str>) -> Vec<Broken> {
    let subscriptions = books.of_kind("subscription");
    let due = subscriptions.filter_map(|(id, entries)| Some(format!("{}#{id}", next_charge(entries)?)));
    let expected: BTreeSet<_> = due.collect();
    let differ = |one: &&str| expected.contains(*one) != is.contains(*one);
    let all: BTreeSet<&str> = expected.iter().map(String::as_str).chain(is.iter().copied()).collect();
    let told = |is_there: bool| if is_there { "noted" } else { "not noted" };
    let wrong = all.into_iter().filter(differ).map(|one| {
        let side = Side::new(one, told(expected.contains(one)), told(is.contains(one)));
        broken("what is due is noted otherwise".to_owned(), side)
    });
    wrong.collect()
}

/// Nothing that was due is left, up to the last day on which the scheduler calls.
fn forgotten(cloud: &Cloud, books: &Books) -> Vec<Broken> {
    let until = cloud.scheduled_until();
    let subscriptions = books.of_kind("subscription");
    subscriptions
        .filter_map(|(id, entries)| Some((id, next_charge(entries).filter(|at| *at < until.as_str())?)))
        .map(|(id, at)| {
            broken(format!("{id} was due and is not charged"), Side::new(id, "charged", format!("due {at}")))
        })
        .collect()
}

/// A charge that failed, and succeeded when it was made again.
const TRIED_AGAIN: [&str; 3] = ["subscription.charge_failed", "subscription.charge_started", "subscription.renewed"];

/// How often each interesting thing happened.
pub(crate) fn counts(books: &Books, record: &Record) -> [(&'static str, usize); 8] {
    let told = |name: &str| books.events().filter(|(_, _, event)| event["event"] == name).count();
    let changed = books
        .events()
        .filter(|(_, _, event)| event["event"] == "subscription.plan_changed" && event["data"]["payment_id"].is_null());
    let lapsed = books.events().filter(|(_, _, event)| {
        event["event"] == "subscription.cancelled" && event["data"]["reason"] == "payment_failed"
    });
    let tried_again = books.of_kind("subscription").map(|(_, entries)| {
        let names = names(entries);
        names.windows(TRIED_AGAIN.len()).filter(|some| *some == TRIED_AGAIN).count()
    });
    [
        ("a member who registered", record.members.len()),
        ("a registration that came to nothing", told("customer.deleted")),
        ("a period, renewed", told("subscription.renewed")),
        ("a period, renewed after a charge that failed", tried_again.sum()),
        ("a change of plan", told("subscription.plan_changed")),
        ("a change of plan that cost nothing", changed.count()),
        ("a period that could not be charged", told("subscription.charge_failed")),
        ("a subscription that lapsed", lapsed.count()),
    ]
}
