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
use crate::cloud::Cloud;
use crate::effects;
use crate::expected;
use crate::faults::Plan;
use crate::findings::{Broken, Check};
use crate::invariants;
use crate::model;
use crate::mutants::Mutant;
use crate::people::People;
use crate::platform::{Invoked, Platform};
use crate::reached;
use crate::scenario::{self, Step};
use crate::scheduler::{Scheduler, lock};
use crate::trace::Trace;

/// What is the same for all histories.
#[derive(Debug, Clone)]
pub struct Stage {
    application: Arc<Application>,
    people: People,
}

/// What one history is made of.
#[derive(Debug, Clone)]
pub struct Script {
    /// Decides everything that the rest leaves open.
    pub seed: u64,
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
}

impl Stage {
    /// Reads the templates in `root` and registers the people.
    ///
    /// # Errors
    /// If a template cannot be read, a function has no program, or a registration fails.
    pub fn set(root: &std::path::Path) -> Result<Self, String> {
        let parameters =
            [("Stage", "dev"), ("OnAws", "false"), ("SandboxEnabled", "true"), ("NotificationProvider", "http")];
        let parameters = parameters.iter().map(|(name, value)| ((*name).to_owned(), Value::from(*value))).collect();
        let application = Application::read(root, parameters).map_err(|fault| fault.to_string())?;
        let application = Arc::new(application);
        let people = People::register(&application)?;
        Ok(Self { application, people })
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
            Ok(Outcome { broken, counts: BTreeMap::new(), trace: Trace::default() })
        })
    }

    fn carry_out(&self, script: &Script, is_traced: bool) -> Result<Outcome, String> {
        let mut scheduler = Scheduler::new(salted(script.seed, "order"));
        let cloud = Cloud::new(
            scheduler.handle(),
            self.application.clone(),
            script.plan.clone(),
            salted(script.seed, "cloud"),
            script.mutant,
            is_traced,
        )?;
        let platform = Platform::start(cloud.clone(), scheduler.spawner())?;
        self.people.settle_in(&cloud);
        let actors = Rc::new(Actors {
            platform: platform.clone(),
            people: Rc::new(self.people.clone()),
            record: RefCell::new(Record::default()),
        });
        for step in &script.steps {
            scheduler.spawner().spawn(actors.clone().perform(step.clone()));
        }
        storm(&mut scheduler, &platform, &actors);
        cloud.say(|| "the storm is over".to_owned());
        cloud.calm();
        platform.restart();
        let mut broken = rest(&mut scheduler, &platform, &actors);
        broken.extend(verified(&mut scheduler, &platform));
        let record = actors.record.borrow();
        let books = Books::read(&cloud);
        let found = cloud.findings();
        if found.is_empty() {
            broken.extend(invariants::at_the_end(&cloud, &books, &record));
            broken.extend(expected::judge(&cloud, &books, &record, &self.people));
            broken.extend(effects::compare(&books, &record));
            broken.extend(model::compare(&books, &record, &self.people));
        } else {
            // What follows from the first finding is none of its own.
            broken = found;
        }
        let mut counts = lock(&cloud.counts).clone();
        counts.extend(reached::counts(&cloud, &books));
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
        Ok(Outcome { broken, counts, trace: cloud.take_trace() })
    }
}

const MINUTE: u64 = 60_000_000;
/// By then the last message has come.
const STORM: u64 = 70 * 24 * 60 * MINUTE;

/// Longer than the verification waits for what may be on its way.
const PATIENCE: u64 = 3 * 60 * MINUTE;

/// Until every step is done, every message has come and every deposit has ended.
fn storm(scheduler: &mut Scheduler, platform: &Rc<Platform>, actors: &Rc<Actors>) {
    while scheduler.handle().now() < STORM {
        let next = platform.tick();
        let is_over = scheduler.run(next);
        let is_done = actors.record.borrow().open == 0 && !platform.cloud.has_open_deposits();
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
        // A deposit ends within its expiry.
        for _ in 0..90 {
            platform.tick();
            scheduler.run(scheduler.handle().now() + MINUTE);
            if !platform.cloud.has_open_deposits() {
                break;
            }
        }
        scheduler.run(u64::MAX);
        let is_done = actors.record.borrow().open == 0 && !platform.cloud.has_open_deposits();
        if is_done && !platform.has_letters() && !scheduler.is_exhausted() {
            return Vec::new();
        }
    }
    let what = format!(
        "{} steps go on, {} dead letters come back again and again{}",
        actors.record.borrow().open,
        platform.letters(),
        if platform.cloud.has_open_deposits() { ", a deposit does not end" } else { "" },
    );
    vec![Broken::new(Check::Rest, what)]
}

/// What the platform finds out about itself, once everything has had its time.
fn verified(scheduler: &mut Scheduler, platform: &Rc<Platform>) -> Option<Broken> {
    scheduler.run(scheduler.handle().now() + PATIENCE);
    // The sweeper had not run meanwhile, as nothing was open.
    for _ in 0..3 {
        platform.tick();
        scheduler.run(scheduler.handle().now() + MINUTE);
    }
    let (answer, runner) = (Rc::new(RefCell::new(None)), platform.clone());
    let slot = answer.clone();
    scheduler.spawner().spawn(async move {
        let answer = runner.invoke("quoin-dev-verifier", "{}").await;
        slot.replace(Some(answer));
    });
    scheduler.run(u64::MAX);
    let answer = answer.take();
    let said: Value = match &answer {
        Some(Invoked::Answered(text)) => serde_json::from_str(text).unwrap_or_default(),
        Some(Invoked::Failed(_) | Invoked::Stopped) | None => Value::Null,
    };
    let is_well = said["is_whole"] == true && said["breaks"] == 0 && said["unverified"] == 0;
    (!is_well).then(|| Broken::new(Check::Verified, format!("the verifier says {answer:?}")))
}

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
        Self { seed, steps, plan: Plan::draw(&mut chance), mutant: None }
    }
}
