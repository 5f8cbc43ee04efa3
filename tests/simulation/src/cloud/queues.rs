//! Queues: visibility, receive counts, delays, dead letters.

use std::collections::BTreeMap;
use std::task::Waker;

use quoin_stack::{Application, Queue};
use serde_json::{Value, json};

use super::Cloud;
use crate::faults::Fault;
use crate::handled::Ledger;
use crate::scheduler::{Handle, Micros, lock};
use crate::wire::Reply;

/// Work that functions give each other waits for at most this.
const MAX_DELAY: Micros = 2 * 3_600_000_000;

/// What becomes of a message on its way.
#[derive(Debug, Clone, Default)]
pub(crate) struct Way {
    /// How long it is on its way.
    pub(crate) delay: Micros,
    /// What its next arrival is an effect of.
    pub(crate) by: Option<Fault>,
    /// Deliveries that chance still owes although it was handled.
    pub(crate) again: u32,
    /// How long it lies in the dead letters each time that it comes back from there although it was handled.
    pub(crate) redriven: Vec<Micros>,
    /// How often its function still dies of it.
    pub(crate) deadly: u32,
}

/// Retries of the schedule; whatever fails after them belongs into the dead letters.
const TRIES: u32 = 5;

/// A message.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    pub(crate) id: String,
    pub(crate) body: String,
    pub(crate) attributes: Value,
    pub(crate) receives: u32,
    pub(crate) visible_at: Micros,
    pub(crate) way: Way,
    /// How often its function died or failed as a whole with it.
    pub(crate) crashes: u32,
    /// How often its function kept it because the dead letters did not take it.
    pub(crate) unparked: u32,
    /// Since when its queue keeps it, or a queue that it was moved from.
    pub(crate) sent_at: Micros,
}

/// All queues by name.
pub(crate) struct Queues {
    handle: Handle,
    specs: BTreeMap<String, Queue>,
    pub(crate) messages: BTreeMap<String, Vec<Message>>,
    pub(crate) wakers: BTreeMap<String, Waker>,
    /// Letters that operators saw and that can never be read, with the name of their queue.
    pub(crate) noted: Vec<(String, Message)>,
    /// What was kept for too long.
    pub(crate) lost: Vec<String>,
    /// What became of every message.
    pub(crate) ledger: Ledger,
    next: u64,
}

impl Queues {
    pub(super) fn new(application: &Application, handle: Handle) -> Self {
        let messages = application.queues.keys().map(|name| (name.clone(), Vec::new())).collect();
        let (wakers, noted, lost, ledger) = Default::default();
        Self { handle, specs: application.queues.clone(), messages, wakers, noted, lost, ledger, next: 0 }
    }

    /// Every message with the name of its queue.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&str, &Message)> {
        let kept = self.messages.iter().flat_map(|(name, all)| all.iter().map(move |one| (name.as_str(), one)));
        kept.chain(self.noted.iter().map(|(name, one)| (name.as_str(), one)))
    }

    /// How long the queue called `name` keeps a message.
    pub(super) fn retention(&self, name: &str) -> Micros {
        self.specs.get(name).map_or(0, |spec| spec.retention_s * 1_000_000)
    }

    /// How long the dead letters of the queue called `name` are kept, if it has any.
    pub(super) fn letters_retention(&self, name: &str) -> Option<Micros> {
        let (letters, _) = self.specs.get(name)?.dead_letters.as_ref()?;
        Some(self.retention(letters))
    }

    /// Puts a message into the queue called `name`.
    pub(crate) fn send(&mut self, name: &str, body: String, attributes: Value, way: Way) -> String {
        let id = self.next_id();
        let sent_at = self.handle.now();
        let visible_at = sent_at + way.delay;
        if self.specs.get(name).is_some_and(|spec| spec.consumer.is_some()) {
            self.ledger.give(name, &body);
        }
        if !attributes["class"].is_null() {
            self.ledger.park(&attributes, sent_at);
        }
        let message = Message {
            id: id.clone(),
            body,
            attributes,
            receives: 0,
            visible_at,
            way,
            crashes: 0,
            unparked: 0,
            sent_at,
        };
        self.messages.entry(name.to_owned()).or_default().push(message);
        self.wake(name);
        id
    }

    fn next_id(&mut self) -> String {
        self.next += 1;
        format!("message-{}", self.next)
    }

    /// A message that was kept for too long is gone, whether anybody handled it or not.
    pub(crate) fn forget(&mut self, name: &str) {
        let (now, kept) = (self.handle.now(), self.retention(name));
        let Some(messages) = self.messages.get_mut(name) else { return };
        let gone = messages.extract_if(.., |message| message.sent_at + kept <= now);
        self.lost.extend(gone.map(|message| format!("{name} kept {} for too long", message.body)));
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
        self.forget(name);
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
                taken.push(message.clone());
                message.way.by = None;
            }
        }
        taken
    }

    /// When the next message of the queue can be received, if it has any.
    pub(crate) fn next_visible(&self, name: &str) -> Option<Micros> {
        self.messages.get(name)?.iter().map(|message| message.visible_at).min()
    }

    /// How many messages of the queue can be received now.
    pub(crate) fn visible(&self, name: &str) -> usize {
        let now = self.handle.now();
        self.messages.get(name).into_iter().flatten().filter(|message| message.visible_at <= now).count()
    }

    /// A function died or failed as a whole with these messages in hand.
    pub(crate) fn crashed(&mut self, name: &str, ids: &[Message]) {
        let all = self.messages.get_mut(name).into_iter().flatten();
        for message in all.filter(|message| ids.iter().any(|one| one.id == message.id)) {
            message.crashes += 1;
            message.way.deadly = message.way.deadly.saturating_sub(1);
        }
    }

    /// A function kept these messages. Whatever has had its last try by then could not be put into the dead letters.
    pub(crate) fn unparked(&mut self, name: &str, kept: &[String]) {
        let all = self.messages.get_mut(name).into_iter().flatten();
        for message in all.filter(|message| message.receives > TRIES && kept.contains(&message.id)) {
            message.unparked += 1;
        }
    }

    /// Forgets a handled message, unless chance delivers it once more.
    pub(crate) fn delete(&mut self, name: &str, id: &str, after: Micros) {
        let (now, new_id) = (self.handle.now(), self.next_id());
        let Some(messages) = self.messages.get_mut(name) else { return };
        let Some(index) = messages.iter().position(|message| message.id == id) else { return };
        let message = &mut messages[index];
        if message.way.again > 0 {
            message.way.again -= 1;
            // A delivery too many is not a failed one.
            message.receives = message.receives.saturating_sub(1);
            message.visible_at = now + after;
            message.way.by = Some(Fault::Duplicated);
        } else if let Some(days) = message.way.redriven.pop() {
            // In between it lies in the dead letters; whoever sends it back sends a new message.
            (message.id, message.receives) = (new_id, 0);
            (message.sent_at, message.visible_at) = (now + days, now + days);
            message.way.by = Some(Fault::Redriven);
        } else {
            messages.remove(index);
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
            let late = if is_worked_on && self.may_happen(Fault::Delayed) { self.below(MAX_DELAY) } else { 0 };
            let again = if is_worked_on && self.may_happen(Fault::Duplicated) { 1 + self.below(3) } else { 0 };
            let again = u32::try_from(again).unwrap_or(0);
            let by = (late > 0).then_some(Fault::Delayed);
            let way = Way { delay: delay + late, by, again, ..Way::default() };
            queues.send(&name, text, entry["MessageAttributes"].clone(), way)
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
