//! Queues: visibility, receive counts, delays, dead letters.

use std::collections::BTreeMap;
use std::task::Waker;

use quoin_stack::{Application, Queue};
use serde_json::{Value, json};

use super::Cloud;
use crate::faults::Fault;
use crate::scheduler::{Handle, Micros, lock};
use crate::wire::Reply;

/// Work that functions give each other waits for at most this.
const MAX_DELAY: Micros = 2 * 3_600_000_000;

/// A message.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    pub(crate) id: String,
    pub(crate) body: String,
    pub(crate) attributes: Value,
    pub(crate) receives: u32,
    pub(crate) visible_at: Micros,
    /// Deliveries that chance still owes although it was handled.
    pub(crate) again: u32,
    pub(crate) is_in_hand: bool,
}

/// All queues by name.
pub(crate) struct Queues {
    handle: Handle,
    specs: BTreeMap<String, Queue>,
    pub(crate) messages: BTreeMap<String, Vec<Message>>,
    pub(crate) wakers: BTreeMap<String, Waker>,
    next: u64,
}

impl Queues {
    pub(super) fn new(application: &Application, handle: Handle) -> Self {
        let messages = application.queues.keys().map(|name| (name.clone(), Vec::new())).collect();
        Self { handle, specs: application.queues.clone(), messages, wakers: BTreeMap::new(), next: 0 }
    }

    /// Puts a message into the queue called `name`, visible after `delay`.
    pub(crate) fn send(&mut self, name: &str, body: String, attributes: Value, delay: Micros, again: u32) -> String {
        self.next += 1;
        let id = format!("message-{}", self.next);
        let visible_at = self.handle.now() + delay;
        let message = Message { id: id.clone(), body, attributes, receives: 0, visible_at, again, is_in_hand: false };
        self.messages.entry(name.to_owned()).or_default().push(message);
        self.wake(name);
        id
    }

    pub(crate) fn wake(&mut self, name: &str) {
        if let Some(waker) = self.wakers.remove(name) {
            waker.wake();
        }
    }

    /// Takes up to `most` visible messages in hand, chosen by `pick`; those received too often go to the dead letters.
    pub(crate) fn receive(&mut self, name: &str, most: usize, mut pick: impl FnMut(usize) -> usize) -> Vec<Message> {
        let now = self.handle.now();
        let Some(spec) = self.specs.get(name).cloned() else { return Vec::new() };
        let mut taken = Vec::new();
        while taken.len() < most {
            let Some(messages) = self.messages.get_mut(name) else { break };
            let visible: Vec<usize> =
                messages.iter().enumerate().filter(|(_, one)| one.visible_at <= now).map(|(index, _)| index).collect();
            let Some(index) = visible.get(pick(visible.len())).copied() else { break };
            let too_often = spec
                .dead_letters
                .as_ref()
                .filter(|(_, most)| messages.get(index).is_some_and(|one| one.receives >= *most));
            if let Some((target, _)) = too_often {
                let message = messages.remove(index);
                let target = target.clone();
                self.messages.entry(target).or_default().push(message);
                continue;
            }
            if let Some(message) = messages.get_mut(index) {
                message.receives += 1;
                message.visible_at = now + spec.visibility_s * 1_000_000;
                message.is_in_hand = true;
                taken.push(message.clone());
            }
        }
        taken
    }

    /// When the next message of the queue can be received, if it has any.
    pub(crate) fn next_visible(&self, name: &str) -> Option<Micros> {
        self.messages.get(name)?.iter().map(|message| message.visible_at).min()
    }

    /// Forgets a handled message, unless chance delivers it once more.
    pub(crate) fn delete(&mut self, name: &str, id: &str, after: Micros) {
        let now = self.handle.now();
        if let Some(messages) = self.messages.get_mut(name) {
            if let Some(message) = messages.iter_mut().find(|message| message.id == id && message.again > 0) {
                message.again -= 1;
                // A delivery too many is not a failed one.
                message.receives = message.receives.saturating_sub(1);
                message.visible_at = now + after;
                message.is_in_hand = false;
            } else {
                messages.retain(|message| message.id != id);
            }
        }
        self.wake(name);
    }

    /// Its function failed with it: it comes back when it is visible again.
    pub(crate) fn release(&mut self, name: &str, id: &str) {
        if let Some(message) = self.messages.get_mut(name).and_then(|all| all.iter_mut().find(|one| one.id == id)) {
            message.is_in_hand = false;
        }
        self.wake(name);
    }
}

impl Cloud {
    pub(super) fn queue(&self, action: &str, body: &[u8]) -> Reply {
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        let name = body["QueueUrl"].as_str().and_then(|url| url.rsplit('/').next()).unwrap_or_default().to_owned();
        let mut queues = lock(&self.queues);
        if !queues.specs.contains_key(&name) {
            return Reply::json(400, &json!({"__type": "com.amazonaws.sqs#QueueDoesNotExist", "message": name}));
        }
        let is_worked_on = queues.specs.get(&name).is_some_and(|spec| spec.consumer.is_some());
        let mut send = |entry: &Value| {
            let text = entry["MessageBody"].as_str().unwrap_or_default().to_owned();
            let delay = entry["DelaySeconds"].as_u64().unwrap_or(0) * 1_000_000;
            let late = if is_worked_on && self.happens(Fault::Delayed) { self.below(MAX_DELAY) } else { 0 };
            let again = if is_worked_on && self.happens(Fault::Duplicated) { 1 + self.below(3) } else { 0 };
            let again = u32::try_from(again).unwrap_or(0);
            queues.send(&name, text, entry["MessageAttributes"].clone(), delay + late, again)
        };
        match action {
            "SendMessage" => {
                let id = send(&body);
                Reply::json(200, &json!({"MessageId": id, "MD5OfMessageBody": ""}))
            }
            "SendMessageBatch" => {
                let (mut sent, mut failed) = (Vec::new(), Vec::new());
                for entry in body["Entries"].as_array().into_iter().flatten() {
                    if self.happens(Fault::PartlyEnqueued) {
                        failed.push(json!({"Id": entry["Id"], "SenderFault": false, "Code": "InternalError"}));
                    } else {
                        sent.push(json!({"Id": entry["Id"], "MessageId": send(entry), "MD5OfMessageBody": ""}));
                    }
                }
                Reply::json(200, &json!({"Successful": sent, "Failed": failed}))
            }
            "ChangeMessageVisibility" => {
                let id = body["ReceiptHandle"].as_str().unwrap_or_default().to_owned();
                let until = self.handle.now() + body["VisibilityTimeout"].as_u64().unwrap_or(0) * 1_000_000;
                if let Some(message) =
                    queues.messages.get_mut(&name).and_then(|all| all.iter_mut().find(|one| one.id == id))
                {
                    message.visible_at = until;
                }
                queues.wake(&name);
                Reply::json(200, &json!({}))
            }
            _ => Reply::json(400, &json!({"__type": "InvalidAction", "message": action})),
        }
    }
}
