//! What to do next for an entity, given what its rows say: pure, so that every order, every duplicate and every
//! way of being cut short can be tried.

use crate::Outcome;

/// What the rows of an entity say, read consistently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Seen {
    /// Sequence of the event that was applied last; 0 before the first.
    pub(super) last: u64,
    /// The lowest sequence that is parked.
    pub(super) lowest: Option<u64>,
}

/// What to do before looking again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// Apply the event in hand, which is due; it may be parked as well.
    ApplyInHand {
        /// Whether its parked row goes with it.
        is_parked: bool,
    },
    /// Apply the parked event with this sequence, which is due.
    ApplyParked(u64),
    /// Apply the event with this sequence from the journal.
    Fill(u64),
    /// Leave the mark, then park the event in hand.
    Park,
    /// Leave the mark alone: the entity's events are taken from the journal by the next sweep.
    Mark,
    /// Remove a parked row whose event was applied: a late copy left it.
    Forget(u64),
    /// Remove the mark, unless an event after this sequence was parked.
    Clear(u64),
    /// Nothing more; what became of the event in hand.
    Done(Outcome),
}

/// The way of one event, or of one sweep, through the rows of its entity.
#[derive(Debug)]
pub(super) struct Course {
    /// The event in hand; 0 for a sweep, which has none.
    sequence: u64,
    outcome: Option<Outcome>,
    /// Whether the event is so old that its entity's cursor may have expired.
    is_old: bool,
    is_parked: bool,
    /// Whether something is or was parked, so that a mark may have to go.
    has_waited: bool,
    /// Whether gaps are filled from the journal.
    fills: bool,
}

impl Course {
    /// With the event `sequence` in hand; `is_old` if its entity's cursor may have expired since it was applied.
    pub(super) const fn of_event(sequence: u64, is_old: bool) -> Self {
        Self { sequence, outcome: None, is_old, is_parked: false, has_waited: false, fills: false }
    }

    /// Of a sweep.
    pub(super) const fn of_sweep() -> Self {
        let outcome = Some(Outcome::Applied);
        Self { sequence: 0, outcome, is_old: false, is_parked: false, has_waited: true, fills: true }
    }

    /// The next step.
    pub(super) fn next(&mut self, seen: Seen) -> Step {
        let due = seen.last.saturating_add(1);
        if let Some(lowest) = seen.lowest {
            self.has_waited = true;
            if lowest < due {
                return Step::Forget(lowest);
            }
        }
        if self.outcome.is_none() {
            // An old first event without a cursor may be a copy of one that was followed by others: applied alone, it
            // would make an end of the entity's beginning.
            if self.is_old && seen.last == 0 && self.sequence == due {
                return Step::Mark;
            }
            if self.sequence == due {
                return Step::ApplyInHand { is_parked: seen.lowest == Some(due) };
            }
            if self.sequence > due && !self.is_parked {
                return Step::Park;
            }
            self.outcome = Some(if self.sequence < due { Outcome::Duplicate } else { Outcome::Parked });
        }
        if seen.lowest == Some(due) {
            return Step::ApplyParked(due);
        }
        if self.fills {
            return Step::Fill(due);
        }
        // As long as something waits the mark cannot go.
        if self.has_waited && seen.lowest.is_none() {
            return Step::Clear(seen.last);
        }
        Step::Done(self.outcome.unwrap_or(Outcome::Duplicate))
    }

    /// The event in hand is parked.
    pub(super) const fn parked(&mut self) {
        (self.is_parked, self.has_waited) = (true, true);
    }

    /// The mark is left for the event in hand, which is not parked.
    pub(super) const fn marked(&mut self) {
        self.outcome = Some(Outcome::Parked);
    }

    /// The event `sequence` is applied.
    pub(super) fn applied(&mut self, sequence: u64) {
        if sequence == self.sequence {
            self.outcome = Some(Outcome::Applied);
        }
    }

    /// The journal has no further event.
    pub(super) const fn filled(&mut self) {
        self.fills = false;
    }

    /// The mark is gone, or stays for what came meanwhile.
    pub(super) const fn cleared(&mut self) {
        self.has_waited = false;
    }

    /// What became of the event in hand, as far as it is known: whatever fails afterwards is not its failure.
    pub(super) const fn outcome(&self) -> Option<Outcome> {
        self.outcome
    }
}

#[cfg(test)]
#[expect(clippy::arithmetic_side_effects, reason = "the numbers of a test are small")]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    /// The rows of one entity, as the table keeps them, and what was applied.
    #[derive(Debug, Default)]
    struct Rows {
        /// Since the cursor expired last.
        applied: Vec<u64>,
        parked: BTreeSet<u64>,
        mark: Option<u64>,
    }

    impl Rows {
        fn last(&self) -> u64 {
            self.applied.last().copied().unwrap_or(0)
        }

        fn seen(&self) -> Seen {
            Seen { last: self.last(), lowest: self.parked.first().copied() }
        }

        /// The transaction of an event: conditioned on the cursor.
        fn apply(&mut self, sequence: u64, is_parked: bool) -> bool {
            if self.last() + 1 != sequence {
                return false;
            }
            self.applied.push(sequence);
            if is_parked {
                self.parked.remove(&sequence);
            }
            true
        }
    }

    /// One worker: each of its requests is a step of its own, between which others go on.
    #[derive(Debug)]
    struct Worker {
        course: Course,
        sequence: u64,
        wanted: Option<Step>,
        has_marked: bool,
    }

    impl Worker {
        fn new(course: Course, sequence: u64) -> Self {
            Self { course, sequence, wanted: None, has_marked: false }
        }

        /// Makes one request; true when there is nothing more to do. `end` is where the journal ends.
        fn request(&mut self, rows: &mut Rows, end: u64) -> bool {
            let Some(step) = self.wanted.take() else {
                self.wanted = Some(self.course.next(rows.seen()));
                return matches!(self.wanted, Some(Step::Done(_)));
            };
            match step {
                Step::ApplyInHand { is_parked } => {
                    if rows.apply(self.sequence, is_parked) {
                        self.course.applied(self.sequence);
                    }
                }
                Step::ApplyParked(sequence) => {
                    if rows.apply(sequence, true) {
                        self.course.applied(sequence);
                    }
                }
                Step::Fill(sequence) if sequence > end => self.course.filled(),
                Step::Fill(sequence) => {
                    rows.apply(sequence, false);
                }
                Step::Park if !self.has_marked => {
                    rows.mark = rows.mark.max(Some(self.sequence));
                    (self.has_marked, self.wanted) = (true, Some(step));
                }
                Step::Park => {
                    rows.parked.insert(self.sequence);
                    self.course.parked();
                }
                Step::Mark => {
                    rows.mark = rows.mark.max(Some(self.sequence));
                    self.course.marked();
                }
                Step::Forget(sequence) => {
                    rows.parked.remove(&sequence);
                }
                Step::Clear(last) => {
                    rows.mark = rows.mark.filter(|upto| *upto > last);
                    self.course.cleared();
                }
                Step::Done(_) => return true,
            }
            false
        }
    }

    /// A request of one of the workers in hand, a new delivery, or a worker that is gone between two requests.
    #[derive(Debug, Clone)]
    enum Turn {
        Goes(usize),
        Comes(u64),
        Dies(usize),
        Sweeps,
    }

    fn turns(end: u64) -> impl Strategy<Value = Vec<Turn>> {
        let turn = prop_oneof![
            12 => (0_usize..6).prop_map(Turn::Goes),
            4 => (1..=end).prop_map(Turn::Comes),
            1 => (0_usize..6).prop_map(Turn::Dies),
            1 => Just(Turn::Sweeps),
        ];
        prop::collection::vec(turn, 0..200)
    }

    fn finish(mut worker: Worker, rows: &mut Rows, end: u64) -> Option<Outcome> {
        for _ in 0..1_000 {
            if worker.request(rows, end) {
                return worker.course.outcome();
            }
        }
        None
    }

    fn in_order(rows: &Rows) -> bool {
        rows.applied.iter().copied().eq(1..=rows.last())
    }

    proptest! {
        #[test]
        fn every_order_and_duplication_applies_each_event_exactly_once_in_order(
            end in 1_u64..12, order in prop::collection::vec(any::<prop::sample::Index>(), 0..40),
            last in any::<u64>(),
        ) {
            let mut rows = Rows::default();
            // Any deliveries at all, and after them each event at least once, from any of them on.
            let deliveries: Vec<u64> = order.iter().map(|index| index.index(end as usize) as u64 + 1).collect();
            let rest = (0..end).map(|step| (step + last % end) % end + 1);
            for sequence in deliveries.into_iter().chain(rest) {
                let was_last = rows.last();
                let outcome = finish(Worker::new(Course::of_event(sequence, false), sequence), &mut rows, end);
                prop_assert!(in_order(&rows), "{:?}", rows);
                let expected = match sequence {
                    _ if sequence <= was_last => Outcome::Duplicate,
                    _ if sequence == was_last + 1 => Outcome::Applied,
                    _ => Outcome::Parked,
                };
                prop_assert_eq!(outcome, Some(expected));
                // What waits has a mark, and a mark stands for what waits.
                prop_assert_eq!(rows.mark, rows.parked.last().copied());
            }
            prop_assert_eq!(rows.last(), end);
            prop_assert!(rows.parked.is_empty());
        }

        #[test]
        fn workers_that_meet_and_die_apply_each_event_once_and_a_sweep_mends_the_rest(
            (end, turns) in (1_u64..8).prop_flat_map(|end| (Just(end), turns(end))),
        ) {
            let mut rows = Rows::default();
            let mut workers: Vec<Worker> = Vec::new();
            for turn in turns {
                match turn {
                    Turn::Comes(sequence) => workers.push(Worker::new(Course::of_event(sequence, false), sequence)),
                    Turn::Sweeps => workers.push(Worker::new(Course::of_sweep(), 0)),
                    Turn::Goes(index) | Turn::Dies(index) if index >= workers.len() => {}
                    Turn::Dies(index) => drop(workers.swap_remove(index)),
                    Turn::Goes(index) => {
                        if workers[index].request(&mut rows, end) {
                            workers.swap_remove(index);
                        }
                    }
                }
                prop_assert!(in_order(&rows), "{:?}", rows);
                // An event that waits is never without a mark: a sweep finds it.
                let waiting = rows.parked.iter().rfind(|sequence| **sequence > rows.last());
                prop_assert!(waiting.is_none() || rows.mark >= waiting.copied(), "{:?}", rows);
            }
            for worker in workers {
                prop_assert!(finish(worker, &mut rows, end).is_some(), "goes on and on");
            }
            if rows.mark.is_some() {
                finish(Worker::new(Course::of_sweep(), 0), &mut rows, end);
                prop_assert!(rows.parked.is_empty() && rows.mark.is_none() && rows.last() == end, "{:?}", rows);
            }
            // Without a mark there is at most what a late copy left; the next event takes it away.
            prop_assert!(rows.parked.iter().all(|sequence| *sequence <= rows.last()), "{:?}", rows);
            prop_assert!(in_order(&rows), "{:?}", rows);
        }
    }

    proptest! {
        #[test]
        fn what_comes_after_the_cursor_expired_never_makes_a_beginning_of_an_end(
            end in 1_u64..8, late in prop::collection::vec((any::<prop::sample::Index>(), any::<bool>()), 1..12),
            left in prop::option::of(1_u64..8),
        ) {
            let mut rows = Rows::default();
            for sequence in 1..=end {
                prop_assert_eq!(
                    finish(Worker::new(Course::of_event(sequence, false), sequence), &mut rows, end),
                    Some(Outcome::Applied)
                );
            }
            // The cursor goes; what a late copy had parked may still be there.
            rows.applied.clear();
            rows.parked.extend(left.filter(|sequence| (2..=end).contains(sequence)));
            for (index, sweeps) in late {
                let sequence = index.index(end as usize) as u64 + 1;
                let outcome = finish(Worker::new(Course::of_event(sequence, true), sequence), &mut rows, end);
                let expected = if rows.last() == 0 { Outcome::Parked } else { Outcome::Duplicate };
                prop_assert_eq!(outcome, Some(expected));
                prop_assert!(rows.last() == 0 || rows.last() == end, "{:?}", rows);
                prop_assert!(rows.last() == end || rows.mark.is_some(), "{:?}", rows);
                if sweeps && rows.mark.is_some() {
                    finish(Worker::new(Course::of_sweep(), 0), &mut rows, end);
                    prop_assert!(rows.last() == end && rows.mark.is_none() && rows.parked.is_empty(), "{:?}", rows);
                }
            }
            prop_assert!(in_order(&rows), "{:?}", rows);
        }
    }

    #[test]
    fn an_old_first_event_is_applied_where_its_successors_are_and_not_alone() {
        let mut course = Course::of_event(1, true);
        assert_eq!(course.next(Seen { last: 0, lowest: None }), Step::Mark);
        course.marked();
        assert_eq!(course.next(Seen { last: 0, lowest: None }), Step::Done(Outcome::Parked));
        // A young one cannot have been forgotten.
        let mut young = Course::of_event(1, false);
        assert_eq!(young.next(Seen { last: 0, lowest: None }), Step::ApplyInHand { is_parked: false });
        assert_eq!(
            Course::of_event(2, true).next(Seen { last: 1, lowest: None }),
            Step::ApplyInHand { is_parked: false }
        );
    }

    #[test]
    fn an_event_that_becomes_due_while_it_is_parked_is_applied_by_whoever_parked_it() {
        let mut course = Course::of_event(2, false);
        assert_eq!(course.next(Seen { last: 0, lowest: None }), Step::Park);
        course.parked();
        // Somebody applied the first one before the parked row could be seen.
        assert_eq!(course.next(Seen { last: 1, lowest: Some(2) }), Step::ApplyInHand { is_parked: true });
    }

    #[test]
    fn an_event_in_order_costs_no_more_than_two_looks_and_its_transaction() {
        let mut course = Course::of_event(3, false);
        assert_eq!(course.next(Seen { last: 2, lowest: None }), Step::ApplyInHand { is_parked: false });
        course.applied(3);
        assert_eq!(course.next(Seen { last: 3, lowest: None }), Step::Done(Outcome::Applied));
    }

    #[test]
    fn what_a_late_duplicate_parked_is_removed_again() {
        let mut course = Course::of_event(2, false);
        assert_eq!(course.next(Seen { last: 0, lowest: None }), Step::Park);
        course.parked();
        assert_eq!(course.next(Seen { last: 5, lowest: Some(2) }), Step::Forget(2));
        assert_eq!(course.next(Seen { last: 5, lowest: None }), Step::Clear(5));
        course.cleared();
        assert_eq!(course.next(Seen { last: 5, lowest: None }), Step::Done(Outcome::Duplicate));
    }
}
