//! `GET /sandbox/merchant/orders/{id}`: a merchant is asked where an order stands.

use quoin_runtime::{Env, Problem, Request, Response};

use super::desk::{Desk, Standing, Verdict, lost, unavailable};
use super::manner::Manner;
use crate::access::{MERCHANT, admit};

/// What the route takes and answers.
#[cfg(feature = "schema")]
#[must_use]
pub fn contract() -> quoin_runtime::Contract {
    quoin_runtime::Contract::new("Sandbox merchant; where an order stands")
        .answers::<super::desk::Told>(200)
        .refuses(401, &["UNAUTHENTICATED"])
        .refuses(404, &["NOT_FOUND"])
        .refuses(503, &["SANDBOX_FAILURE"])
        .refuses(504, &["SANDBOX_FAILURE"])
}

/// Tells where an order stands, if the merchant knows it.
///
/// # Errors
/// 401, 404, 503, 504.
pub async fn handle(env: &Env, request: &Request) -> Result<Response, Problem> {
    admit(env, request, MERCHANT).await?;
    let desk = Desk::of(env, request.path("id")?, request.context.now)?;
    let unknown = || Problem::not_found("order");
    let asked = desk.asked().await?.ok_or_else(unknown)?;
    let manner = desk.manner(&asked.merchant_id).await?;
    let decided = match manner {
        Manner::Down | Manner::Closed => return Err(unavailable()),
        Manner::Silent => return Err(lost()),
        Manner::Forgets => return Err(unknown()),
        Manner::Late if super::is_pending(env, &desk, &asked).await? => None,
        Manner::Late => Some(desk.decide(Verdict::Taken).await?.0),
        Manner::Takes
        | Manner::Rejects
        | Manner::RejectsOnce
        | Manner::SilentOnce
        | Manner::Garbled
        | Manner::Twice
        | Manner::DownOnce
        | Manner::DownThrice => Some(desk.decided().await?.ok_or_else(unknown)?),
    };
    Response::json(200, &desk.told(decided.map_or(Standing::Pending, Verdict::standing), asked.at, manner))
}
