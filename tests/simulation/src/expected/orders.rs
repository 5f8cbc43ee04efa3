//! Answers to steps about orders. What a cart costs and which rules let it pass follows from what there is to buy; what
//! changes meanwhile (stock, uses, marks, wallets) is judged by the states that it was in.

use serde_json::{Value, json};

use super::{Case, SLACK_MS, moment};
use crate::audit::{plan, text};
use crate::cloud::millis;
use crate::money::{Cents, of};
use crate::people::VERIFIED;
use crate::shop::{Cart, Coins, Cost, KYC_FROM};

/// Parts of a product's stock, and of a campaign's uses.
const STOCK_SHARDS: u8 = 4;
const USES_SHARDS: u8 = 8;

impl Case<'_> {
    /// Whether the answer to an order fits.
    pub(super) fn fits_order(&self, user: usize, cart: &Cart, status: u16, code: &str) -> bool {
        let cost = cart.cost();
        let refusal = self.refusal(user, cart, cost);
        match (status, code) {
            (201, _) => refusal.is_none() && self.costs(cost),
            (422, "CAMPAIGN_NOT_ELIGIBLE") => {
                let comes_before = |refusal| matches!(refusal, "MIN_ORDER_VALUE" | "DELIVERY_ZONE");
                let is_used_up = cart.campaign().is_some_and(|one| one.max_uses.is_some() && self.uses(one.code) <= 0);
                refusal == Some("CAMPAIGN_NOT_ELIGIBLE") || is_used_up && !refusal.is_some_and(comes_before)
            }
            (422, "FRAUD_REVIEW") => refusal.is_none() && self.could_be_under_review(user),
            (422, "OUT_OF_STOCK") => refusal.is_none() && self.could_be_out_of_stock(cart),
            (422, "WALLET_INSUFFICIENT_BALANCE") => {
                let is_told = of(&self.answer.body["amount_required"]) == cost.total
                    && of(&self.answer.body["amount_available"]) < cost.total;
                refusal.is_none() && is_told && self.lacks(user, cart, cost.total)
            }
            (422, code) => refusal == Some(code),
            _ => false,
        }
    }

    /// Whether the answer to a gift fits.
    pub(super) fn fits_gift(&self, coins: &Coins, status: u16, code: &str) -> bool {
        let (from, to) = self.span();
        let days = coins.days.map(|days| i64::from(days) * 86_400_000);
        match (status, code) {
            (201, _) => true,
            (422, "EXPIRY_INVALID") => days.is_some_and(|days| millis(to) + SLACK_MS >= millis(from) + days),
            _ => false,
        }
    }

    /// Why the order is refused whatever else is there, by the first rule that does not let it pass.
    fn refusal(&self, user: usize, cart: &Cart, cost: Cost) -> Option<&'static str> {
        let is_verified = self.is_settled && user < VERIFIED;
        let rules = [
            (cost.subtotal >= cart.merchant().minimum, "MIN_ORDER_VALUE"),
            (!cart.is_far, "DELIVERY_ZONE"),
            (cart.campaign.is_none() || cart.campaign().is_some(), "CAMPAIGN_NOT_ELIGIBLE"),
            (cost.subtotal < KYC_FROM || is_verified, "KYC_REQUIRED"),
        ];
        rules.into_iter().find(|(passes, _)| !passes).map(|(_, code)| code)
    }

    /// Whether the answer says what the cart costs.
    fn costs(&self, cost: Cost) -> bool {
        let pricing = &self.answer.body["pricing"];
        let part = |name: &str| of(&pricing[name]);
        let told = [part("subtotal"), part("discount"), part("delivery_fee"), part("total")];
        let lines = self.answer.body["items"].as_array().into_iter().flatten();
        let parts: Cents = lines.map(|line| of(&line["discount"])).sum();
        told == [cost.subtotal, cost.discount, cost.fee, cost.total] && parts == cost.discount
    }

    /// The least that was left over all parts of a counter while the step went on.
    fn least_left(&self, pk: &str, shards: u8) -> i64 {
        let (from, to) = self.span();
        let least = |shard: u8| {
            let key = json!({"pk": {"S": pk}, "sk": {"S": shard.to_string()}});
            let left = |item: &Value| item["left"]["N"].as_str().and_then(|text| text.parse::<i64>().ok()).unwrap_or(0);
            self.cloud.states("OrderTable", &key, from, to).iter().map(left).min().unwrap_or(0)
        };
        (0..shards).map(least).sum()
    }

    fn uses(&self, code: &str) -> i64 {
        self.least_left(&format!("campaign-uses#{code}"), USES_SHARDS)
    }

    fn could_be_out_of_stock(&self, cart: &Cart) -> bool {
        let merchant = cart.merchant();
        cart.lines.iter().any(|(product, quantity)| {
            let pk = format!("stock#{}#{}", merchant.id, merchant.products[*product].0);
            self.least_left(&pk, STOCK_SHARDS) < i64::from(*quantity)
        })
    }

    /// What the fraud service thought of a user while the step went on.
    pub(super) fn marks(&self, user: usize) -> Vec<Value> {
        let (from, to) = self.span();
        let key = json!({"pk": {"S": format!("user#{}", self.people.id(user))}, "sk": {"S": "mark"}});
        self.cloud.states("FraudTable", &key, from, to)
    }

    fn could_be_under_review(&self, user: usize) -> bool {
        self.marks(user).iter().any(|item| text(item, "state") == "review")
    }

    /// Whether the wallet could not pay in one of its states.
    fn lacks(&self, user: usize, cart: &Cart, total: Cents) -> bool {
        let at = moment(millis(self.span().1) + SLACK_MS);
        let pays = |seen| plan(seen, total, cart.merchant().id, &at).iter().map(|(_, part)| part).sum::<Cents>();
        self.wallets(user).iter().any(|seen| pays(seen) < total)
    }
}
