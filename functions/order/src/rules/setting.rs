//! What operators set of each validation: whether it is asked at all, and its parameters.

use std::collections::{BTreeMap, BTreeSet};

use quoin_money::{Amount, Scales};
use quoin_runtime::Problem;
use quoin_store::{Item, StoreError};
use serde::{Deserialize, Serialize};

use crate::catalogue::fields;

/// A validation, in the order in which an order's failure is named after them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "OrderRule"))]
#[serde(rename_all = "snake_case")]
pub(crate) enum Rule {
    /// The cart is worth at least what the merchant and the platform ask.
    MinOrderValue,
    /// The merchant delivers there.
    DeliveryZone,
    /// The campaign holds for the order, or none was named.
    CampaignEligible,
    /// The person is known well enough.
    UserKyc,
    /// The merchant takes orders.
    MerchantActive,
}

impl Rule {
    /// All of them, in order.
    pub(crate) const ALL: [Self; 5] =
        [Self::MinOrderValue, Self::DeliveryZone, Self::CampaignEligible, Self::UserKyc, Self::MerchantActive];

    /// The wire name.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::MinOrderValue => "min_order_value",
            Self::DeliveryZone => "delivery_zone",
            Self::CampaignEligible => "campaign_eligible",
            Self::UserKyc => "user_kyc",
            Self::MerchantActive => "merchant_active",
        }
    }

    /// The rule called `name`.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|rule| rule.as_str() == name)
    }
}

/// What is known of who a person is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "OrderKycStatus"))]
#[serde(rename_all = "snake_case")]
pub(crate) enum KycStatus {
    /// Papers were checked.
    Verified,
    /// They are being looked at.
    Pending,
    /// They were not good.
    Rejected,
}

/// How one validation is set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Setting {
    /// A validation that is not asked lets everything pass.
    pub(crate) enabled: bool,
    /// `min_order_value`: what every cart has to be worth at least, whatever its merchant asks.
    #[serde(default)]
    pub(crate) minimum: Amount,
    /// `user_kyc`: what is good enough.
    #[serde(default)]
    pub(crate) accepted: BTreeSet<KycStatus>,
    /// `user_kyc`: for carts worth at least so much.
    #[serde(default)]
    pub(crate) from_amount: Amount,
}

/// How one validation is to be set; a parameter that is left out keeps its value.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "OrderRuleChange"))]
#[serde(deny_unknown_fields)]
pub(crate) struct SettingChange {
    /// A validation that is not asked lets everything pass.
    enabled: bool,
    /// `min_order_value` alone: what every cart has to be worth at least, whatever its merchant asks.
    #[serde(default)]
    minimum: Option<Amount>,
    /// `user_kyc` alone: what is good enough; at least one.
    #[serde(default)]
    accepted: Option<BTreeSet<KycStatus>>,
    /// `user_kyc` alone: for carts worth at least so much before the discount; zero asks everybody.
    #[serde(default)]
    from_amount: Option<Amount>,
}

/// How one validation is set, with the parameters that it has.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "OrderRuleSetting"))]
pub(crate) struct SettingView {
    /// Which.
    rule: Rule,
    /// A validation that is not asked lets everything pass.
    enabled: bool,
    /// `min_order_value`: what every cart has to be worth at least, whatever its merchant asks.
    #[serde(skip_serializing_if = "Option::is_none")]
    minimum: Option<Amount>,
    /// `user_kyc`: what is good enough.
    #[serde(skip_serializing_if = "Option::is_none")]
    accepted: Option<BTreeSet<KycStatus>>,
    /// `user_kyc`: for carts worth at least so much before the discount.
    #[serde(skip_serializing_if = "Option::is_none")]
    from_amount: Option<Amount>,
}

impl Setting {
    fn initial() -> Self {
        let accepted = BTreeSet::from([KycStatus::Verified]);
        Self { enabled: true, minimum: Amount::ZERO, accepted, from_amount: Amount::ZERO }
    }

    /// As it is told.
    pub(crate) fn view(&self, rule: Rule) -> SettingView {
        let has_minimum = rule == Rule::MinOrderValue;
        let has_kyc = rule == Rule::UserKyc;
        SettingView {
            rule,
            enabled: self.enabled,
            minimum: has_minimum.then_some(self.minimum),
            accepted: has_kyc.then(|| self.accepted.clone()),
            from_amount: has_kyc.then_some(self.from_amount),
        }
    }

    /// With what `change` names.
    ///
    /// # Errors
    /// 400 with the parameter that is wrong, or that `rule` does not have.
    pub(crate) fn changed(self, rule: Rule, change: SettingChange, scales: Scales) -> Result<Self, Problem> {
        let SettingChange { enabled, minimum, accepted, from_amount } = change;
        let others = [
            ("/minimum", minimum.is_some() && rule != Rule::MinOrderValue),
            ("/accepted", accepted.is_some() && rule != Rule::UserKyc),
            ("/from_amount", from_amount.is_some() && rule != Rule::UserKyc),
        ];
        if let Some((pointer, _)) = others.iter().find(|(_, is_wrong)| *is_wrong) {
            let detail = format!("{} has no such parameter", rule.as_str());
            return Err(Problem::field("PARAMETER_UNKNOWN", *pointer, detail));
        }
        if accepted.as_ref().is_some_and(BTreeSet::is_empty) {
            return Err(Problem::field("ACCEPTED_EMPTY", "/accepted", "must name at least one status"));
        }
        let price = |amount: Option<Amount>, pointer| amount.map(|one| fields::price(one, scales, pointer)).transpose();
        Ok(Self {
            enabled,
            minimum: price(minimum, "/minimum")?.unwrap_or(self.minimum),
            accepted: accepted.unwrap_or(self.accepted),
            from_amount: price(from_amount, "/from_amount")?.unwrap_or(self.from_amount),
        })
    }
}

/// How all validations are set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rules(BTreeMap<Rule, Setting>);

impl Rules {
    /// Reads the row of settings; what was never set is as it was in the beginning.
    pub(crate) fn read(item: Option<&Item>) -> Result<Self, StoreError> {
        let setting = |rule: Rule| {
            let stored = item.map(|item| item.get_json(rule.as_str())).transpose()?.flatten();
            Ok((rule, stored.unwrap_or_else(Setting::initial)))
        };
        Rule::ALL.into_iter().map(setting).collect::<Result<_, _>>().map(Self)
    }

    /// How `rule` is set.
    pub(crate) fn setting(&self, rule: Rule) -> Setting {
        self.0.get(&rule).cloned().unwrap_or_else(Setting::initial)
    }

    /// The setting of `rule`, if it is asked.
    pub(super) fn asked(&self, rule: Rule) -> Option<&Setting> {
        self.0.get(&rule).filter(|setting| setting.enabled)
    }

    /// All of them, as they are told.
    pub(crate) fn views(&self) -> Vec<SettingView> {
        self.0.iter().map(|(rule, setting)| setting.view(*rule)).collect()
    }

    #[cfg(test)]
    pub(crate) fn with(mut self, rule: Rule, setting: Setting) -> Self {
        self.0.insert(rule, setting);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(body: &str) -> SettingChange {
        serde_json::from_str(body).unwrap()
    }

    fn changed(rule: Rule, body: &str) -> Result<Setting, Problem> {
        Setting::initial().changed(rule, change(body), Scales::default())
    }

    #[test]
    fn a_parameter_belongs_to_its_rule() {
        let error = |rule, body| changed(rule, body).unwrap_err();
        let wrong = error(Rule::DeliveryZone, r#"{"enabled":true,"minimum":5}"#);
        assert_eq!((wrong.code, wrong.errors[0].pointer.as_str()), ("PARAMETER_UNKNOWN", "/minimum"));
        assert_eq!(error(Rule::UserKyc, r#"{"enabled":true,"accepted":[]}"#).code, "ACCEPTED_EMPTY");
        let precise = error(Rule::MinOrderValue, r#"{"enabled":true,"minimum":1.001}"#);
        assert_eq!(precise.errors[0].pointer, "/minimum");
    }

    #[test]
    fn what_is_left_out_stays() {
        let first = changed(Rule::UserKyc, r#"{"enabled":true,"accepted":["pending"],"from_amount":100}"#).unwrap();
        let second = first.clone().changed(Rule::UserKyc, change(r#"{"enabled":false}"#), Scales::default()).unwrap();
        assert_eq!(second, Setting { enabled: false, ..first });
    }

    #[test]
    fn settings_are_read_as_they_were_written() {
        let setting = changed(Rule::UserKyc, r#"{"enabled":true,"from_amount":99.5}"#).unwrap();
        let item = Item::new().json("user_kyc", &setting).unwrap();
        let rules = Rules::read(Some(&item)).unwrap();
        assert_eq!(rules.setting(Rule::UserKyc), setting);
        assert_eq!(rules.setting(Rule::DeliveryZone), Setting::initial());
    }
}
