//! What runs by the clock: scheduled functions at their pace, and the calls that functions have scheduled.

use std::future::{Future, poll_fn};
use std::rc::Rc;
use std::task::Poll;

use quoin_events::Timestamp;
use serde_json::json;

use crate::cloud::{BEGIN, Call, millis};
use crate::faults::Fault;
use crate::platform::{Invoked, Platform};
use crate::scheduler::{Micros, lock};

const MINUTE: Micros = 60_000_000;
/// The functions that deposits, orders and members wait for, and the streams that these have.
const SWEEPERS: [(&str, &[&str]); 3] = [
    ("-payment-sweeper", &["payment#"]),
    ("-order-sweeper", &["order#"]),
    (MEMBERS, &["charge#", "customer#", "saga#", "subscription#"]),
];
/// Functions of the clock that look through what comes of these streams, and find nothing where there are none.
const LOOKERS: [(&str, &[&str]); 6] = [
    ("-boost-analytics", &["boost#"]),
    ("-boost-sweeper", &["boost#"]),
    ("-cashback-payer", &["order#"]),
    ("-order-monitor-sweeper", &["order#"]),
    ("-support-sweeper", &["order#"]),
    ("-training-export", &["subscription#"]),
];
/// It also renews what the scheduler has lost, and looks back on so many days.
const MEMBERS: &str = "-membership-sweeper";
const LOST: Micros = 3 * 24 * 60 * MINUTE;
/// What boosts' schedules call.
const BOOSTS: &str = "-boost-end";
/// The function that holds the books against each other.
pub(crate) const VERIFIER: &str = "-verifier";
/// It runs so soon after the beginning, and then when twenty times as much time has passed; where there are only so few
/// commits, not before days have.
const VERIFIED: Micros = MINUTE / 2;
const FEW_COMMITS: u64 = 60;
/// They run at their own pace so long after a deposit or an order.
const YOUNG: Micros = 3 * MINUTE;
/// Both end within this, unless a message holds them up; until then they run each ten minutes, and then as often
/// as [`IDLE`] says: before the provider forgets.
const ENDED: Micros = 120 * MINUTE;
/// Else scheduled functions run when four times as much time has passed as before they ran, and not before this.
pub(crate) const IDLE: Micros = 12 * 60 * MINUTE;

impl Platform {
    /// Makes the calls that functions have scheduled; one that fails is made again, as the scheduler does.
    pub(crate) async fn call_scheduled(self: Rc<Self>) {
        loop {
            let (cloud, mut timer) = (&self.cloud, None);
            let call = poll_fn(|context| {
                let mut schedules = lock(&cloud.schedules);
                if let Some(call) = schedules.take(cloud.handle.now()) {
                    return Poll::Ready(call);
                }
                schedules.waker = Some(context.waker().clone());
                timer = schedules.next().map(|next| Box::pin(cloud.handle.sleep(next - cloud.handle.now())));
                drop(schedules);
                if let Some(timer) = &mut timer {
                    let _ = timer.as_mut().poll(context);
                }
                Poll::Pending
            })
            .await;
            // What members' schedules lose shows after days only.
            if call.function.ends_with(BOOSTS) && self.cloud.happens(Fault::CallLost) {
                self.cloud.say(|| format!("{} is not called", call.function));
                continue;
            }
            if self.cloud.happens(Fault::CalledTwice) {
                self.spawner.spawn(self.clone().called_by_schedule(call.clone()));
            }
            self.spawner.spawn(self.clone().called_by_schedule(call));
        }
    }

    async fn called_by_schedule(self: Rc<Self>, call: Call) {
        for attempt in 0..10_u64 {
            if matches!(self.invoke(&call.function, &call.input).await, Invoked::Answered(_)) {
                break;
            }
            self.cloud.handle.sleep(60_000_000 << attempt).await;
        }
    }

    /// Starts the scheduled functions whose time has come, and says when the next one's does. Deposits and orders wait for
    /// sweeper; without them it has next to nothing to do, as all others.
    pub(crate) fn tick(self: &Rc<Self>) -> Micros {
        let now = self.cloud.handle.now();
        let open_for = self.cloud.sagas_open_for();
        let verified_again = if self.cloud.journaled() > FEW_COMMITS { 20 } else { 10_000 };
        let mut ran = self.ran.borrow_mut();
        let mut next = Micros::MAX;
        for (function, rate) in &self.schedules {
            if function.ends_with(VERIFIER) {
                ran.entry(function.clone()).or_insert(BEGIN + IDLE);
            }
            let age = ran.get(function).map_or(0, |last| last.saturating_sub(BEGIN + IDLE));
            let rarely = IDLE.max(4 * age);
            let pace = match open_for.filter(|_| self.is_waited_for(function)) {
                Some(age) if age < YOUNG => *rate,
                Some(age) if age < ENDED => *rate.max(&(10 * MINUTE)),
                Some(_) => *rate.max(&IDLE),
                // It looks at what is under way, so it runs most often while most is.
                None if function.ends_with(VERIFIER) => VERIFIED.max(verified_again * age),
                None if function.ends_with(MEMBERS) && self.is_waited_for(function) => LOST,
                None => *rate.max(&rarely),
            };
            let due = |last: &Micros| (last + pace).saturating_sub(IDLE);
            let has_come = ran.get(function).is_none_or(|last| due(last) <= now);
            if has_come {
                ran.insert(function.clone(), now + IDLE);
            }
            if has_come && self.may_find(function) {
                let (platform, function) = (self.clone(), function.clone());
                self.spawner.spawn(async move {
                    let time = Timestamp::from_millis(millis(platform.cloud.handle.now())).to_string();
                    let event = json!({"source": "simulation", "time": time});
                    let answer = platform.invoke(&function, &event.to_string()).await;
                    if let (true, Invoked::Answered(text)) = (function.ends_with(VERIFIER), answer) {
                        platform.verified.borrow_mut().push(serde_json::from_str(&text).unwrap_or_default());
                    }
                });
            }
            next = next.min(ran.get(function).map_or(now, due));
        }
        next
    }

    /// Whether there is what `function` sweeps.
    fn is_waited_for(&self, function: &str) -> bool {
        self.has_any(&SWEEPERS, function).unwrap_or(false)
    }

    /// Whether there is what `function` looks through, as far as that is known.
    fn may_find(&self, function: &str) -> bool {
        self.has_any(&SWEEPERS, function).or_else(|| self.has_any(&LOOKERS, function)).unwrap_or(true)
    }

    /// Whether there are streams of those that `of` has for `function`; nothing if it has none for it.
    fn has_any(&self, of: &[(&str, &[&str])], function: &str) -> Option<bool> {
        let (_, streams) = of.iter().find(|(name, _)| function.ends_with(name))?;
        Some(streams.iter().any(|kind| self.cloud.has_streams_of(kind)))
    }

    /// Runs the functions that deposits and orders wait for.
    pub(crate) async fn sweep(self: Rc<Self>) {
        for function in self.schedules.keys().filter(|function| self.is_waited_for(function)) {
            self.invoke(function, r#"{"source": "simulation"}"#).await;
        }
    }

    /// Functions that run by the clock, without those that find nothing.
    pub(crate) fn scheduled(&self) -> Vec<String> {
        self.schedules.keys().filter(|function| self.may_find(function)).cloned().collect()
    }

    /// Runs `functions` one after the other, and keeps why one fails.
    pub(crate) async fn run_all(self: Rc<Self>, functions: Vec<String>) {
        for function in functions {
            if let Invoked::Failed(why) = self.invoke(&function, r#"{"source": "simulation"}"#).await {
                self.late.borrow_mut().insert(function, why);
            }
        }
    }
}

pub(crate) fn is_sweeper(function: &str) -> bool {
    SWEEPERS.iter().any(|(sweeper, _)| function.ends_with(sweeper))
}

/// How often `rate(5 minutes)` is.
pub(crate) fn rate(expression: &str) -> Option<Micros> {
    let (count, unit) = expression.strip_prefix("rate(")?.strip_suffix(')')?.split_once(' ')?;
    let unit = match unit.trim_end_matches('s') {
        "minute" => 60_000_000,
        "hour" => 3_600_000_000,
        "day" => 24 * 3_600_000_000,
        _ => return None,
    };
    Some(count.parse::<Micros>().ok()? * unit)
}
