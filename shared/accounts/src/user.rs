//! An account as its stream `user#<id>` tells it: every item of the stream carries the whole state.

use quoin_events::types::{KycStatus, UserRegistered};
use quoin_events::{Sealed, Timestamp};
use quoin_ledger::{Status, Wallet};
use quoin_runtime::Role;
use quoin_store::{Append, Head, Snapshot, StoreError, Stream};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// All that an account is, its password apart: that never enters the journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// The id; what the wallet is found by too.
    pub user_id: String,
    /// Whether the account is in use.
    pub status: Status,
    /// What its owner may do.
    pub roles: Vec<Role>,
    /// Sealed under the user's key.
    pub full_name: Sealed,
    /// Sealed under the user's key.
    pub email: Sealed,
    /// Sealed under the user's key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<Sealed>,
    /// BCP 47.
    pub language: String,
    /// ISO 3166-1 alpha-2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// What its owner brings others with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub referral_code: Option<String>,
    /// The user whose code was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub referred_by: Option<String>,
    /// The agent who brought the user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_id: Option<String>,
    /// Absent until an operator says something.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kyc_status: Option<KycStatus>,
    /// When the account was made.
    pub registered_at: Timestamp,
}

impl User {
    /// The stream of a user.
    pub fn stream(user_id: &str) -> Stream {
        Stream::new("user", user_id)
    }

    /// The account that a registration begins.
    pub fn registered(event: &UserRegistered, at: Timestamp) -> Self {
        Self {
            user_id: event.user_id.clone(),
            status: Status::Active,
            roles: vec![Role::User],
            full_name: event.full_name.clone(),
            email: event.email.clone(),
            phone: Some(event.phone.clone()),
            language: event.language.clone(),
            country: Some(event.country.clone()),
            referral_code: Some(event.referral_code.clone()),
            referred_by: event.referred_by.clone(),
            agent_id: event.agent_id.clone(),
            kyc_status: None,
            registered_at: at,
        }
    }
}

/// Where the stream of a user ends.
pub struct StreamEnd(pub Head);

impl StreamEnd {
    /// The next item of the stream, the account's state unchanged.
    pub fn append(&self, user_id: &str, now: Timestamp) -> Result<Append, StoreError> {
        let append = Append::after(User::stream(user_id), &self.0, now);
        match &self.0.state {
            Some(state) => append.state(&RawValue::from_string(state.clone())?),
            None => Ok(append),
        }
    }

    /// The account as its stream tells it.
    pub fn user(&self) -> Result<Option<User>, StoreError> {
        Ok(self.0.state.as_deref().map(serde_json::from_str).transpose()?)
    }
}

impl Snapshot for StreamEnd {
    fn rebase(&mut self, _wallet: Wallet) {}
}
