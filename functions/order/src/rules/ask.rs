//! Asks all five validations, whatever the first of them says, and names the one that an order fails by.

use quoin_events::types::{OrderFailureReason, OrderValidations};
use quoin_money::Amount;

use super::{KycStatus, Rule, Rules};
use crate::catalogue::Merchant;

/// What the validations look at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Facts<'a> {
    /// What the cart is worth, before the discount.
    pub(crate) subtotal: Amount,
    pub(crate) merchant: &'a Merchant,
    /// Where the order is to go.
    pub(crate) pincode: &'a str,
    /// Whether the campaign that was named holds and has a use left; `None` if none was named.
    pub(crate) campaign_holds: Option<bool>,
    /// What is known of the person; `None` if nothing was ever handed in.
    pub(crate) kyc: Option<KycStatus>,
}

/// What each validation says.
pub(crate) fn ask(rules: &Rules, facts: &Facts<'_>) -> OrderValidations {
    let Facts { subtotal, merchant, pincode, campaign_holds, kyc } = *facts;
    OrderValidations {
        min_order_value: rules
            .asked(Rule::MinOrderValue)
            .is_none_or(|setting| subtotal >= merchant.min_order_value.max(setting.minimum)),
        delivery_zone: rules.asked(Rule::DeliveryZone).is_none_or(|_| merchant.delivery_pincodes.contains(pincode)),
        campaign_eligible: rules.asked(Rule::CampaignEligible).is_none_or(|_| campaign_holds.unwrap_or(true)),
        user_kyc: rules.asked(Rule::UserKyc).is_none_or(|setting| {
            subtotal < setting.from_amount || kyc.is_some_and(|status| setting.accepted.contains(&status))
        }),
        merchant_active: rules.asked(Rule::MerchantActive).is_none_or(|_| merchant.active),
    }
}

/// Why an order goes no further, if it does not: the first validation that refused, then the fraud service's mark,
/// then stock.
pub(crate) fn refusal(
    validations: &OrderValidations,
    is_under_review: bool,
    is_in_stock: bool,
) -> Option<OrderFailureReason> {
    let checks = [
        (validations.min_order_value, OrderFailureReason::MinOrderValue),
        (validations.delivery_zone, OrderFailureReason::DeliveryZone),
        (validations.campaign_eligible, OrderFailureReason::CampaignNotEligible),
        (validations.user_kyc, OrderFailureReason::KycRequired),
        (validations.merchant_active, OrderFailureReason::MerchantInactive),
        (!is_under_review, OrderFailureReason::FraudReview),
        (is_in_stock, OrderFailureReason::OutOfStock),
    ];
    checks.into_iter().find(|(passes, _)| !passes).map(|(_, reason)| reason)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::Setting;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    const GOOD: OrderValidations = OrderValidations {
        min_order_value: true,
        delivery_zone: true,
        campaign_eligible: true,
        user_kyc: true,
        merchant_active: true,
    };

    fn merchant() -> Merchant {
        Merchant {
            merchant_id: "m1".into(),
            name: "Fresh Mart".into(),
            company: "bizone".into(),
            active: true,
            min_order_value: Amount::whole(100),
            delivery_pincodes: BTreeSet::from(["560001".to_owned()]),
            delivery_fee: Amount::ZERO,
            managers: BTreeSet::new(),
        }
    }

    fn facts(merchant: &Merchant) -> Facts<'_> {
        Facts {
            subtotal: Amount::whole(500),
            merchant,
            pincode: "560001",
            campaign_holds: Some(true),
            kyc: Some(KycStatus::Verified),
        }
    }

    fn rules() -> Rules {
        Rules::read(None).unwrap()
    }

    fn setting(rule: Rule) -> Setting {
        rules().setting(rule)
    }

    #[test]
    fn each_validation_refuses_by_itself() {
        let (open, shut) = (merchant(), Merchant { active: false, ..merchant() });
        assert_eq!(ask(&rules(), &facts(&open)), GOOD);
        let cases = [
            (Facts { subtotal: Amount::whole(99), ..facts(&open) }, OrderFailureReason::MinOrderValue),
            (Facts { pincode: "560002", ..facts(&open) }, OrderFailureReason::DeliveryZone),
            (Facts { campaign_holds: Some(false), ..facts(&open) }, OrderFailureReason::CampaignNotEligible),
            (Facts { kyc: None, ..facts(&open) }, OrderFailureReason::KycRequired),
            (Facts { kyc: Some(KycStatus::Pending), ..facts(&open) }, OrderFailureReason::KycRequired),
            (facts(&shut), OrderFailureReason::MerchantInactive),
        ];
        for (facts, reason) in cases {
            let validations = ask(&rules(), &facts);
            assert_eq!(refusal(&validations, false, true), Some(reason));
            let said = [
                validations.min_order_value,
                validations.delivery_zone,
                validations.campaign_eligible,
                validations.user_kyc,
                validations.merchant_active,
            ];
            assert_eq!(said.iter().filter(|passes| !**passes).count(), 1, "{reason:?}");
        }
    }

    #[test]
    fn an_order_without_a_campaign_is_eligible() {
        let merchant = merchant();
        assert!(ask(&rules(), &Facts { campaign_holds: None, ..facts(&merchant) }).campaign_eligible);
    }

    #[test]
    fn a_validation_that_is_not_asked_lets_everything_pass() {
        let merchant = Merchant { active: false, ..merchant() };
        let bad = Facts {
            subtotal: Amount::ZERO,
            pincode: "0",
            campaign_holds: Some(false),
            kyc: Some(KycStatus::Rejected),
            ..facts(&merchant)
        };
        let off = |rules: Rules, rule| rules.with(rule, Setting { enabled: false, ..setting(rule) });
        assert_eq!(ask(&Rule::ALL.into_iter().fold(rules(), off), &bad), GOOD);
        assert_eq!(refusal(&ask(&rules(), &bad), true, false), Some(OrderFailureReason::MinOrderValue));
    }

    #[test]
    fn the_platforms_minimum_holds_beside_the_merchants() {
        let merchant = merchant();
        let minimum = |units| Setting { minimum: Amount::whole(units), ..setting(Rule::MinOrderValue) };
        let passes = |platform, cart| {
            let rules = rules().with(Rule::MinOrderValue, minimum(platform));
            ask(&rules, &Facts { subtotal: Amount::whole(cart), ..facts(&merchant) }).min_order_value
        };
        assert_eq!([passes(50, 99), passes(50, 100), passes(200, 199), passes(200, 200)], [false, true, false, true]);
    }

    #[test]
    fn kyc_is_asked_from_an_amount_on() {
        let merchant = merchant();
        let rule = Setting { from_amount: Amount::whole(1_000), ..setting(Rule::UserKyc) };
        let passes = |cart| {
            let rules = rules().with(Rule::UserKyc, rule.clone());
            ask(&rules, &Facts { subtotal: Amount::whole(cart), kyc: None, ..facts(&merchant) }).user_kyc
        };
        assert_eq!([passes(999), passes(1_000)], [true, false]);
    }

    #[test]
    fn fraud_comes_before_stock_and_both_after_the_rules() {
        assert_eq!(refusal(&GOOD, true, false), Some(OrderFailureReason::FraudReview));
        assert_eq!(refusal(&GOOD, false, false), Some(OrderFailureReason::OutOfStock));
        assert_eq!(refusal(&GOOD, false, true), None);
    }

    proptest! {
        #[test]
        fn an_order_is_refused_exactly_if_something_refuses_it(said in prop::array::uniform7(any::<bool>())) {
            let [min_order_value, delivery_zone, campaign_eligible, user_kyc, merchant_active, clear, there] = said;
            let validations = OrderValidations { min_order_value, delivery_zone, campaign_eligible, user_kyc, merchant_active };
            prop_assert_eq!(refusal(&validations, !clear, there).is_none(), said.iter().all(|passes| *passes));
        }
    }
}
