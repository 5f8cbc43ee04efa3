//! What credits moved for, in a wallet, against what the stream of it says: the purchase, the boost, the gig, the
//! contribution.

use quoin_events::types::{
    BoostGiven, ClanBoost, ClanContribution, CreditPurchase, GigBoost, GigPayment, ProfileBoost,
};
use quoin_events::{Envelope, EventData};
use quoin_ledger::{Posting, Purpose};
use quoin_money::{Asset, Delta};
use serde::de::DeserializeOwned;

use crate::{Break, Entry, Kind};

/// The events that a boost begins with.
const BOOSTS: [&str; 3] = [ProfileBoost::NAME, GigBoost::NAME, ClanBoost::NAME];

/// The break where `posting`, in the wallet of `user_id` at `place`, moves credits, or cash for them, other than
/// `stream` tells.
#[must_use]
pub fn explain_credits(user_id: &str, place: &str, posting: &Posting, stream: &[Entry]) -> Option<Break> {
    let told: Option<(String, Asset, Delta)> = match posting.purpose {
        Purpose::DebitCreditPurchase => {
            let told = first::<CreditPurchase>(stream, &[CreditPurchase::NAME]);
            told.map(|told| (told.user_id, Asset::Cash, Delta::minus(told.price)))
        }
        Purpose::CreditCreditPurchase => {
            let told = first::<CreditPurchase>(stream, &[CreditPurchase::NAME]);
            told.map(|told| (told.user_id, Asset::Credits, Delta::plus(told.amount)))
        }
        Purpose::DebitBoost => {
            let told = first::<BoostGiven>(stream, &BOOSTS);
            told.map(|told| (told.user_id, Asset::Credits, Delta::minus(told.amount)))
        }
        Purpose::DebitGigPayment => {
            let told = first::<GigPayment>(stream, &[GigPayment::NAME]);
            told.map(|told| (told.user_id, Asset::Credits, Delta::minus(told.amount)))
        }
        Purpose::CreditGigPayment => {
            let told = first::<GigPayment>(stream, &[GigPayment::NAME]);
            told.map(|told| (told.to_user_id, Asset::Credits, Delta::plus(told.amount)))
        }
        Purpose::DebitClanContribution => {
            let told = first::<ClanContribution>(stream, &[ClanContribution::NAME]);
            told.map(|told| (told.user_id, Asset::Credits, Delta::minus(told.amount)))
        }
        Purpose::DebitBetStake
        | Purpose::CreditBetPayout
        | Purpose::DebitBetCorrection
        | Purpose::CreditBetRefund
        | Purpose::CreditDeposit
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
        | Purpose::CreditOrderRefund => return None,
    };
    let found = format!("{} {} {}", posting.purpose.as_str(), posting.delta, posting.asset);
    let Some((owner, asset, delta)) = told else {
        return Some(Break::new(Kind::Credits, place, found, "something that is told of"));
    };
    let fits = owner == user_id && asset == posting.asset && delta == posting.delta;
    (!fits).then(|| Break::new(Kind::Credits, place, found, format!("{delta} {asset} of {owner}")))
}

/// The data of the first event that has one of `names`.
fn first<T: DeserializeOwned>(stream: &[Entry], names: &[&str]) -> Option<T> {
    let mut events = stream.iter().flat_map(|entry| &entry.events);
    events.find(|event: &&Envelope| names.contains(&event.event.as_str())).and_then(|event| event.data().ok())
}
