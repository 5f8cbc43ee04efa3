//! A merchant as the saga knows it: three questions, and what may be made of the answers.

mod http;
mod reading;

pub(crate) use http::HttpMerchant;
use quoin_runtime::{Failure, OutboundError, Personal};

use crate::fulfilment::Fact;
use crate::order::{Confirmation, Order};

/// What a merchant says of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Word {
    /// It has the order.
    Confirmed(Confirmation),
    /// It does not want it.
    Refused,
    /// It does not have it and will not take it.
    Cancelled,
    /// It has never heard of it.
    Unknown,
    /// It has not decided.
    Pending,
}

/// Why there is no word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Silence {
    /// Nothing of the call has left.
    NotSent(String),
    /// Not in time, or not in words that we know: the merchant may have received the call.
    Unheard(String),
}

impl Silence {
    /// What is known of it.
    pub(crate) fn reason(self) -> String {
        match self {
            Self::NotSent(reason) | Self::Unheard(reason) => reason,
        }
    }
}

impl From<OutboundError> for Silence {
    fn from(error: OutboundError) -> Self {
        match error {
            OutboundError::NotSent(reason) => Self::NotSent(reason),
            OutboundError::Unknown(reason) => Self::Unheard(reason),
        }
    }
}

/// A word, and the id of the call that it answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) word: Word,
    pub(crate) request_id: String,
}

impl Answer {
    /// What it means for the order.
    pub(crate) fn into_fact(self) -> Fact {
        match self.word {
            Word::Confirmed(confirmation) => Fact::Confirmed { confirmation, request_id: self.request_id },
            Word::Refused => Fact::Refused,
            Word::Cancelled => Fact::Cancelled,
            Word::Unknown => Fact::Unknown,
            Word::Pending => Fact::Pending,
        }
    }
}

/// Whom the merchant delivers to, in the clear: for the call that places the order, and nowhere else.
#[derive(Debug, Clone)]
pub(crate) struct Recipient {
    pub(crate) name: Personal,
    pub(crate) phone: Option<Personal>,
    pub(crate) line1: Personal,
    pub(crate) city: Personal,
    pub(crate) pincode: Personal,
}

/// A merchant. Every question may be asked any number of times.
pub(crate) trait Merchant {
    /// Whom `order` goes to; `None` if the person was erased.
    async fn recipient(&self, order: &Order) -> Result<Option<Recipient>, Failure>;

    /// Asks the merchant to take the order; the order's id is the key, so a repetition asks for the same order.
    async fn place(&self, order: &Order, recipient: &Recipient) -> Result<Answer, Silence>;

    /// Asks where the order stands.
    async fn standing(&self, order: &Order) -> Result<Answer, Silence>;

    /// Asks the merchant to let the order be: it never takes it from then on, or says that it has it.
    async fn cancel(&self, order: &Order) -> Result<Answer, Silence>;
}
