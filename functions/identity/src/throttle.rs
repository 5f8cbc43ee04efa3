//! Guessing passwords: ten wrong ones per contact point and quarter of an hour.
//!
//! A try is counted before the password is looked at, so a hundred tries at once are not a hundred guesses;
//! the right password takes the count away.

use quoin_events::Timestamp;
use quoin_runtime::{Env, Problem};
use quoin_store::{Key, Update};

use crate::accounts::table;
use crate::contact::Contact;

/// Tries in a window.
const TRIES: u32 = 10;
/// Seconds of a window.
const WINDOW: i64 = 900;

/// The count of one contact point in one window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Window {
    key: Key,
    ends: i64,
}

impl Window {
    fn at(contact: &Contact, now: Timestamp) -> Self {
        let number = now.seconds().div_euclid(WINDOW);
        let ends = number.saturating_add(1).saturating_mul(WINDOW);
        Self { key: Key::new(format!("attempts#{}", contact.key), number.to_string()), ends }
    }

    /// Counts a try, or refuses it.
    pub(crate) async fn enter(env: &Env, contact: &Contact, now: Timestamp) -> Result<Self, Problem> {
        let window = Self::at(contact, now);
        let update =
            Update::of(table(env)?, window.key.clone()).add("n", 1).number("expires", window.ends).if_newer("n", TRIES);
        if env.store.update(update).await? {
            return Ok(window);
        }
        let mut problem = Problem::new(429, "TOO_MANY_ATTEMPTS", "too many attempts; try again later");
        let left = window.ends.saturating_sub(now.seconds()).max(1);
        problem.retry_after = Some(u32::try_from(left).unwrap_or(u32::MAX));
        Err(problem)
    }

    /// Takes the count away.
    pub(crate) async fn forgive(&self, env: &Env) -> Result<(), Problem> {
        Ok(env.store.delete(table(env)?, &self.key).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_a_quarter_of_an_hour() {
        let contact = Contact::email("anna@example.com").unwrap();
        let at = |seconds: i64| Window::at(&contact, Timestamp::from_millis(seconds * 1000));
        assert_eq!(at(1_800_000_000), at(1_800_000_899));
        assert_ne!(at(1_800_000_000).key, at(1_800_000_900).key);
        assert_eq!(at(1_800_000_000).ends, 1_800_000_900);
        assert!(!at(0).key.pk.contains("anna"));
    }
}
