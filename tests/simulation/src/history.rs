//! One history: people settle in, steps are carried out under faults, the storm ends, everything comes to rest, and
//! what is there is held against the model and the invariants.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use quoin_stack::Application;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::actors::{Actors, Record};
use crate::books::Books;
use crate::cloud::{BEGIN, Cloud, DAYS, Setting};
use crate::credits::closing;
use crate::effects;
use crate::expected;
use crate::faults::{Fault, Plan};
use crate::findings::{Broken, Check, Side};
use crate::follower;
use crate::invariants;
use crate::members;
use crate::messenger;
use crate::model::{self, boosts::KINDS};
use crate::mutants::Mutant;
use crate::newcomers;
use crate::people::People;
use crate::platform::{Invoked, Platform};
use crate::reached;
use crate::scenario::{self, Step};
use crate::scheduler::{Scheduler, lock};
use crate::timers::{VERIFIER, is_sweeper};
use crate::trace::Trace;
use crate::warehouse;

/// What is the same for all histories.
#[derive(Debug, Clone)]
pub struct Stage {
    pub(crate) application: Arc<Application>,
    /// The same where SES and SNS carry messages.
    by_aws: Arc<Application>,
    pub(crate) people: People,
}

/// What one history is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Script {
    /// What it was drawn from: the seed, and how many steps were drawn.
    pub drawn: (u64, usize),
    /// Whether these are people who rush in to become members, and nothing else.
    pub is_crowd: bool,
    /// Decides everything that the rest leaves open.
    pub chance: u64,
    /// Days in which what is scheduled is called: a history without members is over sooner.
    pub days: u64,
    /// Whether people have settled in when it begins; else they have just registered.
    pub is_settled: bool,
    /// Whether SES and SNS carry messages, and not a provider over HTTP.
    pub is_by_aws: bool,
    /// Whether it goes on once all is at rest: boosts that run out, and what is due only after days.
    /// What is known to be due is waited for all the same.
    pub goes_on: bool,
    /// What is done.
    pub steps: Vec<Step>,
    /// What goes wrong.
    pub plan: Plan,
    /// The bug that is tried out, if one is.
    pub mutant: Option<Mutant>,
}

/// What became of it.
#[derive(Debug)]
pub struct Outcome {
    /// What does not hold; nothing, if all is well.
    pub broken: Vec<Broken>,
    /// How often each interesting thing happened.
    pub counts: BTreeMap<String, u64>,
    /// What happened, if it was asked for.
    pub trace: Trace,
    /// A digest of what the tables hold at the end, if the trace was asked for.
    pub tables: String,
}

impl Stage {
    /// Reads the templates in `root` and registers the people.
    ///
    /// # Errors
    /// If a template cannot be read, a function has no program, or a registration fails.
    pub fn set(root: &std::path::Path) -> Result<Self, String> {
        let application = read(root, "http")?;
        let people = People::register(&application)?;
        Ok(Self { application, by_aws: read(root, "aws")?, people })
    }

    /// With a consumer in order beside the platform's own.
    ///
    /// # Errors
    /// If a registration fails.
    pub fn with_follower(self) -> Result<Self, String> {
        let followed = |application: &Application| {
            let mut application = application.clone();
            follower::join(&mut application);
            Arc::new(application)
        };
        let (application, by_aws) = (followed(&self.application), followed(&self.by_aws));
        let people = People::register(&application)?;
        Ok(Self { application, by_aws, people })
    }

    /// Runs `script`.
    ///
    /// # Errors
    /// If the simulation itself fails; what the platform does wrong is in the outcome.
    pub fn run(&self, script: &Script, is_traced: bool) -> Result<Outcome, String> {
        let run = std::panic::AssertUnwindSafe(|| self.carry_out(script, is_traced));
        std::panic::catch_unwind(run).unwrap_or_else(|panic| {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("without a word");
            let broken = vec![Broken::new(Check::Panic, text)];
            Ok(Outcome { broken, counts: BTreeMap::new(), trace: Trace::default(), tables: String::new() })
        })
    }

    fn carry_out(&self, script: &Script, is_traced: bool) -> Result<Outcome, String> {
        let mut scheduler = Scheduler::new(salted(script.chance, "order"));
        scheduler.begin(BEGIN);
        let setting = Setting {
            application: if script.is_by_aws { &self.by_aws } else { &self.application },
            snapshot: Some(self.people.snapshot(script.is_settled)),
            plan: script.plan.clone(),
            seed: salted(script.chance, "cloud"),
            days: script.days,
            mutant: script.mutant,
            is_traced,
        };
        let cloud = Cloud::new(scheduler.handle(), setting)?;
        let platform = Platform::start(cloud.clone(), scheduler.spawner())?;
        if !script.is_settled {
            self.people.arrive(&cloud);
        }
        let actors = Rc::new(Actors {
            platform: platform.clone(),
            people: Rc::new(self.people.clone()),
            record: RefCell::new(Record::of(script.is_settled)),
        });
        for step in &script.steps {
            scheduler.spawner().spawn(actors.clone().perform(step.clone()));
        }
        let mut phases = Phases::default();
        storm(&mut scheduler, &platform, &actors, script.days);
        phases.ended("the storm", &cloud);
        cloud.say(|| "the storm is over".to_owned());
        cloud.calm();
        platform.restart();
        scheduler.spawner().spawn(reconciled(actors.clone()));
        let mut broken = rest(&mut scheduler, &platform, &actors);
        phases.ended("coming to rest", &cloud);
        if broken.is_empty() && script.goes_on {
            broken.extend(closing::round(&mut scheduler, &platform, &actors));
            // What came of it may have met somebody who refuses it at first.
            broken.extend(calmed(&mut scheduler, &platform, &actors));
            phases.ended("the closing boosts", &cloud);
        }
        let waits_for_days = script.goes_on || is_something_due(&cloud);
        let has_swept = if waits_for_days { overdue(&mut scheduler, &platform) } else { cloud.had_sagas() };
        broken.extend(calmed(&mut scheduler, &platform, &actors));
        phases.ended("what is due after days", &cloud);
        broken.extend(late(&platform));
        broken.extend(verified(&mut scheduler, &platform, has_swept));
        broken.extend(alarmed(&platform));
        phases.ended("the verification", &cloud);
        broken.extend(warehouse::exported(&mut scheduler, &platform));
        phases.ended("the last export", &cloud);
        let record = actors.record.borrow();
        let books = Books::read(&cloud);
        let found = cloud.findings();
        let mut followed_counts = BTreeMap::new();
        if found.is_empty() {
            broken.extend(invariants::at_the_end(&cloud, &books, &record));
            broken.extend(warehouse::compare(&cloud, &books));
            broken.extend(newcomers::compare(&cloud, &books, &record, &self.people));
            broken.extend(members::compare(&cloud, &books, &record));
            broken.extend(messenger::compare(&cloud, &books));
            broken.extend(expected::judge(&cloud, &books, &record, &self.people));
            broken.extend(effects::compare(&books, &record));
            broken.extend(model::compare(&cloud, &books, &record, &self.people));
            broken.extend(follower::followed(&cloud, &books, &mut followed_counts));
        } else {
            // What follows from the first finding is none of its own.
            broken = found;
        }
        let mut counts = lock(&cloud.counts).clone();
        counts.extend(phases.requests);
        counts.extend(reached::counts(&cloud, &books, &record));
        counts.extend(followed_counts);
        counts.extend(platform.outcomes.borrow().iter().map(|(name, count)| (format!("outcome {name}"), *count)));
        for done in &record.done {
            let status = done.answer().map_or(0, |answer| answer.status);
            *counts.entry(format!("answer {status}")).or_default() += 1;
            if let Some(code) = done.answer().and_then(|answer| answer.body["code"].as_str()) {
                *counts.entry(format!("refused {code}")).or_default() += 1;
            }
            if done.commands.iter().flatten().any(|answer| answer.is_repeated) {
                *counts.entry("answer repeated".to_owned()).or_default() += 1;
            }
        }
        broken.truncate(20);
        let tables = if is_traced { cloud.digest() } else { String::new() };
        Ok(Outcome { broken, counts, trace: cloud.take_trace(), tables })
    }
}

/// The templates in `root`, with so much that `provider` carries messages.
fn read(root: &std::path::Path, provider: &str) -> Result<Arc<Application>, String> {
    let parameters = [
        ("Stage", "dev"),
        ("OnAws", "false"),
        ("SandboxEnabled", "true"),
        ("NotificationProvider", provider),
        ("EmailSender", "bank@example.com"),
        // Of about three events, so that there are several parts of a day.
        ("WarehousePartBytes", "2000"),
    ];
    let parameters = parameters.iter().map(|(name, value)| ((*name).to_owned(), Value::from(*value))).collect();
    Application::read(root, parameters).map(Arc::new).map_err(|fault| fault.to_string())
}

/// How many requests functions made in each phase of a history.
#[derive(Default)]
struct Phases {
    requests: BTreeMap<String, u64>,
    before: u64,
}

impl Phases {
    fn ended(&mut self, phase: &str, cloud: &Cloud) {
        let requests = cloud.requests();
        self.requests.insert(format!("{REQUESTS}{phase}"), requests - self.before);
        self.before = requests;
    }
}

/// What counts of requests begin with.
pub(crate) const REQUESTS: &str = "requests of ";

const MINUTE: u64 = 60_000_000;
/// So long after the last call that was scheduled, the last message has come.
const STORM: u64 = 55 * 24 * 60 * MINUTE;

/// How often operators look at the dead letters and send back what may be handled now.
const OPERATORS: u64 = 5 * 24 * 60 * MINUTE;

/// Longer than the verification waits for what may be on its way.
const PATIENCE: u64 = 3 * 60 * MINUTE;

/// By then what was set aside for an order is due.
const DUE: u64 = 15 * 24 * 60 * MINUTE;

/// Until every step is done, every message has come and every deposit and order has ended.
fn storm(scheduler: &mut Scheduler, platform: &Rc<Platform>, actors: &Rc<Actors>, days: u64) {
    let mut looked_at = BEGIN;
    let last = days * 24 * 60 * MINUTE + STORM;
    while scheduler.handle().now() < last {
        let next = platform.tick().min(looked_at + OPERATORS);
        // A deposit or an order changes what runs when.
        let is_over = scheduler.run_until_called(next);
        if scheduler.handle().now() >= looked_at + OPERATORS {
            looked_at = scheduler.handle().now();
            platform.send_back();
        }
        let is_done = actors.record.borrow().open == 0 && !platform.cloud.has_open_sagas();
        let is_done = is_done && !(is_over && is_renewal_lost(&platform.cloud));
        if is_over && is_done || !platform.cloud.findings().is_empty() || scheduler.is_exhausted() {
            break;
        }
    }
}

/// Nothing goes wrong any more: operators send dead letters back, scheduled functions run, until nothing moves.
fn rest(scheduler: &mut Scheduler, platform: &Rc<Platform>, actors: &Rc<Actors>) -> Vec<Broken> {
    for _ in 0..8 {
        platform.send_back();
        scheduler.run(u64::MAX);
        // A deposit ends within its expiry, an order once its merchant answers.
        for _ in 0..12 {
            if !platform.cloud.has_open_sagas() {
                break;
            }
            scheduler.spawner().spawn(platform.clone().sweep());
            scheduler.run(scheduler.handle().now() + 10 * MINUTE);
        }
        scheduler.run(u64::MAX);
        let is_done = actors.record.borrow().open == 0 && !platform.cloud.has_open_sagas();
        if is_done && !platform.has_letters() && !scheduler.is_exhausted() {
            return Vec::new();
        }
    }
    let what = format!(
        "{} steps go on, {} dead letters come back again and again{}{}",
        actors.record.borrow().open,
        platform.letters(),
        if platform.cloud.has_open_sagas() { ", a deposit or an order does not end" } else { "" },
        if scheduler.is_exhausted() { ", and there is no end to what is done" } else { "" },
    );
    let sides = platform.waiting().into_iter().map(|(queue, why)| Side::new(queue, "empty", why));
    vec![Broken::new(Check::Rest, what).beside(sides)]
}

/// The same again, if there is a dead letter.
fn calmed(scheduler: &mut Scheduler, platform: &Rc<Platform>, actors: &Rc<Actors>) -> Vec<Broken> {
    if platform.has_letters() { rest(scheduler, platform, actors) } else { Vec::new() }
}

/// Merchants behave again.
async fn reconciled(actors: Rc<Actors>) {
    actors.reconcile().await;
}

/// Whether something has its time still before it: the reward of an order that can no longer be given back, the end
/// of a boost, or an event that came before its time.
fn is_something_due(cloud: &Cloud) -> bool {
    let has = |table: &str, kind: &str| {
        cloud.scan(table).iter().any(|row| row["pk"]["S"].as_str().is_some_and(|key| key.starts_with(kind)))
    };
    has("MarketingTable", "cashback#")
        || ["MonitorTable", "SupportTable"].iter().any(|table| has(table, "waiting#"))
        || KINDS.iter().any(|(_, _, boosts, _)| has(boosts, "due#"))
}

/// Whether a renewal that is due while schedules call was lost by them: the sweeper finds it, once its day has come.
fn is_renewal_lost(cloud: &Cloud) -> bool {
    let until = cloud.scheduled_until();
    let rows = cloud.scan("MembershipTable");
    let mut keys = rows.iter().filter_map(|row| Some((row["pk"]["S"].as_str()?, row["sk"]["S"].as_str()?)));
    keys.any(|(partition, moment)| partition.starts_with("due#") && moment < until.as_str())
}

/// What is to be done by the clock is done, also what is due only after days. Whatever did something has another turn,
/// and everything if the journal grew of it. Whether the sweepers found anything.
fn overdue(scheduler: &mut Scheduler, platform: &Rc<Platform>) -> bool {
    scheduler.run(scheduler.handle().now() + DUE);
    // The verification follows.
    let all: Vec<_> = platform.scheduled().into_iter().filter(|one| !one.ends_with(VERIFIER)).collect();
    let cloud = &platform.cloud;
    let (mut functions, mut has_swept) = (all.clone(), false);
    for _ in 0..2 {
        let (before, journaled) = (cloud.writes(), cloud.journaled());
        scheduler.spawner().spawn(platform.clone().run_all(functions));
        scheduler.run(u64::MAX);
        let after = cloud.writes();
        let has_written = |function: &String| after.get(function.as_str()) != before.get(function.as_str());
        has_swept |= all.iter().any(|one| is_sweeper(one) && has_written(one));
        functions = all.iter().filter(|one| cloud.journaled() > journaled || has_written(one)).cloned().collect();
    }
    has_swept
}

/// Scheduled functions that fail although nothing goes wrong any more.
fn late(platform: &Platform) -> Option<Broken> {
    let late = platform.late.borrow();
    let sides: Vec<_> = late.iter().map(|(function, why)| Side::new(function, "an answer", why)).collect();
    let what = format!("{} scheduled functions fail, though nothing goes wrong any more", sides.len());
    (!sides.is_empty()).then(|| Broken::new(Check::Rest, what).beside(sides))
}

/// What the platform finds out about itself, once everything has had its time.
fn verified(scheduler: &mut Scheduler, platform: &Rc<Platform>, has_swept: bool) -> Option<Broken> {
    scheduler.run(scheduler.handle().now() + PATIENCE);
    // What was there to be looked at then has to be looked at again; the sweepers had not run meanwhile.
    for _ in 0..if has_swept { 3 } else { 0 } {
        scheduler.spawner().spawn(platform.clone().sweep());
        scheduler.run(scheduler.handle().now() + MINUTE);
    }
    let answer = answered(scheduler, platform, "quoin-dev-verifier");
    let said: Value = match &answer {
        Some(Invoked::Answered(text)) => serde_json::from_str(text).unwrap_or_default(),
        Some(Invoked::Failed(_) | Invoked::Stopped) | None => Value::Null,
    };
    let is_well = said["is_whole"] == true && said["breaks"] == 0 && said["unverified"] == 0;
    let sides = [("is_whole", "true"), ("breaks", "0"), ("unverified", "0")];
    let sides = sides.map(|(name, expected)| Side::new(name, expected, &said[name]));
    (!is_well).then(|| Broken::new(Check::Verified, format!("the verifier says {answer:?}")).beside(sides))
}

/// What is late while messages wait for days; each other kind of break would be one for good.
const LATE: [&str; 5] = ["bet", "deposit", "open-saga", "order", "unpublished"];

/// What the verifier found while everything was under way and is not there in the end.
fn alarmed(platform: &Platform) -> Vec<Broken> {
    let (verified, cloud) = (platform.verified.borrow(), &platform.cloud);
    let mut broken = Vec::new();
    for said in verified.iter() {
        let kinds: Vec<_> = said["kinds"].as_object().into_iter().flatten().map(|(kind, _)| kind.as_str()).collect();
        let (late, wrong): (Vec<_>, Vec<_>) = kinds.into_iter().partition(|kind| LATE.contains(kind));
        if said["items"].as_u64().is_some_and(|items| items > 0) {
            cloud.count("reached: the verifier walks the journal while it is written");
        }
        if !late.is_empty() {
            cloud.count("reached: the verifier tells of what is late");
        }
        if !wrong.is_empty() {
            let what = format!("the verifier raised a false alarm: {said}");
            let side = Side::new("breaks", "none but what is late", wrong.join(", "));
            broken.push(Broken::new(Check::Verified, what).beside([side]));
        }
    }
    broken
}

/// What `function` answers, once all that comes of it has come to rest.
pub(crate) fn answered(scheduler: &mut Scheduler, platform: &Rc<Platform>, function: &'static str) -> Option<Invoked> {
    let (answer, runner) = (Rc::new(RefCell::new(None)), platform.clone());
    let slot = answer.clone();
    scheduler.spawner().spawn(async move {
        let answer = runner.invoke(function, "{}").await;
        slot.replace(Some(answer));
    });
    scheduler.run(u64::MAX);
    answer.take()
}

/// Steps of the longest histories.
pub const MOST_STEPS: usize = 30;

/// Steps of short histories.
const SHORT: std::ops::Range<usize> = 1..6;

/// What comes of `seed` for one of the things that chance decides: they follow from it, and not from each other.
fn salted(seed: u64, what: &str) -> u64 {
    let digest = Sha256::digest(format!("{what} {seed}"));
    digest.iter().take(8).fold(0, |all, byte| all << 8 | u64::from(*byte))
}

impl Script {
    /// The history of `seed` with `count` steps.
    #[must_use]
    pub fn draw(seed: u64, count: usize) -> Self {
        let mut chance = fastrand::Rng::with_seed(salted(seed, "script"));
        let steps = scenario::draw(&mut chance, count);
        let plan = Plan::draw(&mut chance);
        // What follows from a registration costs as much as ten steps.
        let is_settled = chance.u32(..if count < MOST_STEPS { 16 } else { 4 }) > 0;
        let is_by_aws = chance.u32(..5) == 0;
        // Most of what that costs is the same for all, so of the short ones a fourth is enough.
        let goes_on = !SHORT.contains(&count) || salted(seed, "goes on").is_multiple_of(4);
        let (drawn, is_crowd, mutant) = ((seed, count), false, None);
        Self { drawn, is_crowd, chance: seed, days: DAYS, is_settled, is_by_aws, goes_on, steps, plan, mutant }
    }

    /// The history of `seed` in which `count` people become members at once, if their payments let them.
    #[must_use]
    pub fn crowd(seed: u64, count: usize) -> Self {
        let mut chance = fastrand::Rng::with_seed(salted(seed, "crowd"));
        let steps = scenario::rush(&mut chance, count);
        // No period ends within a day.
        let (drawn, is_settled, goes_on) = ((seed, count), true, true);
        Self { is_crowd: true, days: 1, is_settled, goes_on, steps, drawn, ..Self::draw(seed, 0) }
    }

    /// The history of `seed` with as many steps as it draws itself: mostly few, since what short histories find costs
    /// the least to find.
    #[must_use]
    pub fn of(seed: u64) -> Self {
        let mut chance = fastrand::Rng::with_seed(salted(seed, "length"));
        let longest = MOST_STEPS / 3;
        let count =
            if chance.u32(..12) == 0 { MOST_STEPS } else { 1 + chance.usize(..longest).min(chance.usize(..longest)) };
        Self::draw(seed, count)
    }

    /// The command that runs exactly this history, if it was drawn.
    #[must_use]
    pub fn replay(&self) -> String {
        let (seed, count) = self.drawn;
        let (drawn, kind) =
            if self.is_crowd { (Self::crowd(seed, count), "CROWD") } else { (Self::draw(seed, count), "STEPS") };
        let mut command = format!("make sim SEED={seed} {kind}={count}");
        let mut add = |name: &str, value: String| command.push_str(&format!(" {name}={value}"));
        if self.steps.len() < drawn.steps.len() {
            let mut numbers: Vec<_> = self.steps.iter().map(|step| step.number).collect();
            numbers.sort_unstable();
            let numbers: Vec<_> = numbers.iter().map(usize::to_string).collect();
            add("ONLY", if numbers.is_empty() { "none".to_owned() } else { numbers.join(",") });
        }
        let left = |fault: &Fault| self.plan.faults().all(|one| one != *fault);
        let without: Vec<_> = drawn.plan.faults().filter(left).map(|fault| format!("{fault:?}")).collect();
        if !without.is_empty() {
            let is_calm = self.plan.faults().next().is_none();
            add("WITHOUT", if is_calm { "all".to_owned() } else { without.join(",") });
        }
        if self.chance != seed {
            add("CHANCE", self.chance.to_string());
        }
        if let Some(mutant) = self.mutant {
            add("BUG", format!("{mutant:?}"));
        }
        command
    }
}
