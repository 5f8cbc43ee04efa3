//! The erasure of a person: where it stands, in a stream of its own.
//!
//! Everything is one transaction: the account and the wallet are closed, the subscription is cancelled, the customer is
//! deleted, and with the data key goes all that was sealed under it. Only where a payment is on its way is it two: the
//! first closes the account and remembers the request, and whatever ends the payment is followed by the second.
//!
//! Invariants: what was erased once is erased; no right to money is lost by it, since whoever has cash, bets, orders or
//! debts is refused; what is written does not say who the person was.

mod carry_out;
mod standing;

use std::collections::BTreeMap;

use quoin_events::Timestamp;
use quoin_money::{Amount, Asset};
use quoin_store::Stream;
use serde::{Deserialize, Serialize};

pub(crate) use carry_out::{find, pursue, request};

/// Where an erasure stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "ErasureStatus"))]
#[serde(rename_all = "snake_case")]
pub(crate) enum Status {
    /// The account is closed; the rest waits for its reasons.
    Waiting,
    /// Nobody can read who it was any more.
    CarriedOut,
}

/// What an erasure waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "ErasureReason"))]
#[serde(rename_all = "snake_case")]
pub(crate) enum Reason {
    /// A payment for the subscription is on its way.
    PaymentInProgress,
}

/// An erasure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(crate) struct Erasure {
    /// Whose.
    pub(crate) user_id: String,
    /// The customer, of a member.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) customer_id: Option<String>,
    /// Where it stands.
    pub(crate) status: Status,
    /// What it waits for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) reasons: Vec<Reason>,
    /// When it was asked for.
    pub(crate) requested_at: Timestamp,
    /// When it was carried out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) carried_out_at: Option<Timestamp>,
    /// What the closed wallet keeps, for nobody: it can be neither spent nor paid out.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) left: BTreeMap<Asset, Amount>,
    /// Correlation of the request, for everything that follows from it later.
    pub(crate) request_id: String,
}

impl Erasure {
    /// The stream of the erasure of `user_id`.
    pub(crate) fn stream(user_id: &str) -> Stream {
        Stream::new("erasure", user_id)
    }
}
