//! What does not hold, under the name of the check that says so.

use std::fmt;

/// Something that is held against every history.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Check {
    /// Versions and sequences of a stream follow its head; nothing in it is changed.
    Sequence,
    /// Time does not go back.
    Clock,
    /// A wallet is written together with its journal item, and with no other version.
    Together,
    /// A line says what the balance was and becomes, and goes to the account of its purpose.
    Line,
    /// The stored wallet is the fold of its lines: available, held, owed, lots.
    Balance,
    /// Limits have used what was counted, and no stake is above one.
    Limits,
    /// Over all wallets and accounts of the house there is nothing more and nothing less.
    House,
    /// What is paid once is paid once.
    Once,
    /// The hash chain, worked out again.
    Chain,
    /// Each public line has its event and each wallet event its line.
    Told,
    /// What is published is committed, letter for letter, and what is committed is published.
    Published,
    /// The audit trail has every event in its place.
    Trail,
    /// Queues are empty and dead letters are only what nobody can read.
    Queues,
    /// Each message to a person is sent once.
    Notices,
    /// Points follow from bets, once.
    Points,
    /// Figures count each event once.
    Figures,
    /// A step has an answer, and one answer only.
    Answered,
    /// The answer is one that fits the request and what the platform knew.
    Expected,
    /// A command left the events that its answer tells of, and no others.
    Effects,
    /// Balances are what people were told.
    Money,
    /// Bets are and pay what the feed's last word makes of them.
    Bets,
    /// Deposits and their bonuses follow the provider's word.
    Deposits,
    /// The platform's own verification finds nothing.
    Verified,
    /// Everything comes to rest.
    Rest,
    /// Nothing panics.
    Panic,
}

/// Something that does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// The check.
    pub check: Check,
    /// What is wrong.
    pub what: String,
}

impl Broken {
    pub(crate) fn new(check: Check, what: impl Into<String>) -> Self {
        Self { check, what: what.into() }
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.check, self.what)
    }
}

/// Returns what is broken unless the condition holds.
macro_rules! holds {
    ($condition:expr, $check:ident, $($what:tt)+) => {
        if !$condition {
            return Err(crate::findings::Broken::new(crate::findings::Check::$check, format!($($what)+)));
        }
    };
}
pub(crate) use holds;
