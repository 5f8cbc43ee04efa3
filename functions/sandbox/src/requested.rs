//! A payment as the sandbox keeps it.

use quoin_money::Amount;
use quoin_runtime::Env;
use quoin_store::{Item, Key, StoreError, body_hash, derived_id};
use serde::{Deserialize, Serialize};

use crate::outcome::Plan;

/// How long the sandbox remembers anything.
pub(crate) const KEEP_SECONDS: i64 = 7 * 86_400;

/// What is asked of a payment provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "SandboxPayment"))]
pub(crate) struct Order {
    /// The payment; the Idempotency-Key too.
    pub(crate) payment_id: String,
    /// How much.
    pub(crate) amount: Amount,
    /// Of which currency.
    pub(crate) currency: String,
    /// What becomes of it: as the method's name says, else it is approved.
    pub(crate) method: String,
    /// Where its end is told.
    #[cfg_attr(feature = "schema", schemars(url))]
    pub(crate) callback_url: String,
}

/// A payment that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Requested {
    pub(crate) order: Order,
    pub(crate) reference: String,
    pub(crate) plan: Plan,
}

impl Requested {
    pub(crate) fn new(order: Order, plan: Plan) -> Self {
        Self { reference: derived_id("sbx", &[&order.payment_id]), order, plan }
    }

    /// The key that its row has.
    pub(crate) fn key(payment_id: &str) -> Key {
        Key::new(format!("payment#{payment_id}"), "request")
    }

    /// Hash of the order, to tell a repetition from a reused key.
    pub(crate) fn hash(order: &Order) -> Result<String, serde_json::Error> {
        body_hash(order)
    }

    pub(crate) fn row(&self, now_seconds: i64) -> Result<Item, StoreError> {
        let key = Self::key(&self.order.payment_id);
        Item::new()
            .text("pk", key.pk)
            .text("sk", key.sk)
            .number("expires", now_seconds.saturating_add(KEEP_SECONDS))
            .json("requested", self)
    }

    /// The payment `payment_id`, and whether its callbacks are on their way.
    pub(crate) async fn find(env: &Env, table: &str, payment_id: &str) -> Result<Option<(Self, bool)>, StoreError> {
        let Some(item) = env.store.get(table, &Self::key(payment_id), true).await? else { return Ok(None) };
        Ok(Some((item.require_json("requested")?, item.get_text("called").is_some())))
    }
}
