use super::*;
use crate::fold::fold;
use crate::plan::Plans;
use crate::quote::Quote;
use proptest::prelude::*;
use quoin_events::Envelope;
use quoin_events::types::ChargeFailure;

const DAY: i64 = 86_400_000;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn created() -> SubscriptionEvent {
    SubscriptionEvent::Created(SubscriptionCreated {
        subscription_id: "sub_1".to_owned(),
        customer_id: "cust_1".to_owned(),
        user_id: "user_1".to_owned(),
        plan: "monthly".to_owned(),
        price: "9.99".parse().unwrap(),
        currency: "INR".to_owned(),
        payment_id: "pay_1".to_owned(),
        period_start: at("2026-01-31T12:00:00.000Z"),
        period_end: at("2026-02-28T12:00:00.000Z"),
    })
}

/// The subscription, and everything that was said of it.
struct Life {
    now: Timestamp,
    state: Subscription,
    told: Vec<Envelope>,
    paid: Amount,
}

fn envelope(event: &SubscriptionEvent, at: Timestamp, number: usize) -> Envelope {
    let data = match event {
        SubscriptionEvent::Created(event) => serde_json::to_string(event),
        SubscriptionEvent::ChargeStarted(event) => serde_json::to_string(event),
        SubscriptionEvent::ChargeFailed(event) => serde_json::to_string(event),
        SubscriptionEvent::Renewed(event) => serde_json::to_string(event),
        SubscriptionEvent::PlanChanged(event) => serde_json::to_string(event),
        SubscriptionEvent::Cancelled(event) => serde_json::to_string(event),
    };
    let (name, data) = (event.name(), data.unwrap());
    let text = format!(
        r#"{{"event":"{name}","version":"1.0","timestamp":"{at}","data":{data},"metadata":{{"source":"subscription-service","request_id":"req_{number}"}}}}"#
    );
    serde_json::from_str(&text).unwrap()
}

impl Life {
    fn begin() -> Self {
        let (now, event) = (at("2026-01-31T12:00:00.000Z"), created());
        let told = vec![envelope(&event, now, 0)];
        let state = Subscription::after(None, &Told { event, at: now }).unwrap();
        let paid = state.price;
        Self { now, state, told, paid }
    }

    fn happens(&mut self, event: SubscriptionEvent) {
        self.told.push(envelope(&event, self.now, self.told.len()));
        self.state = Subscription::after(Some(self.state.clone()), &Told { event, at: self.now }).unwrap();
    }

    fn charge(&mut self, purpose: ChargePurpose, quote: &Quote, is_paid: bool) {
        let payment_id = format!("pay_{}", self.state.charges.saturating_add(1));
        if quote.amount.is_zero() {
            return self.happens(self.state.paid(purpose, quote, None));
        }
        self.happens(self.state.start_charge(&payment_id, purpose, quote).unwrap());
        if is_paid {
            self.paid = self.paid.plus(quote.amount).unwrap();
            return self.happens(self.state.paid(purpose, quote, Some(&payment_id)));
        }
        let plans = Plans::standard().unwrap();
        let what = (payment_id.as_str(), purpose);
        for event in self.state.not_paid(what, quote, ChargeFailure::Declined, &plans, self.now) {
            self.happens(event);
        }
    }

    fn renew(&mut self, is_paid: bool) {
        let quote = self.state.renewal(&Plans::standard().unwrap()).unwrap();
        self.charge(ChargePurpose::Renewal, &quote, is_paid);
    }
}

#[test]
fn three_years_of_months_end_on_the_day_they_began() {
    let mut life = Life::begin();
    for _ in 0..36 {
        life.now = life.state.next_charge_at.unwrap();
        assert!(life.state.is_due(life.now));
        let end = life.state.period_end;
        life.renew(true);
        assert_eq!(life.state.period_start, end);
    }
    assert_eq!((life.state.period, life.state.period_end), (37, at("2029-02-28T12:00:00.000Z")));
    assert_eq!(life.paid.to_string(), "369.63");
    let ends: Vec<_> = life.told.iter().filter(|event| event.event == "subscription.renewed").collect();
    assert!(ends[0].data.get().contains("2026-03-31T12:00:00.000Z"), "the 31st comes back after February");
}

#[test]
fn who_does_not_pay_is_asked_four_times_more_and_lapses() {
    let mut life = Life::begin();
    let mut asked = Vec::new();
    while life.state.status != SubscriptionStatus::Cancelled {
        life.now = life.state.next_charge_at.unwrap();
        asked.push(life.now.millis().saturating_sub(life.state.period_end.millis()).div_euclid(DAY));
        life.renew(false);
    }
    assert_eq!(asked, [0, 1, 4, 9, 16]);
    assert_eq!(life.state.cancellation_reason, Some(CancellationReason::PaymentFailed));
    assert_eq!((life.state.next_charge_at, life.state.charging.clone()), (None, None));
    assert_eq!(life.state.renewal(&Plans::standard().unwrap()), Err(Refusal::Cancelled));
}

#[test]
fn who_pays_late_loses_no_day_and_gains_none() {
    let mut life = Life::begin();
    life.now = life.state.period_end;
    life.renew(false);
    life.now = life.state.next_charge_at.unwrap();
    life.renew(true);
    assert_eq!(life.state.status, SubscriptionStatus::Active);
    assert_eq!(life.state.period_start, at("2026-02-28T12:00:00.000Z"));
    assert_eq!((life.state.period_end, life.state.failed_attempts), (at("2026-03-31T12:00:00.000Z"), 0));
}

#[test]
fn a_change_of_plan_credits_what_is_left_to_the_cent() {
    let mut life = Life::begin();
    let plans = Plans::standard().unwrap();
    life.now = at("2026-02-14T12:00:00.000Z");
    let quote = life.state.plan_change(plans.find("yearly").unwrap(), life.now, 2).unwrap();
    // Half of 9.99, rounded down.
    assert_eq!((quote.credit.to_string(), quote.amount.to_string()), ("4.99".to_owned(), "94.01".to_owned()));
    life.charge(ChargePurpose::PlanChange, &quote, true);
    assert_eq!((life.state.plan.as_str(), life.state.period_end), ("yearly", at("2027-02-14T12:00:00.000Z")));
    // And back at once: a year's worth is left, which pays for months.
    let quote = life.state.plan_change(plans.find("monthly").unwrap(), life.now, 2).unwrap();
    assert!(quote.amount.is_zero());
    assert_eq!(quote.credit_left.to_string(), "89.01");
    life.charge(ChargePurpose::PlanChange, &quote, true);
    for _ in 0..8 {
        life.now = life.state.next_charge_at.unwrap();
        life.renew(true);
    }
    assert_eq!(life.state.credit.to_string(), "9.09");
    life.renew(true);
    assert_eq!((life.state.credit, life.paid.to_string().as_str()), (Amount::ZERO, "104.9"));
}

#[test]
fn a_period_that_was_paid_for_ahead_is_credited_as_a_whole() {
    let mut life = Life::begin();
    life.renew(true);
    life.now = at("2026-02-14T12:00:00.000Z");
    let quote = life.state.plan_change(Plans::standard().unwrap().find("yearly").unwrap(), life.now, 2).unwrap();
    assert!(quote.credit > "9.99".parse().unwrap() && quote.credit < "19.98".parse().unwrap());
}

#[test]
fn what_is_refused_is_refused_for_its_reason() {
    let plans = Plans::standard().unwrap();
    let mut life = Life::begin();
    let (monthly, yearly) = (plans.find("monthly").unwrap(), plans.find("yearly").unwrap());
    assert_eq!(life.state.plan_change(monthly, life.now, 2), Err(Refusal::SamePlan));
    let quote = life.state.renewal(&plans).unwrap();
    life.happens(life.state.start_charge("pay_2", ChargePurpose::Renewal, &quote).unwrap());
    assert_eq!(life.state.cancel(CancellationReason::Customer), Err(Refusal::Charging));
    assert_eq!(life.state.renewal(&plans), Err(Refusal::Charging));
    let what = ("pay_2", ChargePurpose::Renewal);
    for event in life.state.not_paid(what, &quote, ChargeFailure::Expired, &plans, life.now) {
        life.happens(event);
    }
    assert_eq!(life.state.plan_change(yearly, life.now, 2), Err(Refusal::PastDue));
    life.happens(life.state.cancel(CancellationReason::Customer).unwrap());
    assert_eq!(life.state.cancel(CancellationReason::Customer), Err(Refusal::Cancelled));
    assert_eq!(life.state.plan_change(yearly, life.now, 2), Err(Refusal::Cancelled));
}

#[test]
fn a_payment_that_was_not_begun_pays_for_nothing() {
    let life = Life::begin();
    let quote = life.state.renewal(&Plans::standard().unwrap()).unwrap();
    let event = life.state.paid(ChargePurpose::Renewal, &quote, Some("pay_9"));
    assert!(Subscription::after(Some(life.state.clone()), &Told { event, at: life.now }).is_err());
    let told = Told { event: created(), at: life.now };
    assert!(Subscription::after(Some(life.state), &told).is_err());
}

#[derive(Debug, Clone, Copy)]
enum Act {
    Wait(u16),
    Renew(bool),
    Change(bool),
    Cancel,
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        4 => (0_u16..60).prop_map(Act::Wait),
        4 => any::<bool>().prop_map(Act::Renew),
        2 => any::<bool>().prop_map(Act::Change),
        1 => Just(Act::Cancel),
    ]
}

proptest! {
    #[test]
    fn the_state_is_the_fold_of_its_events_and_no_cent_is_lost(acts in prop::collection::vec(act(), 0..40)) {
        let plans = Plans::standard().unwrap();
        let mut life = Life::begin();
        let mut prices = life.state.price;
        let mut returned = Amount::ZERO;
        for act in acts {
            match act {
                Act::Wait(days) => life.now = life.now.plus_millis(i64::from(days).saturating_mul(DAY)),
                Act::Renew(is_paid) => {
                    let Ok(quote) = life.state.renewal(&plans) else { continue };
                    let before = life.state.period;
                    life.charge(ChargePurpose::Renewal, &quote, is_paid);
                    if life.state.period > before { prices = prices.plus(quote.price).unwrap(); }
                }
                Act::Change(is_paid) => {
                    let other = if life.state.plan == "monthly" { "yearly" } else { "monthly" };
                    let Ok(quote) = life.state.plan_change(plans.find(other).unwrap(), life.now, 2) else { continue };
                    let (before, credit) = (life.state.period, life.state.credit);
                    life.charge(ChargePurpose::PlanChange, &quote, is_paid);
                    if life.state.period > before {
                        prices = prices.plus(quote.price).unwrap();
                        let unused = quote.credit.plus(quote.credit_left).unwrap().minus(credit).unwrap();
                        returned = returned.plus(unused).unwrap();
                    }
                }
                Act::Cancel => if let Ok(event) = life.state.cancel(CancellationReason::Customer) { life.happens(event) },
            }
        }
        let folded: Subscription = fold(life.told).unwrap().unwrap();
        prop_assert_eq!(&folded, &life.state);
        let stored: Subscription = serde_json::from_str(&serde_json::to_string(&life.state).unwrap()).unwrap();
        prop_assert_eq!(&stored, &life.state);
        // What was paid and what was returned for unused time is what periods cost and what is left of it.
        prop_assert_eq!(life.paid.plus(returned).unwrap(), prices.plus(life.state.credit).unwrap());
    }
}
