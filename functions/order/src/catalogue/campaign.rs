//! A campaign: what it takes off, for whom, and how often.
//!
//! Uses are counted in parts, and only while the campaign is capped. The row says what the parts add up to:
//! `counted` = uses taken + what is left of all parts. A new cap moves the difference between the two caps, so what was
//! taken is never forgotten; a cap below what was taken leaves a debt that a later one has to make up for first. A
//! campaign that loses its cap keeps its parts as they stand, and goes on from there when it is capped again.

use quoin_events::Timestamp;
use quoin_money::Amount;
use quoin_store::{Item, StoreError};
use serde::{Deserialize, Serialize};

/// How a discount is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub(crate) enum DiscountKind {
    /// An amount of the operating currency.
    Fixed,
    /// Per hundred of the cart.
    Percent,
}

/// What a campaign takes off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(crate) struct Discount {
    /// How the amount is meant.
    #[serde(rename = "type")]
    pub(crate) kind: DiscountKind,
    /// How much.
    pub(crate) amount: Amount,
}

/// A campaign.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Campaign {
    pub(crate) code: String,
    pub(crate) campaign_id: String,
    /// Whose products it is for.
    pub(crate) merchant_id: String,
    pub(crate) discount: Discount,
    pub(crate) active: bool,
    /// From when on it holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) starts_at: Option<Timestamp>,
    /// From when on it holds no longer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) ends_at: Option<Timestamp>,
    /// How many orders may use it; any number if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) max_uses: Option<u32>,
}

impl Campaign {
    /// The id of the campaign with this code.
    pub(crate) fn id_of(code: &str) -> String {
        format!("camp_{}", code.to_ascii_lowercase())
    }

    /// Reads a campaign's row.
    pub(crate) fn read(item: &Item) -> Result<Self, StoreError> {
        item.require_json("campaign")
    }

    /// Whether it holds for an order from `merchant_id` at `now`, uses apart.
    pub(crate) fn holds(&self, merchant_id: &str, now: Timestamp) -> bool {
        self.active
            && self.merchant_id == merchant_id
            && self.starts_at.is_none_or(|start| start <= now)
            && self.ends_at.is_none_or(|end| now < end)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn campaign() -> Campaign {
        Campaign {
            code: "WEEKEND50".into(),
            campaign_id: Campaign::id_of("WEEKEND50"),
            merchant_id: "m1".into(),
            discount: Discount { kind: DiscountKind::Fixed, amount: Amount::whole(50) },
            active: true,
            starts_at: Some(Timestamp::from_millis(100)),
            ends_at: Some(Timestamp::from_millis(200)),
            max_uses: None,
        }
    }

    #[test]
    fn a_campaign_holds_from_its_start_until_its_end_for_its_merchant() {
        let holds = |merchant: &str, at: i64| campaign().holds(merchant, Timestamp::from_millis(at));
        assert_eq!([99, 100, 199, 200].map(|at| holds("m1", at)), [false, true, true, false]);
        assert!(!holds("m2", 150));
        assert!(!Campaign { active: false, ..campaign() }.holds("m1", Timestamp::from_millis(150)));
    }

    #[test]
    fn an_id_follows_from_the_code() {
        assert_eq!(campaign().campaign_id, "camp_weekend50");
    }
}
