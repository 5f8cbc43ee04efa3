//! A cart as it is asked for, and what of it is good enough to decide on.

use std::collections::BTreeSet;

use quoin_events::types::SealedAddress;
use quoin_runtime::{DataKey, Failure, Personal, Problem};
use serde::{Deserialize, Serialize};

use crate::catalogue::fields;

/// The most lines of an order.
pub(crate) const MAX_LINES: usize = 50;
/// The most pieces of a line.
pub(crate) const MAX_QUANTITY: u32 = 1_000;
const MAX_LINE1: usize = 200;
const MAX_CITY: usize = 100;

/// An order as it is asked for. Prices are the server's.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct PlaceOrder {
    /// From whom.
    merchant_id: String,
    /// What; each product once.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = MAX_LINES)))]
    items: Vec<Wanted>,
    /// A campaign's code; capitals and small letters are the same.
    #[serde(default)]
    campaign_code: Option<String>,
    /// Where to.
    delivery: Delivery,
    /// The client's session.
    session_id: String,
}

/// A product and how many of it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "WantedItem"))]
#[serde(deny_unknown_fields)]
pub(crate) struct Wanted {
    /// The product.
    pub(crate) product_id: String,
    /// How many.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = MAX_QUANTITY)))]
    pub(crate) quantity: u32,
}

/// Where an order goes.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "DeliveryWanted"))]
#[serde(deny_unknown_fields)]
struct Delivery {
    /// The address.
    address: Address,
}

/// An address, in the clear.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "DeliveryAddress"))]
#[serde(deny_unknown_fields)]
struct Address {
    /// Street and number; at most 200 characters.
    line1: Personal,
    /// City; at most 100 characters.
    city: Personal,
    /// Postal code.
    pincode: String,
}

/// A cart that can be decided on. What it is hashed by is the person's own ciphertext, which is the same each time.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Cart {
    pub(crate) merchant_id: String,
    pub(crate) items: Vec<Wanted>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) campaign_code: Option<String>,
    pub(crate) address: SealedAddress,
    pub(crate) pincode: String,
    pub(crate) session_id: String,
}

impl PlaceOrder {
    /// What is wrong with the request itself, whatever is sold; the address is sealed with the caller's key.
    ///
    /// # Errors
    /// 400 with a pointer to the first field that is wrong.
    pub(crate) fn check(self, key: &DataKey) -> Result<Cart, Problem> {
        let merchant_id = fields::id(&self.merchant_id, "/merchant_id")?;
        if !(1..=MAX_LINES).contains(&self.items.len()) {
            let detail = format!("an order has 1 to {MAX_LINES} lines");
            return Err(Problem::field("ITEMS_COUNT", "/items", detail));
        }
        let mut seen = BTreeSet::new();
        for (index, item) in self.items.iter().enumerate() {
            let pointer = format!("/items/{index}/product_id");
            fields::id(&item.product_id, &pointer)?;
            if !seen.insert(item.product_id.as_str()) {
                return Err(Problem::field("PRODUCT_TWICE", pointer, "stands on a line before; add its quantities"));
            }
            if !(1..=MAX_QUANTITY).contains(&item.quantity) {
                let detail = format!("must be 1 to {MAX_QUANTITY}");
                return Err(Problem::field("QUANTITY_INVALID", format!("/items/{index}/quantity"), detail));
            }
        }
        let code = self.campaign_code.as_deref().map(|code| fields::code(code, "/campaign_code")).transpose()?;
        let Address { line1, city, pincode } = self.delivery.address;
        let line1 = fields::text(line1.reveal(), MAX_LINE1, "/delivery/address/line1")?;
        let city = fields::text(city.reveal(), MAX_CITY, "/delivery/address/city")?;
        let pincode = fields::pincode(&pincode, "/delivery/address/pincode")?;
        let session_id = fields::id(&self.session_id, "/session_id")?;
        let seal = |text: &str| key.seal(&Personal::new(text)).map_err(Failure::poison);
        let address = SealedAddress { line1: seal(&line1)?, city: seal(&city)?, pincode: seal(&pincode)? };
        Ok(Cart { merchant_id, items: self.items, campaign_code: code, address, pincode, session_id })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use quoin_store::body_hash;
    use serde_json::{Value, json};

    fn body() -> Value {
        json!({
            "merchant_id": "merch_bizone_001",
            "items": [{"product_id": "prod_123", "quantity": 2}, {"product_id": "prod_124", "quantity": 5}],
            "campaign_code": "weekend50",
            "delivery": {"address": {"line1": "123, MG Road", "city": "Bangalore", "pincode": "560001"}},
            "session_id": "sess_abc123",
        })
    }

    fn check(body: Value) -> Result<Cart, Problem> {
        let key = DataKey::new("user_789", &[7; 32]).unwrap();
        serde_json::from_value::<PlaceOrder>(body).unwrap().check(&key)
    }

    #[test]
    fn a_cart_is_hashed_without_its_address_in_the_clear() {
        let cart = check(body()).unwrap();
        let text = serde_json::to_string(&cart).unwrap();
        assert!(!text.contains("MG Road") && !text.contains("Bangalore"), "{text}");
        assert_eq!(body_hash(&cart).unwrap(), body_hash(&check(body()).unwrap()).unwrap());
        assert_eq!(cart.campaign_code.as_deref(), Some("WEEKEND50"));
    }

    #[test]
    fn what_is_wrong_is_named() {
        let wrong = |pointer: &str, value: Value| {
            let mut body = body();
            *body.pointer_mut(pointer).unwrap() = value;
            check(body).unwrap_err().errors[0].pointer.clone()
        };
        let item = |id: &str, quantity: u32| json!({"product_id": id, "quantity": quantity});
        assert_eq!(wrong("/merchant_id", json!("a#b")), "/merchant_id");
        assert_eq!(wrong("/items", json!([])), "/items");
        assert_eq!(wrong("/items", Value::Array((0..51).map(|n| item(&format!("p{n}"), 1)).collect())), "/items");
        assert_eq!(wrong("/items/1", item("prod_123", 1)), "/items/1/product_id");
        assert_eq!(wrong("/items/1", item("", 1)), "/items/1/product_id");
        for quantity in [0, 1_001] {
            assert_eq!(wrong("/items/0", item("p", quantity)), "/items/0/quantity");
        }
        assert_eq!(wrong("/campaign_code", json!("#")), "/campaign_code");
        assert_eq!(wrong("/delivery/address/line1", json!(" ")), "/delivery/address/line1");
        assert_eq!(wrong("/delivery/address/city", json!("x".repeat(101))), "/delivery/address/city");
        assert_eq!(wrong("/delivery/address/pincode", json!("56#001")), "/delivery/address/pincode");
        assert_eq!(wrong("/session_id", json!("")), "/session_id");
    }
}
