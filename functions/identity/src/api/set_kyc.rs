//! `PUT /api/users/{id}/kyc`: what an operator found out about who a person is. The account's stream and its profile
//! change in one transaction, as with every change of a profile; saying the same again changes nothing.

use quoin_accounts::{self as accounts, StreamEnd, User, profile_update};
use quoin_events::types::{KycStatus, UserProfileUpdated};
use quoin_events::{Draft, Timestamp};
use quoin_runtime::{CommandError, Env, Problem, Request, Response, Role};
use quoin_store::{Commit, ExecuteError, Proposal, execute};
use serde::{Deserialize, Serialize};

use crate::stop::Stop;

/// What was found out.
#[derive(Debug, Clone, Copy, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct Kyc {
    /// How it stands now.
    status: KycStatus,
}

/// How it stands now.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct KycView<'a> {
    /// Whose.
    user_id: &'a str,
    /// What is known of who the user is.
    kyc_status: KycStatus,
}

/// What the route takes and answers.
#[cfg(feature = "schema")]
#[must_use]
pub fn contract() -> quoin_runtime::Contract {
    quoin_runtime::Contract::new("Says what is known of who a person is")
        .for_operators()
        .takes::<Kyc>()
        .answers::<KycView<'_>>(200)
        .refuses(404, &["NOT_FOUND"])
}

/// Sets the status.
///
/// # Errors
/// 403 for anybody but operators, 404 for an unknown user.
pub async fn handle(env: &Env, request: &Request) -> Result<Response, Problem> {
    request.caller_with(Role::Operator)?;
    let (user_id, wanted) = (request.path("id")?, request.json::<Kyc>()?.status);
    let (context, table) = (&request.context, accounts::table(env)?);
    let load = async || Ok(StreamEnd(env.store.head(&User::stream(user_id)).await?));
    let decide = |end: &StreamEnd, now: Timestamp| plan(end, wanted, table, now);
    match execute(&env.store, &env.clock, context.deadline(), &context.origin, load, decide).await {
        Ok(_) | Err(ExecuteError::Decide(Stop::Already)) => {}
        Err(ExecuteError::Decide(Stop::Failed(problem))) => return Err(problem),
        Err(ExecuteError::Store(error)) => return Err(error.into()),
        // The profile is gone: its owner was erased.
        Err(ExecuteError::Blocked(_)) => return Err(Problem::not_found("user")),
        Err(ExecuteError::KeyReused | ExecuteError::Contended) => return Err(CommandError::Contended.into()),
    }
    Response::json(200, &KycView { user_id, kyc_status: wanted })
}

fn plan(end: &StreamEnd, wanted: KycStatus, table: &str, now: Timestamp) -> Result<Proposal, Stop> {
    let mut user = end.user()?.ok_or_else(|| Problem::not_found("user"))?;
    if user.kyc_status == Some(wanted) {
        return Err(Stop::Already);
    }
    user.kyc_status = Some(wanted);
    let append = end.append(&user.user_id, now)?.state(&user)?;
    let event = UserProfileUpdated {
        user_id: user.user_id.clone(),
        full_name: None,
        phone: None,
        email: None,
        language: None,
        kyc_status: Some(wanted),
    };
    let draft = Draft::new(&event, append.at())?;
    let commit = Commit::new().append(append.events([draft])).update(profile_update(table, &user)?);
    Ok(Proposal { commit, body_hash: String::new(), answer: None })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::registered;
    use quoin_store::Head;

    fn end(kyc_status: Option<KycStatus>) -> StreamEnd {
        let at = Timestamp::from_millis(1);
        let user = User { kyc_status, ..registered() };
        let state = Some(serde_json::to_string(&user).unwrap());
        StreamEnd(Head { version: 1, next_sequence: 2, at, state })
    }

    #[test]
    fn a_change_is_told_alone_and_in_one_write_with_the_profile() {
        let now = Timestamp::from_millis(2);
        let proposal = plan(&end(Some(KycStatus::Pending)), KycStatus::Verified, "users", now).unwrap();
        let commit = format!("{:?}", proposal.commit);
        assert!(commit.contains(r#"{"user_id":"user_1","kyc_status":"verified"}"#), "{commit}");
        // The stream's state and the profile's copy of it.
        assert_eq!(commit.matches(r#"\"kyc_status\":\"verified\",\"registered_at\""#).count(), 2, "{commit}");
    }

    #[test]
    fn the_same_again_is_not_written_and_nobody_is_not_found() {
        let now = Timestamp::from_millis(2);
        let again = plan(&end(Some(KycStatus::Verified)), KycStatus::Verified, "users", now);
        assert!(matches!(again, Err(Stop::Already)));
        let nobody = StreamEnd(Head { state: None, ..end(None).0 });
        let stop = plan(&nobody, KycStatus::Verified, "users", now).unwrap_err();
        assert!(matches!(stop, Stop::Failed(problem) if problem.status == 404));
    }

    #[test]
    fn only_the_three_are_taken() {
        for body in [r#"{"status":"unknown"}"#, r#"{"status":null}"#, "{}", r#"{"status":"verified","by":"me"}"#] {
            assert!(serde_json::from_str::<Kyc>(body).is_err(), "{body}");
        }
    }
}
