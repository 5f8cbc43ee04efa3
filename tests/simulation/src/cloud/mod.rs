//! What AWS is to the functions: tables, queues, the bus, keys and secrets, behind one transport.

mod bus;
mod digest;
mod dynamo;
mod expiry;
mod keys;
mod lag;
mod objects;
mod queues;
mod schedules;
mod snapshot;
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
use crate::messenger::{Mail, Messenger};
use crate::mutants::Mutant;
use crate::scheduler::{Handle, Micros, Promise, lock};
use crate::trace::Trace;
use crate::wire::{Reply, Request};

pub(crate) use dynamo::{JournalRecord, SHARDS};
pub(crate) use keys::secret_value;
pub(crate) use queues::{Message, Queues, Way};
use schedules::Schedules;
pub(crate) use schedules::{Call, DAYS};
pub(crate) use snapshot::Snapshot;

/// When histories begin; people have settled in by then.
pub(crate) const BEGIN: Micros = 600_000_000;

const DAY: Micros = 86_400_000_000;

/// The time of that: 2026-01-05T00:00:00Z, a Monday.
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
    pub(crate) schedules: Mutex<Schedules>,
    /// What SES and SNS were handed.
    pub(crate) mails: Mutex<Vec<Mail>>,
    /// What the message provider knows.
    pub(crate) messenger: Mutex<Messenger>,
    /// Events of the next major version: the queues that were given them, and their messages.
    pub(crate) foreign: Mutex<Vec<(String, String)>>,
    /// What buckets hold, by bucket and key.
    pub(crate) objects: Mutex<BTreeMap<String, Vec<u8>>>,
    /// How many requests functions made, and by each of them how many that may change something.
    asked: Mutex<(u64, BTreeMap<Arc<str>, u64>)>,
    /// How often each interesting thing happened.
    pub(crate) counts: Mutex<BTreeMap<String, u64>>,
    /// The bug that is tried out, if one is.
    pub(crate) mutant: Option<Mutant>,
    auditor: Mutex<Auditor>,
    findings: Mutex<Vec<Broken>>,
    /// First keys of writes that met a transaction.
    conflicts: Mutex<BTreeSet<String>>,
    stale: Mutex<stale::Copies>,
    expiry: Mutex<expiry::Expiry>,
    /// The attribute by which a table lets go of its items.
    expiries: BTreeMap<String, String>,
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
        seconds(self.0.now())
    }

    #[expect(clippy::cast_precision_loss, reason = "the engine asks for it; no money is near")]
    fn now_unix_secs_f64(&self) -> f64 {
        self.now_unix_secs() as f64
    }
}

/// Milliseconds since 1970 at `now`.
pub(crate) fn millis(now: Micros) -> i64 {
    EPOCH_MS + i64::try_from(now / 1000).unwrap_or(i64::MAX / 2) - i64::try_from(BEGIN / 1000).unwrap_or(0)
}

/// Seconds since 1970 at `now`.
fn seconds(now: Micros) -> u64 {
    millis(now).unsigned_abs() / 1000
}

/// What a cloud is for.
pub(crate) struct Setting<'a> {
    pub(crate) application: &'a Arc<Application>,
    /// What is there already; new tables without anything if there is none.
    pub(crate) snapshot: Option<&'a Snapshot>,
    /// What goes wrong.
    pub(crate) plan: Plan,
    /// What chance follows from.
    pub(crate) seed: u64,
    /// So many days pass in which functions' schedules call.
    pub(crate) days: u64,
    pub(crate) mutant: Option<Mutant>,
    pub(crate) is_traced: bool,
}

impl Cloud {
    pub(crate) fn new(handle: Handle, setting: Setting<'_>) -> Result<Arc<Self>, String> {
        let database =
            Database::memory_with_clock(Arc::new(EngineClock(handle.clone()))).map_err(|error| error.to_string())?;
        let Setting { application, snapshot, plan, seed, days, mutant, is_traced } = setting;
        let tables = application.tables.iter();
        let expiries = tables.filter_map(|table| Some((table.name.clone(), table.expiry()?.to_owned()))).collect();
        let (auditor, sent, copies, expiry, objects) = match snapshot.cloned() {
            Some(known) => (known.auditor, known.sent, known.copies, known.expiry, known.objects),
            None => Default::default(),
        };
        let cloud = Self {
            database,
            queues: Mutex::new(Queues::new(application, handle.clone())),
            journal: Mutex::default(),
            sent: Mutex::new(sent),
            outbound: Mutex::default(),
            gateway: Mutex::default(),
            schedules: Mutex::new(Schedules { until: BEGIN + days * DAY, ..Schedules::default() }),
            mails: Mutex::default(),
            messenger: Mutex::default(),
            foreign: Mutex::default(),
            objects: Mutex::new(objects),
            asked: Mutex::default(),
            counts: Mutex::default(),
            mutant,
            auditor: Mutex::new(auditor),
            findings: Mutex::default(),
            conflicts: Mutex::default(),
            stale: Mutex::new(copies),
            expiry: Mutex::new(expiry),
            expiries,
            chance: Mutex::new(fastrand::Rng::with_seed(seed)),
            plan: Mutex::new(plan),
            trace: Mutex::new(Trace::new(is_traced)),
            bus_seed: seed,
            handle,
            application: application.clone(),
        };
        match snapshot {
            Some(known) => known.restore(&cloud.database)?,
            None => cloud.make_tables()?,
        }
        Ok(Arc::new(cloud))
    }

    /// Whether SES and SNS carry messages, and not a provider that knows keys.
    pub(crate) fn sends_by_aws(&self) -> bool {
        let notify = self.application.functions.get("quoin-dev-notify");
        notify.is_some_and(|one| one.variables.get("NOTIFICATION_PROVIDER").is_some_and(|name| name == "aws"))
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

    /// Whether a deposit or an order waits for its end.
    pub(crate) fn has_open_sagas(&self) -> bool {
        lock(&self.auditor).has_open_sagas()
    }

    /// Whether anything was written to a stream whose name begins with `kind`.
    pub(crate) fn has_streams_of(&self, kind: &str) -> bool {
        lock(&self.auditor).has_streams_of(kind)
    }

    /// Whether a deposit, an order or a charge began.
    pub(crate) fn had_sagas(&self) -> bool {
        lock(&self.auditor).sagas() > 0
    }

    /// For how long the latest deposit or order has been on its way, if one is.
    pub(crate) fn sagas_open_for(&self) -> Option<Micros> {
        let auditor = lock(&self.auditor);
        auditor.has_open_sagas().then(|| self.handle.now().saturating_sub(auditor.begun_at()))
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

    /// Counts a request of `function`.
    pub(crate) fn asked(&self, function: &Arc<str>, is_write: bool) {
        let mut asked = lock(&self.asked);
        asked.0 += 1;
        if is_write {
            *asked.1.entry(function.clone()).or_default() += 1;
        }
    }

    /// How many requests functions made so far.
    pub(crate) fn requests(&self) -> u64 {
        lock(&self.asked).0
    }

    /// How many requests that may change something each function made so far.
    pub(crate) fn writes(&self) -> BTreeMap<Arc<str>, u64> {
        lock(&self.asked).1.clone()
    }

    /// How many entries the journal has got.
    pub(crate) fn journaled(&self) -> u64 {
        lock(&self.journal).count()
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

    /// What may happen to a request, and how long it takes on its way there and back.
    pub(crate) fn weather(&self, request: &Request) -> (Option<Fault>, Micros, Micros) {
        let target = target(request);
        let mut faults = vec![Fault::LostReply, Fault::Unavailable, Fault::Late];
        if objects::is_object(request) {
            faults.push(Fault::Conflict);
        }
        if target.is_some() || objects::is_object(request) {
            faults.extend([Fault::SentAgain, Fault::Throttled]);
        }
        let writes = ["TransactWriteItems", "PutItem", "UpdateItem", "DeleteItem"];
        if target.is_some_and(|target| writes.iter().any(|action| target.ends_with(action))) {
            faults.push(Fault::Conflict);
        }
        let fault = faults.into_iter().find(|fault| self.may_happen(*fault));
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
            if objects::is_object(request) {
                return self.object(request);
            }
            if request.url.contains("://scheduler.") {
                return self.schedule(request);
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
        if objects::is_object(request) {
            return objects::answer(503, "SlowDown");
        }
        let kind = match target(request) {
            Some(target) if target.starts_with("DynamoDB") => "ProvisionedThroughputExceededException",
            _ => "ThrottlingException",
        };
        Reply::json(400, &json!({"__type": kind, "message": "slow down"}))
    }

    pub(crate) fn conflict(&self, request: &Request) -> Reply {
        if objects::is_object(request) {
            return objects::answer(409, "ConditionalRequestConflict");
        }
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
