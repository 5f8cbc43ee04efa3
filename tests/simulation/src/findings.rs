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
    /// What holds money is read as it is, not as it was.
    Stale,
    /// A line says what the balance was and becomes, and goes to the account of its purpose.
    Line,
    /// The stored wallet is the fold of its lines: available, held, owed, lots.
    Balance,
    /// What is owed is what corrections could not take, less what was repaid as soon as it could be.
    Debts,
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
    /// The warehouse has every event once.
    Warehouse,
    /// Queues are empty and dead letters are only what nobody can read.
    Queues,
    /// Every message is handled or a letter with its reason, and a function's line counts each.
    Handled,
    /// Each message to a person is sent once.
    Notices,
    /// Points follow from bets, once.
    Points,
    /// Figures count each event once.
    Figures,
    /// Whoever was told so is registered, whole, and nobody else is.
    Registered,
    /// Of members: one account, one payment and one subscription each, or nothing.
    Members,
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
    /// Orders cost, take and give back what they must, and their end is the merchant's word.
    Orders,
    /// Boosts count by their quarters, are taken in once and end once, on time.
    Boosts,
    /// Gigs and clans are what was done to them, and lists are in their order.
    Listed,
    /// The general ledger is what the wallets' lines make it.
    Ledger,
    /// The platform's own verification finds nothing.
    Verified,
    /// A consumer in order is told of every event once, in order.
    Followed,
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
    /// Of the wallet, the bet or whatever it is about: what it should be beside what it is.
    pub sides: Vec<Side>,
}

/// One thing on both sides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Side {
    /// What it is.
    pub of: String,
    /// As it should be; empty where nothing says so.
    pub expected: String,
    /// As the tables have it; empty where they do not.
    pub is: String,
}

impl Side {
    pub(crate) fn new(of: impl Into<String>, expected: impl fmt::Display, is: impl fmt::Display) -> Self {
        Self { of: of.into(), expected: expected.to_string(), is: is.to_string() }
    }
}

impl Broken {
    pub(crate) fn new(check: Check, what: impl Into<String>) -> Self {
        Self { check, what: what.into(), sides: Vec::new() }
    }

    /// The same with both sides.
    pub(crate) fn beside(self, sides: impl IntoIterator<Item = Side>) -> Self {
        Self { sides: sides.into_iter().collect(), ..self }
    }

    /// Both sides as a table, if they are known: a mark where they differ.
    #[must_use]
    pub fn table(&self) -> Option<String> {
        let names = Side::new("", "expected", "is");
        let width = |cell: fn(&Side) -> &str| {
            self.sides.iter().chain([&names]).map(|side| cell(side).chars().count()).max().unwrap_or(0)
        };
        let (of, expected) = (width(|side| &side.of), width(|side| &side.expected));
        let row = |side: &Side, mark: &str| {
            let row = format!("{mark} {:<of$}  {:>expected$}  {}", side.of, side.expected, side.is);
            row.trim_end().to_owned()
        };
        let rows = self.sides.iter().map(|side| {
            let differs = !side.expected.is_empty() && !side.is.is_empty() && side.expected != side.is;
            row(side, if differs { "≠" } else { " " })
        });
        let table: Vec<_> = std::iter::once(row(&names, " ")).chain(rows).collect();
        (!self.sides.is_empty()).then(|| table.join("\n"))
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.check, self.what)
    }
}

/// Returns what is broken unless the condition holds; with what must be and what is, if they are named.
macro_rules! holds {
    ($condition:expr, $check:ident, [$of:expr, $expected:expr, $is:expr], $($what:tt)+) => {
        if !$condition {
            let side = crate::findings::Side::new($of, $expected, $is);
            let broken = crate::findings::Broken::new(crate::findings::Check::$check, format!($($what)+));
            return Err(broken.beside([side]));
        }
    };
    ($condition:expr, $check:ident, $($what:tt)+) => {
        if !$condition {
            return Err(crate::findings::Broken::new(crate::findings::Check::$check, format!($($what)+)));
        }
    };
}
pub(crate) use holds;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_sides_stand_beside_each_other() {
        let broken = Broken::new(Check::Money, "u1 has less").beside([
            Side::new("deposits", "10.00", "10.00"),
            Side::new("bets", "-1.00", "-2.00"),
            Side::new("available", "", "8.00"),
        ]);
        let table = "             expected  is\n  deposits      10.00  10.00\n≠ bets          -1.00  -2.00\n  available            8.00";
        assert_eq!(broken.table().as_deref(), Some(table));
        assert_eq!(Broken::new(Check::Rest, "x").table(), None);
    }
}
