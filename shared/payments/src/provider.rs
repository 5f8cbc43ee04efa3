//! What a payment provider is to us, whatever it is spoken to with.

use quoin_money::Amount;
use quoin_runtime::{Failure, OutboundError};

/// A payment as a provider is asked for it.
#[derive(Debug, Clone, Copy)]
pub struct Order<'a> {
    /// Our id of it, and the key of every request about it.
    pub payment_id: &'a str,
    /// How much.
    pub amount: Amount,
    /// How it is paid: a method of the provider's, or a token for one.
    pub method: &'a str,
    /// The path of the route that callbacks are sent to.
    pub callback_path: &'a str,
}

/// The provider did not tell: not reached, not in time, or not in words that we know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Silence(
    /// Why nothing was heard.
    pub String,
);

impl From<OutboundError> for Silence {
    fn from(error: OutboundError) -> Self {
        Self(error.to_string())
    }
}

impl From<Failure> for Silence {
    fn from(failure: Failure) -> Self {
        Self(failure.to_string())
    }
}

impl From<serde_json::Error> for Silence {
    fn from(error: serde_json::Error) -> Self {
        Self(error.to_string())
    }
}

/// The provider's word on the end of a payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// The money is there.
    Succeeded {
        /// The provider's own id of the payment.
        reference: String,
    },
    /// No money will come.
    Failed {
        /// The provider's own id of the payment, if it has one.
        reference: Option<String>,
    },
}

/// What the provider says when it is asked about a payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// It has never heard of it.
    Unknown,
    /// Not decided.
    Pending,
    /// Decided.
    Decided(Decision),
}

/// A request for money that the provider took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// The provider's own id of the payment.
    pub reference: String,
    /// Where the provider wants the payer to go on.
    pub redirect_url: Option<String>,
    /// Its decision, if it was made at once.
    pub decision: Option<Decision>,
}

/// A payment provider.
pub trait Provider {
    /// Asks for the money; a repetition asks for the same money.
    fn initiate(&self, order: &Order<'_>) -> impl Future<Output = Result<Taken, Silence>>;

    /// Asks what became of a payment.
    fn standing(&self, order: &Order<'_>) -> impl Future<Output = Result<Standing, Silence>>;

    /// Asks for the promise that a payment will never be made; one that was made stays made.
    fn cancel(&self, order: &Order<'_>) -> impl Future<Output = Result<Standing, Silence>>;
}
