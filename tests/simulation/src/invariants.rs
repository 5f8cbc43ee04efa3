//! What must hold when everything has come to rest: of the bus, the audit trail, the queues and the messages to people.
//! What must hold of every commit is in `audit`.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::actors::{Answer, Done, Record};
use crate::audit::text;
use crate::books::Books;
use crate::cloud::Cloud;
use crate::findings::{Broken, Check, Side};
use crate::handled::{attribute, misfit};
use crate::members;
use crate::messenger::first_told;
use crate::platform::is_poison;
use crate::scenario::Action;
use crate::scheduler::lock;

/// What is wrong at the end.
pub(crate) fn at_the_end(cloud: &Cloud, books: &Books, record: &Record) -> Vec<Broken> {
    let sent = lock(&cloud.sent);
    let unsent = books.events().filter(|(_, _, event)| !sent.contains(&id_of(event)));
    let unsent = unsent.map(|(pk, entry, event)| {
        let what = format!("{} of {pk}/{} was never published", event["event"], entry.version);
        (what, Side::new(id_of(event), "on the bus", "in the journal only"))
    });
    let mut broken = under(Check::Published, unsent);
    broken.extend(under(Check::Trail, audited(cloud, books)));
    broken.extend(under(Check::Queues, queues(cloud, record)));
    broken.extend(under(Check::Handled, handled(cloud)));
    broken.extend(under(Check::Answered, record.done.iter().filter_map(one_answer)));
    broken.extend(under(Check::Answered, reused(record)));
    broken.extend(under(Check::Notices, told_once(cloud, books)));
    broken.extend(under(Check::Notices, listed(cloud, books)));
    broken
}

/// Something that is wrong, with both sides of it.
pub(crate) type Wrong = (String, Side);

/// All of `what` as findings of `check`.
pub(crate) fn under(check: Check, what: impl IntoIterator<Item = Wrong>) -> Vec<Broken> {
    what.into_iter().map(|(what, side)| Broken::new(check, what).beside([side])).collect()
}

fn id_of(event: &Value) -> String {
    event["metadata"]["event_id"].as_str().unwrap_or_default().to_owned()
}

/// The audit trail has every event in its place.
fn audited(cloud: &Cloud, books: &Books) -> Vec<Wrong> {
    let rows: BTreeMap<_, _> = cloud
        .scan("ReportingTable")
        .into_iter()
        .map(|item| ((text(&item, "pk").to_owned(), text(&item, "sk").to_owned()), text(&item, "event_id").to_owned()))
        .collect();
    let row = |pk: &str, event: &Value| {
        let sequence = event["metadata"]["sequence"].as_u64().unwrap_or(0);
        rows.get(&(format!("audit#{pk}"), format!("{sequence:012}")))
    };
    let missing = books.events().filter(|(pk, _, event)| row(pk, event) != Some(&id_of(event)));
    let missing = missing.map(|(pk, _, event)| {
        let is = row(pk, event).map_or("nothing", String::as_str);
        let what = format!("{} of {pk} is not in the audit trail", event["event"]);
        (what, Side::new("its row", id_of(event), is))
    });
    missing.collect()
}

/// The reason of letters that came after what is remembered of them: figures show whether each was counted.
pub(crate) const TOO_OLD: &str = "too old to tell whether it was counted";
/// The consumers that say so.
const COUNT: [&str; 2] = ["-report-projector", "-merchant-orders"];

/// The consumer that keeps the hash of each event, and what it says of one that comes again in another shape: chance
/// writes some copies as other producers would.
const LOG: &str = "-audit-logger";
const DIFFERS: &str = "is in the log with other contents";

/// The queues of those that record events, whatever they mean.
const RECORD: [&str; 3] = ["-audit", "-warehouse", LOG];

/// Everything that queues were ever given was handled or is a letter.
fn handled(cloud: &Cloud) -> Vec<Wrong> {
    let queues = lock(&cloud.queues);
    let source = |letters: &str| {
        let mut specs = cloud.application.queues.iter();
        let fed = specs.find(|(_, spec)| spec.dead_letters.as_ref().is_some_and(|(name, _)| name == letters));
        fed.map(|(name, _)| name.as_str())
    };
    let letters: Vec<_> =
        queues.all().filter_map(|(name, message)| Some((source(name)?, message.body.as_str()))).collect();
    queues.ledger.findings(&letters)
}

/// Everything was handled, except what nobody can read, which is in the dead letters with its reason.
fn queues(cloud: &Cloud, record: &Record) -> Vec<Wrong> {
    let queues = lock(&cloud.queues);
    let lost = |what: &String| (what.clone(), Side::new("message", "handled, or a letter", "forgotten by its queue"));
    let mut broken: Vec<Wrong> = queues.lost.iter().map(lost).collect();
    let letters: BTreeMap<_, _> = cloud
        .application
        .queues
        .iter()
        .filter_map(|(name, spec)| Some((spec.dead_letters.as_ref()?.0.clone(), name.clone())))
        .collect();
    let foreign = lock(&cloud.foreign);
    // Whoever records events records those that nobody understands too.
    let is_acted_on = |(queue, _): &&(String, String)| !RECORD.iter().any(|one| queue.ends_with(one));
    let foreign: BTreeSet<_> = foreign.iter().filter(is_acted_on).cloned().collect();
    let poison: BTreeSet<_> = record.poison.iter().chain(&foreign).cloned().collect();
    let mut wanted = poison.clone();
    for (name, message) in queues.all() {
        let Some(source) = letters.get(name) else {
            broken.push((format!("{name} still holds {}", message.body), Side::new(name, "empty", "a message")));
            continue;
        };
        // A function that dies right after parking a message parks it again.
        let letter = (source.clone(), message.body.clone());
        wanted.remove(&letter);
        let consumer = cloud.application.queues.get(source).and_then(|spec| spec.consumer.as_ref());
        let consumer = consumer.map_or("", |(function, _)| function.as_str());
        let reason = attribute(message, "reason");
        if foreign.contains(&letter) {
            cloud.count("reached: an event of the next major version, parked with its reason");
            if !reason.starts_with("version 2.0 of ") {
                let what = format!("{name} holds an event of the next major version because {reason}");
                broken.push((what, Side::new("reason", "its version", reason)));
            }
        }
        let is_excused = COUNT.iter().any(|one| consumer.ends_with(one)) && reason.starts_with(TOO_OLD)
            || consumer.ends_with(LOG) && reason.ends_with(DIFFERS);
        if !poison.contains(&letter) && !is_excused {
            let what = format!("{name} holds a letter too many: {} because {reason}", message.body);
            broken.push((what, Side::new(name, "handled by now", format!("a letter: {reason}"))));
        }
        if !is_poison(message) {
            let what = format!("{name} holds a letter that could be handled: {}", message.body);
            broken.push((what, Side::new(name, "sent back", attribute(message, "class"))));
        }
        broken.extend(misfit(consumer, message).map(|what| {
            let side = Side::new("letter", "one that says why it is there", &message.attributes);
            (format!("{name}: {} {what}", message.body), side)
        }));
    }
    broken.extend(wanted.into_iter().map(|(queue, body)| {
        let side = Side::new(&queue, "a dead letter", "none");
        (format!("{queue}: {body} is in no dead letters"), side)
    }));
    broken
}

/// One key, one answer, and one at least. What a provider said of a deposit in the meantime may be added.
fn one_answer(done: &Done) -> Option<Wrong> {
    let plain = |answer: &Answer| {
        let mut body = answer.body.clone();
        if let Some(members) = body.as_object_mut() {
            members.remove("redirect_url");
        }
        // Of an address and a number that others have, either may be the reason.
        if answer.status == 422 && matches!(done.step.action, Action::Register { .. }) {
            body = Value::Null;
        }
        (answer.status, body)
    };
    let finds_nothing = matches!(
        done.step.action,
        Action::CancelBet { .. }
            | Action::YesAfterAll { .. }
            | Action::Forged { .. }
            | Action::Poison { .. }
            | Action::Member { .. }
            | Action::Credits { .. }
    );
    if done.commands.is_empty() && !finds_nothing || done.commands.iter().any(Vec::is_empty) {
        return Some((format!("step {} has no answer", done.step), Side::new("answers", "one", "none")));
    }
    // A limit, an exclusion and a cleared mark take no key: they are what they are when they are asked for.
    if matches!(done.step.action, Action::Limit { .. } | Action::Exclude { .. } | Action::Clear { .. })
        || members::takes_no_key(&done.step.action)
        || matches!(done.step.action, Action::Credits { deed, .. } if deed.takes_no_key())
    {
        return None;
    }
    let differing = done.commands.iter().find_map(|answers| {
        let first = answers.first()?;
        answers.iter().find(|one| plain(one) != plain(first)).map(|one| (first, one))
    });
    let shown = |answer: &Answer| format!("{} {}", answer.status, answer.body);
    differing.map(|(first, other)| {
        let side = Side::new("answer", shown(first), shown(other));
        (format!("step {} was answered {first:?} and then {other:?}", done.step), side)
    })
}

/// A key that was used is refused for anything else.
fn reused(record: &Record) -> Vec<Wrong> {
    let wrong = record
        .reused
        .iter()
        .filter(|(_, answer)| answer.status != 422 || answer.body["code"] != "IDEMPOTENCY_KEY_REUSED");
    let wrong = wrong.map(|(number, answer)| {
        let side = Side::new("answer", "422 IDEMPOTENCY_KEY_REUSED", format!("{} {}", answer.status, answer.body));
        (format!("the key of step {number} was used again and answered {answer:?}"), side)
    });
    wrong.collect()
}

/// Whoever looks at the list of their notices sees how far each is, and none is left half way.
fn listed(cloud: &Cloud, books: &Books) -> Vec<Wrong> {
    let mut broken = Vec::new();
    for row in cloud.scan("NotificationTable").iter().filter(|row| text(row, "pk").starts_with("notices#")) {
        let id = text(row, "notification_id");
        let state = books.state(&format!("notice#{id}"));
        let expected = state.and_then(|state| state["status"].as_str()).unwrap_or("an outcome in its stream");
        if text(row, "status") != expected {
            broken
                .push((format!("notice {id} is listed otherwise"), Side::new("status", expected, text(row, "status"))));
        }
    }
    broken
}

/// How long the provider knows a message by its key.
const REMEMBERED_MS: i64 = 7 * 86_400_000;

/// Each event is told once over each channel, and what the provider took is what was sent.
fn told_once(cloud: &Cloud, books: &Books) -> Vec<Wrong> {
    let (mut counts, mut sent): (BTreeMap<String, u32>, usize) = Default::default();
    for (id, entries) in books.of_kind("notice") {
        let Some(notice) = books.state(&format!("notice#{id}")) else { continue };
        let (told, channel) = first_told(entries);
        let about = format!("{} to {} by {channel}", told["about_event_id"], told["user_id"]);
        *counts.entry(about).or_default() += 1;
        sent += usize::from(matches!(notice["status"].as_str(), Some("sent" | "delivered" | "undelivered")));
    }
    // The provider knows a message by its key for some days. What it took and did not get to say so may come again
    // after that, and nobody can tell.
    let mut inbox: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    for item in cloud.ever("SandboxTable").iter().filter(|item| text(item, "pk").starts_with("to#")) {
        let at = text(item, "at").parse().map_or(0, quoin_events::Timestamp::millis);
        inbox.entry(text(item, "message_id").to_owned()).or_default().push(at);
    }
    let mut broken: Vec<_> = counts
        .into_iter()
        .filter(|(_, count)| *count > 1)
        .map(|(about, count)| (format!("{about}: {count} notices"), Side::new("notices", 1, count)))
        .collect();
    for (message, times) in &mut inbox {
        times.sort_unstable();
        if times.windows(2).any(|pair| pair[1] - pair[0] < REMEMBERED_MS) {
            let what = format!("{message} was sent {} times", times.len());
            broken.push((what, Side::new("times sent", 1, times.len())));
        }
    }
    // AWS has no inbox.
    if inbox.len() != sent && !cloud.sends_by_aws() {
        let what = format!("the provider has {} messages, {sent} notices are sent", inbox.len());
        broken.push((what, Side::new("messages", sent, inbox.len())));
    }
    broken
}
