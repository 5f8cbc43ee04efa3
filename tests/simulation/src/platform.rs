//! What Lambda is to the functions: environments that are made, kept warm, frozen, killed; queues and the stream
//! that are polled; the HTTP API in front.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_dynamodb::config::BehaviorVersion;
use aws_smithy_async::rt::sleep::SharedAsyncSleep;
use aws_smithy_async::time::{SharedTimeSource, TimeSource};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_runtime_api::client::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::SdkConfig;
use aws_types::region::Region;
use quoin_runtime::{Aws, Config, Env, Invocation, Program};
use serde_json::{Value, json};

use crate::cloud::{BEGIN, Cloud, JournalRecord, Message, Way, millis};
use crate::faults::Fault;
use crate::findings::{Broken, Check, Side};
use crate::handled::{Batch, attribute, misfit};
use crate::mutants::Mutant;
use crate::scheduler::{Handle, Micros, Spawner, lock};
use crate::timers;
use crate::wire::Wire;

include!(concat!(env!("OUT_DIR"), "/programs.rs"));

/// What became of an invocation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Invoked {
    /// It answered.
    Answered(String),
    /// It failed as a whole.
    Failed(String),
    /// It was stopped, by its timeout or by chance.
    Stopped,
}

/// A warm environment.
struct Environment {
    env: Env,
    wire: Wire,
    skew_ms: Arc<AtomicI64>,
}

/// The clock of one environment: right but for its skew.
#[derive(Debug)]
struct SkewedClock {
    handle: Handle,
    skew_ms: Arc<AtomicI64>,
}

impl TimeSource for SkewedClock {
    fn now(&self) -> SystemTime {
        let now = millis(self.handle.now()) + self.skew_ms.load(Ordering::Relaxed);
        UNIX_EPOCH + Duration::from_millis(now.unsigned_abs())
    }
}

/// Everything that runs.
pub(crate) struct Platform {
    pub(crate) cloud: Arc<Cloud>,
    pub(crate) spawner: Spawner,
    programs: BTreeMap<String, Program>,
    /// Functions that run by the clock, and how often.
    pub(crate) schedules: BTreeMap<String, Micros>,
    /// When they ran last, and [`crate::timers::IDLE`] more: they ran before there was time.
    pub(crate) ran: RefCell<BTreeMap<String, Micros>>,
    idle: RefCell<BTreeMap<String, Vec<Environment>>>,
    /// Outcomes as the functions' log lines count them.
    pub(crate) outcomes: RefCell<BTreeMap<String, u64>>,
    /// What the verifier said each time that its hour had come.
    pub(crate) verified: RefCell<Vec<Value>>,
    /// Scheduled functions that fail although nothing goes wrong any more, and why.
    pub(crate) late: RefCell<BTreeMap<String, String>>,
    /// The consumer that swallows its errors, if one does.
    swallows: Option<String>,
}

/// A queue, the function that it feeds, and how: the most messages of a batch, and how long one is gathered.
struct Fed {
    queue: String,
    function: String,
    most: usize,
    window_s: u64,
}

/// How often a poller that gathers a batch looks whether it is full.
const GATHER: Micros = 250_000;
/// Environments are wrong by at most this.
const MAX_SKEW_MS: u64 = 240_000;
const WEEK_MS: i64 = 7 * 86_400_000;

impl Platform {
    /// The platform over `cloud`, with its pollers running.
    pub(crate) fn start(cloud: Arc<Cloud>, spawner: Spawner) -> Result<Rc<Self>, String> {
        let mut programs = BTreeMap::new();
        for (name, function) in &cloud.application.functions {
            let program = program(&function.program).or_else(|| crate::follower::program(&function.program));
            let program = program.ok_or_else(|| format!("{} has no program", function.program))?;
            programs.insert(name.clone(), program);
        }
        let mut schedules = BTreeMap::new();
        for schedule in &cloud.application.schedules {
            let rate =
                timers::rate(&schedule.expression).ok_or_else(|| format!("{} is no rate", schedule.expression))?;
            schedules.insert(schedule.function.clone(), rate);
        }
        // Before a history begins they ran at some time.
        let ran = |name: &String| (name.clone(), BEGIN + cloud.below(timers::IDLE));
        let ran = RefCell::new(schedules.keys().map(ran).collect());
        let (idle, outcomes, verified, late) = Default::default();
        let swallows = cloud.mutant.filter(|mutant| *mutant == Mutant::SwallowedError).and_then(|_| {
            let queues = cloud.application.queues.values();
            let consumers: Vec<_> = queues.filter_map(|queue| Some(&queue.consumer.as_ref()?.0)).collect();
            let place = cloud.below(u64::try_from(consumers.len()).unwrap_or(0));
            consumers.get(usize::try_from(place).unwrap_or(0)).map(|consumer| (*consumer).clone())
        });
        let platform =
            Rc::new(Self { cloud, spawner, programs, schedules, ran, idle, outcomes, verified, late, swallows });
        for (queue, spec) in &platform.cloud.application.queues {
            if let Some((function, most)) = &spec.consumer {
                let fed =
                    Fed { queue: queue.clone(), function: function.clone(), most: *most, window_s: spec.window_s };
                platform.spawner.spawn(platform.clone().poll_queue(fed));
            }
        }
        for stream in platform.cloud.application.streams.clone() {
            for shard in 0..crate::cloud::SHARDS {
                platform.spawner.spawn(platform.clone().poll_stream(stream.clone(), shard));
            }
        }
        platform.spawner.spawn(platform.clone().answer_outbound());
        platform.spawner.spawn(platform.clone().call_scheduled());
        Ok(platform)
    }

    /// Invokes `function` with `event`.
    pub(crate) async fn invoke(&self, function: &str, event: &str) -> Invoked {
        self.called(function, event, false).await.0
    }

    /// The same with what the function logged; a deadly event kills it.
    async fn called(&self, function: &str, event: &str, is_deadly: bool) -> (Invoked, Value) {
        let Some(spec) = self.cloud.application.functions.get(function) else {
            return (Invoked::Failed(format!("{function} does not exist")), Value::Null);
        };
        let Some(program) = self.programs.get(function) else {
            return (Invoked::Failed(format!("{function} has no program")), Value::Null);
        };
        let environment = self.environment(function);
        let whole = spec.timeout_s * 1_000_000;
        // Of all places where the time may be up, those at the beginning are as frequent as the later ones.
        let early = self.cloud.may_happen(Fault::TimedOut).then(|| {
            let most = [5_000, 20_000, 200_000, whole];
            let most = most[usize::try_from(self.cloud.below(4)).unwrap_or(0)];
            1_000 + self.cloud.below(most)
        });
        let limit = early.unwrap_or(whole).min(whole);
        let invocation = Invocation {
            function_request_id: format!("inv-{:016x}", self.cloud.below(u64::MAX)),
            deadline: environment.env.clock.now().plus_millis(i64::try_from(limit / 1000).unwrap_or(0)),
            xray_trace_id: None,
        };
        let is_killed = is_deadly || self.cloud.may_happen(Fault::Killed);
        let polls = is_killed.then(|| self.cloud.below(15));
        let outcome = {
            let call = std::pin::pin!(program.call(&environment.env, &invocation, event));
            let timer = std::pin::pin!(self.cloud.handle.sleep(limit));
            (Fated { call, timer, polls }).await
        };
        // Whoever comes to the end of a deadly event dies before the answer.
        let outcome = if is_deadly { Fate::Killed } else { outcome };
        match outcome {
            Fate::Killed => {
                self.cloud.say(|| format!("{function} is killed"));
                self.cloud.happened(Fault::Killed);
                self.count("killed");
                (Invoked::Stopped, Value::Null)
            }
            Fate::TimedOut => {
                self.cloud.say(|| format!("{function} has run out of time"));
                if early.is_some() {
                    self.cloud.happened(Fault::TimedOut);
                }
                self.count("timed out");
                (Invoked::Stopped, Value::Null)
            }
            Fate::Ended((answer, line)) => {
                self.note(function, &line);
                let answer = match answer {
                    Ok(answer) => Invoked::Answered(answer),
                    Err(error) => {
                        self.cloud.say(|| format!("{function} failed: {error}"));
                        Invoked::Failed(error)
                    }
                };
                self.idle.borrow_mut().entry(function.to_owned()).or_default().push(environment);
                (answer, line)
            }
        }
    }

    fn environment(&self, function: &str) -> Environment {
        let warm = self.idle.borrow_mut().get_mut(function).and_then(Vec::pop);
        let environment = match warm {
            // Now and then an environment is retired and the next invocation starts cold.
            Some(environment) if self.cloud.below(20) > 0 => {
                if self.cloud.may_happen(Fault::DeadSocket) {
                    environment.wire.freeze();
                }
                environment
            }
            Some(_) | None => self.cold(function),
        };
        let is_ahead = self.cloud.mutant.is_some_and(|mutant| mutant.is_ahead(function));
        if is_ahead {
            environment.skew_ms.store(WEEK_MS, Ordering::Relaxed);
        } else if self.cloud.may_happen(Fault::ClockSkew) {
            let skew = i64::try_from(self.cloud.below(2 * MAX_SKEW_MS)).unwrap_or(0);
            environment.skew_ms.store(skew - i64::try_from(MAX_SKEW_MS).unwrap_or(0), Ordering::Relaxed);
        }
        // Of an invocation whose clock is right to the second nothing could be told.
        if !is_ahead && environment.skew_ms.load(Ordering::Relaxed).abs() >= 1_000 {
            self.cloud.happened(Fault::ClockSkew);
        }
        environment
    }

    fn cold(&self, function: &str) -> Environment {
        let mut variables =
            self.cloud.application.functions.get(function).map(|spec| spec.variables.clone()).unwrap_or_default();
        variables.insert("AWS_LAMBDA_FUNCTION_NAME".to_owned(), function.to_owned());
        let (wire, skew_ms) = (Wire::new(self.cloud.clone(), function), Arc::new(AtomicI64::new(0)));
        let time = SharedTimeSource::new(SkewedClock { handle: self.cloud.handle.clone(), skew_ms: skew_ms.clone() });
        let sleep = SharedAsyncSleep::new(self.cloud.handle.clone());
        let credentials = Credentials::new("simulated", "simulated", None, None, "simulation");
        let sdk = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .http_client(wire.clone())
            .time_source(time.clone())
            .sleep_impl(sleep.clone())
            // Its pauses follow no seed and its token bucket outlives a history; the wire sends again instead.
            .retry_config(RetryConfig::disabled())
            .timeout_config(
                TimeoutConfig::builder()
                    .operation_attempt_timeout(Duration::from_millis(3_000))
                    .operation_timeout(Duration::from_millis(8_000))
                    .build(),
            )
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .build();
        let aws = Aws { sdk, outbound: Some(SharedHttpClient::new(wire.clone())), time, sleep };
        let env = Env::new(Config::new(variables), aws, self.cloud.below(u64::MAX));
        Environment { env, wire, skew_ms }
    }

    fn count(&self, what: &str) {
        *self.outcomes.borrow_mut().entry(what.to_owned()).or_default() += 1;
    }

    fn note(&self, function: &str, line: &Value) {
        for (event, counts) in line["outcomes"].as_object().into_iter().flatten() {
            for (outcome, count) in counts.as_object().into_iter().flatten() {
                *self.outcomes.borrow_mut().entry(outcome.clone()).or_default() += count.as_u64().unwrap_or(0);
                if outcome == "duplicate" && event.ends_with("_boost") {
                    self.cloud.count("reached: a boost's event, delivered again and dropped");
                }
                self.cloud.say(|| format!("{function}: {event} {outcome}"));
            }
        }
    }

    async fn poll_queue(self: Rc<Self>, fed: Fed) {
        let Fed { queue, function, most, .. } = &fed;
        loop {
            let cloud = &self.cloud;
            self.gathered(&fed).await;
            let taken = {
                let wanted = 1 + usize::try_from(cloud.below(u64::try_from(*most).unwrap_or(1))).unwrap_or(0);
                // Mostly an invocation gets all that there is.
                let wanted = if cloud.below(4) > 0 { *most } else { wanted };
                let pick = |count: usize| usize::try_from(cloud.below(u64::try_from(count).unwrap_or(1))).unwrap_or(0);
                lock(&cloud.queues).receive(queue, wanted, pick)
            };
            if !taken.is_empty() {
                self.arrived(function, &taken);
                self.spawner.spawn(self.clone().consume(queue.clone(), function.clone(), taken));
                // Another poller may take the next batch while this one is handled.
                cloud.handle.sleep(cloud.below(20_000)).await;
            }
        }
    }

    /// There is something in the queue, and the time to gather more is over or the batch is full.
    async fn gathered(&self, fed: &Fed) {
        let cloud = &self.cloud;
        self.something_visible(&fed.queue).await;
        // Of several pollers, one may have begun to gather before.
        let whole = fed.window_s * 1_000_000;
        let window = if cloud.below(4) > 0 { whole } else { cloud.below(whole) };
        let until = cloud.handle.now() + window;
        while cloud.handle.now() < until && lock(&cloud.queues).visible(&fed.queue) < fed.most {
            cloud.handle.sleep((until - cloud.handle.now()).min(GATHER)).await;
        }
    }

    /// Counts what the arrival of messages is an effect of.
    fn arrived(&self, function: &str, messages: &[Message]) {
        for message in messages {
            if let Some(fault) = message.way.by {
                self.cloud.happened(fault);
            }
            if self.cloud.is_forgotten(function, &message.body) {
                self.cloud.count(&format!("reached: {function} is told of an event that it has forgotten"));
            }
        }
    }

    async fn something_visible(&self, queue: &str) {
        let (cloud, mut timer) = (&self.cloud, None);
        poll_fn(|context| {
            let mut queues = lock(&cloud.queues);
            let next = queues.next_visible(queue);
            if next.is_some_and(|next| next <= cloud.handle.now()) {
                return Poll::Ready(());
            }
            queues.wakers.insert(queue.to_owned(), context.waker().clone());
            drop(queues);
            timer = next.map(|next| Box::pin(cloud.handle.sleep(next - cloud.handle.now())));
            if let Some(timer) = &mut timer {
                return timer.as_mut().poll(context);
            }
            Poll::Pending
        })
        .await;
    }

    async fn consume(self: Rc<Self>, queue: String, function: String, messages: Vec<Message>) {
        let records: Vec<_> = messages
            .iter()
            .map(|message| {
                json!({
                    "messageId": message.id, "receiptHandle": message.id, "body": message.body,
                    "attributes": {"ApproximateReceiveCount": message.receives.to_string()},
                    "messageAttributes": {}, "eventSource": "aws:sqs", "awsRegion": "us-east-1",
                    "eventSourceARN": format!("arn:aws:sqs:us-east-1:000000000000:{queue}"),
                })
            })
            .collect();
        let began = self.cloud.handle.now();
        let is_deadly = messages.iter().any(|message| message.way.deadly > 0);
        let event = json!({"Records": records}).to_string();
        let (outcome, line) = self.called(&function, &event, is_deadly).await;
        let kept: Vec<String> = match &outcome {
            Invoked::Answered(answer) => {
                let answer: Value = serde_json::from_str(answer).unwrap_or_default();
                let answer = if self.swallows.as_ref() == Some(&function) { Value::Null } else { answer };
                let failures = answer["batchItemFailures"].as_array().into_iter().flatten();
                failures.filter_map(|one| one["itemIdentifier"].as_str()).map(str::to_owned).collect()
            }
            Invoked::Failed(_) | Invoked::Stopped => messages.iter().map(|message| message.id.clone()).collect(),
        };
        if (1..messages.len()).contains(&kept.len()) {
            self.cloud.count("reached: a batch, partly handled");
        }
        let mut queues = lock(&self.cloud.queues);
        if matches!(outcome, Invoked::Answered(_)) {
            let (queue, messages, kept, line) = (queue.as_str(), messages.as_slice(), kept.as_slice(), &line);
            queues.unparked(queue, kept);
            queues.ledger.answered(&Batch { queue, began, messages, kept, line });
        } else {
            queues.crashed(&queue, &messages);
        }
        for message in &messages {
            if !kept.contains(&message.id) {
                let after: Micros = self.cloud.below(60_000_000);
                queues.delete(&queue, &message.id, after);
            }
        }
    }

    async fn poll_stream(self: Rc<Self>, stream: quoin_stack::Stream, shard: u8) {
        let mut done = 0;
        loop {
            let cloud = &self.cloud;
            let records = poll_fn(|context| {
                let mut journal = lock(&cloud.journal);
                let new = journal.shards.get(&shard).and_then(|all| all.get(done..)).unwrap_or_default();
                if new.is_empty() {
                    let waker = context.waker().clone();
                    journal.wakers.insert(shard, waker);
                    return Poll::Pending;
                }
                let most = 1 + usize::try_from(cloud.below(20)).unwrap_or(0);
                Poll::Ready(new.iter().take(most).cloned().collect::<Vec<_>>())
            })
            .await;
            cloud.handle.sleep(cloud.below(200_000)).await;
            let wanted: Vec<_> =
                records.iter().map(stream_record).filter(|record| is_wanted(&stream, record)).collect();
            let event = json!({"Records": wanted}).to_string();
            // A stream waits for its batch for as long as it takes.
            while !wanted.is_empty() && !matches!(self.invoke(&stream.function, &event).await, Invoked::Answered(_)) {
                cloud.handle.sleep(1_000_000).await;
            }
            done += records.len();
        }
    }
}

fn is_wanted(stream: &quoin_stack::Stream, record: &Value) -> bool {
    stream.filters.is_empty() || stream.filters.iter().any(|filter| filter.matches(record))
}

fn stream_record(record: &JournalRecord) -> Value {
    json!({
        "eventID": record.number.to_string(), "eventName": "INSERT", "eventVersion": "1.1",
        "eventSource": "aws:dynamodb", "awsRegion": "us-east-1",
        "dynamodb": {
            "Keys": record.keys, "NewImage": record.image, "SequenceNumber": format!("{:021}", record.number),
            "SizeBytes": 1, "StreamViewType": "NEW_IMAGE", "ApproximateCreationDateTime": 1_767_571_200,
        },
        "eventSourceARN": "arn:aws:dynamodb:us-east-1:000000000000:table/JournalTable/stream/1",
    })
}

/// What becomes of a call.
enum Fate<T> {
    /// It ends.
    Ended(T),
    /// It is gone between two awaits.
    Killed,
    /// Its time was up.
    TimedOut,
}

/// A call that may be stopped: by its timer, or after so many steps.
struct Fated<'a, F, T> {
    call: Pin<&'a mut F>,
    timer: Pin<&'a mut T>,
    polls: Option<u64>,
}

impl<F: Future, T: Future<Output = ()>> Future for Fated<'_, F, T> {
    type Output = Fate<F::Output>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if let Some(left) = self.polls {
            let Some(left) = left.checked_sub(1) else { return Poll::Ready(Fate::Killed) };
            self.polls = Some(left);
        }
        if let Poll::Ready(output) = self.call.as_mut().poll(context) {
            return Poll::Ready(Fate::Ended(output));
        }
        self.timer.as_mut().poll(context).map(|()| Fate::TimedOut)
    }
}

impl Platform {
    /// Every environment is made anew, with a right clock.
    pub(crate) fn restart(&self) {
        self.idle.borrow_mut().clear();
    }

    /// Sends what is in the dead letters back to its queue, except what can never be read.
    pub(crate) fn send_back(&self) {
        let (mut queues, mut broken) = (lock(&self.cloud.queues), Vec::new());
        for (name, spec) in &self.cloud.application.queues {
            let Some((letters, _)) = &spec.dead_letters else { continue };
            let consumer = spec.consumer.as_ref().map_or("", |(function, _)| function.as_str());
            queues.forget(letters);
            let all = queues.messages.get_mut(letters).map(std::mem::take).unwrap_or_default();
            // What can never be read is noted, and the queue may forget it.
            for message in all {
                broken.extend(misfit(consumer, &message).map(|what| format!("{letters}: {} {what}", message.body)));
                match attribute(&message, "class") {
                    "exhausted" => self.cloud.count("reached: a dead letter with its reason"),
                    "" => self.cloud.count("reached: crashed into the dead letters"),
                    _ => {}
                }
                if is_poison(&message) {
                    queues.noted.push((letters.clone(), message));
                } else {
                    queues.send(name, message.body, Value::Null, Way::default());
                }
            }
        }
        drop(queues);
        for what in broken {
            let side = Side::new("letter", "one that says why it is there", &what);
            self.cloud.hold(Err(Broken::new(Check::Queues, &*what).beside([side])));
        }
    }

    /// How many dead letters might still be handled.
    pub(crate) fn letters(&self) -> usize {
        let queues = lock(&self.cloud.queues);
        let letters = self.cloud.application.queues.values().filter_map(|spec| spec.dead_letters.as_ref());
        letters
            .filter_map(|(name, _)| queues.messages.get(name))
            .flatten()
            .filter(|message| !is_poison(message))
            .count()
    }

    /// The dead letters that might still be handled: their queues, and why they are there.
    pub(crate) fn waiting(&self) -> Vec<(String, String)> {
        let queues = lock(&self.cloud.queues);
        let specs = self.cloud.application.queues.values();
        let letters = specs.filter_map(|spec| queues.messages.get_key_value(&spec.dead_letters.as_ref()?.0));
        let all = letters.flat_map(|(name, all)| all.iter().map(move |one| (name, one)));
        let waiting = all.filter(|(_, one)| !is_poison(one));
        waiting.map(|(name, one)| (name.clone(), attribute(one, "reason").to_owned())).collect()
    }

    pub(crate) fn has_letters(&self) -> bool {
        self.letters() > 0
    }
}

pub(crate) fn is_poison(message: &Message) -> bool {
    message.attributes["class"]["StringValue"] == "poison"
}
