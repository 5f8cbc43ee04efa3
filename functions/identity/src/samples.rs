//! What tests begin with.

use quoin_accounts::User;
use quoin_events::types::UserRegistered;
use quoin_events::{Sealed, Timestamp};

/// Somebody who registered one millisecond after time began.
pub(crate) fn registered() -> User {
    let sealed: Sealed = format!("enc:v1:{}", "A".repeat(40)).parse().unwrap();
    let registered = UserRegistered {
        user_id: "user_1".into(),
        full_name: sealed.clone(),
        phone: sealed.clone(),
        email: sealed,
        country: "DE".into(),
        language: "de".into(),
        referral_code: "ABCD2345".into(),
        referred_by: None,
        agent_id: None,
    };
    User::registered(&registered, Timestamp::from_millis(1))
}
