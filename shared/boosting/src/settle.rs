//! A target as it has to be at a moment: with what is new, without what is over, at its place in lists.

use quoin_boosts::Boost;
use quoin_events::{Draft, EventData, Timestamp};
use quoin_ledger::Wallet;
use quoin_runtime::{Context, Env, Failure, advance, due_key};
use quoin_store::{Append, Commit, Item, Snapshot, StoreError, Stream, Update};
use serde::Serialize;

use crate::Boosted;
use crate::rows::{self, Stored};

/// The row of a boost that has ended says when that was noted.
const ENDED_AT: &str = "ended_at";

/// The stream of a boost's end.
const EXPIRY: &str = "expiry";

/// What is decided on.
struct Read<P> {
    stored: Stored,
    /// Whether the boost that is to be taken in has been.
    is_known: bool,
    /// Whether its end has been told: its rows were lost, and it is told of again.
    is_told: bool,
    place: P,
}

impl<P> Snapshot for Read<P> {
    // No wallet takes part.
    fn rebase(&mut self, _wallet: Wallet) {}

    // Each condition is that what was read is still there.
    fn is_outdated_by(&self, _item: usize) -> bool {
        true
    }
}

/// Takes `new` in, ends what is over, and gives the target its place; false if there was nothing to do.
///
/// # Errors
/// Those of the store, and contention: it is to be tried again.
pub(crate) async fn settle<T: Boosted>(
    env: &Env,
    context: &Context,
    target_id: &str,
    new: Option<(&Boost, &str)>,
) -> Result<bool, Failure> {
    let table = rows::table::<T>(env)?;
    let load = async || {
        let mut keys = vec![(table, rows::standing_key::<T>(target_id))];
        keys.extend(new.map(|(boost, _)| (table, rows::boost::<T>(boost))));
        let found = env.store.batch(&keys).await?;
        let place = T::place(env, target_id).await?;
        let is_known = found.get(1).is_some_and(Option::is_some);
        let is_told = match new {
            Some((boost, _)) if !is_known && boost.is_over(env.clock.now()) => {
                env.store.head(&expiry(boost)).await?.version > 0
            }
            Some(_) | None => false,
        };
        let stored = Stored::read(found.first().and_then(Option::as_ref))?;
        Ok(Read { stored, is_known, is_told, place })
    };
    let decide = |read: &Read<T::Place>, now: Timestamp| {
        let new = new.filter(|_| !read.is_known);
        let Some(mut settling) = Settling::decide::<T>(&read.stored, new, now) else { return Ok(None) };
        if read.is_told {
            settling.keep_quiet();
        }
        let placed = T::placed(env, &read.place, target_id, settling.score, now)?;
        Ok(Some(settling.commit::<T>(table, target_id, &read.stored, now)?.and(placed)))
    };
    advance(env, context, None, load, decide).await.map_err(Failure::transient)
}

/// What changes of a target.
struct Settling<'a> {
    /// The boost that is new, and the event that told of it.
    new: Option<(&'a Boost, &'a str)>,
    /// What is over.
    ended: Vec<Boost>,
    running: quoin_boosts::Running,
    score: u64,
    due: Option<Timestamp>,
}

impl<'a> Settling<'a> {
    /// Tells nothing of the end of what is new.
    fn keep_quiet(&mut self) {
        let new = self.new.map(|(boost, _)| boost.event_id.as_str());
        self.ended.retain(|boost| Some(boost.event_id.as_str()) != new);
    }

    /// `None` where nothing does.
    fn decide<T: Boosted>(stored: &Stored, new: Option<(&'a Boost, &'a str)>, now: Timestamp) -> Option<Self> {
        let mut running = stored.running.clone();
        new.iter().for_each(|(boost, _)| running.add((*boost).clone()));
        let ended = running.end(now);
        let score = running.score(now);
        let due = if T::IS_RANKED { running.next_step(now) } else { running.next_end() };
        let has_another_score = T::IS_RANKED && score != stored.score;
        let is_any = new.is_some() || !ended.is_empty() || has_another_score || due != stored.due;
        is_any.then_some(Self { new, ended, running, score, due })
    }

    fn commit<T: Boosted>(
        self,
        table: &str,
        target_id: &str,
        stored: &Stored,
        now: Timestamp,
    ) -> Result<Commit, StoreError> {
        let mut commit = Commit::new();
        for boost in &self.ended {
            let told = Draft::new(&boost.expired(now), now)?;
            let append = Append::first(expiry(boost), now).state(&State(boost))?;
            commit = commit.append(append.events([told]));
            if self.new.is_none_or(|(new, _)| new.event_id != boost.event_id) {
                let row = Update::of(table, rows::boost::<T>(boost)).text(ENDED_AT, now.to_string());
                commit = commit.update(row.if_exists());
            }
        }
        if let Some((boost, event)) = self.new {
            let key = rows::boost::<T>(boost);
            let ended_at = boost.is_over(now).then(|| now.to_string());
            let row = Item::new()
                .text("pk", key.pk)
                .text("sk", key.sk)
                .text("event", event)
                .json("boost", &boost.given())?
                .text_opt(ENDED_AT, ended_at)
                .number("expires", rows::expires(event, boost.from));
            commit = commit.put_new(table, row);
        }
        let standing = Update::of(table, rows::standing_key::<T>(target_id));
        let standing = match stored.version {
            0 => standing.if_absent("v"),
            version => standing.if_number("v", version),
        };
        let standing = standing
            .number("v", stored.version.saturating_add(1))
            .number("score", self.score)
            .json("running", &self.running)?;
        commit = commit.update(match self.due {
            Some(due) => standing.text("due", due.to_string()),
            None => standing.remove("due"),
        });
        if let Some(due) = self.due.filter(|due| Some(*due) != stored.due) {
            let key = due_key(due, target_id);
            commit = commit.put(table, Item::new().text("pk", key.pk).text("sk", key.sk));
        }
        if let Some(gone) = stored.due.filter(|gone| Some(*gone) != self.due) {
            commit = commit.delete(table, due_key(gone, target_id));
        }
        Ok(commit)
    }
}

fn expiry(boost: &Boost) -> Stream {
    Stream::new(EXPIRY, boost.event_id.clone())
}

/// The state of an end: the boost that is over.
#[derive(Serialize)]
#[serde(transparent)]
struct State<'a>(&'a Boost);

/// Names of the events that this crate tells and hears of.
pub(crate) const fn boost_event(target: quoin_events::types::TargetType) -> &'static str {
    use quoin_events::types::{ClanBoost, GigBoost, ProfileBoost, TargetType};
    match target {
        TargetType::User => ProfileBoost::NAME,
        TargetType::Gig => GigBoost::NAME,
        TargetType::Clan => ClanBoost::NAME,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use quoin_boosts::Running;
    use quoin_events::types::TargetType;

    const HOUR: i64 = 3_600_000;

    /// Things of a kind; `RANKED` says whether lists are ordered by what boosts come to.
    enum Thing<const RANKED: bool> {}

    impl<const RANKED: bool> Boosted for Thing<RANKED> {
        const TARGET: TargetType = TargetType::Gig;
        const BOOSTS: &'static str = "boosts";
        const CREDITS: &'static str = "credits";
        const SCHEDULES: &'static str = "THING";
        const IS_RANKED: bool = RANKED;
        type Place = ();

        async fn place(_: &Env, _: &str) -> Result<(), StoreError> {
            Ok(())
        }

        fn placed(_: &Env, (): &(), _: &str, _: u64, _: Timestamp) -> Result<Commit, StoreError> {
            Ok(Commit::new())
        }
    }

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_millis(ms)
    }

    /// Forty credits for four hours, from the beginning of time on.
    fn boost() -> Boost {
        Boost {
            event_id: "boost_1".to_owned(),
            user_id: "u".to_owned(),
            target_type: TargetType::Gig,
            target_id: "t".to_owned(),
            credits: 40,
            hours: 4,
            from: at(0),
        }
    }

    fn stored(score: u64, due: i64) -> Stored {
        let mut running = Running::default();
        running.add(boost());
        Stored { version: 1, running, score, due: Some(at(due)) }
    }

    #[test]
    fn a_step_changes_what_lists_are_ordered_by_and_nothing_else() {
        let before = stored(40, HOUR);
        let settling = Settling::decide::<Thing<true>>(&before, None, at(HOUR)).unwrap();
        assert_eq!((settling.score, settling.due, settling.ended.len()), (30, Some(at(2 * HOUR)), 0));
        assert!(Settling::decide::<Thing<true>>(&stored(30, 2 * HOUR), None, at(HOUR)).is_none());
        assert!(Settling::decide::<Thing<false>>(&stored(40, 4 * HOUR), None, at(HOUR)).is_none());
    }

    #[test]
    fn what_is_over_is_ended_and_leaves_nothing_due() {
        let settling = Settling::decide::<Thing<false>>(&stored(40, 4 * HOUR), None, at(4 * HOUR)).unwrap();
        assert_eq!((settling.score, settling.due, settling.ended), (0, None, vec![boost()]));
    }

    #[test]
    fn what_is_heard_of_when_it_is_over_is_taken_in_and_ended_at_once() {
        let (new, now) = (boost(), at(9 * HOUR));
        let settling = Settling::decide::<Thing<true>>(&Stored::default(), Some((&new, "gig_boost")), now).unwrap();
        assert_eq!((settling.score, settling.due, settling.ended.len()), (0, None, 1));
        assert!(settling.commit::<Thing<true>>("t", "t", &Stored::default(), now).is_ok());
    }

    #[test]
    fn an_end_that_was_told_is_not_told_again() {
        let (new, now) = (boost(), at(9 * HOUR));
        let mut before = stored(40, 4 * HOUR);
        before.running.add(Boost { event_id: "boost_2".to_owned(), ..boost() });
        let mut settling = Settling::decide::<Thing<true>>(&before, Some((&new, "gig_boost")), now).unwrap();
        settling.keep_quiet();
        let ended: Vec<_> = settling.ended.iter().map(|boost| boost.event_id.as_str()).collect();
        assert_eq!((ended, settling.score), (vec!["boost_2"], 0));
    }

    #[test]
    fn an_event_that_comes_again_changes_nothing() {
        let (new, before) = (boost(), stored(40, HOUR));
        let settling = Settling::decide::<Thing<true>>(&before, Some((&new, "gig_boost")), at(1)).unwrap();
        assert_eq!((settling.running, settling.score), (before.running, 40));
    }
}
