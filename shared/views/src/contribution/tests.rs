use super::*;
use proptest::prelude::*;
use quoin_events::EventData;
use quoin_events::types::{
    ChargePurpose, CustomerCreated, CustomerDeleted, CustomerRegistered, SubscriptionCancelled,
    SubscriptionChargeStarted, SubscriptionCreated, SubscriptionPlanChanged, SubscriptionRenewed,
};
use quoin_membership_model::after_months;
use serde_json::json;

fn envelope<T: EventData>(at: &str, data: &T) -> Envelope {
    let text = json!({
        "event": T::NAME, "version": "1.0", "timestamp": at, "data": data,
        "metadata": {"source": "x", "request_id": "r"},
    });
    serde_json::from_str(&text.to_string()).unwrap()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn amount(text: &str) -> Amount {
    text.parse().unwrap()
}

fn created(day: &str) -> Envelope {
    let sealed = || format!("enc:v1:{}", "A".repeat(40)).parse().unwrap();
    envelope(
        &format!("{day}T10:00:00.000Z"),
        &CustomerCreated {
            customer_id: "c".into(),
            user_id: "u".into(),
            full_name: sealed(),
            email: sealed(),
            language: "en".into(),
        },
    )
}

fn registered(day: &str, plan: &str) -> Envelope {
    let sealed = || format!("enc:v1:{}", "A".repeat(40)).parse().unwrap();
    envelope(
        &format!("{day}T00:00:05.000Z"),
        &CustomerRegistered {
            customer_id: "c".into(),
            user_id: "u".into(),
            full_name: sealed(),
            email: sealed(),
            language: "en".into(),
            plan: plan.into(),
            subscription_id: "s".into(),
            payment_id: "p".into(),
        },
    )
}

fn deleted(day: &str, reason: DeletionReason) -> Envelope {
    let deleted = CustomerDeleted { customer_id: "c".into(), user_id: "u".into(), reason };
    envelope(&format!("{day}T12:00:00.000Z"), &deleted)
}

/// A subscription's stream under way.
struct Life {
    events: Vec<Envelope>,
    number: u32,
    end: Timestamp,
}

impl Life {
    fn begun(plan: &str, price: &str, start: &str, months: u32) -> Self {
        let (start, end) = (at(start), after_months(at(start), months));
        let event = SubscriptionCreated {
            subscription_id: "s".into(),
            customer_id: "c".into(),
            user_id: "u".into(),
            plan: plan.into(),
            price: amount(price),
            currency: "EUR".into(),
            payment_id: "p0".into(),
            period_start: start,
            period_end: end,
        };
        Self { events: vec![envelope(&start.to_string(), &event)], number: 1, end }
    }

    fn charged(&mut self, when: Timestamp, plan: &str, purpose: ChargePurpose) -> Option<String> {
        self.number = self.number.saturating_add(1);
        let payment_id = format!("p{}", self.number);
        let event = SubscriptionChargeStarted {
            subscription_id: "s".into(),
            customer_id: "c".into(),
            user_id: "u".into(),
            payment_id: payment_id.clone(),
            purpose,
            plan: plan.into(),
            amount: Amount::whole(1),
            attempt: 1,
        };
        self.events.push(envelope(&when.to_string(), &event));
        Some(payment_id)
    }

    fn renewed(mut self, plan: &str, price: &str, when: &str, months: u32) -> Self {
        let payment_id = self.charged(at(when), plan, ChargePurpose::Renewal);
        let (start, end) = (self.end, after_months(self.end, months));
        let event = SubscriptionRenewed {
            subscription_id: "s".into(),
            customer_id: "c".into(),
            user_id: "u".into(),
            plan: plan.into(),
            price: amount(price),
            credit: Amount::ZERO,
            amount: amount(price),
            currency: "EUR".into(),
            payment_id,
            period: self.number,
            period_start: start,
            period_end: end,
        };
        self.events.push(envelope(when, &event));
        self.end = end;
        self
    }

    fn changed(mut self, plan: &str, price: &str, when: &str, months: u32) -> Self {
        let payment_id = self.charged(at(when), plan, ChargePurpose::PlanChange);
        let (start, end) = (at(when), after_months(at(when), months));
        let event = SubscriptionPlanChanged {
            subscription_id: "s".into(),
            customer_id: "c".into(),
            user_id: "u".into(),
            plan_before: "x".into(),
            plan: plan.into(),
            price: amount(price),
            credit: Amount::ZERO,
            amount: amount(price),
            credit_left: Amount::ZERO,
            currency: "EUR".into(),
            payment_id,
            period: self.number,
            period_start: start,
            period_end: end,
        };
        self.events.push(envelope(when, &event));
        self.end = end;
        self
    }

    fn cancelled(mut self, plan: &str, when: &str, reason: CancellationReason) -> Self {
        let event = SubscriptionCancelled {
            subscription_id: "s".into(),
            customer_id: "c".into(),
            user_id: "u".into(),
            plan: plan.into(),
            price: Amount::whole(1),
            currency: "EUR".into(),
            reason,
            ends_at: self.end,
            began_at: self.end,
            periods: self.number,
        };
        self.events.push(envelope(when, &event));
        self
    }

    fn contributes(&self) -> Vec<String> {
        told(&subscription(&self.events).unwrap())
    }
}

fn told(contribution: &Contribution) -> Vec<String> {
    contribution.iter().map(|(counter, delta)| format!("{counter} {delta}")).collect()
}

#[test]
fn a_registration_counts_when_it_is_complete_and_converts_on_the_day_it_began() {
    let all =
        [created("2026-01-04"), registered("2026-01-05", "yearly"), deleted("2026-03-01", DeletionReason::Erasure)];
    let expected = [
        "registrations/2026-01-05/registered/yearly 1",
        "conversion/2026-01-04/begun/- 1",
        "conversion/2026-01-04/completed/yearly 1",
    ];
    assert_eq!(told(&customer(&all).unwrap()), expected);
    let failed = [created("2026-01-04"), deleted("2026-01-06", DeletionReason::PaymentDeclined)];
    let expected = ["conversion/2026-01-04/begun/- 1", "conversion/2026-01-04/payment_declined/- 1"];
    assert_eq!(told(&customer(&failed).unwrap()), expected);
    assert!(customer(&[]).is_err());
    assert!(customer(&all[1..]).is_err());
}

#[test]
fn what_is_paid_for_counts_month_by_month_until_nobody_pays_for_more() {
    let life = Life::begun("monthly", "9.99", "2026-01-31T10:00:00.000Z", 1);
    assert_eq!(life.contributes(), ["mrr/2026-01-31/step/monthly 9.99", "mrr/2026-02-28/step/monthly -9.99"]);
    // Three days late, and counted from where the last period ended.
    let life = life.renewed("monthly", "9.99", "2026-03-03T10:00:00.000Z", 1);
    assert_eq!(life.contributes(), ["mrr/2026-01-31/step/monthly 9.99", "mrr/2026-03-28/step/monthly -9.99"]);
    let life = life.cancelled("monthly", "2026-03-20T23:59:59.999Z", CancellationReason::Customer);
    let expected = [
        "mrr/2026-01-31/step/monthly 9.99",
        "mrr/2026-03-28/step/monthly -9.99",
        "churn/2026-03-20/customer/monthly 1",
    ];
    assert_eq!(life.contributes(), expected);
}

#[test]
fn a_year_is_worth_a_twelfth_and_a_change_of_plan_ends_what_was() {
    let life = Life::begun("monthly", "10", "2026-01-05T10:00:00.000Z", 1)
        .renewed("monthly", "10", "2026-02-04T10:00:00.000Z", 1)
        .changed("yearly", "100", "2026-02-20T10:00:00.000Z", 12);
    let expected = [
        "mrr/2026-01-05/step/monthly 10",
        "mrr/2026-02-20/step/monthly -10",
        "mrr/2026-02-20/step/yearly 8.3333",
        "mrr/2027-02-20/step/yearly -8.3333",
    ];
    assert_eq!(life.contributes(), expected);
}

#[test]
fn halves_of_the_fourth_decimal_go_up() {
    for (price, months, expected) in
        [("9.99", 1, "9.99"), ("99", 12, "8.25"), ("0.0006", 12, "0.0001"), ("1", 3, "0.3333")]
    {
        assert_eq!(monthly(amount(price), months).unwrap(), amount(expected), "{price} for {months}");
    }
}

proptest! {
    #[test]
    fn steps_come_back_to_nothing_and_a_stream_gives_the_same_however_it_is_reached(
        acts in proptest::collection::vec((0_u8..3, 1_i64..60), 0..20), cut in 0_usize..60,
    ) {
        let mut life = Life::begun("monthly", "9.99", "2026-01-05T10:00:00.000Z", 1);
        let mut now = at("2026-01-05T10:00:00.000Z");
        for (act, days) in acts {
            now = now.plus_seconds(days.saturating_mul(86_400));
            let when = now.to_string();
            life = match act {
                0 => life.renewed("monthly", "9.99", &when, 1),
                1 => life.changed("yearly", "99", &when, 12),
                _ => life.changed("monthly", "9.99", &when, 1),
            };
        }
        let whole = subscription(&life.events).unwrap();
        let sum = whole.iter().map(|(_, delta)| delta.value()).sum::<Decimal>();
        prop_assert!(sum.is_zero(), "{sum}");
        // Counters moved to any state on the way and from there to the end are where they are when moved at once.
        let events = &life.events[..cut.clamp(1, life.events.len())];
        let (before, mut all) = (subscription(events).unwrap(), Contribution::default());
        for part in [before.clone(), whole.since(&before).unwrap()] {
            for (counter, delta) in part.iter() {
                all.add(counter.clone(), delta).unwrap();
            }
        }
        prop_assert_eq!(&all, &whole);
        let stored = serde_json::to_string(&whole).unwrap();
        prop_assert_eq!(serde_json::from_str::<Contribution>(&stored).unwrap(), whole);
    }
}
