//! The bus: entries that are taken or not, rules of the templates, deliveries late, twice and out of order.

use serde_json::{Value, json};

use super::Cloud;
use crate::faults::Fault;
use crate::mutants::Mutant;
use crate::scheduler::{Micros, lock};
use crate::wire::Reply;

const HOUR: Micros = 3_600_000_000;

impl Cloud {
    pub(super) fn put_events(&self, body: &[u8]) -> Reply {
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        let (mut results, mut failed) = (Vec::new(), 0);
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
            lock(&self.queues).send(queue, event.to_string(), Value::Null, 0, 0);
        }
        let event = json!({
            "version": "0", "id": format!("{}-{event_id}", self.bus_seed), "detail-type": name,
            "source": entry["Source"], "account": "000000000000", "region": "us-east-1", "resources": [],
            "time": "2026-01-05T00:00:00Z", "detail": self.reshaped(detail),
        });
        let application = self.application.clone();
        for rule in application.rules.iter().filter(|rule| rule.pattern.matches(&event)) {
            for queue in &rule.queues {
                self.deliver(queue, name, &event);
            }
        }
    }

    // Each consumer has its own copy of an event, on its own way.
    fn deliver(&self, queue: &str, name: &str, event: &Value) {
        let again = if self.happens(Fault::Duplicated) { 1 + self.below(4) } else { 0 };
        let delay = if self.happens(Fault::Delayed) {
            [HOUR / 60, HOUR, 30 * HOUR, 24 * 40 * HOUR]
                .get(usize::try_from(self.below(4)).unwrap_or(0))
                .map_or(0, |most| self.below(*most))
        } else {
            self.below(200_000)
        };
        let again = u32::try_from(again).unwrap_or(0);
        self.say(|| format!("    {name} -> {queue} in {} ms, {again} times again", delay / 1000));
        // Of a duplicate, both may be in hand at once.
        let at_once = again > 0 && self.below(2) == 0;
        let mut queues = lock(&self.queues);
        if at_once {
            queues.send(queue, event.to_string(), Value::Null, delay + self.below(20_000), 0);
        }
        queues.send(queue, event.to_string(), Value::Null, delay, again);
    }

    /// The event as a newer or an older producer would write it.
    fn reshaped(&self, mut detail: Value) -> Value {
        if self.happens(Fault::NewerEvent) {
            detail["version"] = "1.9".into();
            for place in ["", "/data", "/metadata"] {
                if let Some(members) = detail.pointer_mut(place).and_then(Value::as_object_mut) {
                    members.insert("added_later".to_owned(), json!({"unknown": [1, null, "x"]}));
                }
            }
        }
        if self.happens(Fault::OlderEvent)
            && let Some(metadata) = detail["metadata"].as_object_mut()
        {
            for name in ["causation_id", "traceparent", "wallet"] {
                metadata.remove(name);
            }
        }
        detail
    }
}
