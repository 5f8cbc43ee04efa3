//! What can be bought, which is there before anybody does anything: merchants, their products and campaigns, and how
//! the rules are set. What an order costs is worked out here again, in hundredths, for the model.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::gateway::Principal;
use crate::money::{Cents, times};
use crate::platform::Platform;
use crate::wire::Request;

/// A merchant.
#[derive(Debug)]
pub(crate) struct Merchant {
    pub(crate) id: &'static str,
    /// What a cart has to be worth.
    pub(crate) minimum: Cents,
    /// For bringing it.
    pub(crate) fee: Cents,
    /// Products by their ids, with what one costs and how many there are.
    pub(crate) products: [(&'static str, Cents, u32); 3],
}

/// All merchants. Of each third product so few are left that they run out.
pub(crate) const MERCHANTS: [Merchant; 2] = [
    Merchant {
        id: "m0",
        minimum: 0,
        fee: 0,
        products: [("bread", 1_999, 100_000), ("lamp", 10_000, 100_000), ("stamp", 35, 4)],
    },
    Merchant {
        id: "m1",
        minimum: 5_000,
        fee: 450,
        products: [("tea", 1_250, 100_000), ("chair", 14_999, 100_000), ("ticket", 2_000, 3)],
    },
];

/// A campaign.
#[derive(Debug)]
pub(crate) struct Campaign {
    pub(crate) code: &'static str,
    /// Whose it is.
    pub(crate) merchant: usize,
    /// What it takes off: hundredths, or thousandths of the cart.
    off: Off,
    /// How many orders may use it.
    pub(crate) max_uses: Option<u32>,
}

#[derive(Debug, Clone, Copy)]
enum Off {
    Cents(Cents),
    Thousandths(Cents),
}

/// All campaigns. The first is soon used up, the last is there for nobody.
pub(crate) const CAMPAIGNS: [Campaign; 3] = [
    Campaign { code: "FIFTY", merchant: 0, off: Off::Cents(5_000), max_uses: Some(3) },
    Campaign { code: "EIGHTH", merchant: 1, off: Off::Thousandths(125), max_uses: None },
    Campaign { code: "NOSUCH", merchant: usize::MAX, off: Off::Cents(0), max_uses: None },
];

/// Carts worth this are for those only whose papers were checked.
pub(crate) const KYC_FROM: Cents = 20_000;
/// An order worth more than this has its user looked at.
const LARGE: u32 = 150;
/// Where all merchants deliver, and where none does.
pub(crate) const PINCODES: [&str; 2] = ["560001", "110001"];

/// What somebody orders: products of a merchant by their numbers, and how many of each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cart {
    /// The merchant.
    pub merchant: usize,
    /// Products and quantities.
    pub lines: Vec<(usize, u32)>,
    /// The campaign.
    pub campaign: Option<usize>,
    /// Whether it goes where nobody delivers.
    pub is_far: bool,
}

/// Coins that are given away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Coins {
    /// Which.
    pub asset: &'static str,
    /// How many.
    pub units: u64,
    /// With whom alone they can be spent.
    pub merchant: Option<usize>,
    /// After how many days they are gone.
    pub days: Option<u32>,
}

/// What a cart costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cost {
    pub(crate) subtotal: Cents,
    pub(crate) discount: Cents,
    pub(crate) fee: Cents,
    pub(crate) total: Cents,
}

impl Cart {
    /// Draws one.
    pub(crate) fn draw(chance: &mut fastrand::Rng) -> Self {
        let merchant = usize::from(chance.u32(..3) == 0);
        let count = 1 + usize::from(chance.u32(..3) == 0);
        let first = [0, 1, 2, 2].get(chance.usize(..4)).copied().unwrap_or(0);
        let lines = (0..count).map(|line| ((first + line) % 3, 1 + chance.u32(..4))).collect();
        let own = |one: usize| CAMPAIGNS.get(one).is_some_and(|campaign| campaign.merchant == merchant);
        let campaign = match chance.u32(..12) {
            0..=5 => (0..CAMPAIGNS.len()).find(|one| own(*one)),
            6 => Some(chance.usize(..CAMPAIGNS.len())),
            _ => None,
        };
        Self { merchant, lines, campaign, is_far: chance.u32(..20) == 0 }
    }

    pub(crate) fn merchant(&self) -> &'static Merchant {
        &MERCHANTS[self.merchant]
    }

    /// Its campaign, if it is one of its merchant's.
    pub(crate) fn campaign(&self) -> Option<&'static Campaign> {
        self.campaign.map(|one| &CAMPAIGNS[one]).filter(|one| one.merchant == self.merchant)
    }

    /// What it costs, with its campaign's discount if it has one.
    pub(crate) fn cost(&self) -> Cost {
        let merchant = self.merchant();
        let price = |(product, quantity): &(usize, u32)| merchant.products[*product].1 * Cents::from(*quantity);
        let subtotal: Cents = self.lines.iter().map(price).sum();
        let discount = match self.campaign().map(|campaign| campaign.off) {
            None => 0,
            Some(Off::Cents(cents)) => cents.min(subtotal),
            Some(Off::Thousandths(part)) => times(subtotal, part, 1_000),
        };
        Cost { subtotal, discount, fee: merchant.fee, total: subtotal - discount + merchant.fee }
    }

    /// The request that orders it.
    pub(crate) fn body(&self) -> Value {
        let merchant = self.merchant();
        let items: Vec<_> = self
            .lines
            .iter()
            .map(|(product, quantity)| json!({"product_id": merchant.products[*product].0, "quantity": quantity}))
            .collect();
        let address =
            json!({"line1": "123, MG Road", "city": "Bangalore", "pincode": PINCODES[usize::from(self.is_far)]});
        let mut body = json!({
            "merchant_id": merchant.id, "items": items, "delivery": {"address": address}, "session_id": "simulated",
        });
        if let Some(campaign) = self.campaign {
            body["campaign_code"] = CAMPAIGNS[campaign].code.into();
        }
        body
    }
}

impl Coins {
    /// Draws some.
    pub(crate) fn draw(chance: &mut fastrand::Rng) -> Self {
        let asset = ["promo_coins", "branded_coins", "rez_coins"].get(chance.usize(..3)).copied().unwrap_or_default();
        let merchant = (asset == "branded_coins").then(|| chance.usize(..MERCHANTS.len()));
        let days = [None, Some(1), Some(10)].get(chance.usize(..3)).copied().flatten();
        Self { asset, units: 1 + chance.u64(..150), merchant, days }
    }
}

/// How a merchant may behave, good and bad; two of them more often than the others.
pub(crate) const MANNERS: [&str; 15] = [
    "takes",
    "takes",
    "rejects",
    "rejects",
    "rejects_once",
    "silent_once",
    "silent",
    "forgets",
    "garbled",
    "twice",
    "late",
    "down",
    "closed",
    "down_once",
    "down_thrice",
];

/// An operator.
pub(crate) fn operator() -> Principal {
    Principal { user_id: "operator-1".to_owned(), roles: "user,operator" }
}

/// The requests that set everything up.
fn setting_up() -> Vec<(String, Value)> {
    let mut asks = vec![
        ("/api/order-rules/user_kyc".to_owned(), json!({"enabled": true, "from_amount": whole(KYC_FROM)})),
        ("/api/fraud/rules/order_amount".to_owned(), json!({"limit": LARGE, "window_seconds": 86_400, "points": 150})),
    ];
    for merchant in &MERCHANTS {
        let path = format!("/api/merchants/{}", merchant.id);
        let body = json!({
            "name": "Fresh Mart", "company": "bizone", "active": true, "min_order_value": whole(merchant.minimum),
            "delivery_pincodes": [PINCODES[0]], "delivery_fee": whole(merchant.fee),
        });
        asks.push((path.clone(), body));
        for (id, price, stock) in merchant.products {
            let body = json!({"name": id, "unit_price": whole(price), "stock": stock});
            asks.push((format!("{path}/products/{id}"), body));
        }
    }
    for campaign in CAMPAIGNS.iter().filter(|campaign| campaign.merchant < MERCHANTS.len()) {
        let discount = match campaign.off {
            Off::Cents(cents) => json!({"type": "fixed", "amount": whole(cents)}),
            Off::Thousandths(part) => json!({"type": "percent", "amount": whole(part * 10)}),
        };
        let mut body = json!({"merchant_id": MERCHANTS[campaign.merchant].id, "discount": discount, "active": true});
        if let Some(most) = campaign.max_uses {
            body["max_uses"] = most.into();
        }
        asks.push((format!("/api/order-campaigns/{}", campaign.code), body));
    }
    asks
}

/// Hundredths as a JSON number.
fn whole(cents: Cents) -> Value {
    crate::actors::amount(u64::try_from(cents).unwrap_or(0))
}

/// Puts everything there, as an operator does.
pub(crate) async fn open(platform: &Platform) -> Result<(), String> {
    for (path, body) in setting_up() {
        put(platform, &path, &body).await?;
    }
    Ok(())
}

/// Papers of `user` were looked at, and are good.
pub(crate) async fn verify(platform: &Platform, user: &str) -> Result<(), String> {
    put(platform, &format!("/api/users/{user}/kyc"), &json!({"status": "verified"})).await
}

async fn put(platform: &Platform, path: &str, body: &Value) -> Result<(), String> {
    let request = Request {
        method: "PUT".to_owned(),
        url: path.to_owned(),
        headers: BTreeMap::new(),
        body: body.to_string().into_bytes(),
    };
    let reply = platform.http(&request, Some(&operator())).await;
    let is_done = reply.status < 300;
    is_done
        .then_some(())
        .ok_or_else(|| format!("{path} was answered {} {}", reply.status, String::from_utf8_lossy(&reply.body)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cost(merchant: usize, lines: &[(usize, u32)], campaign: Option<usize>) -> [Cents; 4] {
        let cost = Cart { merchant, lines: lines.to_vec(), campaign, is_far: false }.cost();
        [cost.subtotal, cost.discount, cost.fee, cost.total]
    }

    #[test]
    fn carts_cost_what_is_in_them_less_their_discount() {
        assert_eq!(cost(0, &[(0, 2), (2, 1)], None), [4_033, 0, 0, 4_033]);
        assert_eq!(cost(0, &[(0, 2), (2, 1)], Some(0)), [4_033, 4_033, 0, 0]);
        // An eighth of 62.50 is 7.8125.
        assert_eq!(cost(1, &[(0, 5)], Some(1)), [6_250, 781, 450, 5_919]);
        // Another merchant's campaign takes nothing off.
        assert_eq!(cost(1, &[(1, 1)], Some(0)), [14_999, 0, 450, 15_449]);
    }
}
