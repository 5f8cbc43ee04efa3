//! `POST /register`: the registration saga, as far as somebody waits for it.

use quoin_membership_model::Plans;
use quoin_runtime::{Env, Found, Problem, Request, Response, StoredAnswer};
use quoin_store::{Executed, derived_id};
use serde::Serialize;

use super::answer::in_progress;
use crate::charging::pursue;
#[cfg(feature = "schema")]
use crate::registration::Registered;
use crate::registration::{Begun, NewMember, Wanted, begin, is_same};
use crate::saga::{Saga, Status};

/// A registration whose payment has not ended.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "RegistrationUnderway"))]
struct Underway<'a> {
    /// Where it can be asked about: `GET /api/sagas/{id}`.
    saga_id: &'a str,
    /// Where it stands.
    status: Status,
}

/// What the route takes and answers.
#[cfg(feature = "schema")]
#[must_use]
pub fn contract() -> quoin_runtime::Contract {
    quoin_runtime::Contract::new("Registers a member: customer, payment, subscription and login, or nothing of it")
        .idempotent()
        .takes::<NewMember>()
        .answers::<Registered<'_>>(201)
        .answers::<Underway<'_>>(202)
        .refuses(400, &["FIELD_REQUIRED", "EMAIL_INVALID", "PASSWORD_INVALID", "FULL_NAME_INVALID", "PLAN_INVALID"])
        .refuses(400, &["TOKEN_INVALID", "LANGUAGE_INVALID", "FIELDS_INVALID"])
        .refuses(402, &["PAYMENT_DECLINED"])
        .refuses(409, &["REGISTRATION_IN_PROGRESS"])
        .refuses(422, &["EMAIL_TAKEN"])
}

/// Registers a member.
///
/// # Errors
/// 400 for fields that are wrong, 402 for a payment that is declined, 409 while the same registration is under way,
/// 422 for an address that is taken or a key that was used for another registration, 429 or 503.
pub async fn handle(env: &Env, request: &Request) -> Result<Response, Problem> {
    let saga_id = derived_id("saga", &[request.route.as_str(), request.idempotency_key()?]);
    let wanted = request.json::<NewMember>()?.check(&Plans::standard()?)?;
    if let Some(found) = find(env, &saga_id).await? {
        return repeated(env, &found, &wanted).await;
    }
    match begin(env, request, &saga_id, &wanted).await? {
        Begun::Paying(charge) => {
            pursue(env, &request.context, *charge, &wanted.token).await;
            let saga = find(env, &saga_id).await?.ok_or_else(|| Problem::not_found("saga"))?;
            answer(saga, false)
        }
        Begun::Refused(saga) => answer(*saga, false),
        Begun::Before => {
            let saga = find(env, &saga_id).await?.ok_or_else(|| Problem::not_found("saga"))?;
            repeated(env, &saga, &wanted).await
        }
    }
}

async fn find(env: &Env, saga_id: &str) -> Result<Option<Saga>, Problem> {
    Ok(Found::<Saga>::find(env, &Saga::stream(saga_id)).await?.map(|found| found.state))
}

/// The answer to a registration whose key was used before.
async fn repeated(env: &Env, saga: &Saga, wanted: &Wanted) -> Result<Response, Problem> {
    // Whoever asks again and again while the payment is on its way costs no hash.
    if saga.status == Status::Paying {
        let problem = in_progress("REGISTRATION_IN_PROGRESS", "a registration under this key is under way");
        return Err(problem.with("saga_id", &saga.saga_id));
    }
    if !is_same(env, &saga.saga_id, wanted).await? {
        return Err(Problem::refused("IDEMPOTENCY_KEY_REUSED", "the key was used for another request"));
    }
    answer(saga.clone(), true)
}

/// What a registration is answered as it is now.
fn answer(saga: Saga, repeated: bool) -> Result<Response, Problem> {
    match saga.answer {
        Some(answer) => Ok(StoredAnswer(Executed { answer: Some(answer), repeated }).into()),
        None => Response::json(202, &Underway { saga_id: &saga.saga_id, status: saga.status }),
    }
}
