//! A bet's lines in its owner's wallet against what the bet's own stream says: stake, refund, payouts.

use quoin_events::types::{BetCancelled, BetPlaced, BetSettled};
use quoin_events::{Envelope, EventData, Timestamp, WalletRef};
use quoin_ledger::{Posting, Purpose};
use quoin_money::Delta;
use serde::{Deserialize, Serialize};

use crate::Entry;

/// What a bet says of itself, in its events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BetStory {
    /// Whose bet.
    pub user_id: String,
    /// The change of the wallet that paid its stake.
    pub paid_in: Option<WalletRef>,
    /// What may be posted, in no order: stake, refund, and the difference of each settlement that has one.
    pub due: Lines,
    /// Whether it is over as far as the bet knows: settled or cancelled.
    pub is_over: bool,
    /// When it last moved.
    pub at: Timestamp,
}

/// Differences by what they are for, in no order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lines {
    /// Stakes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stakes: Vec<Delta>,
    /// Refunds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refunds: Vec<Delta>,
    /// Payouts, and what was taken back of them or is owed instead.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub payouts: Vec<Delta>,
}

/// What a wallet's stream has shown of a bet so far.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BetLines {
    /// Its lines.
    pub lines: Lines,
}

/// How a bet's lines and its story go together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BetStanding {
    /// All that is due is there, and the bet is over.
    Complete,
    /// What is there is due; the bet is open, or its payout is on its way since the moment given.
    Waiting(Option<Timestamp>),
    /// Something is there that is not due: what is there, and what should be.
    Broken(String, String),
}

impl BetStory {
    /// Reads a bet's stream; `None` if no bet was placed there.
    #[must_use]
    pub fn read(stream: &[Entry]) -> Option<Self> {
        let mut story: Option<Self> = None;
        for entry in stream {
            for event in &entry.events {
                if let Some(placed) = data::<BetPlaced>(event) {
                    let wallets = entry.events.iter().filter_map(|event| event.metadata.wallet.clone());
                    let stakes = vec![Delta::minus(placed.stake.amount)];
                    story = Some(Self {
                        paid_in: wallets.into_iter().find(|wallet| wallet.id == placed.user_id),
                        user_id: placed.user_id,
                        due: Lines { stakes, ..Lines::default() },
                        is_over: false,
                        at: entry.at,
                    });
                }
                let Some(story) = story.as_mut() else { continue };
                if let Some(cancelled) = data::<BetCancelled>(event) {
                    story.due.refunds.push(Delta::plus(cancelled.refund));
                    (story.is_over, story.at) = (true, entry.at);
                }
                if let Some(settled) = data::<BetSettled>(event) {
                    // The stake of a void bet comes back as a refund.
                    let list = if settled.refund.is_some() { &mut story.due.refunds } else { &mut story.due.payouts };
                    if !settled.payout_delta.is_zero() {
                        list.push(settled.payout_delta);
                    }
                    (story.is_over, story.at) = (true, entry.at);
                }
            }
        }
        story
    }
}

fn data<T: EventData + serde::de::DeserializeOwned>(event: &Envelope) -> Option<T> {
    if event.event == T::NAME { event.data().ok() } else { None }
}

/// Whether a posting is a bet's money: not what expires, or is repaid, on the way.
pub(crate) fn is_of_bet(posting: &Posting) -> bool {
    Lines::default().of(posting.purpose).is_some()
}

impl Lines {
    /// The list that lines of `purpose` belong to; `None` if they are not a bet's.
    const fn of(&mut self, purpose: Purpose) -> Option<&mut Vec<Delta>> {
        match purpose {
            Purpose::DebitBetStake => Some(&mut self.stakes),
            Purpose::CreditBetRefund => Some(&mut self.refunds),
            Purpose::CreditBetPayout | Purpose::DebitBetCorrection => Some(&mut self.payouts),
            Purpose::CreditDeposit
            | Purpose::CreditBonus
            | Purpose::CreditReferral
            | Purpose::DebitTransfer
            | Purpose::CreditTransfer
            | Purpose::CreditAdjustment
            | Purpose::DebitAdjustment
            | Purpose::DebitOwedRepayment
            | Purpose::DebitExpired
            | Purpose::DebitHold
            | Purpose::CreditHoldVoided
            | Purpose::DebitHoldCaptured
            | Purpose::DebitOrderPayment
            | Purpose::CreditOrderRefund
            | Purpose::DebitCreditPurchase
            | Purpose::CreditCreditPurchase
            | Purpose::DebitBoost
            | Purpose::DebitGigPayment
            | Purpose::CreditGigPayment
            | Purpose::DebitClanContribution => None,
        }
    }
}

impl BetLines {
    /// Takes a line in, if it is a bet's.
    pub fn add(&mut self, posting: &Posting) {
        // What could not be collected is owed: together they are what the correction was.
        let owed = posting.owed.magnitude().map_or(Delta::ZERO, Delta::minus);
        let whole = posting.delta.and(owed).unwrap_or(posting.delta);
        if let Some(list) = self.lines.of(posting.purpose) {
            list.push(whole);
        }
    }

    /// How they go together with what the bet says.
    #[must_use]
    pub fn standing(&self, story: &BetStory) -> BetStanding {
        let is_due = [
            (&self.lines.stakes, &story.due.stakes),
            (&self.lines.refunds, &story.due.refunds),
            (&self.lines.payouts, &story.due.payouts),
        ];
        let missing: Option<Vec<_>> = is_due.into_iter().map(|(there, due)| without(due, there)).collect();
        match missing {
            None => BetStanding::Broken(describe(&self.lines), describe(&story.due)),
            Some(missing) if missing.iter().all(Vec::is_empty) && story.is_over => BetStanding::Complete,
            Some(missing) if missing.iter().all(Vec::is_empty) => BetStanding::Waiting(None),
            Some(_) => BetStanding::Waiting(Some(story.at)),
        }
    }

    /// What is there and what should be, for a bet whose payout has been on its way for too long.
    #[must_use]
    pub fn missing(&self, story: &BetStory) -> (String, String) {
        (describe(&self.lines), describe(&story.due))
    }
}

/// What is left of `all` without `some`; `None` if some are not among them.
fn without(all: &[Delta], some: &[Delta]) -> Option<Vec<Delta>> {
    let mut left = all.to_vec();
    for one in some {
        let place = left.iter().position(|other| other == one)?;
        left.swap_remove(place);
    }
    Some(left)
}

fn describe(lines: &Lines) -> String {
    let list = |deltas: &[Delta]| {
        let texts: Vec<_> = deltas.iter().map(Delta::to_string).collect();
        if texts.is_empty() { "none".to_owned() } else { texts.join(", ") }
    };
    format!("stake {}; refund {}; payouts {}", list(&lines.stakes), list(&lines.refunds), list(&lines.payouts))
}
