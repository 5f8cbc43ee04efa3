//! What AWS is to the functions: tables, queues, the bus, keys and secrets, behind one transport.

mod bus;
mod dynamo;
mod keys;
mod queues;
mod stale;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex};

use dynoxide::Database;
use quoin_stack::Application;
use serde_json::{Value, json};

use crate::audit::{Auditor, Seen};
use crate::faults::{Fault, Plan};
use crate::findings::Broken;
use crate::mutants::Mutant;
use crate::scheduler::{Handle, Micros, Promise, lock};
use crate::trace::Trace;
use crate::wire::{Reply, Request};

pub(crate) use dynamo::{JournalRecord, SHARDS};
pub(crate) use keys::secret_value;
pub(crate) use queues::{Message, Queues};

/// Deposits end within this.
const YOUNG: Micros = 2 * 3_600_000_000;

/// When histories begin: 2026-01-05T00:00:00Z, a Monday.
pub(crate) const EPOCH_MS: i64 = 1_767_571_200_000;

/// A call of an HTTP endpoint that is not AWS.
pub(crate) struct Outbound {
    pub(crate) request: Request,
    pub(crate) reply: Promise<Reply>,
}

/// The cloud of one history.
pub(crate) struct Cloud {
    pub(crate) handle: Handle,
    pub(crate) application: Arc<Application>,
    pub(crate) database: Database,
    pub(crate) queues: Mutex<Queues>,
    pub(crate) journal: Mutex<dynamo::Stream>,
    /// Ids of the events that the bus took.
    pub(crate) sent: Mutex<BTreeSet<String>>,
    pub(crate) outbound: Mutex<VecDeque<Outbound>>,
    pub(crate) gateway: Mutex<Option<std::task::Waker>>,
    pub(crate) mails: Mutex<Vec<Value>>,
    /// How often each interesting thing happened.
    pub(crate) counts: Mutex<BTreeMap<String, u64>>,
    /// The bug that is tried out, if one is.
    pub(crate) mutant: Option<Mutant>,
    auditor: Mutex<Auditor>,
    findings: Mutex<Vec<Broken>>,
    /// First keys of writes that met a transaction.
    conflicts: Mutex<BTreeSet<String>>,
    stale: Mutex<stale::Copies>,
    chance: Mutex<fastrand::Rng>,
    plan: Mutex<Plan>,
    trace: Mutex<Trace>,
    bus_seed: u64,
}

impl fmt::Debug for Cloud {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Cloud(…)")
    }
}

struct EngineClock(Handle);

impl dynoxide::storage_backend::Clock for EngineClock {
    fn now_unix_secs(&self) -> u64 {
        millis(self.0.now()).unsigned_abs() / 1000
    }

    #[expect(clippy::cast_precision_loss, reason = "the engine asks for it; no money is near")]
    fn now_unix_secs_f64(&self) -> f64 {
        self.now_unix_secs() as f64
    }
}

/// Milliseconds since 1970 at `now`.
pub(crate) fn millis(now: Micros) -> i64 {
    EPOCH_MS + i64::try_from(now / 1000).unwrap_or(i64::MAX / 2)
}

impl Cloud {
    pub(crate) fn new(
        handle: Handle,
        application: Arc<Application>,
        plan: Plan,
        seed: u64,
        mutant: Option<Mutant>,
        is_traced: bool,
    ) -> Result<Arc<Self>, String> {
        let database =
            Database::memory_with_clock(Arc::new(EngineClock(handle.clone()))).map_err(|error| error.to_string())?;
        let cloud = Self {
            database,
            queues: Mutex::new(Queues::new(&application, handle.clone())),
            journal: Mutex::default(),
            sent: Mutex::default(),
            outbound: Mutex::default(),
            gateway: Mutex::default(),
            mails: Mutex::default(),
            counts: Mutex::default(),
            mutant,
            auditor: Mutex::default(),
            findings: Mutex::default(),
            conflicts: Mutex::default(),
            stale: Mutex::default(),
            chance: Mutex::new(fastrand::Rng::with_seed(seed)),
            plan: Mutex::new(plan),
            trace: Mutex::new(Trace::new(is_traced)),
            bus_seed: seed,
            handle,
            application,
        };
        cloud.make_tables()?;
        Ok(Arc::new(cloud))
    }

    /// From now on nothing goes wrong.
    pub(crate) fn calm(&self) {
        *lock(&self.plan) = Plan::calm();
    }

    pub(crate) fn say(&self, text: impl FnOnce() -> String) {
        lock(&self.trace).say(self.handle.now(), text);
    }

    /// Keeps what is broken; the history ends with the first of it.
    pub(crate) fn hold(&self, outcome: Result<(), Broken>) {
        if let Err(broken) = outcome {
            self.say(|| format!("BROKEN {broken}"));
            lock(&self.findings).push(broken);
            self.handle.stop();
        }
    }

    /// What was found so far.
    pub(crate) fn findings(&self) -> Vec<Broken> {
        lock(&self.findings).clone()
    }

    /// Whether a deposit waits for its end.
    pub(crate) fn has_open_deposits(&self) -> bool {
        lock(&self.auditor).has_open_deposits()
    }

    /// Whether a deposit is on its way that is not merely held up by a message.
    pub(crate) fn has_young_deposits(&self) -> bool {
        let auditor = lock(&self.auditor);
        auditor.has_open_deposits() && self.handle.now() < auditor.deposit_at() + YOUNG
    }

    /// Every state of the wallet of `user` from `from` to `to`, the one at `from` included.
    pub(crate) fn wallet_between(&self, user: &str, from: Micros, to: Micros) -> Vec<Seen> {
        lock(&self.auditor).wallet_between(user, from, to).to_vec()
    }

    pub(crate) fn take_trace(&self) -> Trace {
        std::mem::take(&mut *lock(&self.trace))
    }

    pub(crate) fn count(&self, what: &str) {
        let mut counts = lock(&self.counts);
        if let Some(count) = counts.get_mut(what) {
            *count += 1;
        } else {
            counts.insert(what.to_owned(), 1);
        }
    }

    /// Whether `fault` happens here and now.
    pub(crate) fn happens(&self, fault: Fault) -> bool {
        let happens = self.may_happen(fault);
        if happens {
            self.happened(fault);
        }
        happens
    }

    /// The same where it shows later only whether the fault has an effect; [`Cloud::happened`] is to follow then.
    pub(crate) fn may_happen(&self, fault: Fault) -> bool {
        lock(&self.plan).happens(fault, &mut lock(&self.chance))
    }

    pub(crate) fn happened(&self, fault: Fault) {
        self.count(&format!("fault {fault:?}"));
    }

    /// A number below `bound`.
    pub(crate) fn below(&self, bound: u64) -> u64 {
        lock(&self.chance).u64(..bound.max(1))
    }

    /// What happens to a request, and how long it takes on its way there and back.
    pub(crate) fn weather(&self, request: &Request) -> (Option<Fault>, Micros, Micros) {
        let target = target(request);
        let mut faults = vec![Fault::LostReply, Fault::Unavailable, Fault::Late];
        if target.is_some() {
            faults.extend([Fault::SentAgain, Fault::Throttled]);
        }
        let writes = ["TransactWriteItems", "PutItem", "UpdateItem", "DeleteItem"];
        if target.is_some_and(|target| writes.iter().any(|action| target.ends_with(action))) {
            faults.push(Fault::Conflict);
        }
        let fault = faults.into_iter().find(|fault| self.happens(*fault));
        let (before, after) = (100 + self.below(3_000), 100 + self.below(3_000));
        if fault == Some(Fault::Late) {
            return (fault, before + self.below(20_000_000), after);
        }
        (fault, before, after)
    }

    /// What the request is, for the trace.
    pub(crate) fn describe(&self, request: &Request) -> String {
        match target(request) {
            Some(target) => {
                let action = target.rsplit('.').next().unwrap_or(target);
                let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
                format!("{action} {}", self.keys_of(action, &body))
            }
            None => format!("{} {}", request.method, request.url),
        }
    }

    /// Does what the request asks for.
    pub(crate) async fn serve(&self, request: &Request) -> Reply {
        let Some(target) = target(request) else {
            if request.url.contains("://email.") || request.url.contains("://sns.") {
                return self.message(request);
            }
            let reply = Promise::default();
            lock(&self.outbound).push_back(Outbound { request: request.clone(), reply: reply.clone() });
            if let Some(waker) = lock(&self.gateway).take() {
                waker.wake();
            }
            return reply.await;
        };
        let (service, action) = target.split_once('.').unwrap_or((target, ""));
        match service {
            "DynamoDB_20120810" => self.dynamo(action, &request.body),
            "AmazonSQS" => self.queue(action, &request.body),
            "AWSEvents" => self.put_events(&request.body),
            "TrentService" => self.key(action, &request.body),
            "secretsmanager" => self.secret(&request.body),
            _ => Reply::json(400, &json!({"__type": "UnknownOperationException", "message": target})),
        }
    }

    pub(crate) fn throttled(&self, request: &Request) -> Reply {
        let kind = match target(request) {
            Some(target) if target.starts_with("DynamoDB") => "ProvisionedThroughputExceededException",
            _ => "ThrottlingException",
        };
        Reply::json(400, &json!({"__type": kind, "message": "slow down"}))
    }

    pub(crate) fn conflict(&self, request: &Request) -> Reply {
        let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        let action = target(request).and_then(|target| target.rsplit('.').next()).unwrap_or_default();
        if let Some(key) = self.first_key(action, &body) {
            lock(&self.conflicts).insert(key);
        }
        if action != "TransactWriteItems" {
            let kind = "com.amazonaws.dynamodb.v20120810#TransactionConflictException";
            return Reply::json(400, &json!({"__type": kind, "message": "met"}));
        }
        let count = body.get("TransactItems").and_then(Value::as_array).map_or(0, Vec::len);
        let met = usize::try_from(self.below(u64::try_from(count).unwrap_or(1))).unwrap_or(0);
        let reasons: Vec<_> = (0..count)
            .map(|index| {
                if index == met {
                    json!({"Code": "TransactionConflict", "Message": "met"})
                } else {
                    json!({"Code": "None"})
                }
            })
            .collect();
        let body = json!({
            "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
            "Message": "Transaction cancelled", "CancellationReasons": reasons,
        });
        Reply::json(400, &body)
    }
}

fn target(request: &Request) -> Option<&str> {
    request.headers.get("x-amz-target").map(String::as_str)
}
