//! Time, waiting and chance as inputs, so that a simulation can own all three.

use std::sync::Mutex;
use std::time::{Duration, UNIX_EPOCH};

use aws_smithy_async::rt::sleep::{AsyncSleep, SharedAsyncSleep};
use aws_smithy_async::time::SharedTimeSource;
use quoin_events::Timestamp;

/// The only source of time, waiting and chance.
#[derive(Debug)]
pub struct Clock {
    time: SharedTimeSource,
    sleep: SharedAsyncSleep,
    random: Mutex<fastrand::Rng>,
}

impl Clock {
    /// A clock over the given sources; `seed` decides every random choice.
    #[must_use]
    pub fn new(time: SharedTimeSource, sleep: SharedAsyncSleep, seed: u64) -> Self {
        Self { time, sleep, random: Mutex::new(fastrand::Rng::with_seed(seed)) }
    }

    /// Now.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        let since = self.time.now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }

    /// Waits.
    pub async fn sleep(&self, duration: Duration) {
        self.sleep.sleep(duration).await;
    }

    /// The future's result, or `None` when `limit` passes first.
    pub async fn timeout<T>(&self, limit: Duration, future: impl Future<Output = T>) -> Option<T> {
        let timer = self.sleep.sleep(limit);
        let future = std::pin::pin!(future);
        let mut timer = std::pin::pin!(timer);
        let mut future = future;
        std::future::poll_fn(|context| {
            if let std::task::Poll::Ready(value) = future.as_mut().poll(context) {
                return std::task::Poll::Ready(Some(value));
            }
            timer.as_mut().poll(context).map(|()| None)
        })
        .await
    }

    /// A number below `bound` (zero for a bound of zero).
    #[must_use]
    pub fn random_below(&self, bound: u64) -> u64 {
        match self.random.lock() {
            Ok(mut random) if bound > 0 => random.u64(0..bound),
            Ok(_) | Err(_) => 0,
        }
    }

    /// Random bytes for ids; not for keys or secrets.
    #[must_use]
    pub fn random_u128(&self) -> u128 {
        self.random.lock().map(|mut random| random.u128(..)).unwrap_or_default()
    }
}
