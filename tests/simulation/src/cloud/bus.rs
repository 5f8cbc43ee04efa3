//! The bus: entries that are taken or not, rules of the templates, deliveries late, twice and out of order.

use serde_json::{Value, json};

use super::Cloud;
use super::queues::Way;
use crate::faults::Fault;
use crate::mutants::Mutant;
use crate::scheduler::{Micros, lock};
use crate::wire::Reply;

/// How ids of events of the next major version begin.
const NEXT_MAJOR: &str = "next-major-";
const HOUR: Micros = 3_600_000_000;
/// So long before its queue forgets it a message comes at the latest: its consumer may fail with it some times.
const RETRIES: Micros = 12 * HOUR;
/// So often at most an operator sends back a message that was handled.
const MOST_REDRIVEN: u64 = 8;
/// More often than a message is received before it is a dead letter.
const DEADLY: u32 = 20;

impl Cloud {
    pub(super) fn put_events(&self, body: &[u8]) -> Reply {
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        let (mut results, mut failed) = (Vec::new(), 0_usize);
        for entry in body["Entries"].as_array().into_iter().flatten() {
            if self.happens(Fault::PartlyPublished) {
                if self.mutant == Some(Mutant::IgnoredPartialFailures) {
                    results.push(json!({"EventId": "not taken"}));
                    continue;
                }
                failed += 1;
                results.push(json!({"ErrorCode": "InternalFailure", "ErrorMessage": "not taken"}));
                continue;
            }
            self.route(entry);
            results.push(json!({"EventId": format!("bus-{}", results.len())}));
        }
        if (1..results.len()).contains(&failed) {
            self.count("reached: several entries, some not taken");
        }
        Reply::json(200, &json!({"FailedEntryCount": failed, "Entries": results}))
    }

    fn route(&self, entry: &Value) {
        let text = entry["Detail"].as_str().unwrap_or_default().to_owned();
        let Ok(detail) = serde_json::from_str::<Value>(&text) else { return };
        let name = entry["DetailType"].as_str().unwrap_or_default();
        let event_id = detail["metadata"]["event_id"].as_str().unwrap_or_default();
        let outcome = lock(&self.auditor).published(event_id, &text);
        self.hold(outcome);
        lock(&self.sent).insert(event_id.to_owned());
        if let Some((queue, told)) = self.mutant.and_then(|mutant| mutant.second_path(&detail)) {
            let event =
                json!({"detail-type": told["event"], "source": entry["Source"], "id": "second", "detail": told});
            lock(&self.queues).send(queue, event.to_string(), Value::Null, Way::default());
        }
        let mut event = json!({
            "version": "0", "id": format!("{}-{event_id}", self.bus_seed), "detail-type": name,
            "source": entry["Source"], "account": "000000000000", "region": "us-east-1", "resources": [],
            "time": "2026-01-05T00:00:00Z", "detail": detail,
        });
        self.publish_next_major(&event);
        self.reshape(&mut event);
        let (application, text) = (self.application.clone(), event.to_string());
        for rule in application.rules.iter().filter(|rule| rule.pattern.matches(&event)) {
            for queue in &rule.queues {
                self.deliver(queue, name, &text);
            }
        }
    }

    /// Now and then somebody is ahead of everybody here: an event with the same data that means something else, of an
    /// entity of its own.
    fn publish_next_major(&self, event: &Value) {
        if !self.may_happen(Fault::MajorEvent) {
            return;
        }
        let mut event = event.clone();
        let metadata = &mut event["detail"]["metadata"];
        let id = format!("{NEXT_MAJOR}{}", metadata["event_id"].as_str().unwrap_or_default());
        (metadata["entity"]["id"], metadata["sequence"]) = (id.as_str().into(), 1.into());
        metadata["event_id"] = id.into();
        event["detail"]["version"] = "2.0".into();
        let text = event.to_string();
        let rules = self.application.rules.iter().filter(|rule| rule.pattern.matches(&event));
        for queue in rules.flat_map(|rule| &rule.queues) {
            self.happened(Fault::MajorEvent);
            lock(&self.foreign).push((queue.clone(), text.clone()));
            lock(&self.queues).send(queue, text.clone(), Value::Null, Way::default());
        }
    }

    // Each consumer has its own copy of an event, on its own way.
    fn deliver(&self, queue: &str, name: &str, event: &str) {
        let again = if self.may_happen(Fault::Duplicated) { 1 + self.below(4) } else { 0 };
        let (kept, letters_kept) = {
            let queues = lock(&self.queues);
            (queues.retention(queue), queues.letters_retention(queue))
        };
        let (delay, by) = if self.may_happen(Fault::Delayed) {
            let most = [HOUR / 60, HOUR, 30 * HOUR, kept.saturating_sub(RETRIES)];
            let delay = self.below(most[usize::try_from(self.below(4)).unwrap_or(0)]);
            (delay, Some(Fault::Delayed))
        } else {
            (self.below(200_000), None)
        };
        let mut redriven = Vec::new();
        if let Some(kept) = letters_kept.filter(|_| self.may_happen(Fault::Redriven)) {
            let most = kept.saturating_sub(24 * HOUR);
            redriven = (0..=self.below(MOST_REDRIVEN - 1)).map(|_| most / 2 + self.below(most / 2)).collect();
        }
        let again = u32::try_from(again).unwrap_or(0);
        // Now and then a function dies of a message, as often as it is given it.
        let deadly = if self.may_happen(Fault::Killed) && self.below(8) == 0 { DEADLY } else { 0 };
        self.say(|| {
            let back = redriven.len();
            format!("    {name} -> {queue} in {} ms, {again} times again, {back} times sent back", delay / 1000)
        });
        // Of a duplicate, both may be in hand at once.
        let at_once = again > 0 && self.below(2) == 0;
        let mut queues = lock(&self.queues);
        if at_once {
            let way = Way { delay: delay + self.below(20_000), by: Some(Fault::Duplicated), ..Way::default() };
            queues.send(queue, event.to_owned(), Value::Null, way);
        }
        queues.send(queue, event.to_owned(), Value::Null, Way { delay, by, again, redriven, deadly });
    }

    /// The event as a newer or an older producer would write it.
    fn reshape(&self, event: &mut Value) {
        let detail = &mut event["detail"];
        if self.happens(Fault::NewerEvent) {
            detail["version"] = "1.9".into();
            for place in ["", "/data", "/metadata"] {
                if let Some(members) = detail.pointer_mut(place).and_then(Value::as_object_mut) {
                    members.insert("added_later".to_owned(), json!({"unknown": [1, null, "x"]}));
                }
            }
        }
        if self.may_happen(Fault::OlderEvent)
            && let Some(metadata) = detail["metadata"].as_object_mut()
        {
            let known = metadata.len();
            metadata.retain(|name, _| !["causation_id", "traceparent", "wallet"].contains(&name.as_str()));
            if metadata.len() < known {
                self.happened(Fault::OlderEvent);
            }
        }
    }
}
