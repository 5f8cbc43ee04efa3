//! Accounts in the users table: a profile row, and a row for each thing that only one account may have.
//!
//! The profile row is a copy of the stream's state with what is known of the contact points; it is written in the
//! transaction that appends to the stream, so both always tell the same. The password's hash is not in it.

use quoin_events::Timestamp;
use quoin_events::types::Channel;
use quoin_runtime::{ConfigError, Env};
use quoin_store::{Item, Key, StoreError, Update};
use serde::Serialize;

use crate::user::User;

/// Whether a contact point is known to work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "ContactReach"))]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// Nothing was sent there yet.
    Unverified,
    /// A message was accepted for it.
    Verified,
    /// A message could not be delivered.
    Dead,
}

impl Reach {
    /// As it is written in a row.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unverified => "unverified",
            Self::Verified => "verified",
            Self::Dead => "dead",
        }
    }

    fn read(text: Option<&str>) -> Self {
        match text {
            Some("verified") => Self::Verified,
            Some("dead") => Self::Dead,
            Some(_) | None => Self::Unverified,
        }
    }
}

/// An account as the users table holds it.
#[derive(Clone)]
pub struct Account {
    /// What its stream says.
    pub user: User,
    /// What its e-mail address is claimed by.
    pub email_key: String,
    /// The same for its phone number, if one is known.
    pub phone_key: Option<String>,
    /// Whether its e-mail address is known to work.
    pub email_reach: Reach,
    /// Whether its phone number is known to work.
    pub phone_reach: Reach,
}

/// The users table.
pub fn table(env: &Env) -> Result<&str, ConfigError> {
    env.config.require("USERS_TABLE")
}

/// The key of a profile.
pub fn profile_key(user_id: &str) -> Key {
    Key::new(format!("user#{user_id}"), "profile")
}

/// The key of a claim: of a contact point or a referral code.
pub fn claim_key(claim: &str) -> Key {
    Key::new(claim, "owner")
}

/// The claim on a referral code.
pub fn referral_claim(code: &str) -> String {
    format!("referral#{code}")
}

/// A claim of `user_id`.
pub fn claim(claim: &str, user_id: &str) -> Item {
    let key = claim_key(claim);
    Item::new().text("pk", key.pk).text("sk", key.sk).text("user_id", user_id)
}

/// Who has claimed `claim`.
pub async fn owner(env: &Env, claim: &str) -> Result<Option<String>, quoin_runtime::Failure> {
    let item = env.store.get(table(env)?, &claim_key(claim), true).await?;
    Ok(item.and_then(|item| item.get_text("user_id").map(str::to_owned)))
}

impl Account {
    /// A new account, nothing known of its contact points.
    pub const fn new(user: User, email_key: String, phone_key: Option<String>) -> Self {
        let reach = Reach::Unverified;
        Self { user, email_key, phone_key, email_reach: reach, phone_reach: reach }
    }

    /// The account of `user_id`.
    pub async fn load(env: &Env, user_id: &str) -> Result<Option<Self>, quoin_runtime::Failure> {
        let item = env.store.get(table(env)?, &profile_key(user_id), true).await?;
        Ok(item.as_ref().map(Self::read).transpose()?)
    }

    /// The account in a profile row.
    pub fn read(item: &Item) -> Result<Self, StoreError> {
        Ok(Self {
            user: item.require_json("user")?,
            email_key: item.require_text("email_key")?.to_owned(),
            phone_key: item.get_text("phone_key").map(str::to_owned),
            email_reach: Reach::read(item.get_text("email_reach")),
            phone_reach: Reach::read(item.get_text("phone_reach")),
        })
    }

    /// The profile row.
    pub fn item(&self, now: Timestamp) -> Result<Item, StoreError> {
        let key = profile_key(&self.user.user_id);
        Item::new()
            .text("pk", key.pk)
            .text("sk", key.sk)
            .text("email_key", self.email_key.clone())
            .text_opt("phone_key", self.phone_key.clone())
            .text("email_reach", self.email_reach.as_str())
            .number("email_at", now.millis())
            .text("phone_reach", self.phone_reach.as_str())
            .number("phone_at", now.millis())
            .json("user", &self.user)
    }
}

/// The change of a profile row to the state that its stream has now.
pub fn profile_update(table: &str, user: &User) -> Result<Update, StoreError> {
    Update::of(table, profile_key(&user.user_id)).if_exists().json("user", user)
}

/// The attributes of a contact point that tell whether it works, and since when that is known.
pub const fn reach_attributes(channel: Channel) -> Option<(&'static str, &'static str)> {
    match channel {
        Channel::Sms => Some(("phone_reach", "phone_at")),
        Channel::Email => Some(("email_reach", "email_at")),
        Channel::Push => None,
    }
}
