//! What a change tells others: its wallet events, wherever they stand, and their hash.

use quoin_digest::Sha256;
use quoin_events::types::{CoinAmount, WalletCredited, WalletDebitStarted, WalletDebited, WalletEntry, WalletRefunded};
use quoin_events::{Envelope, EventData, WalletRef};
use quoin_ledger::{Posting, Purpose};
use quoin_money::Amount;

use crate::{Break, Change, Entry, Kind};

/// The events of a change.
pub(crate) struct Told<'a> {
    /// Those that stand in another stream, with their texts.
    elsewhere: Vec<(&'a Envelope, &'a str)>,
    change: &'a Change,
}

/// Whether `event` tells of the change that made the wallet of `user_id` version `version`.
pub(crate) fn tells_of(event: &Envelope, user_id: &str, version: u64) -> bool {
    event.metadata.wallet.as_ref().is_some_and(|wallet| wallet.id == user_id && wallet.version == version)
}

impl<'a> Told<'a> {
    /// The events of `change`, some of which may stand in `others`, items of the stream of its cause.
    pub(crate) fn of(user_id: &str, change: &'a Change, others: &'a [Entry]) -> Self {
        let pairs = others.iter().flat_map(|entry| entry.events.iter().zip(entry.texts.iter().map(String::as_str)));
        let elsewhere = pairs.filter(|(event, _)| tells_of(event, user_id, change.entry.version)).collect();
        Self { elsewhere, change }
    }

    /// The hash that the chain covers.
    pub(crate) fn hash(&self) -> String {
        let own = self.change.entry.texts.iter().map(String::as_str);
        Sha256::of_each(self.elsewhere.iter().map(|(_, text)| *text).chain(own)).hex()
    }

    /// The break where they do not tell exactly what was posted, in order; `sequence` is the count of the wallet's
    /// events before.
    pub(crate) fn compare(&self, user_id: &str, sequence: u64) -> Option<Break> {
        let version = self.change.entry.version;
        let own = self.change.entry.events.iter().filter(|event| tells_of(event, user_id, version));
        let told: Vec<&Envelope> = self.elsewhere.iter().map(|(event, _)| *event).chain(own).collect();
        let due = due(user_id, self.change);
        let wrong = |found: String, expected: String| Some(Break::new(Kind::Event, self.place(), found, expected));
        if told.len() != due.len() {
            return wrong(format!("{} wallet events", told.len()), format!("{} wallet events", due.len()));
        }
        for ((event, due), sequence) in told.into_iter().zip(due).zip(sequence.saturating_add(1)..) {
            let place = WalletRef { id: user_id.to_owned(), version, sequence };
            if event.metadata.wallet.as_ref() != Some(&place) || !due.is(event) {
                let at = event.metadata.wallet.as_ref().map_or(0, |wallet| wallet.sequence);
                let found = format!("{} {at}: {}", event.event, due.describe(event));
                return wrong(found, format!("{} {sequence}: {}", due.name(), due.expected()));
            }
        }
        None
    }

    fn place(&self) -> String {
        self.change.entry.place()
    }
}

/// An event that a change has to tell.
pub(crate) enum Due {
    /// What one posting moved, under its name.
    Posting(&'static str, WalletEntry),
    /// That an order's debit begins.
    DebitStarted(WalletDebitStarted),
    /// An order's refund as a whole: whose, of which order, and its postings.
    Refunded(Refund),
}

/// What of a refund follows from its postings.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Refund {
    user_id: String,
    order_id: String,
    transaction_ids: Vec<String>,
    breakdown: Vec<CoinAmount>,
    total: Option<Amount>,
}

/// What a change has to tell, in order: an order's debit is announced, its refund is told as a whole.
pub(crate) fn due(user_id: &str, change: &Change) -> Vec<Due> {
    let of = |purpose: Purpose| change.postings.iter().filter(move |posting| posting.purpose == purpose);
    let coins = |purpose: Purpose| {
        let coin =
            |posting: &Posting| Some(CoinAmount { coin_type: posting.asset, amount: posting.delta.magnitude().ok()? });
        of(purpose).filter_map(coin).collect::<Vec<_>>()
    };
    let total = |coins: &[CoinAmount]| coins.iter().try_fold(Amount::ZERO, |sum, coin| sum.plus(coin.amount)).ok();
    let mut due = Vec::new();
    let paid = coins(Purpose::DebitOrderPayment);
    if !paid.is_empty() {
        due.push(Due::DebitStarted(WalletDebitStarted {
            user_id: user_id.to_owned(),
            transaction_type: Purpose::DebitOrderPayment.as_str().to_owned(),
            total_amount: total(&paid).unwrap_or_default(),
            breakdown: paid,
            related_order_id: change.cause.id.clone(),
        }));
    }
    due.extend(change.postings.iter().filter_map(|posting| {
        let name = if posting.delta.is_negative() { WalletDebited::NAME } else { WalletCredited::NAME };
        Some(Due::Posting(name, posting.entry(user_id, &change.cause)?))
    }));
    let refunded = coins(Purpose::CreditOrderRefund);
    if !refunded.is_empty() {
        due.push(Due::Refunded(Refund {
            user_id: user_id.to_owned(),
            order_id: change.cause.id.clone(),
            transaction_ids: of(Purpose::CreditOrderRefund).map(|posting| posting.transaction_id.clone()).collect(),
            total: total(&refunded),
            breakdown: refunded,
        }));
    }
    due
}

impl Due {
    fn name(&self) -> &'static str {
        match self {
            Self::Posting(name, _) => name,
            Self::DebitStarted(_) => WalletDebitStarted::NAME,
            Self::Refunded(_) => WalletRefunded::NAME,
        }
    }

    fn is(&self, event: &Envelope) -> bool {
        event.event == self.name()
            && match self {
                Self::Posting(_, entry) => posted(event).as_ref() == Some(entry),
                Self::DebitStarted(started) => event.data::<WalletDebitStarted>().is_ok_and(|told| told == *started),
                Self::Refunded(refund) => Refund::told(event).as_ref() == Some(refund),
            }
    }

    /// What `event` says, in the words for what is due.
    fn describe(&self, event: &Envelope) -> String {
        match self {
            Self::Posting(..) => posted(event).as_ref().map(describe).unwrap_or_default(),
            Self::DebitStarted(_) => {
                event.data::<WalletDebitStarted>().map_or_else(|_| String::new(), |told| format!("{told:?}"))
            }
            Self::Refunded(_) => Refund::told(event).map_or_else(String::new, |told| format!("{told:?}")),
        }
    }

    fn expected(&self) -> String {
        match self {
            Self::Posting(_, entry) => describe(entry),
            Self::DebitStarted(started) => format!("{started:?}"),
            Self::Refunded(refund) => format!("{refund:?}"),
        }
    }
}

impl Refund {
    fn told(event: &Envelope) -> Option<Self> {
        let told = event.data::<WalletRefunded>().ok()?;
        Some(Self {
            user_id: told.user_id,
            order_id: told.original_order_id,
            transaction_ids: told.refund_transaction_ids,
            breakdown: told.refund_breakdown,
            total: Some(told.total_refunded),
        })
    }
}

/// What an event says was posted; what its entity adds of itself follows from no posting.
fn posted(event: &Envelope) -> Option<WalletEntry> {
    event.data::<WalletEntry>().ok().map(|entry| WalletEntry { metadata: None, ..entry })
}

fn describe(entry: &WalletEntry) -> String {
    format!(
        "{} {} {}, {} to {}, {}",
        entry.transaction_type,
        entry.amount,
        entry.coin_type,
        entry.balance_before,
        entry.balance_after,
        entry.transaction_id
    )
}
