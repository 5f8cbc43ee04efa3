//! What each event adds to the figures of its day.

use quoin_events::types::{
    BetCancelled, BetPlaced, BetSettled, BizoneOrderCreated, BonusAwarded, DepositFailed, DepositInitiated,
    DepositSuccess, EmailSent, NotificationFailed, OrderConfirmationSent, OrderCreated, OrderFailed, OrderInitiated,
    OrderPaid, OrderValidationCompleted, OrderValidationStarted, PushNotificationSent, ReferralCompleted, SmsSent,
    UserLogin, UserRegistered, WalletRefunded,
};
use quoin_events::{Envelope, EventData};
use quoin_money::Delta;
use rust_decimal::Decimal;

use crate::counters::{Count, Counters, Rule, Sum, Total};

/// What an event adds to the day, and to the campaign that it belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Counted {
    /// To the day.
    pub(crate) all: Counters,
    /// To the campaign of that code, on that day.
    pub(crate) campaign: Option<(String, Counters)>,
}

impl From<Counters> for Counted {
    fn from(all: Counters) -> Self {
        Self { all, campaign: None }
    }
}

impl Counted {
    /// The same for the campaign `code`, if the order has one.
    fn with(self, code: Option<String>) -> Self {
        let campaign = code.filter(|code| is_countable(code)).map(|code| (code, self.all.clone()));
        Self { campaign, ..self }
    }
}

/// The longest code that is counted: what people type becomes part of a key.
const LONGEST_CODE: usize = 64;

/// Whether a code may be one of a campaign: a control character would sort in front of everything.
fn is_countable(code: &str) -> bool {
    !code.is_empty() && code.len() <= LONGEST_CODE && !code.chars().any(char::is_control)
}

/// The counters that `envelope` moves; `None` for an event that no figure tells of.
///
/// # Errors
/// If the data does not have the shape of its type.
pub(crate) fn counted(envelope: &Envelope) -> Result<Option<Counted>, serde_json::Error> {
    let counters = Counters::default();
    let counters = match envelope.event.as_str() {
        UserRegistered::NAME => counters.once(Count::Registrations),
        UserLogin::NAME => counters.once(Count::Logins),
        BetPlaced::NAME => {
            let bet: BetPlaced = envelope.data()?;
            counters.once(Count::BetsPlaced).plus(Sum::Stakes, bet.stake.asset, bet.stake.amount)
        }
        BetSettled::NAME => {
            let bet: BetSettled = envelope.data()?;
            let count = if bet.settlement_no > 1 { Count::SettlementsCorrected } else { Count::BetsSettled };
            counters.once(count).moved(Sum::Payouts, bet.stake.asset, bet.payout_delta)
        }
        BetCancelled::NAME => {
            let bet: BetCancelled = envelope.data()?;
            counters.once(Count::BetsCancelled).plus(Sum::Refunds, bet.asset, bet.refund)
        }
        DepositInitiated::NAME => {
            let deposit: DepositInitiated = envelope.data()?;
            counters.once(Count::DepositsInitiated).plus(Sum::DepositsInitiated, deposit.asset, deposit.amount)
        }
        DepositSuccess::NAME => {
            let deposit: DepositSuccess = envelope.data()?;
            counters.once(Count::DepositsSucceeded).plus(Sum::DepositsSucceeded, deposit.asset, deposit.amount)
        }
        DepositFailed::NAME => {
            let deposit: DepositFailed = envelope.data()?;
            counters.once(Count::DepositsFailed).plus(Sum::DepositsFailed, deposit.asset, deposit.amount)
        }
        BonusAwarded::NAME => {
            let bonus: BonusAwarded = envelope.data()?;
            counters.once(Count::BonusesAwarded).plus(Sum::Bonuses, bonus.asset, bonus.amount)
        }
        ReferralCompleted::NAME => {
            let reward = envelope.data::<ReferralCompleted>()?.reward;
            counters.once(Count::ReferralsCompleted).plus(Sum::ReferralRewards, reward.asset, reward.amount)
        }
        SmsSent::NAME | EmailSent::NAME | PushNotificationSent::NAME => counters.once(Count::NotificationsSent),
        NotificationFailed::NAME => counters.once(Count::NotificationsFailed),
        WalletRefunded::NAME => {
            let refund: WalletRefunded = envelope.data()?;
            let add = |counters: Counters, part: &quoin_events::types::CoinAmount| {
                counters.plus(Sum::OrderRefunds, part.coin_type, part.amount)
            };
            refund.refund_breakdown.iter().fold(counters, add)
        }
        _ => return order(envelope),
    };
    Ok(Some(counters.into()))
}

/// The steps of an order.
fn order(envelope: &Envelope) -> Result<Option<Counted>, serde_json::Error> {
    let counters = Counters::default();
    Ok(Some(match envelope.event.as_str() {
        OrderValidationStarted::NAME => {
            let order: OrderValidationStarted = envelope.data()?;
            Counted::from(counters.once(Count::OrdersStarted)).with(order.campaign_code)
        }
        OrderValidationCompleted::NAME => validated(&envelope.data()?).into(),
        OrderInitiated::NAME => {
            let order: OrderInitiated = envelope.data()?;
            let counters = counters
                .once(Count::OrdersInitiated)
                .total(Total::OrderValue, Delta::plus(order.order_value))
                .total(Total::OrderDiscount, Delta::plus(order.discount))
                .total(Total::OrderAmount, Delta::plus(order.final_amount));
            Counted::from(counters).with(order.campaign_code)
        }
        OrderPaid::NAME => {
            let order: OrderPaid = envelope.data()?;
            let counters = order.payment_breakdown.iter().fold(counters.once(Count::OrdersPaid), |counters, part| {
                counters.plus(Sum::OrderPayments, part.kind, part.amount)
            });
            Counted::from(counters).with(order.campaign_code)
        }
        BizoneOrderCreated::NAME => counters.once(Count::OrdersConfirmed).into(),
        OrderCreated::NAME => {
            let order: OrderCreated = envelope.data()?;
            Counted::from(counters.once(Count::OrdersCreated)).with(order.campaign.map(|campaign| campaign.code))
        }
        OrderConfirmationSent::NAME => counters.once(Count::OrdersNotified).into(),
        OrderFailed::NAME => {
            let order: OrderFailed = envelope.data()?;
            counters.failed(order.failure_reason).into()
        }
        _ => return Ok(None),
    }))
}

fn validated(order: &OrderValidationCompleted) -> Counters {
    let rules = &order.validations;
    let took = Delta::new(Decimal::from(order.duration_ms));
    let counters = Counters::default().once(Count::OrdersValidated).total(Total::ValidationTime, took);
    let counters = if order.can_checkout { counters.once(Count::OrdersAllowed) } else { counters };
    [
        (Rule::MinOrderValue, rules.min_order_value),
        (Rule::DeliveryZone, rules.delivery_zone),
        (Rule::CampaignEligible, rules.campaign_eligible),
        (Rule::UserKyc, rules.user_kyc),
        (Rule::MerchantActive, rules.merchant_active),
    ]
    .into_iter()
    .filter(|(_, passes)| !passes)
    .fold(counters, |counters, (rule, _)| counters.refused(rule))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recorded::tests::recorded;
    use quoin_money::Asset;

    fn of(event: &str, data: &str) -> Counters {
        let recorded = recorded(event, "2026-01-04T10:17:12.567Z", data, "");
        counted(recorded.envelope()).unwrap().unwrap().all
    }

    fn sample(event: &str) -> Counted {
        let path = format!("{}/../../events/catalogue/{event}.json", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(path).unwrap();
        let envelope: Envelope = serde_json::from_str(&text).unwrap();
        counted(&envelope).unwrap().unwrap()
    }

    #[test]
    fn an_order_moves_one_step_of_the_funnel_with_each_of_its_events() {
        let steps = [
            ("order.validation_started", Count::OrdersStarted),
            ("order.validation_completed", Count::OrdersValidated),
            ("order.initiated", Count::OrdersInitiated),
            ("order.paid", Count::OrdersPaid),
            ("bizone.order_created", Count::OrdersConfirmed),
            ("order.created", Count::OrdersCreated),
            ("order.confirmation_sent", Count::OrdersNotified),
            ("order.failed", Count::OrdersFailed),
        ];
        let of_validation = [Count::OrdersValidated, Count::OrdersAllowed];
        for (event, step) in steps {
            let counters = sample(event).all;
            for count in Count::ALL {
                let is_moved = *count == step || step == Count::OrdersValidated && of_validation.contains(count);
                assert_eq!(counters.count(*count).is_zero(), !is_moved, "{event} {}", count.as_str());
            }
        }
        let initiated = sample("order.initiated");
        assert_eq!(initiated.all.of_total(Total::OrderValue).to_string(), "500");
        assert_eq!(initiated.all.of_total(Total::OrderAmount).to_string(), "450");
        assert_eq!(initiated.campaign, Some(("WEEKEND50".to_owned(), initiated.all)));
        assert_eq!(sample("order.validation_completed").all.of_total(Total::ValidationTime).to_string(), "3333");
        assert_eq!(sample("order.paid").all.sum(Sum::OrderPayments, Asset::PromoCoins).unwrap().to_string(), "200");
        assert_eq!(sample("wallet.refunded").all.sum(Sum::OrderRefunds, Asset::RezCoins).unwrap().to_string(), "100");
        let failed: Vec<_> = sample("order.failed").all.failures().map(|(reason, _)| reason.as_str()).collect();
        assert_eq!(failed, ["WALLET_INSUFFICIENT_BALANCE"]);
    }

    #[test]
    fn each_rule_that_refuses_is_counted_and_the_order_is_not_allowed() {
        let counters = of(
            "order.validation_completed",
            r#"{"user_id":"u","merchant_id":"m","can_checkout":false,"duration_ms":0,"validations":{"min_order_value":false,
               "delivery_zone":true,"campaign_eligible":true,"user_kyc":false,"merchant_active":true}}"#,
        );
        let refused = Rule::ALL.iter().filter(|rule| !counters.refused_by(**rule).is_zero());
        assert_eq!(refused.map(|rule| rule.as_str()).collect::<Vec<_>>(), ["min_order_value", "user_kyc"]);
        assert!(counters.count(Count::OrdersAllowed).is_zero());
        assert!(!counters.count(Count::OrdersValidated).is_zero());
    }

    #[test]
    fn what_people_type_is_counted_only_if_it_can_be_a_code() {
        let started = |code: &str| {
            let data = serde_json::json!({"user_id": "u", "merchant_id": "m", "cart_value": 1, "campaign_code": code,
                "delivery_pincode": "1", "session_id": "s"});
            let recorded = recorded("order.validation_started", "2026-01-04T10:17:12.567Z", &data.to_string(), "");
            counted(recorded.envelope()).unwrap().unwrap()
        };
        assert!(started("A#B ü").campaign.is_some());
        for code in ["", "A\tB", &"x".repeat(65)] {
            let counted = started(code);
            assert_eq!(counted.campaign, None, "{code}");
            assert!(!counted.all.count(Count::OrdersStarted).is_zero());
        }
    }

    const SETTLED: &str = r#"{"bet_id":"b","user_id":"u","settlement_no":NO,"result":"won",
        "stake":{"amount":10.1,"asset":"cash"},"payout_total":20.2,"payout_delta":DELTA}"#;

    #[test]
    fn a_correction_is_no_second_settlement_and_takes_its_payout_back() {
        let first = of("BetSettled", &SETTLED.replace("NO", "1").replace("DELTA", "20.2"));
        let second = of("BetSettled", &SETTLED.replace("NO", "2").replace("DELTA", "-20.2"));
        let mut both = first.clone();
        both.add(&second).unwrap();
        assert_eq!(both.count(Count::BetsSettled).to_string(), "1");
        assert_eq!(both.count(Count::SettlementsCorrected).to_string(), "1");
        assert_eq!(first.sum(Sum::Payouts, Asset::Cash).unwrap().to_string(), "20.2");
        assert!(both.sum(Sum::Payouts, Asset::Cash).unwrap().is_zero());
    }

    #[test]
    fn what_cannot_be_read_is_an_error_and_what_is_unknown_counts_nothing() {
        let broken = recorded("BetPlaced", "2026-01-04T10:17:12.567Z", "{}", "");
        assert!(counted(broken.envelope()).is_err());
        let other = recorded("wallet.debited", "2026-01-04T10:17:12.567Z", "{}", "");
        assert_eq!(counted(other.envelope()).unwrap(), None);
    }
}
