//! Every message that a consumer's queue was ever given: in the end it was handled, or it is a letter with its reason.

use std::collections::BTreeMap;

use serde::de::IgnoredAny;
use serde_json::Value;

use crate::cloud::Message;
use crate::findings::Side;
use crate::invariants::Wrong;
use crate::scheduler::Micros;

/// What became of the messages of all queues that have a consumer.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    /// By queue and body, whether it was handled.
    given: BTreeMap<(String, String), bool>,
    /// When a function put a letter into the dead letters, by the id of its message and the attempt.
    parked: BTreeMap<(String, String), Micros>,
    /// What does not add up.
    broken: Vec<Wrong>,
}

/// An attribute of a message.
pub(crate) fn attribute<'a>(message: &'a Message, name: &str) -> &'a str {
    message.attributes[name]["StringValue"].as_str().unwrap_or_default()
}

/// What is wrong with a letter of the queue that feeds `consumer`: one that a function put there says why, after how
/// many attempts and whose it was; one that its queue put there had a function that died of it or could not put it there.
pub(crate) fn misfit(consumer: &str, letter: &Message) -> Option<&'static str> {
    let has = |name: &str| !attribute(letter, name).is_empty();
    match attribute(letter, "class") {
        "poison" | "exhausted" => {
            let is_counted = attribute(letter, "attempts").parse::<u32>().is_ok_and(|attempts| attempts > 0);
            let is_whole = has("reason") && is_counted && attribute(letter, "function") == consumer;
            (!is_whole).then_some("does not say why, after how many attempts, or whose it was")
        }
        "" if letter.attributes.is_null() => (letter.crashes == 0 && letter.unparked == 0)
            .then_some("is there without a word, and no function died of it"),
        _ => Some("is of no known class"),
    }
}

/// One invocation for some messages of a queue.
pub(crate) struct Batch<'a> {
    pub(crate) queue: &'a str,
    pub(crate) began: Micros,
    pub(crate) messages: &'a [Message],
    /// Ids of the messages that stay in the queue.
    pub(crate) kept: &'a [String],
    /// What the function logged.
    pub(crate) line: &'a Value,
}

impl Ledger {
    /// A message is put into a queue that has a consumer.
    pub(crate) fn give(&mut self, queue: &str, body: &str) {
        self.given.entry((queue.to_owned(), body.to_owned())).or_default();
    }

    /// A letter is put into dead letters.
    pub(crate) fn park(&mut self, attributes: &Value, now: Micros) {
        let text = |name: &str| attributes[name]["StringValue"].as_str().unwrap_or_default().to_owned();
        self.parked.insert((text("message_id"), text("attempts")), now);
    }

    /// A function answered: what leaves the queue was handled or is a letter, and its line counts each message.
    pub(crate) fn answered(&mut self, batch: &Batch<'_>) {
        let outcomes = batch.line["outcomes"].as_object().into_iter().flatten();
        let (mut handled, mut failed) = (0, 0);
        for (outcome, count) in outcomes.flat_map(|(_, counts)| counts.as_object().into_iter().flatten()) {
            let sum = if outcome == "failed" { &mut failed } else { &mut handled };
            *sum += count.as_u64().unwrap_or(0);
        }
        // What cannot be read has no name to be counted under.
        let is_readable = |message: &&Message| serde_json::from_str::<IgnoredAny>(&message.body).is_ok();
        let readable = batch.messages.iter().filter(is_readable).count() as u64;
        let is_parked = |message: &Message| {
            let place = (message.id.clone(), message.receives.to_string());
            self.parked.get(&place).is_some_and(|at| *at >= batch.began)
        };
        let gone = || batch.messages.iter().filter(|message| !batch.kept.contains(&message.id));
        let done: Vec<_> = gone().filter(|message| !is_parked(message)).collect();
        if handled + failed != readable || handled != done.len() as u64 {
            let bodies: Vec<_> = done.iter().map(|message| &message.body).collect();
            let what = format!(
                "{}: of {readable} messages {handled} were handled and {failed} were not, {} left the queue: {bodies:?}",
                batch.queue,
                done.len()
            );
            let expected = format!("{handled} handled, {failed} not");
            let is =
                format!("{} left the queue, {} stay or are letters", done.len(), batch.messages.len() - done.len());
            self.broken.push((what, Side::new(batch.queue, expected, is)));
            return;
        }
        for message in done {
            self.given.insert((batch.queue.to_owned(), message.body.clone()), true);
        }
    }

    /// What does not add up, and what was neither handled nor is among `letters`, by queue and body.
    pub(crate) fn findings(&self, letters: &[(&str, &str)]) -> Vec<Wrong> {
        let is_letter = |queue: &str, body: &str| letters.contains(&(queue, body));
        let left = self.given.iter().filter(|((queue, body), is_handled)| !**is_handled && !is_letter(queue, body));
        let left = left.map(|((queue, body), _)| {
            let side = Side::new(queue, "handled, or a letter", "neither");
            (format!("{queue}: {body} was not handled and is no letter"), side)
        });
        self.broken.iter().cloned().chain(left).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud::Way;
    use serde_json::json;

    fn message(id: &str, attributes: Value, crashes: u32) -> Message {
        let body = format!("{{\"n\": \"{id}\"}}");
        let (id, way) = (id.to_owned(), Way::default());
        Message { id, body, attributes, receives: 2, visible_at: 0, way, crashes, unparked: 0, sent_at: 0 }
    }

    fn line(applied: u64, failed: u64) -> Value {
        json!({"outcomes": {"BetPlaced": {"applied": applied, "failed": failed}}})
    }

    fn findings(line: &Value, kept: &[&str], parked: Option<&str>) -> usize {
        let mut ledger = Ledger::default();
        let messages = ["a", "b"].map(|id| message(id, Value::Null, 0));
        for message in &messages {
            ledger.give("q", &message.body);
        }
        if let Some(id) = parked {
            ledger.park(&json!({"message_id": {"StringValue": id}, "attempts": {"StringValue": "2"}}), 7);
        }
        let kept: Vec<_> = kept.iter().map(|id| (*id).to_owned()).collect();
        ledger.answered(&Batch { queue: "q", began: 5, messages: &messages, kept: &kept, line });
        let letters: Vec<_> = messages.iter().filter(|one| parked == Some(&one.id)).collect();
        let letters: Vec<_> = letters.iter().map(|one| ("q", one.body.as_str())).collect();
        ledger.findings(&letters).len()
    }

    #[test]
    fn what_was_given_is_handled_or_a_letter() {
        assert_eq!(findings(&line(2, 0), &[], None), 0);
        assert_eq!(findings(&line(1, 1), &[], Some("b")), 0);
        // It stays, and nobody handles it.
        assert_eq!(findings(&line(1, 1), &["b"], None), 1);
        // It failed and is gone: both may be the one.
        assert_eq!(findings(&line(1, 1), &[], None), 3);
        // The function does not say what became of it.
        assert_eq!(findings(&line(1, 0), &[], None), 3);
    }

    #[test]
    fn a_letter_says_why_or_its_function_died() {
        let text = |value: &str| json!({"StringValue": value});
        let mut told = json!({
            "class": text("poison"), "reason": text("no"), "attempts": text("1"), "function": text("f"),
        });
        assert_eq!(misfit("f", &message("a", told.clone(), 0)), None);
        assert!(misfit("g", &message("a", told.clone(), 0)).is_some());
        for name in ["reason", "attempts", "function"] {
            let mut less = told.clone();
            less[name] = Value::Null;
            assert!(misfit("f", &message("a", less, 1)).is_some(), "{name}");
        }
        told["class"] = text("other");
        assert!(misfit("f", &message("a", told, 1)).is_some());
        assert!(misfit("f", &message("a", Value::Null, 0)).is_some());
        assert_eq!(misfit("f", &message("a", Value::Null, 1)), None);
    }
}
