//! Guessing passwords: ten wrong ones per contact point in the quarter of an hour that the first one begins.
//!
//! A try is counted before the password is looked at, so a hundred tries at once are not a hundred guesses;
//! the right password takes the count away.

use quoin_accounts::{Contact, table};
use quoin_events::Timestamp;
use quoin_runtime::{Env, Problem};
use quoin_store::{Key, Update};

/// Tries in a window.
const TRIES: u32 = 10;
/// Seconds of a window.
const WINDOW: i64 = 900;

/// The count of a contact point's tries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tries(Key);

impl Tries {
    fn of(contact: &Contact) -> Self {
        Self(Key::new(format!("attempts#{}", contact.key), "window"))
    }

    /// Counts a try, or refuses it.
    pub(crate) async fn enter(env: &Env, contact: &Contact, now: Timestamp) -> Result<Self, Problem> {
        let (table, tries) = (table(env)?, Self::of(contact));
        // One of those who find no window, or one that has ended, begins the next one; the others count in it.
        let first = Update::of(table, tries.0.clone())
            .number("n", 1)
            .number("expires", now.seconds().saturating_add(WINDOW))
            .if_newer("expires", now.seconds());
        if env.store.update(first).await? {
            return Ok(tries);
        }
        let next = Update::of(table, tries.0.clone()).add("n", 1).if_newer("n", TRIES);
        if env.store.update(next).await? {
            return Ok(tries);
        }
        let window = env.store.get(table, &tries.0, true).await?;
        let ends = window.and_then(|item| item.get_number("expires")).unwrap_or_else(|| now.seconds());
        Err(refused(ends.saturating_sub(now.seconds())))
    }

    /// Takes the count away.
    pub(crate) async fn forgive(&self, env: &Env) -> Result<(), Problem> {
        Ok(env.store.delete(table(env)?, &self.0).await?)
    }
}

fn refused(left: i64) -> Problem {
    let mut problem = Problem::new(429, "TOO_MANY_ATTEMPTS", "too many attempts; try again later");
    problem.retry_after = Some(u32::try_from(left.clamp(1, WINDOW)).unwrap_or(1));
    problem
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_count_names_nobody() {
        let tries = Tries::of(&Contact::email("anna@example.com").unwrap());
        assert!(!tries.0.pk.contains("anna"));
        assert_ne!(tries, Tries::of(&Contact::email("otto@example.com").unwrap()));
    }

    #[test]
    fn the_answer_tells_when_to_come_back() {
        assert_eq!(refused(300).retry_after, Some(300));
        assert_eq!(refused(-5).retry_after, Some(1));
    }
}
