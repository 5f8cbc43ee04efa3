//! What a merchant knows of an order: that it was asked for it, and, once and for all, what it decided.

use quoin_events::Timestamp;
use quoin_money::Amount;
use quoin_runtime::{Env, Problem, Response};
use quoin_store::{Item, Key, StoreError, Update, derived_id};
use serde::{Deserialize, Serialize};

use super::manner::Manner;
use crate::requested::KEEP_SECONDS;

/// When a delivery is promised for, in seconds.
const DELIVERY_SECONDS: i64 = 7_200;

/// What a merchant decides about an order. The first decision stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Verdict {
    Taken,
    Rejected,
    Cancelled,
}

/// Where an order stands with its merchant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "SandboxOrderStanding"))]
#[serde(rename_all = "snake_case")]
pub(crate) enum Standing {
    /// The merchant has it.
    Confirmed,
    /// The merchant does not want it.
    Rejected,
    /// The merchant does not have it and will not take it.
    Cancelled,
    /// The merchant has not decided.
    Pending,
}

/// What a merchant says of an order.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "SandboxMerchantWord"))]
pub(crate) struct Told {
    /// The order, as whoever placed it calls it.
    rabtul_order_id: String,
    /// Where it stands.
    status: Standing,
    /// As the merchant calls it, once it is confirmed.
    #[serde(skip_serializing_if = "Option::is_none")]
    bizone_order_id: Option<String>,
    /// When it arrives.
    #[serde(skip_serializing_if = "Option::is_none")]
    estimated_delivery: Option<Timestamp>,
    /// Where it can be followed.
    #[serde(skip_serializing_if = "Option::is_none")]
    tracking_url: Option<String>,
}

/// A line of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "SandboxOrderItem"))]
pub(crate) struct Line {
    /// The product.
    product_id: String,
    /// How many.
    quantity: u32,
}

/// Who ordered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "SandboxCustomer"))]
pub(crate) struct Customer {
    /// In the clear.
    name: String,
    /// In the clear.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    phone: Option<String>,
}

/// Where it goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "SandboxAddress"))]
pub(crate) struct Address {
    line1: String,
    city: String,
    pincode: String,
}

/// How it goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "SandboxDelivery"))]
pub(crate) struct Delivery {
    address: Address,
}

/// What is asked of a merchant; more than that is not looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "SandboxMerchantOrder"))]
pub(crate) struct Placed {
    /// The order; the Idempotency-Key too.
    pub(crate) rabtul_order_id: String,
    /// Whom it is placed with; the end of the id says what becomes of it.
    pub(crate) merchant_id: String,
    items: Vec<Line>,
    /// What was paid.
    total_amount: Amount,
    customer: Customer,
    delivery: Delivery,
}

impl Placed {
    /// Whether somebody could deliver it: a merchant has no key to open anything with.
    pub(crate) fn is_deliverable(&self) -> bool {
        let address = &self.delivery.address;
        let texts = [&self.customer.name, &address.line1, &address.city, &address.pincode];
        !self.items.is_empty() && texts.into_iter().all(|text| !text.is_empty() && !text.starts_with("enc:"))
    }
}

/// An order as its merchant was first asked for it. Nothing of the person is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) merchant_id: String,
    pub(crate) hash: String,
    pub(crate) at: Timestamp,
}

/// The desk of the merchants: one row for what was asked, one for what was decided.
pub(crate) struct Desk<'a> {
    env: &'a Env,
    table: &'a str,
    order_id: &'a str,
    now: Timestamp,
}

impl<'a> Desk<'a> {
    pub(crate) fn of(env: &'a Env, order_id: &'a str, now: Timestamp) -> Result<Self, Problem> {
        Ok(Self { env, table: env.config.table("sandbox")?, order_id, now })
    }

    fn key(&self, sk: &str) -> Key {
        Key::new(format!("merchant-order#{}", self.order_id), sk)
    }

    fn row(&self, sk: &str) -> Item {
        let key = self.key(sk);
        let expires = self.now.seconds().saturating_add(KEEP_SECONDS);
        Item::new().text("pk", key.pk).text("sk", key.sk).number("expires", expires)
    }

    /// What the merchant was asked, if it was.
    pub(crate) async fn asked(&self) -> Result<Option<Asked>, StoreError> {
        let Some(row) = self.env.store.get(self.table, &self.key("asked"), true).await? else { return Ok(None) };
        Ok(Some(Asked {
            merchant_id: row.require_text("merchant_id")?.to_owned(),
            hash: row.require_text("hash")?.to_owned(),
            at: row.require_text("at")?.parse().unwrap_or(self.now),
        }))
    }

    /// Writes down that the merchant was asked; what it was asked first.
    pub(crate) async fn ask(&self, merchant_id: &str, hash: &str) -> Result<Asked, StoreError> {
        let asked = Asked { merchant_id: merchant_id.to_owned(), hash: hash.to_owned(), at: self.now };
        let row =
            self.row("asked").text("merchant_id", merchant_id).text("hash", hash).text("at", self.now.to_string());
        if self.env.store.put_new(self.table, row).await? {
            return Ok(asked);
        }
        Ok(self.asked().await?.unwrap_or(asked))
    }

    /// Whether this is one of the first `times` requests that count as `what`: of many at once, exactly so many are.
    pub(crate) async fn is_among_first(&self, times: u32, what: &str) -> Result<bool, StoreError> {
        if times == 0 {
            return Ok(false);
        }
        self.env.store.update(Update::of(self.table, self.key("asked")).add(what, 1).if_newer(what, times)).await
    }

    /// What the merchant decided, if it has.
    pub(crate) async fn decided(&self) -> Result<Option<Verdict>, StoreError> {
        let row = self.env.store.get(self.table, &self.key("decided"), true).await?;
        row.map(|row| row.require_json("verdict")).transpose()
    }

    /// Decides, unless that has been done: the first decision stays, and says whether it is this one.
    pub(crate) async fn decide(&self, verdict: Verdict) -> Result<(Verdict, bool), StoreError> {
        if self.env.store.put_new(self.table, self.row("decided").json("verdict", &verdict)?).await? {
            return Ok((verdict, true));
        }
        Ok((self.decided().await?.unwrap_or(verdict), false))
    }

    /// How the merchant behaves: as it was switched, else as its id says.
    pub(crate) async fn manner(&self, merchant_id: &str) -> Result<Manner, StoreError> {
        let row = self.env.store.get(self.table, &switch_key(merchant_id), true).await?;
        let switched = row.map(|row| row.require_json("manner")).transpose()?;
        Ok(switched.unwrap_or_else(|| Manner::of(merchant_id)))
    }

    /// What the merchant says of an order that stands like that.
    pub(crate) fn told(&self, standing: Standing, asked_at: Timestamp, manner: Manner) -> Told {
        let mut told = Told {
            rabtul_order_id: self.order_id.to_owned(),
            status: standing,
            bizone_order_id: None,
            estimated_delivery: None,
            tracking_url: None,
        };
        if standing == Standing::Confirmed {
            let salt = if manner == Manner::Twice { self.now.to_string() } else { String::new() };
            let id = derived_id("BZN_ORD", &[self.order_id, &salt]);
            told.tracking_url = Some(format!("https://bizone.example/track/{id}"));
            told.estimated_delivery = Some(asked_at.plus_seconds(DELIVERY_SECONDS));
            told.bizone_order_id = Some(id);
        }
        told
    }
}

impl Verdict {
    pub(crate) const fn standing(self) -> Standing {
        match self {
            Self::Taken => Standing::Confirmed,
            Self::Rejected => Standing::Rejected,
            Self::Cancelled => Standing::Cancelled,
        }
    }
}

/// Where the switched behaviour of a merchant is kept.
pub(crate) fn switch_key(merchant_id: &str) -> Key {
    Key::new("behaviour", format!("merchant#{merchant_id}"))
}

/// The merchant cannot be reached.
pub(crate) fn unavailable() -> Problem {
    Problem::new(503, "SANDBOX_FAILURE", "the merchant is not available")
}

/// Whatever the merchant answered does not come through.
pub(crate) fn lost() -> Problem {
    Problem::new(504, "SANDBOX_FAILURE", "the merchant's answer did not come through")
}

/// An answer that makes no sense.
pub(crate) fn garbled() -> Response {
    let mut response = Response::empty(200);
    "<html>It works!</html>".clone_into(&mut response.body);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_with_sealed_or_missing_data_cannot_be_delivered() {
        let text = r#"{"rabtul_order_id":"order_1","merchant_id":"m1","items":[{"product_id":"p1","quantity":1,"total":3}],
            "total_amount":3,"customer":{"name":"Jane Doe"},
            "delivery":{"address":{"line1":"1 Street","city":"Town","pincode":"560001"}}}"#;
        let placed: Placed = serde_json::from_str(text).unwrap();
        assert!(placed.is_deliverable());
        for (good, bad) in [("Jane Doe", "enc:v1:AAAA"), ("1 Street", ""), ("560001", "enc:v1:AAAA")] {
            assert!(!serde_json::from_str::<Placed>(&text.replace(good, bad)).unwrap().is_deliverable(), "{bad}");
        }
    }
}
