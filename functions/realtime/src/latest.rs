//! What went out last of a thing on a channel, so that nothing older ever follows.
//!
//! Whoever wants to send a message takes the thing's row first, and gives it back when the message is with every
//! connection. Only one has it at a time, and only for what is not older than what it had before. One that dies with the
//! row in hand has it until its function would have been stopped.

use quoin_events::Timestamp;
use quoin_store::{Item, StoreError};

/// The row of a thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Latest {
    /// How often it was written: who writes it names what they read.
    pub(crate) turn: u64,
    /// The newest version that somebody began to send.
    pub(crate) version: u64,
    /// Whether every connection has it.
    pub(crate) is_sent: bool,
    /// Until when somebody is sending it.
    pub(crate) until: Timestamp,
}

/// What is to be done with a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    /// Send it, once this is written in place of what was read.
    Take(Latest),
    /// A newer one went out, or is about to.
    Stale,
    /// It went out.
    Sent,
    /// Somebody is sending: look again.
    Wait,
}

/// What is to be done with `version` of a thing, of which `found` is known, by one who is stopped at `until`.
pub(crate) fn next(found: Option<Latest>, version: u64, now: Timestamp, until: Timestamp) -> Next {
    let take = |turn| Next::Take(Latest { turn, version, is_sent: false, until });
    match found {
        None => take(1),
        Some(latest) if version < latest.version => Next::Stale,
        Some(latest) if version == latest.version && latest.is_sent => Next::Sent,
        Some(latest) if !latest.is_sent && latest.until > now => Next::Wait,
        Some(latest) => take(latest.turn.saturating_add(1)),
    }
}

impl Latest {
    /// As it is given back: every connection has it, or it is to be sent again.
    pub(crate) fn done(self, is_sent: bool) -> Self {
        Self { turn: self.turn.saturating_add(1), is_sent, until: Timestamp::from_millis(0), ..self }
    }

    /// As it stands in a row.
    ///
    /// # Errors
    /// If the row is not of a thing.
    pub(crate) fn read(row: &Item) -> Result<Self, StoreError> {
        let missing = |name: &str| StoreError::corrupt(format!("the attribute {name} is missing"));
        let number = |name: &str| row.get_number(name).ok_or_else(|| missing(name));
        let count = |name| number(name).map(|number| u64::try_from(number).unwrap_or(0));
        let (turn, version) = (count("turn")?, count("version")?);
        Ok(Self { turn, version, is_sent: number("sent")? == 1, until: Timestamp::from_millis(number("until")?) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What happens next in a history of several who send.
    #[derive(Debug, Clone, Copy)]
    enum Step {
        /// Sender `i` reads the row and decides.
        Begin(usize),
        /// Sender `i` sends, if it may, and gives the row back.
        End(usize),
        /// Sender `i` dies, and its message comes again.
        Die(usize),
        /// Time passes, past the end of all that run.
        Pass,
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            4 => (0_usize..6).prop_map(Step::Begin),
            4 => (0_usize..6).prop_map(Step::End),
            1 => (0_usize..6).prop_map(Step::Die),
            1 => Just(Step::Pass),
        ]
    }

    struct World {
        row: Option<Latest>,
        now: i64,
        /// Of each sender: what it took, and until when it lives.
        hands: Vec<Option<Latest>>,
        is_handled: Vec<bool>,
        seen: Vec<u64>,
    }

    impl World {
        fn begin(&mut self, sender: usize, version: u64) {
            let now = Timestamp::from_millis(self.now);
            if self.hands[sender].is_some() || self.is_handled[sender] {
                return;
            }
            match next(self.row, version, now, now.plus_millis(30)) {
                Next::Take(latest) => {
                    self.row = Some(latest);
                    self.hands[sender] = Some(latest);
                }
                Next::Stale | Next::Sent => self.is_handled[sender] = true,
                Next::Wait => {}
            }
        }

        /// Past the end of all who run.
        fn pass(&mut self) {
            self.now = self.now.saturating_add(31);
        }

        fn end(&mut self, sender: usize) {
            let Some(latest) = self.hands[sender].take() else { return };
            // Lambda stops who has run out of time before anything of it goes out.
            if latest.until <= Timestamp::from_millis(self.now) {
                return;
            }
            self.seen.push(latest.version);
            if self.row.is_some_and(|row| row.turn == latest.turn) {
                self.row = Some(latest.done(true));
                self.is_handled[sender] = true;
            }
        }
    }

    proptest! {
        #[test]
        fn in_any_order_with_any_deaths_it_ends_at_the_newest_and_never_goes_back(
            versions in prop::collection::vec(1_u64..6, 6),
            steps in prop::collection::vec(step(), 0..80),
        ) {
            let mut world =
                World { row: None, now: 1, hands: vec![None; 6], is_handled: vec![false; 6], seen: Vec::new() };
            for step in steps {
                match step {
                    Step::Begin(sender) => world.begin(sender, versions[sender]),
                    Step::End(sender) => world.end(sender),
                    Step::Die(sender) => world.hands[sender] = None,
                    Step::Pass => world.pass(),
                }
            }
            // Whoever is not done comes again.
            for _ in 0..versions.len() {
                world.pass();
                for (sender, version) in versions.iter().enumerate() {
                    world.end(sender);
                    world.begin(sender, *version);
                    world.end(sender);
                }
            }
            prop_assert!(world.is_handled.iter().all(|is_handled| *is_handled));
            prop_assert!(world.seen.is_sorted(), "{:?}", world.seen);
            prop_assert_eq!(world.seen.last(), versions.iter().max());
        }
    }

    #[test]
    fn a_row_is_read_as_it_is_written() {
        let row = Item::new().number("turn", 3).number("version", 97).number("sent", 1).number("until", 0);
        let latest = Latest { turn: 3, version: 97, is_sent: true, until: Timestamp::from_millis(0) };
        assert_eq!(Latest::read(&row).unwrap(), latest);
        assert!(Latest::read(&Item::new().number("turn", 3)).is_err());
    }
}
