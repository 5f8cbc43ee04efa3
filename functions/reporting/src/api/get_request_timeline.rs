//! `GET /api/requests/{request_id}/timeline`: all that one request led to, in order of time.

use quoin_events::Envelope;
use quoin_runtime::{Env, Pages, Problem, Request, Response, Role};
use quoin_store::Query;

use crate::trail::{moment_of, payload, request_pk, steps};

/// What the route takes and answers.
#[cfg(feature = "schema")]
#[must_use]
pub fn contract() -> quoin_runtime::Contract {
    quoin_runtime::Contract::new("All that one request led to, in order of time (operators)")
        .for_operators()
        .lists::<crate::trail::Step>()
}

/// Answers with a page of a request's timeline; events whose copies expired are no longer in it.
///
/// # Errors
/// 400 for a cursor that is none, 401, 403 or 503.
pub async fn handle(env: &Env, request: &Request) -> Result<Response, Problem> {
    request.caller_with(Role::Operator)?;
    let pk = request_pk(request.path("request_id")?);
    let pages = request.pages(&pk)?;
    let before = pages.after.as_ref().and_then(moment_of);
    let query = Query::of(pk).limit(pages.limit).after(pages.after);
    let page = env.store.query(env.config.table("reporting")?, query).await?;
    let kept = page.items.iter().filter_map(|item| payload(item, request.context.now));
    let envelopes = kept.map(serde_json::from_str).collect::<Result<Vec<Envelope>, _>>()?;
    Response::json(200, &Pages::body(steps(before, envelopes), page.next.as_ref()))
}
