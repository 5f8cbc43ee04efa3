//! EventBridge Scheduler, as far as functions ask for it: one call at one moment, and the schedule is gone.

use std::collections::BTreeMap;
use std::task::Waker;

use quoin_events::Timestamp;
use serde_json::{Value, json};

use super::{BEGIN, Cloud, EPOCH_MS, millis};
use crate::scheduler::{Micros, lock};
use crate::wire::{Reply, Request};

/// What is called later.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) at: Micros,
    pub(crate) function: String,
    pub(crate) input: String,
}

/// Calls by the names of their schedules.
#[derive(Debug, Default)]
pub(crate) struct Schedules {
    /// Later calls are not made.
    pub(crate) until: Micros,
    pub(crate) calls: BTreeMap<String, Call>,
    pub(crate) waker: Option<Waker>,
}

/// Days on which calls are made, if a history says nothing else: it has to end.
pub(crate) const DAYS: u64 = 75;

impl Schedules {
    /// When the next call is to be made, if it ever is.
    pub(crate) fn next(&self) -> Option<Micros> {
        self.calls.values().map(|call| call.at).min().filter(|at| *at <= self.until)
    }

    /// A call whose time has come.
    pub(crate) fn take(&mut self, now: Micros) -> Option<Call> {
        let now = now.min(self.until);
        let name = self.calls.iter().find(|(_, call)| call.at <= now).map(|(name, _)| name.clone())?;
        self.calls.remove(&name)
    }
}

impl Cloud {
    /// The moment after which no schedule calls, as functions write it.
    pub(crate) fn scheduled_until(&self) -> String {
        Timestamp::from_millis(millis(lock(&self.schedules).until)).to_string()
    }

    pub(super) fn schedule(&self, request: &Request) -> Reply {
        let name = request.url.rsplit('/').next().and_then(|name| name.split('?').next()).unwrap_or_default();
        let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        let mut schedules = lock(&self.schedules);
        let is_there = schedules.calls.contains_key(name);
        match request.method.as_str() {
            "POST" if is_there => return refusal(409, "ConflictException"),
            "PUT" | "DELETE" if !is_there => return refusal(404, "ResourceNotFoundException"),
            "DELETE" => {
                schedules.calls.remove(name);
            }
            _ => match call(&body) {
                Some(call) => {
                    schedules.calls.insert(name.to_owned(), call);
                }
                None => return refusal(400, "ValidationException"),
            },
        }
        if let Some(waker) = schedules.waker.take() {
            waker.wake();
        }
        Reply::json(200, &json!({"ScheduleArn": name}))
    }
}

fn refusal(status: u16, code: &str) -> Reply {
    let mut reply = Reply::json(status, &json!({"Message": code}));
    reply.headers.insert("x-amzn-errortype".to_owned(), code.to_owned());
    reply
}

fn call(body: &Value) -> Option<Call> {
    let text = body["ScheduleExpression"].as_str()?.strip_prefix("at(")?.strip_suffix(')')?;
    let at: Timestamp = format!("{text}.000Z").parse().ok()?;
    let since = u64::try_from(at.millis() - EPOCH_MS).ok()?;
    let target = &body["Target"];
    let is_allowed = target["RoleArn"].as_str().is_some_and(|role| !role.is_empty());
    let function = target["Arn"].as_str().filter(|_| is_allowed)?.rsplit(':').next()?.to_owned();
    Some(Call { at: BEGIN + since * 1_000, function, input: target["Input"].as_str()?.to_owned() })
}
