//! What can be wrong, each with a stable name, and one instance of it.

use serde::Serialize;

/// A way in which the ledger does not add up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// An item does not have the shape of its kind.
    Unreadable,
    /// A version of a stream is missing.
    VersionGap,
    /// A sequence of events is missing, or given twice.
    SequenceGap,
    /// A moment is before the one before it.
    TimeBack,
    /// An event does not stand where it says, or does not tell what was posted.
    Event,
    /// A posting does not lead from the balance before to the one after.
    Posting,
    /// Postings and their accounts do not sum to zero.
    Sum,
    /// What is held is not the sum of the holds, or not what was posted to it.
    Hold,
    /// A wallet's balances are not the sum of its postings.
    Balance,
    /// A hash of the chain is not that of its contents, or not that of the item before.
    Chain,
    /// A wallet does not end where its stream does.
    Head,
    /// A stream of a wallet that does not exist.
    MissingWallet,
    /// A wallet that has changed, without a stream that says how.
    MissingJournal,
    /// A change follows from something that the journal does not know.
    Cause,
    /// A bet's lines are not what the bet says.
    Bet,
    /// A credited deposit is not what the payment says.
    Deposit,
    /// What an order took or gave back is not what the order says.
    Order,
    /// A line of a transfer is not what the transfer says.
    Transfer,
    /// Credits moved, or cash for them, other than the purchase, the boost, the gig or the contribution says.
    Credits,
    /// A payment, an order, a registration or an erasure is open for longer than it may be.
    OpenSaga,
    /// A customer or a subscription is not what its events make of it.
    State,
    /// A subscription should have been charged, and nobody has begun to.
    OverdueCharge,
    /// A payment without the period that it paid for, or the reverse.
    SubscriptionPayment,
    /// An event has not reached the audit trail.
    Unpublished,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 24] = [
        Self::Unreadable,
        Self::VersionGap,
        Self::SequenceGap,
        Self::TimeBack,
        Self::Event,
        Self::Posting,
        Self::Sum,
        Self::Hold,
        Self::Balance,
        Self::Chain,
        Self::Head,
        Self::MissingWallet,
        Self::MissingJournal,
        Self::Cause,
        Self::Bet,
        Self::Deposit,
        Self::Order,
        Self::Transfer,
        Self::Credits,
        Self::OpenSaga,
        Self::State,
        Self::OverdueCharge,
        Self::SubscriptionPayment,
        Self::Unpublished,
    ];

    /// The stable name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unreadable => "unreadable",
            Self::VersionGap => "version-gap",
            Self::SequenceGap => "sequence-gap",
            Self::TimeBack => "time-back",
            Self::Event => "event",
            Self::Posting => "posting",
            Self::Sum => "sum",
            Self::Hold => "hold",
            Self::Balance => "balance",
            Self::Chain => "chain",
            Self::Head => "head",
            Self::MissingWallet => "missing-wallet",
            Self::MissingJournal => "missing-journal",
            Self::Cause => "cause",
            Self::Bet => "bet",
            Self::Deposit => "deposit",
            Self::Order => "order",
            Self::Transfer => "transfer",
            Self::Credits => "credits",
            Self::OpenSaga => "open-saga",
            Self::State => "state",
            Self::OverdueCharge => "overdue-charge",
            Self::SubscriptionPayment => "subscription-payment",
            Self::Unpublished => "unpublished",
        }
    }
}

/// One thing that does not add up. Its texts hold ids, amounts and moments, never personal data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Break {
    /// In which way.
    pub kind: Kind,
    /// Where: a stream and version (`wallet#u 3`), a wallet, a row.
    pub place: String,
    /// What is there.
    pub found: String,
    /// What should be.
    pub expected: String,
}

impl Break {
    /// A break of `kind` at `place`: what is there, and what should be.
    #[must_use]
    pub fn new(kind: Kind, place: impl Into<String>, found: impl ToString, expected: impl ToString) -> Self {
        Self { kind, place: place.into(), found: found.to_string(), expected: expected.to_string() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_spelled_alike_in_text_and_in_json_and_no_name_is_given_twice() {
        let mut names = std::collections::BTreeSet::new();
        for kind in Kind::ALL {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
            assert!(names.insert(kind.as_str()));
        }
    }
}
