//! An account as its owner sees it.

use quoin_events::{Sealed, Timestamp};
use quoin_ledger::Status;
use quoin_runtime::{DataKey, Problem, Role};
use serde::Serialize;

use crate::accounts::{Account, Reach};

/// The profile, in the clear.
#[derive(Serialize)]
pub(crate) struct ProfileView {
    user_id: String,
    full_name: String,
    email: String,
    email_status: Reach,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone_status: Option<Reach>,
    language: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    country: Option<String>,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    self_excluded_until: Option<Timestamp>,
    roles: Vec<Role>,
    #[serde(skip_serializing_if = "Option::is_none")]
    referral_code: Option<String>,
    registered_at: Timestamp,
}

/// The end of an exclusion.
pub(crate) const fn excluded_until(status: Status) -> Option<Timestamp> {
    match status {
        Status::SelfExcluded { until } => Some(until),
        Status::Active | Status::Closed => None,
    }
}

impl ProfileView {
    /// The account at `now`, opened with its owner's key.
    pub(crate) fn of(account: &Account, key: &DataKey, now: Timestamp) -> Result<Self, Problem> {
        let open = |field: &Sealed| {
            let clear = key.open(field).map_err(quoin_runtime::Failure::poison)?;
            Ok::<_, Problem>(clear.reveal().to_owned())
        };
        let user = &account.user;
        let status = user.status.at(now);
        Ok(Self {
            user_id: user.user_id.clone(),
            full_name: open(&user.full_name)?,
            email: open(&user.email)?,
            email_status: account.email_reach,
            phone: user.phone.as_ref().map(open).transpose()?,
            phone_status: user.phone.as_ref().map(|_| account.phone_reach),
            language: user.language.clone(),
            country: user.country.clone(),
            status: status.as_str(),
            self_excluded_until: excluded_until(status),
            roles: user.roles.clone(),
            referral_code: user.referral_code.clone(),
            registered_at: user.registered_at,
        })
    }
}
