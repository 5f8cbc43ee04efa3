//! An account as its stream `user#<id>` tells it: every item of the stream carries the whole state.

use quoin_events::types::UserRegistered;
use quoin_events::{Sealed, Timestamp};
use quoin_ledger::{Status, Wallet};
use quoin_runtime::Role;
use quoin_store::{Append, Head, Snapshot, StoreError, Stream};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// All that an account is, its password apart: that never enters the journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct User {
    pub(crate) user_id: String,
    pub(crate) status: Status,
    pub(crate) roles: Vec<Role>,
    pub(crate) full_name: Sealed,
    pub(crate) email: Sealed,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) phone: Option<Sealed>,
    pub(crate) language: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) country: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) referral_code: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) referred_by: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) agent_id: Option<String>,
    pub(crate) registered_at: Timestamp,
}

impl User {
    /// The stream of a user.
    pub(crate) fn stream(user_id: &str) -> Stream {
        Stream::new("user", user_id)
    }

    /// The account that a registration begins.
    pub(crate) fn registered(event: &UserRegistered, at: Timestamp) -> Self {
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
            registered_at: at,
        }
    }
}

/// Where the stream of a user ends.
pub(crate) struct StreamEnd(pub(crate) Head);

impl StreamEnd {
    /// The next item of the stream, the account's state unchanged.
    pub(crate) fn append(&self, user_id: &str, now: Timestamp) -> Result<Append, StoreError> {
        let append = Append::after(User::stream(user_id), &self.0, now);
        match &self.0.state {
            Some(state) => append.state(&RawValue::from_string(state.clone())?),
            None => Ok(append),
        }
    }

    /// The account as its stream tells it.
    pub(crate) fn user(&self) -> Result<Option<User>, StoreError> {
        Ok(self.0.state.as_deref().map(serde_json::from_str).transpose()?)
    }
}

impl Snapshot for StreamEnd {
    fn rebase(&mut self, _wallet: Wallet) {}
}
