//! A referral: remembered at registration, completed at the referred person's first deposit.
//!
//! The two events come from two services in no promised order. Each consumer first commits its own row
//! (who referred; which deposit was the first) and only then reads both consistently: at least one of the
//! two sees the other's row, and the stream's first item lets only one of them complete it.

use quoin_events::types::{Money, ReferralCompleted};
use quoin_events::{Draft, Timestamp};
use quoin_money::{Amount, Asset};
use quoin_runtime::{Context, Env, Failure};
use quoin_store::{Append, Commit, Item, Key, StoreError, Stream, Update};
use serde::{Deserialize, Serialize};

use crate::bonus::parameter;
use crate::table;
use crate::write::{Written, write};

/// Who referred a user, and since when; the row is the user's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Referral {
    /// Who is rewarded.
    pub(crate) referrer_id: String,
    /// When the referred person registered.
    pub(crate) registered_at: Timestamp,
}

/// How far a referral is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "ReferralProgress"))]
#[serde(rename_all = "snake_case")]
pub(crate) enum Progress {
    /// The referred person has not deposited yet.
    Registered,
    /// The reward is given.
    Completed,
}

impl Progress {
    fn read(text: &str) -> Result<Self, StoreError> {
        [Self::Registered, Self::Completed]
            .into_iter()
            .find(|progress| progress.as_str() == text)
            .ok_or_else(|| StoreError::Refused(format!("{text} is no status of a referral")))
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::Registered => "registered",
            Self::Completed => "completed",
        }
    }
}

impl Referral {
    fn list_key(&self, referee_id: &str) -> Key {
        Key::new(table::referrals(&self.referrer_id), table::at(self.registered_at, referee_id))
    }

    /// `commit` with the referee's row and the row in the referrer's list.
    ///
    /// # Errors
    /// If it cannot be written as JSON.
    pub(crate) fn remembered(&self, commit: Commit, table: &str, referee_id: &str) -> Result<Commit, StoreError> {
        let listed = table::item(self.list_key(referee_id))
            .text("referral_id", referee_id)
            .text("status", Progress::Registered.as_str())
            .text("registered_at", self.registered_at.to_string());
        let row = table::item(table::referral(referee_id)).json("referral", self)?;
        Ok(commit.put_new(table, row).put(table, listed))
    }
}

/// Completes the referral of `referee_id` if both the registration and the first deposit are there;
/// says whether this call did.
///
/// # Errors
/// Transient, if the rows cannot be read or written.
pub(crate) async fn complete_if_due(env: &Env, context: &Context, referee_id: &str) -> Result<bool, Failure> {
    let table = table::name(env)?;
    let wanted = [(table, table::referral(referee_id)), (table, table::first_deposit(referee_id))];
    let rows = env.store.batch(&wanted).await?;
    let [Some(referral), Some(_)] = rows.as_slice() else { return Ok(false) };
    let referral: Referral = referral.require_json("referral")?;
    let amount = parameter(&env.config, "REFERRAL_REWARD")?;
    if amount.is_zero() {
        return Ok(false);
    }
    let reward = Money { amount, asset: Asset::Bonus };
    let commit = completion(table, &referral, referee_id, &reward, context.now)?;
    match write(env, context, commit).await? {
        Written::Done => Ok(true),
        Written::Taken(_) | Written::Blocked(_) => Ok(false),
    }
}

fn completion(
    table: &str,
    referral: &Referral,
    referee_id: &str,
    reward: &Money,
    now: Timestamp,
) -> Result<Commit, StoreError> {
    let event = ReferralCompleted {
        referral_id: referee_id.to_owned(),
        referrer_id: referral.referrer_id.clone(),
        referee_id: referee_id.to_owned(),
        reward: reward.clone(),
    };
    let append =
        Append::first(Stream::new("referral", referee_id), now).state(&event)?.events([Draft::new(&event, now)?]);
    let listed = Update::of(table, referral.list_key(referee_id))
        .text("status", Progress::Completed.as_str())
        .text("completed_at", now.to_string())
        .json("reward", reward)?;
    Ok(Commit::new().append(append).update(listed))
}

/// A referral as the referrer sees it.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(crate) struct ReferralView {
    /// The referral.
    referral_id: String,
    /// How far it is.
    status: Progress,
    /// When the referred person registered.
    registered_at: Timestamp,
    /// When the reward was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    completed_at: Option<Timestamp>,
    /// What was given for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    reward: Option<Reward>,
}

/// A reward as it stands in the referral's row.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct Reward {
    /// How much.
    amount: Amount,
    /// Of what.
    asset: Asset,
}

impl ReferralView {
    /// The referral of a row.
    ///
    /// # Errors
    /// If the row is not one.
    pub(crate) fn read(item: &Item) -> Result<Self, StoreError> {
        let moment = |text: &str| text.parse().map_err(|error| StoreError::Refused(format!("{text} {error}")));
        Ok(Self {
            referral_id: item.require_text("referral_id")?.to_owned(),
            status: Progress::read(item.require_text("status")?)?,
            registered_at: moment(item.require_text("registered_at")?)?,
            completed_at: item.get_text("completed_at").map(moment).transpose()?,
            reward: item.get_json("reward")?,
        })
    }
}
