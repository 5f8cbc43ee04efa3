//! An account as its owner sees it.

use quoin_accounts::{Account, Reach};
use quoin_events::types::KycStatus;
use quoin_events::{Sealed, Timestamp};
use quoin_ledger::{Standing, Status};
use quoin_runtime::{DataKey, Problem, Role};
use serde::Serialize;

/// The profile, in the clear.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(crate) struct ProfileView {
    /// Whose.
    user_id: String,
    /// As the owner wrote it.
    full_name: String,
    /// An e-mail address.
    email: String,
    /// Whether it is known to work.
    email_status: Reach,
    /// In the form of E.164.
    #[serde(skip_serializing_if = "Option::is_none")]
    phone: Option<String>,
    /// Whether it is known to work.
    #[serde(skip_serializing_if = "Option::is_none")]
    phone_status: Option<Reach>,
    /// BCP 47.
    language: String,
    /// ISO 3166-1 alpha-2.
    #[serde(skip_serializing_if = "Option::is_none")]
    country: Option<String>,
    /// What an operator found out about who the owner is.
    #[serde(skip_serializing_if = "Option::is_none")]
    kyc_status: Option<KycStatus>,
    /// Whether the owner may play.
    status: Standing,
    /// The end of the exclusion in force.
    #[serde(skip_serializing_if = "Option::is_none")]
    self_excluded_until: Option<Timestamp>,
    /// What the owner may do.
    roles: Vec<Role>,
    /// What the owner brings others with.
    #[serde(skip_serializing_if = "Option::is_none")]
    referral_code: Option<String>,
    /// When the account was made.
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
            kyc_status: user.kyc_status,
            status: status.into(),
            self_excluded_until: excluded_until(status),
            roles: user.roles.clone(),
            referral_code: user.referral_code.clone(),
            registered_at: user.registered_at,
        })
    }
}
