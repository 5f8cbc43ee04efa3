//! Tasks, virtual time and the order of things: of all tasks that could go on, chance picks the next; when none
//! can, time moves to the next timer. Nothing sleeps and nothing runs in parallel.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use aws_smithy_async::rt::sleep::{AsyncSleep, Sleep};

type Task = Pin<Box<dyn Future<Output = ()>>>;
type SendTask = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Microseconds of virtual time since a history began.
pub type Micros = u64;

/// Locks without giving up on a poisoned lock: a panic in a task is a finding of its own.
pub(crate) fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[derive(Default)]
struct Shared {
    now: AtomicU64,
    timers: Mutex<Timers>,
    woken: Mutex<Vec<usize>>,
    spawned: Mutex<Vec<SendTask>>,
    is_stopped: AtomicBool,
    is_called: AtomicBool,
}

#[derive(Default)]
struct Timers {
    next: u64,
    due: BTreeMap<(Micros, u64), Waker>,
}

/// Time and the starting of tasks, for everything that runs.
#[derive(Clone, Default)]
pub struct Handle(Arc<Shared>);

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Handle({} µs)", self.now())
    }
}

impl Handle {
    /// Now.
    #[must_use]
    pub fn now(&self) -> Micros {
        self.0.now.load(Ordering::Relaxed)
    }

    /// Is over after `micros`.
    #[must_use]
    pub fn sleep(&self, micros: Micros) -> Timer {
        Timer { shared: self.0.clone(), at: self.now().saturating_add(micros), place: None }
    }

    /// Nothing goes on any more.
    pub(crate) fn stop(&self) {
        self.0.is_stopped.store(true, Ordering::Relaxed);
    }

    /// Whoever runs the tasks should look up.
    pub(crate) fn call(&self) {
        self.0.is_called.store(true, Ordering::Relaxed);
    }

    /// Starts a task of its own.
    pub fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        lock(&self.0.spawned).push(Box::pin(task));
    }
}

impl AsyncSleep for Handle {
    fn sleep(&self, duration: std::time::Duration) -> Sleep {
        Sleep::new(Handle::sleep(self, u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)))
    }
}

/// Waits for a moment.
pub struct Timer {
    shared: Arc<Shared>,
    at: Micros,
    place: Option<(Micros, u64)>,
}

impl Future for Timer {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.shared.now.load(Ordering::Relaxed) >= self.at {
            return Poll::Ready(());
        }
        let place = match self.place {
            Some(place) => place,
            None => {
                let mut timers = lock(&self.shared.timers);
                timers.next = timers.next.saturating_add(1);
                (self.at, timers.next)
            }
        };
        lock(&self.shared.timers).due.insert(place, context.waker().clone());
        self.place = Some(place);
        Poll::Pending
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        if let Some(place) = self.place {
            lock(&self.shared.timers).due.remove(&place);
        }
    }
}

struct Alarm {
    task: usize,
    shared: Arc<Shared>,
    /// Whether the task is among the woken already.
    is_set: AtomicBool,
}

impl Wake for Alarm {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.is_set.swap(true, Ordering::Relaxed) {
            lock(&self.shared.woken).push(self.task);
        }
    }
}

/// A value that one task waits for and another one gives; dropped ungiven, the wait never ends.
pub(crate) struct Promise<T>(Arc<Mutex<(Option<T>, Option<Waker>)>>);

impl<T> Clone for Promise<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T> Default for Promise<T> {
    fn default() -> Self {
        Self(Arc::new(Mutex::new((None, None))))
    }
}

impl<T> Promise<T> {
    /// Whether nobody waits for it any more.
    pub(crate) fn is_forsaken(&self) -> bool {
        Arc::strong_count(&self.0) < 2
    }

    pub(crate) fn give(&self, value: T) {
        let mut slot = lock(&self.0);
        slot.0 = Some(value);
        if let Some(waker) = slot.1.take() {
            waker.wake();
        }
    }
}

impl<T> Future for Promise<T> {
    type Output = T;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        let mut slot = lock(&self.0);
        match slot.0.take() {
            Some(value) => Poll::Ready(value),
            None => {
                slot.1 = Some(context.waker().clone());
                Poll::Pending
            }
        }
    }
}

/// Waits for two things at once.
pub(crate) async fn both<A, B>(one: impl Future<Output = A>, other: impl Future<Output = B>) -> (A, B) {
    let (mut one, mut other) = (std::pin::pin!(one), std::pin::pin!(other));
    let mut outcomes = (None, None);
    std::future::poll_fn(|context| {
        if outcomes.0.is_none()
            && let Poll::Ready(outcome) = one.as_mut().poll(context)
        {
            outcomes.0 = Some(outcome);
        }
        if outcomes.1.is_none()
            && let Poll::Ready(outcome) = other.as_mut().poll(context)
        {
            outcomes.1 = Some(outcome);
        }
        match (outcomes.0.take(), outcomes.1.take()) {
            (Some(one), Some(other)) => Poll::Ready((one, other)),
            waiting => {
                outcomes = waiting;
                Poll::Pending
            }
        }
    })
    .await
}

/// Starts tasks that need not be `Send`, from inside of other tasks.
#[derive(Clone, Default)]
pub(crate) struct Spawner(Rc<RefCell<Vec<Task>>>);

impl Spawner {
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + 'static) {
        self.0.borrow_mut().push(Box::pin(task));
    }
}

/// A task, and what wakes it.
struct Entry {
    task: Task,
    alarm: Arc<Alarm>,
    waker: Waker,
}

/// Runs the tasks of one history.
pub struct Scheduler {
    handle: Handle,
    spawner: Spawner,
    /// By their numbers; what is over leaves its place empty.
    tasks: Vec<Option<Entry>>,
    chance: fastrand::Rng,
    polls: u64,
}

/// Polls of a whole history: many times as many as one needs.
const MOST_POLLS: u64 = 1_000_000;

impl Scheduler {
    /// A scheduler whose every choice follows from `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let chance = fastrand::Rng::with_seed(seed);
        Self { handle: Handle::default(), spawner: Spawner::default(), tasks: Vec::new(), chance, polls: 0 }
    }

    /// Nothing happens before `now`.
    pub(crate) fn begin(&self, now: Micros) {
        self.handle.0.now.fetch_max(now, Ordering::Relaxed);
    }

    /// Time and the starting of tasks.
    #[must_use]
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }

    pub(crate) fn spawner(&self) -> Spawner {
        self.spawner.clone()
    }

    fn add(&mut self, task: Task) {
        let (number, shared) = (self.tasks.len(), self.handle.0.clone());
        let alarm = Arc::new(Alarm { task: number, shared, is_set: AtomicBool::new(false) });
        let waker = Waker::from(alarm.clone());
        waker.wake_by_ref();
        self.tasks.push(Some(Entry { task, alarm, waker }));
    }

    /// Runs until nothing can go on, or until the next timer lies beyond `until`. True when nothing waits any more.
    pub fn run(&mut self, until: Micros) -> bool {
        self.go_on(until, false)
    }

    /// The same, but also ends when somebody calls.
    pub(crate) fn run_until_called(&mut self, until: Micros) -> bool {
        self.go_on(until, true)
    }

    fn go_on(&mut self, until: Micros, is_waiting: bool) -> bool {
        while !self.handle.0.is_stopped.load(Ordering::Relaxed) {
            if self.handle.0.is_called.swap(false, Ordering::Relaxed) && is_waiting {
                return false;
            }
            let spawned = std::mem::take(&mut *lock(&self.handle.0.spawned));
            for task in spawned {
                self.add(task);
            }
            let spawned = self.spawner.0.take();
            for task in spawned {
                self.add(task);
            }
            if let Some(number) = self.pick() {
                self.poll(number);
                continue;
            }
            let mut timers = lock(&self.handle.0.timers);
            let Some((&(at, place), _)) = timers.due.first_key_value() else {
                if until < Micros::MAX {
                    self.handle.0.now.fetch_max(until, Ordering::Relaxed);
                }
                return true;
            };
            if at > until {
                self.handle.0.now.store(until.max(self.handle.now()), Ordering::Relaxed);
                return false;
            }
            let waker = timers.due.remove(&(at, place));
            drop(timers);
            self.handle.0.now.fetch_max(at, Ordering::Relaxed);
            if let Some(waker) = waker {
                waker.wake();
            }
        }
        true
    }

    fn pick(&mut self) -> Option<usize> {
        let mut woken = lock(&self.handle.0.woken);
        if woken.is_empty() {
            return None;
        }
        let index = self.chance.usize(..woken.len());
        Some(woken.swap_remove(index))
    }

    /// Whether something went on and on.
    pub(crate) fn is_exhausted(&self) -> bool {
        self.polls >= MOST_POLLS
    }

    fn poll(&mut self, number: usize) {
        self.polls += 1;
        if self.is_exhausted() {
            self.handle.stop();
        }
        let Some(place) = self.tasks.get_mut(number) else { return };
        let Some(entry) = place else { return };
        entry.alarm.is_set.store(false, Ordering::Relaxed);
        let mut context = Context::from_waker(&entry.waker);
        if entry.task.as_mut().poll(&mut context).is_ready() {
            *place = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_moves_only_when_nothing_can_go_on() {
        let mut scheduler = Scheduler::new(1);
        let (handle, order) = (scheduler.handle(), Arc::new(Mutex::new(Vec::new())));
        for delay in [30, 10, 20] {
            let (handle, order) = (handle.clone(), order.clone());
            scheduler.spawner().spawn(async move {
                handle.sleep(delay).await;
                lock(&order).push((delay, handle.now()));
            });
        }
        assert!(scheduler.run(u64::MAX));
        assert_eq!(*lock(&order), [(10, 10), (20, 20), (30, 30)]);
    }

    #[test]
    fn one_seed_is_one_order() {
        let order = |seed| {
            let mut scheduler = Scheduler::new(seed);
            let order = Arc::new(Mutex::new(Vec::new()));
            for task in 0..20 {
                let order = order.clone();
                scheduler.spawner().spawn(async move { lock(&order).push(task) });
            }
            assert!(scheduler.run(u64::MAX));
            Arc::try_unwrap(order).unwrap().into_inner().unwrap()
        };
        assert_eq!(order(7), order(7));
        assert_ne!(order(7), order(8));
    }
}
