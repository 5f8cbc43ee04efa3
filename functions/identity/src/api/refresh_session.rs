//! `POST /api/sessions/refresh`: a new pair of tokens for a refresh token, which is then used up.

use quoin_accounts::Account;
use quoin_runtime::{Env, Personal, Problem, Request, Response};
use serde::Deserialize;

use crate::api::create_session::refuse_closed;

use crate::sessions::{self, RefreshToken, Session};
use crate::tokens;

/// A refresh token, good once.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "RefreshToken"))]
#[serde(deny_unknown_fields)]
struct Refresh {
    /// As it was given out.
    refresh_token: Personal,
}

/// What the route takes and answers.
#[cfg(feature = "schema")]
#[must_use]
pub fn contract() -> quoin_runtime::Contract {
    quoin_runtime::Contract::new("Exchanges a refresh token, which is then used up")
        .takes::<Refresh>()
        .answers::<sessions::Tokens>(200)
        .refuses(401, &["REFRESH_TOKEN_INVALID", "REFRESH_TOKEN_REUSED"])
        .refuses(403, &["ACCOUNT_CLOSED"])
}

/// Exchanges a refresh token.
///
/// # Errors
/// 401 for a token that is not good, 403 for a closed account.
pub async fn handle(env: &Env, request: &Request) -> Result<Response, Problem> {
    let body: Refresh = request.json()?;
    let now = request.context.now;
    let token = RefreshToken::parse(body.refresh_token.reveal()).ok_or_else(invalid)?;
    let session = Session::load(env, &token.session_id).await?.ok_or_else(invalid)?;
    let hash = token.hash();
    if session.token != hash {
        return Err(if session.was_used(env, &hash).await? { reused(env, &session).await? } else { invalid() });
    }
    let account = Account::load(env, &session.user_id).await?.ok_or_else(invalid)?;
    let password = quoin_accounts::load_credential(env, &session.user_id).await?.ok_or_else(invalid)?;
    if !session.is_good(&password, now) {
        return Err(invalid());
    }
    refuse_closed(&account.user, now)?;
    let next = RefreshToken::new(session.session_id.clone())?;
    let access = tokens::issue(env, &session.user_id, &account.user.roles, &session.session_id, now).await?;
    if !session.rotate(env, &request.context, &next).await? {
        // Between the read and the write the session was revoked, or somebody used the same token.
        let hash_was_used = session.was_used(env, &hash).await?;
        return Err(if hash_was_used { reused(env, &session).await? } else { invalid() });
    }
    sessions::answer(access, &next)
}

fn invalid() -> Problem {
    Problem::new(401, "REFRESH_TOKEN_INVALID", "the refresh token is not good, or not any more")
}

/// Ends the session: one of the two who have the token is not its owner.
async fn reused(env: &Env, session: &Session) -> Result<Problem, Problem> {
    if !session.revoked {
        sessions::revoke(env, &session.session_id, "refresh token reused").await?;
    }
    Ok(Problem::new(401, "REFRESH_TOKEN_REUSED", "the refresh token was used before; the session has ended"))
}
