//! What must hold when everything has come to rest: of the bus, the audit trail, the queues and the messages to people.
//! What must hold of every commit is in `audit`.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::actors::{Answer, Done, Record};
use crate::audit::text;
use crate::books::Books;
use crate::cloud::Cloud;
use crate::findings::{Broken, Check};
use crate::platform::is_poison;
use crate::scenario::Action;
use crate::scheduler::lock;

/// What is wrong at the end.
pub(crate) fn at_the_end(cloud: &Cloud, books: &Books, record: &Record) -> Vec<Broken> {
    let sent = lock(&cloud.sent);
    let unsent = books.events().filter(|(_, _, event)| !sent.contains(&id_of(event)));
    let unsent =
        unsent.map(|(pk, entry, event)| format!("{} of {pk}/{} was never published", event["event"], entry.version));
    let mut broken = under(Check::Published, unsent);
    broken.extend(under(Check::Trail, audited(cloud, books)));
    broken.extend(under(Check::Queues, queues(cloud, record)));
    broken.extend(under(Check::Answered, record.done.iter().filter_map(one_answer)));
    broken.extend(under(Check::Answered, reused(record)));
    broken.extend(under(Check::Notices, told_once(cloud, books)));
    broken
}

/// All of `what` as findings of `check`.
pub(crate) fn under(check: Check, what: impl IntoIterator<Item = String>) -> Vec<Broken> {
    what.into_iter().map(|what| Broken::new(check, what)).collect()
}

fn id_of(event: &Value) -> String {
    event["metadata"]["event_id"].as_str().unwrap_or_default().to_owned()
}

/// The audit trail has every event in its place.
fn audited(cloud: &Cloud, books: &Books) -> Vec<String> {
    let rows: BTreeMap<_, _> = cloud
        .scan("ReportingTable")
        .into_iter()
        .map(|item| ((text(&item, "pk").to_owned(), text(&item, "sk").to_owned()), text(&item, "event_id").to_owned()))
        .collect();
    let missing = books.events().filter(|(pk, _, event)| {
        let sequence = event["metadata"]["sequence"].as_u64().unwrap_or(0);
        rows.get(&(format!("audit#{pk}"), format!("{sequence:012}"))) != Some(&id_of(event))
    });
    missing.map(|(pk, _, event)| format!("{} of {pk} is not in the audit trail", event["event"])).collect()
}

/// Everything was handled, except what nobody can read, which is in the dead letters with its reason.
fn queues(cloud: &Cloud, record: &Record) -> Vec<String> {
    let queues = lock(&cloud.queues);
    let mut broken = Vec::new();
    let letters: BTreeMap<_, _> = cloud
        .application
        .queues
        .iter()
        .filter_map(|(name, spec)| Some((spec.dead_letters.as_ref()?.0.clone(), name.clone())))
        .collect();
    let poison: BTreeSet<_> = record.poison.iter().cloned().collect();
    let mut wanted = poison.clone();
    for (name, messages) in &queues.messages {
        for message in messages {
            let Some(source) = letters.get(name) else {
                broken.push(format!("{name} still holds {}", message.body));
                continue;
            };
            // A function that dies right after parking a message parks it again.
            let letter = (source.clone(), message.body.clone());
            wanted.remove(&letter);
            if !poison.contains(&letter) {
                broken.push(format!(
                    "{name} holds a letter too many: {} because {}",
                    message.body, message.attributes["reason"]
                ));
            }
            if !is_poison(message) || message.attributes["reason"]["StringValue"].as_str().is_none_or(str::is_empty) {
                broken.push(format!("{name} holds a letter without its reason"));
            }
        }
    }
    broken.extend(wanted.into_iter().map(|(queue, body)| format!("{queue}: {body} is in no dead letters")));
    broken
}

/// One key, one answer, and one at least. What a provider said of a deposit in the meantime may be added.
fn one_answer(done: &Done) -> Option<String> {
    let plain = |answer: &Answer| {
        let mut body = answer.body.clone();
        if let Some(members) = body.as_object_mut() {
            members.remove("redirect_url");
        }
        (answer.status, body)
    };
    let finds_nothing = matches!(
        done.step.action,
        Action::CancelBet { .. } | Action::YesAfterAll { .. } | Action::Forged { .. } | Action::Poison { .. }
    );
    if done.commands.is_empty() && !finds_nothing || done.commands.iter().any(Vec::is_empty) {
        return Some(format!("step {} has no answer", done.step));
    }
    // A limit and an exclusion take no key: they are what they are when they are asked for.
    if matches!(done.step.action, Action::Limit { .. } | Action::Exclude { .. }) {
        return None;
    }
    let differing = done.commands.iter().find_map(|answers| {
        let first = answers.first()?;
        answers.iter().find(|one| plain(one) != plain(first)).map(|one| (first, one))
    });
    differing.map(|(first, other)| format!("step {} was answered {first:?} and then {other:?}", done.step))
}

/// A key that was used is refused for anything else.
fn reused(record: &Record) -> Vec<String> {
    let wrong = record
        .reused
        .iter()
        .filter(|(_, answer)| answer.status != 422 || answer.body["code"] != "IDEMPOTENCY_KEY_REUSED");
    wrong.map(|(number, answer)| format!("the key of step {number} was used again and answered {answer:?}")).collect()
}

/// Each event is told once over each channel, and what the provider took is what was sent.
fn told_once(cloud: &Cloud, books: &Books) -> Vec<String> {
    let (mut counts, mut sent): (BTreeMap<String, u32>, usize) = Default::default();
    for (id, _) in books.of_kind("notice") {
        let Some(notice) = books.state(&format!("notice#{id}")) else { continue };
        let about = format!("{} to {} by {}", notice["about_event_id"], notice["user_id"], notice["channel"]);
        *counts.entry(about).or_default() += 1;
        sent += usize::from(matches!(notice["status"].as_str(), Some("sent" | "delivered" | "undelivered")));
    }
    let inbox = cloud.scan("SandboxTable").iter().filter(|item| text(item, "pk").starts_with("to#")).count();
    let mut broken: Vec<_> = counts
        .into_iter()
        .filter(|(_, count)| *count > 1)
        .map(|(about, count)| format!("{about}: {count} notices"))
        .collect();
    if inbox != sent {
        broken.push(format!("the provider has {inbox} messages, {sent} notices are sent"));
    }
    broken
}
