//! What an event says to whom: the person, the template and the values in it.

use quoin_events::Envelope;
use quoin_events::types::{
    BetCancelled, BetPlaced, BetResult, BetSettled, BonusAwarded, BonusKind, DepositFailed, DepositFailure,
    DepositSuccess, LimitKind, LimitPeriod, Money, OrderCreated, OrderFailed, OrderFailureReason, ReferralCompleted,
    UserLogin, UserRegistered, WalletCredited, WalletDebitFailed, WalletDebited, WalletEntry, WalletLimitReached,
    WalletRefunded, WalletTransferred,
};
use quoin_events::{EventData, Sealed, Timestamp};
use quoin_money::{Amount, Asset};
use quoin_runtime::Failure;

use crate::{member_facts, order_facts};

/// A value in a template; amounts and reasons are written in the person's language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    /// As it is, on one line.
    Text(String),
    /// An amount.
    Money(Money),
    /// Amounts, joined by commas.
    Monies(Vec<Money>),
    /// A field that is opened with the person's key.
    Sealed(Sealed),
    /// Why an order came to nothing.
    Reason(OrderFailureReason),
    /// What a template repeats, each with values of its own.
    List(Vec<Vec<(&'static str, Value)>>),
}

/// What one person is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fact {
    /// Whom.
    pub(crate) user_id: String,
    /// By which template.
    pub(crate) template: &'static str,
    /// With which values.
    pub(crate) values: Vec<(&'static str, Value)>,
    /// The order that it is about, whose prepared confirmation may tell more.
    pub(crate) order_id: Option<String>,
}

impl Fact {
    /// The same with the name of the merchant, where the template has a place for it.
    pub(crate) fn at_merchant(mut self, name: &str) -> Self {
        let place = self.values.iter_mut().find(|(value, _)| *value == "merchant");
        if let Some((_, value)) = place {
            *value = text(name);
        }
        self
    }
}

pub(crate) fn text(value: impl Into<String>) -> Value {
    Value::Text(value.into())
}

pub(crate) const fn money(amount: Amount, asset: Asset) -> Value {
    Value::Money(Money { amount, asset })
}

pub(crate) fn fact(user_id: String, template: &'static str, values: Vec<(&'static str, Value)>) -> Vec<Fact> {
    vec![Fact { user_id, template, values, order_id: None }]
}

// The parser's own words may quote what it read; they are not passed on.
pub(crate) fn data<T: EventData>(event: &Envelope) -> Result<T, Failure> {
    event.data().map_err(|_| Failure::poison(format!("the data of {} cannot be read", T::NAME)))
}

/// What `event` says; nothing if nobody is told.
///
/// # Errors
/// Poison, if the data does not have the shape of its type.
pub(crate) fn of(event: &Envelope) -> Result<Vec<Fact>, Failure> {
    Ok(match event.event.as_str() {
        UserRegistered::NAME => fact(data::<UserRegistered>(event)?.user_id, "welcome", Vec::new()),
        UserLogin::NAME => {
            let login: UserLogin = data(event)?;
            if login.new_device { fact(login.user_id, "new_device", Vec::new()) } else { Vec::new() }
        }
        BetPlaced::NAME => bet_placed(data(event)?),
        BetCancelled::NAME => bet_cancelled(data(event)?),
        BetSettled::NAME => bet_settled(data(event)?),
        DepositSuccess::NAME => deposit_succeeded(data(event)?),
        DepositFailed::NAME => deposit_failed(data(event)?),
        BonusAwarded::NAME => bonus_awarded(data(event)?),
        ReferralCompleted::NAME => {
            let done: ReferralCompleted = data(event)?;
            fact(done.referrer_id, "referral_completed", vec![("reward", Value::Money(done.reward))])
        }
        WalletDebited::NAME => balance("balance_debited", data::<WalletDebited>(event)?.0),
        WalletCredited::NAME => balance("balance_credited", data::<WalletCredited>(event)?.0),
        WalletDebitFailed::NAME => debit_failed(data(event)?),
        WalletTransferred::NAME => transferred(&data(event)?),
        WalletLimitReached::NAME => limit_reached(data(event)?),
        WalletRefunded::NAME => vec![order_facts::refunded(data(event)?)],
        OrderCreated::NAME => vec![order_facts::created(data(event)?)],
        OrderFailed::NAME => vec![order_facts::failed(data(event)?)],
        _ => member_facts::of(event)?,
    })
}

fn bet_placed(bet: BetPlaced) -> Vec<Fact> {
    let payout = money(bet.potential_payout, bet.stake.asset);
    let values = vec![("bet_id", text(bet.bet_id)), ("stake", Value::Money(bet.stake)), ("payout", payout)];
    fact(bet.user_id, "bet_placed", values)
}

fn bet_cancelled(bet: BetCancelled) -> Vec<Fact> {
    fact(bet.user_id, "bet_cancelled", vec![("bet_id", text(bet.bet_id)), ("refund", money(bet.refund, bet.asset))])
}

// A correction from lost to won is told too; what pays nothing extra is not.
fn bet_settled(bet: BetSettled) -> Vec<Fact> {
    match bet.result {
        BetResult::Won | BetResult::HalfWon | BetResult::DeadHeat if !bet.payout_total.is_zero() => {
            let payout = money(bet.payout_total, bet.stake.asset);
            fact(bet.user_id, "bet_won", vec![("bet_id", text(bet.bet_id)), ("payout", payout)])
        }
        BetResult::Won
        | BetResult::HalfWon
        | BetResult::DeadHeat
        | BetResult::Lost
        | BetResult::Void
        | BetResult::HalfLost => Vec::new(),
    }
}

fn deposit_succeeded(deposit: DepositSuccess) -> Vec<Fact> {
    let values = vec![("amount", money(deposit.amount, deposit.asset)), ("payment_id", text(deposit.payment_id))];
    fact(deposit.user_id, "deposit_succeeded", values)
}

fn deposit_failed(deposit: DepositFailed) -> Vec<Fact> {
    let reason = match deposit.failure_reason {
        DepositFailure::Declined => "declined",
        DepositFailure::Expired => "expired",
    };
    let amount = money(deposit.amount, deposit.asset);
    let values = vec![("amount", amount), ("payment_id", text(deposit.payment_id)), ("reason", text(reason))];
    fact(deposit.user_id, "deposit_failed", values)
}

fn bonus_awarded(bonus: BonusAwarded) -> Vec<Fact> {
    let kind = match bonus.kind {
        BonusKind::Welcome => "welcome",
        BonusKind::Deposit => "deposit",
        BonusKind::Manual => "manual",
        BonusKind::Cashback => "cashback",
    };
    let expires = bonus.expires_at.map(Timestamp::day).unwrap_or_default();
    let values = vec![("amount", money(bonus.amount, bonus.asset)), ("kind", text(kind)), ("expires", text(expires))];
    fact(bonus.user_id, "bonus_awarded", values)
}

fn balance(template: &'static str, entry: WalletEntry) -> Vec<Fact> {
    let values = vec![
        ("amount", money(entry.amount, entry.coin_type)),
        ("balance", money(entry.balance_after, entry.coin_type)),
    ];
    fact(entry.user_id, template, values)
}

fn debit_failed(refused: WalletDebitFailed) -> Vec<Fact> {
    // `order.failed`, of the same commit, tells more of an order that cannot be paid.
    if refused.related_order_id.is_some() {
        return Vec::new();
    }
    // The event names no asset: what is refused for want of money is the operating currency's.
    let values = vec![
        ("required", money(refused.amount_required, Asset::Cash)),
        ("available", money(refused.amount_available, Asset::Cash)),
        ("reason", text(refused.failure_reason)),
    ];
    fact(refused.user_id, "debit_failed", values)
}

fn transferred(transfer: &WalletTransferred) -> Vec<Fact> {
    let values = vec![("amount", money(transfer.amount, transfer.asset)), ("transfer_id", text(&transfer.transfer_id))];
    let mut facts = fact(transfer.from_user_id.clone(), "transfer_sent", values.clone());
    facts.extend(fact(transfer.to_user_id.clone(), "transfer_received", values));
    facts
}

fn limit_reached(reached: WalletLimitReached) -> Vec<Fact> {
    let kind = match reached.kind {
        LimitKind::Deposit => "deposit",
        LimitKind::Stake => "stake",
        LimitKind::Loss => "loss",
    };
    let period = match reached.period {
        LimitPeriod::Day => "day",
        LimitPeriod::Week => "week",
        LimitPeriod::Month => "month",
    };
    let limit = money(reached.limit, reached.asset);
    fact(reached.user_id, "limit_reached", vec![("kind", text(kind)), ("period", text(period)), ("limit", limit)])
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::routing::{RULES, rule};
    use quoin_runtime::{DataKey, Personal};

    /// An envelope around `data`.
    pub(crate) fn envelope(event: &str, data: &str) -> Envelope {
        let text = format!(
            r#"{{"event":"{event}","version":"1.0","timestamp":"2026-01-04T10:17:12.567Z","data":{data},
                "metadata":{{"source":"s","request_id":"r","event_id":"e"}}}}"#
        );
        serde_json::from_str(&text).unwrap()
    }

    /// A key under which the samples' personal fields are sealed.
    pub(crate) fn key() -> DataKey {
        DataKey::new("u", &[7; 32]).unwrap()
    }

    fn seal(field: &str) -> String {
        key().seal(&Personal::new(field)).unwrap().as_str().to_owned()
    }

    fn order_created(tracking_url: &str) -> String {
        format!(
            r#"{{"order_id":"o","user_id":"u","user_name":"{}","merchant_id":"m","merchant_name":"Fresh Mart",
                "merchant_company":"bizone","status":"created","items":[
                {{"product_id":"p","product_name":"Apples\nX","quantity":2,"unit_price":150,"total":300}},
                {{"product_id":"q","product_name":"Bread","quantity":5,"unit_price":40,"total":200}}],
                "pricing":{{"subtotal":500,"discount":50,"delivery_fee":0,"total":450}},
                "payment":{{"method":"wallet","status":"paid","transaction_ids":["t"]}},
                "delivery":{{"address":{{"line1":"{}","city":"{}","pincode":"{}"}},
                "estimated_delivery":"2026-01-04T12:00:00Z"}},
                "external_references":{{"bizone_order_id":"B","bizone_tracking_url":"{tracking_url}"}},
                "campaign":{{"code":"WEEKEND50","campaign_id":"c"}},"created_at":"2026-01-04T10:17:15.456Z"}}"#,
            seal("John Doe"),
            seal("123, MG Road"),
            seal("Bangalore"),
            seal("560001"),
        )
    }

    fn order_failed(reason: &str, stage: &str) -> String {
        let amounts = if stage == "wallet_debit" { r#""amount_required":450,"amount_available":300,"# } else { "" };
        format!(
            r#"{{"order_id":"o","user_id":"u","merchant_id":"m","failure_reason":"{reason}","failure_stage":"{stage}",
                {amounts}"order_value":450,"rollback_completed":true}}"#
        )
    }

    /// One event of each kind that is told.
    pub(crate) fn samples() -> Vec<Envelope> {
        let entity = r#""related_entity":{"type":"bet","id":"b"}"#;
        let entry = format!(
            r#"{{"transaction_id":"t","user_id":"u","transaction_type":"x","coin_type":"cash","amount":5,
                "balance_before":10,"balance_after":5,{entity}}}"#
        );
        [
            ("UserRegistered", r#"{"user_id":"u","full_name":"enc:v1:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","phone":"enc:v1:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb","email":"enc:v1:cccccccccccccccccccccccccccccccccccccccc","country":"DE","language":"de","referral_code":"R"}"#.to_owned()),
            ("UserLogin", r#"{"user_id":"u","session_id":"s","new_device":true}"#.to_owned()),
            ("BetPlaced", r#"{"bet_id":"b","user_id":"u","type":"single","stake":{"amount":10,"asset":"cash"},"total_odds":2.5,"potential_payout":25,"selections":[]}"#.to_owned()),
            ("BetCancelled", r#"{"bet_id":"b","user_id":"u","reason":"customer","asset":"cash","refund":10}"#.to_owned()),
            ("BetSettled", r#"{"bet_id":"b","user_id":"u","settlement_no":1,"result":"won","stake":{"amount":10,"asset":"cash"},"payout_total":25,"payout_delta":25}"#.to_owned()),
            ("DepositSuccess", r#"{"payment_id":"p","user_id":"u","amount":100,"asset":"cash","method":"card","provider":"x","provider_reference":"y"}"#.to_owned()),
            ("DepositFailed", r#"{"payment_id":"p","user_id":"u","amount":100,"asset":"cash","method":"card","failure_reason":"declined"}"#.to_owned()),
            ("BonusAwarded", format!(r#"{{"bonus_id":"n","user_id":"u","kind":"welcome","asset":"bonus","amount":100,"expires_at":"2026-02-04T00:00:00.000Z",{entity}}}"#)),
            ("BonusAwarded", format!(r#"{{"bonus_id":"n","user_id":"u","kind":"manual","asset":"bonus","amount":100,{entity}}}"#)),
            ("ReferralCompleted", r#"{"referral_id":"r","referrer_id":"u","referee_id":"v","reward":{"amount":50,"asset":"bonus"}}"#.to_owned()),
            ("wallet.debited", entry.clone()),
            ("wallet.credited", entry),
            ("wallet.debit_failed", r#"{"user_id":"u","transaction_type":"x","amount_required":10,"amount_available":5,"failure_reason":"WALLET_INSUFFICIENT_BALANCE"}"#.to_owned()),
            ("wallet.transferred", r#"{"transfer_id":"t","from_user_id":"u","to_user_id":"v","asset":"cash","amount":5}"#.to_owned()),
            ("wallet.limit_reached", r#"{"user_id":"u","kind":"stake","period":"week","asset":"cash","limit":100,"used":95,"attempted":10}"#.to_owned()),
            ("wallet.refunded", r#"{"user_id":"u","refund_reason":"order_failed","original_order_id":"o","original_transaction_ids":["a","b"],"refund_transaction_ids":["c","d"],"refund_breakdown":[{"coin_type":"promo_coins","amount":200},{"coin_type":"cash","amount":99.5}],"total_refunded":299.5}"#.to_owned()),
            ("order.created", order_created("https://bizone.com/track/1")),
            ("order.failed", order_failed("WALLET_INSUFFICIENT_BALANCE", "wallet_debit")),
            ("order.failed", order_failed("OUT_OF_STOCK", "validation")),
            ("order.failed", order_failed("MERCHANT_REJECTED", "merchant")),
        ]
        .into_iter()
        .chain(crate::member_facts::tests::samples())
        .map(|(event, data)| envelope(event, &data))
        .collect()
    }

    #[test]
    fn every_fact_is_in_the_table_and_every_line_of_the_table_has_a_fact() {
        let mut told = Vec::new();
        for event in samples() {
            for fact in of(&event).unwrap() {
                assert!(rule(&event.event, fact.template).is_some(), "{}", fact.template);
                told.push(fact.template);
            }
        }
        for rule in RULES {
            assert!(told.contains(&rule.template), "{}", rule.template);
        }
    }

    #[test]
    fn both_sides_of_a_transfer_are_told() {
        let event = samples().into_iter().find(|event| event.event == "wallet.transferred").unwrap();
        let told: Vec<_> = of(&event).unwrap().into_iter().map(|fact| (fact.user_id, fact.template)).collect();
        assert_eq!(told, [("u".to_owned(), "transfer_sent"), ("v".to_owned(), "transfer_received")]);
    }

    #[test]
    fn a_lost_bet_a_known_device_and_the_debit_of_a_refused_order_are_not_told() {
        for (event, data) in [
            (
                "BetSettled",
                r#"{"bet_id":"b","user_id":"u","settlement_no":1,"result":"lost","stake":{"amount":10,"asset":"cash"},"payout_total":0,"payout_delta":0}"#,
            ),
            ("UserLogin", r#"{"user_id":"u","session_id":"s","new_device":false}"#),
            ("DepositInitiated", "{}"),
            (
                "wallet.debit_failed",
                r#"{"user_id":"u","transaction_type":"debit_order_payment","amount_required":10,"amount_available":5,"failure_reason":"WALLET_INSUFFICIENT_BALANCE","related_order_id":"o"}"#,
            ),
        ] {
            assert_eq!(of(&envelope(event, data)), Ok(Vec::new()), "{event}");
        }
    }

    #[test]
    fn unreadable_data_is_not_quoted() {
        let failure = of(&envelope("UserRegistered", r#"{"user_id":"u","full_name":"Jane Doe"}"#)).unwrap_err();
        assert!(!failure.to_string().contains("Jane"), "{failure}");
    }
}
