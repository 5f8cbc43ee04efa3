//! `GET /api/users/{id}`: an account as an operator sees it. Names and contact points are their owner's: none of what
//! an operator decides needs them, so they are not even opened.

use quoin_accounts::{Account, Reach};
use quoin_events::Timestamp;
use quoin_events::types::KycStatus;
use quoin_ledger::Standing;
use quoin_runtime::{Env, Problem, Request, Response, Role};
use serde::Serialize;

use crate::profile_view::excluded_until;

/// An account without what identifies its owner.
#[derive(Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct UserView {
    /// Whose.
    user_id: String,
    /// Whether the owner may play.
    status: Standing,
    /// The end of the exclusion in force.
    #[serde(skip_serializing_if = "Option::is_none")]
    self_excluded_until: Option<Timestamp>,
    /// What an operator found out about who the owner is; absent before anybody looked.
    #[serde(skip_serializing_if = "Option::is_none")]
    kyc_status: Option<KycStatus>,
    /// Whether the e-mail address is known to work.
    email_status: Reach,
    /// Whether the phone number is known to work.
    #[serde(skip_serializing_if = "Option::is_none")]
    phone_status: Option<Reach>,
    /// What the owner may do.
    roles: Vec<Role>,
    /// BCP 47.
    language: String,
    /// ISO 3166-1 alpha-2.
    #[serde(skip_serializing_if = "Option::is_none")]
    country: Option<String>,
    /// The user whose code was given at registration.
    #[serde(skip_serializing_if = "Option::is_none")]
    referred_by: Option<String>,
    /// The agent who brought the owner.
    #[serde(skip_serializing_if = "Option::is_none")]
    agent_id: Option<String>,
    /// When the account was made.
    registered_at: Timestamp,
}

/// What the route takes and answers.
#[cfg(feature = "schema")]
#[must_use]
pub fn contract() -> quoin_runtime::Contract {
    quoin_runtime::Contract::new("An account without names and contact points, for operators")
        .for_operators()
        .answers::<UserView>(200)
        .refuses(404, &["NOT_FOUND"])
}

/// Answers with the account.
///
/// # Errors
/// 403 for anybody but operators, 404 for an unknown user.
pub async fn handle(env: &Env, request: &Request) -> Result<Response, Problem> {
    request.caller_with(Role::Operator)?;
    let account = Account::load(env, request.path("id")?).await?.ok_or_else(|| Problem::not_found("user"))?;
    Response::json(200, &UserView::of(&account, request.context.now))
}

impl UserView {
    fn of(account: &Account, now: Timestamp) -> Self {
        let user = &account.user;
        let status = user.status.at(now);
        Self {
            user_id: user.user_id.clone(),
            status: status.into(),
            self_excluded_until: excluded_until(status),
            kyc_status: user.kyc_status,
            email_status: account.email_reach,
            phone_status: user.phone.as_ref().map(|_| account.phone_reach),
            roles: user.roles.clone(),
            language: user.language.clone(),
            country: user.country.clone(),
            referred_by: user.referred_by.clone(),
            agent_id: user.agent_id.clone(),
            registered_at: user.registered_at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::registered;
    use quoin_accounts::User;

    #[test]
    fn nothing_that_identifies_the_owner_is_shown() {
        let now = Timestamp::from_millis(1);
        let user = User { kyc_status: Some(KycStatus::Pending), ..registered() };
        let account = Account::new(user, "email#a@example.com".into(), Some("phone#1".into()));
        let shown = serde_json::to_string(&UserView::of(&account, now)).unwrap();
        assert!(shown.contains(r#""kyc_status":"pending""#), "{shown}");
        for secret in ["enc:v1", "example.com", "phone#1", "full_name"] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }
}
