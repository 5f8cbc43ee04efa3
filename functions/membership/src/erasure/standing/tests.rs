//! Who is forgotten at once, who waits, who is refused, and what is written then.

use quoin_events::Sealed;
use quoin_events::types::{ChargePurpose, CustomerCreated, CustomerRegistered, SubscriptionCreated};
use quoin_ledger::{Balance, Hold};
use quoin_membership_model::{Aggregate, Charging, SubscriptionEvent, Told};
use quoin_runtime::Role;

use super::*;

const USER: &str = "user_1";

fn at(ms: i64) -> Timestamp {
    Timestamp::from_millis(ms)
}

fn sealed() -> Sealed {
    format!("enc:v1:{}", "A".repeat(40)).parse().unwrap()
}

fn user() -> User {
    User {
        user_id: USER.to_owned(),
        status: Use::Active,
        roles: vec![Role::User],
        full_name: sealed(),
        email: sealed(),
        phone: None,
        language: "en".to_owned(),
        country: None,
        referral_code: Some("ABCD2345".to_owned()),
        referred_by: None,
        agent_id: None,
        kyc_status: None,
        registered_at: at(1),
    }
}

fn head<T: serde::Serialize>(state: Option<&T>) -> Head {
    let state = state.map(|state| serde_json::to_string(state).unwrap());
    let version = u64::from(state.is_some());
    Head { version, next_sequence: version.saturating_add(1), at: at(1), state }
}

fn customer() -> Customer {
    let created = CustomerCreated {
        customer_id: "cust_1".to_owned(),
        user_id: USER.to_owned(),
        full_name: sealed(),
        email: sealed(),
        language: "en".to_owned(),
    };
    let registered = CustomerRegistered {
        customer_id: "cust_1".to_owned(),
        user_id: USER.to_owned(),
        full_name: sealed(),
        email: sealed(),
        language: "en".to_owned(),
        plan: "monthly".to_owned(),
        subscription_id: "sub_1".to_owned(),
        payment_id: "pay_1".to_owned(),
    };
    [CustomerEvent::Created(created), CustomerEvent::Registered(registered)]
        .into_iter()
        .fold(None, |state, event| Some(Customer::after(state, &Told { event, at: at(1) }).unwrap()))
        .unwrap()
}

fn subscription() -> Subscription {
    let event = SubscriptionEvent::Created(SubscriptionCreated {
        subscription_id: "sub_1".to_owned(),
        customer_id: "cust_1".to_owned(),
        user_id: USER.to_owned(),
        plan: "monthly".to_owned(),
        price: "9.99".parse().unwrap(),
        currency: "INR".to_owned(),
        payment_id: "pay_1".to_owned(),
        period_start: at(1),
        period_end: at(1_000),
    });
    Subscription::after(None, &Told { event, at: at(1) }).unwrap()
}

/// A member with nothing in the wallet and nothing on its way.
fn standing() -> Standing {
    let (customer, subscription) = (customer(), subscription());
    let member = Member {
        customer: Found { head: head(Some(&customer)), state: customer },
        subscription: Some(Found { head: head(Some(&subscription)), state: subscription }),
        saga_id: Some("saga_1".to_owned()),
    };
    Standing {
        user_id: USER.to_owned(),
        erasure: head::<Erasure>(None),
        before: None,
        user: StreamEnd(head(Some(&user()))),
        account: Some(Account::new(user(), "email#1".to_owned(), Some("phone#1".to_owned()))),
        member: Some(member),
        wallet: Some(Wallet::new(USER.to_owned(), at(1))),
    }
}

fn charging() -> Standing {
    let mut standing = standing();
    let subscription = standing.member.as_mut().unwrap().subscription.as_mut().unwrap();
    subscription.state.charging = Some(Charging { payment_id: "pay_2".to_owned(), purpose: ChargePurpose::Renewal });
    standing
}

fn next(standing: &Standing, may_begin: bool) -> Result<String, Stop> {
    let tables = Tables { membership: "M".to_owned(), users: "U".to_owned(), user_keys: "K".to_owned() };
    let place = Place { tables: &tables, calendar: Window::default(), request_id: "req_1" };
    standing.next(&place, may_begin, at(5)).map(|commit| format!("{commit:?}"))
}

fn code(standing: &Standing) -> &'static str {
    match next(standing, true) {
        Err(Stop::Failed(problem)) => problem.code,
        other => panic!("not refused: {other:?}"),
    }
}

#[test]
fn with_the_key_goes_everything_that_leads_to_a_person() {
    let written = next(&standing(), true).unwrap();
    for gone in [
        "credential#user_1",
        "user#user_1",
        "email#1",
        "phone#1",
        "referral#ABCD2345",
        "method#cust_1",
        "fingerprint#saga_1",
        "\"K\", key: Key { pk: \"user_1\"",
    ] {
        assert!(written.contains(gone), "{gone} is not in {written}");
    }
    assert_eq!(written.matches("Delete {").count(), 8);
    for told in ["UserDeactivated", "subscription.cancelled", "customer.deleted", "carried_out"] {
        assert!(written.contains(told), "{told} is not in {written}");
    }
}

#[test]
fn who_is_no_member_is_forgotten_all_the_same() {
    let written = next(&Standing { member: None, ..standing() }, true).unwrap();
    assert_eq!(written.matches("Delete {").count(), 6);
    assert!(!written.contains("customer.deleted") && written.contains("UserDeactivated"));
}

#[test]
fn a_payment_on_its_way_is_waited_for_and_nothing_is_deleted() {
    let written = next(&charging(), true).unwrap();
    assert!(written.contains("payment_in_progress") && written.contains("UserDeactivated"));
    assert!(!written.contains("Delete {") && !written.contains("subscription.cancelled"));
    // Its end and the request meet in the subscription's stream.
    assert!(written.contains("kind: \"subscription\""));
}

fn waiting(standing: Standing) -> Standing {
    let before = Erasure {
        user_id: USER.to_owned(),
        customer_id: Some("cust_1".to_owned()),
        status: Status::Waiting,
        reasons: vec![Reason::PaymentInProgress],
        requested_at: at(2),
        carried_out_at: None,
        left: BTreeMap::new(),
        request_id: "req_0".to_owned(),
    };
    Standing { erasure: head(Some(&before)), before: Some(before), ..standing }
}

#[test]
fn what_waits_goes_on_once_the_payment_has_ended_and_only_once() {
    assert!(matches!(next(&waiting(charging()), false), Err(Stop::Nothing)));
    let written = next(&waiting(standing()), false).unwrap();
    assert!(written.contains("req_0") && written.matches("Delete {").count() == 8);
    let mut done = waiting(standing());
    done.before.as_mut().unwrap().status = Status::CarriedOut;
    assert!(matches!(next(&done, true), Err(Stop::Nothing)));
}

#[test]
fn nobody_is_forgotten_who_did_not_ask_or_does_not_exist() {
    assert!(matches!(next(&standing(), false), Err(Stop::Nothing)));
    assert_eq!(code(&Standing { user: StreamEnd(head::<User>(None)), ..standing() }), "NOT_FOUND");
}

#[test]
fn money_and_exclusions_come_first() {
    let with = |alter: &dyn Fn(&mut Wallet)| {
        let mut standing = standing();
        alter(standing.wallet.as_mut().unwrap());
        standing
    };
    let one: Amount = "1".parse().unwrap();
    let cash = with(&|wallet| {
        wallet.balances.insert(Asset::Cash, Balance { available: one, ..Balance::default() });
    });
    assert_eq!(code(&cash), "WALLET_NOT_EMPTY");
    let hold = Hold { asset: Asset::Bonus, amount: one, expires_at: None, lots: Vec::new() };
    let held = with(&|wallet| {
        wallet.holds.insert("h".to_owned(), hold.clone());
    });
    assert_eq!(code(&held), "HOLDS_OPEN");
    let owing = with(&|wallet| {
        wallet.owed.insert(Asset::Cash, one);
    });
    assert_eq!(code(&owing), "DEBT_OPEN");
    let excluded = User { status: Use::SelfExcluded { until: at(9) }, ..user() };
    assert_eq!(code(&Standing { user: StreamEnd(head(Some(&excluded))), ..standing() }), "SELF_EXCLUDED");
    let coins = with(&|wallet| {
        wallet.balances.insert(Asset::PromoCoins, Balance { available: one, ..Balance::default() });
    });
    assert!(next(&coins, true).unwrap().contains("\\\"left\\\":{\\\"promo_coins\\\":1}"));
}
