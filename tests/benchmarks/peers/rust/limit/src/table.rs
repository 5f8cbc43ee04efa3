//! The tables: their names, and what a transaction came to.

use ring::rand::{SecureRandom, SystemRandom};
use serde::Deserialize;

use crate::clock::Moment;
use crate::endpoint::{DYNAMODB, Endpoint, refused};
use crate::http::Reply;
use crate::sign::hex;
use crate::{Error, variable};

/// The tables' endpoint, and their names.
pub struct Tables {
    /// Balances.
    pub wallets: String,
    /// Entries of wallets.
    pub ledger: String,
    /// Events to be published.
    pub outbox: String,
    /// Answers given.
    pub idempotency: String,
    endpoint: Endpoint,
    random: SystemRandom,
}

impl Tables {
    /// Connects.
    pub fn connect() -> Result<Self, Error> {
        Ok(Self {
            wallets: variable("TABLE_WALLETS")?,
            ledger: variable("TABLE_LEDGER")?,
            outbox: variable("TABLE_OUTBOX")?,
            idempotency: variable("TABLE_IDEMPOTENCY")?,
            endpoint: Endpoint::connect(&DYNAMODB)?,
            random: SystemRandom::new(),
        })
    }

    /// One call.
    pub fn call(&mut self, operation: &str, body: &str) -> Result<Reply<'_>, Error> {
        self.endpoint.call(operation, body)
    }

    /// An id that sorts by its moment.
    pub fn id(&self, now: Moment) -> Result<String, Error> {
        let mut random = [0; 10];
        self.random.fill(&mut random).map_err(|_| "no randomness")?;
        Ok(format!("{:012x}{}", now.millis, hex(&random)))
    }
}

/// What came of a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Written.
    Done,
    /// The wallet moved meanwhile: to be read again.
    Moved,
    /// The operation was done before.
    Repeated,
}

#[derive(Deserialize)]
struct Refusal<'a> {
    #[serde(rename = "__type")]
    kind: &'a str,
    #[serde(rename = "CancellationReasons", borrow, default)]
    reasons: Vec<Reason<'a>>,
}

#[derive(Deserialize)]
struct Reason<'a> {
    #[serde(rename = "Code")]
    code: &'a str,
}

/// A refusal of that kind, whose name may stand behind a namespace.
fn refusal<'a>(reply: &Reply<'a>, kind: &str) -> Option<Refusal<'a>> {
    let refusal: Refusal<'_> = serde_json::from_slice(reply.body).ok()?;
    let name = refusal.kind.rsplit('#').next()?;
    (reply.status == 400 && name == kind).then_some(refusal)
}

/// Whether a write's condition failed.
pub fn is_taken(reply: &Reply<'_>) -> bool {
    refusal(reply, "ConditionalCheckFailedException").is_some()
}

/// Reads what came of a transaction whose first item is the wallet and whose last is the receipt.
pub fn outcome(reply: &Reply<'_>) -> Result<Outcome, Error> {
    const CONDITION: &str = "ConditionalCheckFailed";
    if reply.status == 200 {
        return Ok(Outcome::Done);
    }
    let reasons = refusal(reply, "TransactionCanceledException").map(|refusal| refusal.reasons).unwrap_or_default();
    let failed = |reason: Option<&Reason<'_>>| reason.is_some_and(|reason| reason.code == CONDITION);
    if failed(reasons.last()) {
        Ok(Outcome::Repeated)
    } else if failed(reasons.first()) || reasons.iter().any(|reason| reason.code == "TransactionConflict") {
        Ok(Outcome::Moved)
    } else {
        Err(refused(reply))
    }
}
