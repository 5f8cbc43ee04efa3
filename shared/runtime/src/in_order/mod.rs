//! Consumers that take each entity's events in the order of their sequence, whatever the order in which they come.
//!
//! The effect of an event and the move of the entity's cursor are one transaction, conditioned on the cursor. An
//! event that came early is parked in the consumer's own table and its message is gone, so waiting burns no retries;
//! whoever applies the event before it goes on with it. `sweep` fills from the journal what never comes. Legal only
//! for rules that match `detail.metadata.entity.type`: a rule by event names would leave gaps.
//!
//! A cursor expires some time after the entity's last event. What comes later still is not taken for a beginning: the
//! sweep takes the entity's events from the journal again, from the first one on.

mod course;
mod rows;
mod sweep;

use std::collections::VecDeque;
use std::marker::PhantomData;
use std::time::Duration;

use quoin_events::{BusEvent, EntityRef, Envelope, Origin, Timestamp};
use quoin_store::{Commit, Lost, StoreError};
use serde::Serialize;
use serde::de::DeserializeOwned;

use self::course::{Course, Step};
use self::rows::{Look, Rows};
use crate::{Delivery, Env, Failure, Outcome};

pub use self::sweep::{Swept, sweep_in_order};

/// A consumer that takes each entity's events in order.
pub trait InOrder {
    /// Its name, in the keys of its rows; it never changes.
    const NAME: &'static str;
    /// The table of its service that it writes, as `service.yaml` names it.
    const TABLE: &'static str;
    /// Days for which an entity's cursor, with its state, and the events that wait are kept after the latest of its
    /// events was applied; at least two.
    ///
    /// An event that comes after that has the entity's events applied again, each once and in order, from the first one
    /// on. So an effect is a row that says the same when it is written again, or it is left out for events that are
    /// older than this.
    const KEEP_DAYS: u16;
    /// What it keeps of an entity between two events, small; `()` for nothing.
    type State: Serialize + DeserializeOwned;

    /// What `event` changes in tables of its service, and its state afterwards. `state` is what the event before left,
    /// `None` for the first. It may be asked several times about one event, also when others write meanwhile; its own
    /// conditions are best left out, since the cursor's holds only once.
    ///
    /// An event that means nothing to it is an empty [`Commit`]: the entity's other events wait for it.
    fn apply(
        env: &Env,
        event: &Envelope,
        state: Option<Self::State>,
    ) -> impl Future<Output = Result<(Commit, Self::State), Failure>>;
}

/// The most looks at the rows for one message: what is parked beyond that waits for the next event or the sweep.
const MOST_LOOKS: u32 = 200;
/// The first pause's upper bound after a conflict; it doubles with each try.
const PAUSE_MS: u64 = 20;
/// The most conflicts in a row.
const MOST_CONFLICTS: u32 = 7;
const DAY_SECONDS: i64 = 86_400;
const IN_THE_WAY: &str = "others kept getting in the way of the cursor";

/// Handles a message of the consumer `C`, for [`crate::run_consumer`].
///
/// # Errors
/// Those of [`InOrder::apply`] and of the store. An event without a place in a stream is poison. What fails of the
/// events that waited for this one is not this one's failure: the sweep sees to them.
pub async fn in_order<C: InOrder>(env: &Env, delivery: &Delivery<BusEvent>) -> Result<Outcome, Failure> {
    let event = delivery.event();
    let (entity, sequence) = place(event)?;
    let rows = Rows::new(env.config.table(C::TABLE)?, C::NAME, C::KEEP_DAYS, entity);
    let course = Course::of_event(sequence, is_old(event, C::KEEP_DAYS, env.clock.now()));
    let mut walk = Walk::<C>::new(env, rows, course, Some((sequence, event)));
    match walk.go(MOST_LOOKS, delivery.context.deadline().0).await {
        Ok(outcome) => Ok(outcome),
        Err(failure) => {
            let Some(outcome) = walk.course.outcome() else { return Err(failure) };
            tracing::warn!(entity = walk.rows.stream, reason = %failure, "what waited goes on waiting");
            Ok(outcome)
        }
    }
}

/// The entity of an event and its place in the entity's stream.
fn place(event: &Envelope) -> Result<(&EntityRef, u64), Failure> {
    let sequence = event.metadata.sequence.filter(|sequence| *sequence > 0);
    let place = event.metadata.entity.as_ref().zip(sequence);
    place.ok_or_else(|| Failure::poison("the event has no place in a stream"))
}

/// Whether a cursor that `event` had moved may have expired. It was moved after the event happened, by another clock.
fn is_old(event: &Envelope, keep_days: u16, now: Timestamp) -> bool {
    let sure = i64::from(keep_days).saturating_sub(1).saturating_mul(DAY_SECONDS);
    event.timestamp.parse().is_ok_and(|at: Timestamp| at.plus_seconds(sure) < now)
}

/// One walk through the rows of an entity.
struct Walk<'a, C> {
    env: &'a Env,
    rows: Rows<'a>,
    course: Course,
    hand: Option<(u64, &'a Envelope)>,
    /// Events of the journal that were read and are not due yet.
    told: VecDeque<(u64, String)>,
    /// Events that it applied.
    applied: u64,
    /// What waited when it looked last.
    lowest: Option<u64>,
    /// Writes in a row that others got in the way of.
    conflicts: u32,
    consumer: PhantomData<C>,
}

impl<'a, C: InOrder> Walk<'a, C> {
    const fn new(env: &'a Env, rows: Rows<'a>, course: Course, hand: Option<(u64, &'a Envelope)>) -> Self {
        Self {
            env,
            rows,
            course,
            hand,
            told: VecDeque::new(),
            applied: 0,
            lowest: None,
            conflicts: 0,
            consumer: PhantomData,
        }
    }

    /// Goes on until nothing is left to do, but for no more than so many looks and not beyond `stop`.
    async fn go(&mut self, looks: u32, stop: Timestamp) -> Result<Outcome, Failure> {
        for _ in 0..looks {
            if self.env.clock.now() >= stop {
                break;
            }
            let look = self.rows.look(&self.env.store).await?;
            self.lowest = look.seen.lowest;
            let step = self.course.next(look.seen);
            if let Step::Done(outcome) = step {
                return Ok(outcome);
            }
            self.carry_out(step, look).await?;
        }
        self.course.outcome().ok_or_else(|| Failure::transient(IN_THE_WAY))
    }

    async fn carry_out(&mut self, step: Step, look: Look<C::State>) -> Result<(), Failure> {
        let store = &self.env.store;
        match step {
            Step::ApplyInHand { is_parked } => {
                let (sequence, event) = self.hand.ok_or_else(|| Failure::poison("a sweep has no event in hand"))?;
                self.apply(sequence, event, look.state, is_parked).await?;
            }
            Step::ApplyParked(sequence) => {
                let event = envelope(&look.parked.unwrap_or_default())?;
                self.apply(sequence, &event, look.state, true).await?;
            }
            Step::Fill(sequence) => match self.tell(sequence).await? {
                Some(text) => self.apply(sequence, &envelope(&text)?, look.state, false).await?,
                None => self.course.filled(),
            },
            Step::Park => {
                let (sequence, event) = self.hand.ok_or_else(|| Failure::poison("a sweep has no event in hand"))?;
                self.rows.park(store, sequence, event, self.env.clock.now()).await?;
                self.course.parked();
            }
            Step::Mark => {
                let (sequence, _) = self.hand.ok_or_else(|| Failure::poison("a sweep has no event in hand"))?;
                self.rows.mark(store, sequence, self.env.clock.now()).await?;
                self.course.marked();
            }
            Step::Forget(sequence) => self.rows.forget(store, sequence).await?,
            Step::Clear(last) => {
                self.rows.clear(store, last).await?;
                self.course.cleared();
            }
            Step::Done(_) => {}
        }
        Ok(())
    }

    /// One transaction: the cursor, the parked row if there is one, and the effect. Lost to somebody else, the next
    /// look tells.
    async fn apply(
        &mut self,
        sequence: u64,
        event: &Envelope,
        state: Option<C::State>,
        is_parked: bool,
    ) -> Result<(), Failure> {
        event.known().map_err(Failure::Poison)?;
        let (effect, state) = C::apply(self.env, event, state).await?;
        if !effect.is_own_tables_only() {
            return Err(Failure::poison("an effect in order may write its service's tables only"));
        }
        let commit = self.rows.advance(sequence, &state, is_parked, self.env.clock.now())?.and(effect);
        match self.env.store.commit(commit, &Origin::default()).await {
            Ok(()) => {
                self.course.applied(sequence);
                self.applied = self.applied.saturating_add(1);
                self.conflicts = 0;
                Ok(())
            }
            Err(StoreError::Lost(lost)) => match *lost {
                // The cursor has moved: the next look tells whereto.
                Lost::Other { item: 0, .. } => Ok(()),
                // A condition of the effect itself: what it was decided on has changed.
                Lost::Other { .. } => self.pause().await,
                Lost::Append { .. } | Lost::Wallet(_) => Err(Failure::poison("an effect in order has no journal")),
            },
            Err(StoreError::Conflict) => self.pause().await,
            Err(error @ (StoreError::Unavailable(_) | StoreError::Refused(_))) => Err(error.into()),
        }
    }

    async fn pause(&mut self) -> Result<(), Failure> {
        if self.conflicts >= MOST_CONFLICTS {
            return Err(Failure::transient(IN_THE_WAY));
        }
        let ceiling = PAUSE_MS.saturating_mul(1_u64.checked_shl(self.conflicts).unwrap_or(u64::MAX));
        self.conflicts = self.conflicts.saturating_add(1);
        let pause = self.env.clock.random_below(ceiling);
        self.env.clock.sleep(Duration::from_millis(pause)).await;
        Ok(())
    }

    /// The event `sequence` of the journal, if there is one.
    async fn tell(&mut self, sequence: u64) -> Result<Option<String>, Failure> {
        while self.told.front().is_some_and(|(told, _)| *told < sequence) {
            self.told.pop_front();
        }
        if self.told.front().is_none_or(|(told, _)| *told > sequence) {
            self.told = self.env.store.events_from(&self.rows.stream, sequence).await?.into();
        }
        Ok(self.told.pop_front().filter(|(told, _)| *told == sequence).map(|(_, text)| text))
    }
}

fn envelope(text: &str) -> Result<Envelope, Failure> {
    serde_json::from_str(text).map_err(|error| Failure::poison(format!("the event cannot be read: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(metadata: &str) -> Envelope {
        let text = format!(
            r#"{{"event":"order.paid","version":"1.0","timestamp":"2026-01-04T10:17:12.567Z","data":{{}},
                "metadata":{{"source":"order-service","request_id":"r"{metadata}}}}}"#
        );
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn an_event_is_old_a_day_before_its_cursor_can_have_expired() {
        let event = event(r#","entity":{"type":"order","id":"o"},"sequence":1"#);
        let at: Timestamp = event.timestamp.parse().unwrap();
        assert!(!is_old(&event, 30, at.plus_seconds(29 * DAY_SECONDS)));
        assert!(is_old(&event, 30, at.plus_seconds(29 * DAY_SECONDS + 1)));
    }

    #[test]
    fn an_event_without_a_place_in_a_stream_is_poison() {
        let entity = r#","entity":{"type":"order","id":"o"}"#;
        for metadata in ["", entity, r#","sequence":3"#, &format!(r#"{entity},"sequence":0"#)] {
            assert!(matches!(place(&event(metadata)), Err(Failure::Poison(_))), "{metadata}");
        }
        let placed = event(&format!(r#"{entity},"sequence":3,"wallet":{{"id":"u","version":9,"sequence":8}}"#));
        // The wallet's own sequence is another one.
        assert_eq!(place(&placed).map(|(entity, sequence)| (entity.id.as_str(), sequence)), Ok(("o", 3)));
    }
}
