//! `POST /api/users/me/deactivate`: closes the caller's account or excludes them from play. The account, its
//! profile and its wallet change in one transaction, so no stake slips in between.

use quoin_accounts::{self as accounts, StreamEnd, User, profile_update};
use quoin_events::types::{DeactivationReason, UserDeactivated};
use quoin_events::{Draft, EntityRef, Timestamp};
use quoin_ledger::{Rejection, Standing, Status, Wallet, Window, restrict};
use quoin_runtime::{Env, Problem, Request, Response, change};
use quoin_store::{Commit, Snapshot, WalletWrite};
use serde::{Deserialize, Serialize};

use crate::profile_view::excluded_until;

/// The most days of a self-exclusion: ten years.
const MOST_DAYS: i64 = 3_650;
const DAY_MS: i64 = 86_400_000;

/// How the caller wants to leave.
#[derive(Debug, Clone, Copy, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct Deactivation {
    /// Why.
    reason: DeactivationReason,
    /// Days of a self-exclusion; required for it, and for nothing else.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = MOST_DAYS)))]
    self_exclusion_days: Option<i64>,
}

/// How the account stands now.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct Deactivated<'a> {
    /// Whose.
    user_id: &'a str,
    /// Whether the owner may play.
    status: Standing,
    /// The end of the exclusion.
    #[serde(skip_serializing_if = "Option::is_none")]
    self_excluded_until: Option<Timestamp>,
}

/// What is decided on.
struct Loaded {
    user: User,
    end: StreamEnd,
    wallet: Option<Wallet>,
}

impl Snapshot for Loaded {
    fn rebase(&mut self, wallet: Wallet) {
        self.wallet = Some(wallet);
    }
}

/// What the route takes and answers.
#[cfg(feature = "schema")]
#[must_use]
pub fn contract() -> quoin_runtime::Contract {
    quoin_runtime::Contract::new("Closes the account, or excludes the caller from play")
        .takes::<Deactivation>()
        .answers::<Deactivated<'_>>(200)
        .refuses(400, &["FIELD_UNEXPECTED", "SELF_EXCLUSION_DAYS_INVALID"])
        .refuses(404, &["NOT_FOUND"])
        .refuses(422, &["ACCOUNT_CLOSED", "SELF_EXCLUSION_NOT_LONGER"])
}

/// Takes the caller out of play.
///
/// # Errors
/// 400 for a duration that is wrong, 422 for an exclusion that would not be longer than the one in force.
pub async fn handle(env: &Env, request: &Request) -> Result<Response, Problem> {
    let user_id = request.caller()?.user_id.as_str();
    let status = request.json::<Deactivation>()?.status(request.context.now)?;
    let context = &request.context;
    let (table, calendar) = (accounts::table(env)?, env.config.calendar()?);
    let load = async || {
        let end = StreamEnd(env.store.head(&User::stream(user_id)).await?);
        let Some(user) = end.user()? else { return Ok(None) };
        Ok(Some(Loaded { user, end, wallet: env.store.wallet(user_id).await? }))
    };
    let decide = |loaded: &Loaded, now: Timestamp| plan(loaded, status, table, now, calendar);
    change(env, context, "user", load, decide).await?;
    let answer = Deactivated { user_id, status: status.into(), self_excluded_until: excluded_until(status) };
    Response::json(200, &answer)
}

/// `None` if it is so already.
fn plan(
    loaded: &Loaded,
    status: Status,
    table: &str,
    now: Timestamp,
    calendar: Window,
) -> Result<Option<Commit>, Problem> {
    let mut user = loaded.user.clone();
    if user.status.at(now) == status {
        return Ok(None);
    }
    let status = user.status.restricted(status, now).ok_or_else(|| refused(user.status))?;
    user.status = status;
    let append = loaded.end.append(&user.user_id, now)?.state(&user)?;
    let at = append.at();
    let event = UserDeactivated {
        user_id: user.user_id.clone(),
        reason: match status {
            Status::Closed => DeactivationReason::Closed,
            Status::SelfExcluded { .. } | Status::Active => DeactivationReason::SelfExclusion,
        },
        until: excluded_until(status),
    };
    let mut commit =
        Commit::new().append(append.events([Draft::new(&event, at)?])).update(profile_update(table, &user)?);
    if let Some(wallet) = &loaded.wallet {
        let related = EntityRef { kind: "user".to_owned(), id: user.user_id.clone() };
        match restrict(wallet, status, related, now, calendar) {
            Ok(decision) => commit = commit.wallet(WalletWrite::new(wallet.clone(), decision)?),
            // The wallet is restricted at least as much; only the account is behind.
            Err(Rejection::SelfExcluded | Rejection::Closed) => {}
            Err(rejection) => return Err(Problem::from(&rejection)),
        }
    }
    Ok(Some(commit))
}

fn refused(current: Status) -> Problem {
    match current {
        Status::Closed => Problem::refused("ACCOUNT_CLOSED", "the account is closed"),
        Status::SelfExcluded { .. } | Status::Active => {
            Problem::refused("SELF_EXCLUSION_NOT_LONGER", "an exclusion can only be made longer")
                .with("self_excluded_until", excluded_until(current))
        }
    }
}

impl Deactivation {
    fn status(self, now: Timestamp) -> Result<Status, Problem> {
        let pointer = "/self_exclusion_days";
        match (self.reason, self.self_exclusion_days) {
            (DeactivationReason::Closed, None) => Ok(Status::Closed),
            (DeactivationReason::Closed, Some(_)) => {
                Err(Problem::field("FIELD_UNEXPECTED", pointer, "belongs to the reason self_exclusion only"))
            }
            (DeactivationReason::SelfExclusion, Some(days)) if (1..=MOST_DAYS).contains(&days) => {
                Ok(Status::SelfExcluded { until: now.plus_millis(days.saturating_mul(DAY_MS)) })
            }
            (DeactivationReason::SelfExclusion, Some(_) | None) => {
                Err(Problem::field("SELF_EXCLUSION_DAYS_INVALID", pointer, format!("must be 1 to {MOST_DAYS} days")))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::registered;
    use quoin_store::StoreError;

    fn body(json: &str) -> Result<Status, Problem> {
        serde_json::from_str::<Deactivation>(json).unwrap().status(Timestamp::from_millis(0))
    }

    #[test]
    fn a_reason_and_the_days_that_belong_to_it() {
        assert_eq!(body(r#"{"reason":"closed"}"#).unwrap(), Status::Closed);
        let until = Timestamp::from_millis(30 * DAY_MS);
        let month = body(r#"{"reason":"self_exclusion","self_exclusion_days":30}"#).unwrap();
        assert_eq!(month, Status::SelfExcluded { until });
        for json in [
            r#"{"reason":"closed","self_exclusion_days":1}"#,
            r#"{"reason":"self_exclusion"}"#,
            r#"{"reason":"self_exclusion","self_exclusion_days":0}"#,
            r#"{"reason":"self_exclusion","self_exclusion_days":3651}"#,
        ] {
            assert_eq!(body(json).unwrap_err().errors[0].pointer, "/self_exclusion_days", "{json}");
        }
    }

    fn loaded(status: Status) -> Loaded {
        let user = User { status, ..registered() };
        let state = Some(serde_json::to_string(&user).unwrap());
        let head = quoin_store::Head { version: 1, next_sequence: 2, at: Timestamp::from_millis(1), state };
        let wallet = Wallet { status, ..Wallet::new("user_1".into(), Timestamp::from_millis(1)) };
        Loaded { user, end: StreamEnd(head), wallet: Some(wallet) }
    }

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_millis(ms)
    }

    #[test]
    fn account_and_wallet_change_together() {
        let until = at(9_000);
        let commit = plan(&loaded(Status::Active), Status::SelfExcluded { until }, "users", at(2), Window::default());
        let written = format!("{:?}", commit.unwrap());
        assert!(written.contains("UserDeactivated") && written.contains("self_excluded"));
        assert_eq!(written.matches("SelfExcluded { until").count(), 1, "the wallet's status");
    }

    #[test]
    fn a_restriction_is_not_loosened_and_a_repetition_does_nothing() {
        let until = at(9_000);
        let excluded = loaded(Status::SelfExcluded { until });
        let shorter = plan(&excluded, Status::SelfExcluded { until: at(8_000) }, "users", at(2), Window::default());
        assert!(matches!(shorter, Err(problem) if problem.code == "SELF_EXCLUSION_NOT_LONGER"));
        let same = plan(&excluded, Status::SelfExcluded { until }, "users", at(2), Window::default());
        assert!(matches!(same, Ok(None)));
        assert!(plan(&excluded, Status::Closed, "users", at(2), Window::default()).unwrap().is_some());
        let closed = plan(&loaded(Status::Closed), Status::SelfExcluded { until }, "users", at(2), Window::default());
        assert!(matches!(closed, Err(problem) if problem.code == "ACCOUNT_CLOSED"));
    }

    #[test]
    fn an_unreadable_state_is_an_error() {
        let mut loaded = loaded(Status::Active);
        loaded.end.0.state = Some("{}".into());
        assert!(matches!(loaded.end.user(), Err(StoreError::Refused(_))));
    }
}
