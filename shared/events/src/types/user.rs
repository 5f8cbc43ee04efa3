//! `user.events`.

use super::event_data;
use crate::{Sealed, Timestamp};

event_data! {
    /// An account was created.
    pub struct UserRegistered {
        /// The new user.
        pub user_id: String,
        /// Sealed under the user's key.
        pub full_name: Sealed,
        /// Sealed under the user's key.
        pub phone: Sealed,
        /// Sealed under the user's key.
        pub email: Sealed,
        /// ISO 3166-1 alpha-2.
        pub country: String,
        /// BCP 47 language of the messages to the user.
        pub language: String,
        /// The code with which this user refers others.
        pub referral_code: String,
        /// The user whose code was given at registration.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub referred_by: Option<String>,
        /// The agent who brought the user.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub agent_id: Option<String>,
    }
}

event_data! {
    /// A person was authenticated.
    pub struct UserLogin {
        /// Who.
        pub user_id: String,
        /// The session that began.
        pub session_id: String,
        /// Whether this device was never seen with this user.
        pub new_device: bool,
    }
}

event_data! {
    /// What is known of who a person is.
    pub enum KycStatus {
        /// Their papers were looked at and are right.
        Verified,
        /// Their papers are being looked at.
        Pending,
        /// Their papers were looked at and are not right.
        Rejected,
    }
}

event_data! {
    /// A profile was changed; only what changed is set.
    pub struct UserProfileUpdated {
        /// Whose profile.
        pub user_id: String,
        /// Sealed under the user's key.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub full_name: Option<Sealed>,
        /// Sealed under the user's key.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub phone: Option<Sealed>,
        /// Sealed under the user's key.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub email: Option<Sealed>,
        /// BCP 47 language of the messages to the user.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub language: Option<String>,
        /// What an operator found out about who the person is.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub kyc_status: Option<KycStatus>,
    }
}

event_data! {
    /// Why an account was taken out of play.
    pub enum DeactivationReason {
        /// The user left.
        Closed,
        /// The user asked to be kept from playing for a time.
        SelfExclusion,
    }
}

event_data! {
    /// An account was closed or excluded from play.
    pub struct UserDeactivated {
        /// Whose account.
        pub user_id: String,
        /// Why.
        pub reason: DeactivationReason,
        /// The end of the self-exclusion.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub until: Option<Timestamp>,
    }
}

event_data! {
    /// Somebody looked at a profile of somebody else's: told once of a person and a day, and never who it was.
    pub struct ProfileViewed {
        /// Whose profile.
        pub user_id: String,
        /// The day, in UTC.
        #[cfg_attr(feature = "schema", schemars(extend("format" = "date")))]
        pub day: String,
    }
}

event_data! {
    /// A person was forgotten: nobody can read any more who it was. Whoever keeps texts of theirs in the clear removes
    /// them.
    pub struct UserErased {
        /// Who it was.
        pub user_id: String,
    }
}
