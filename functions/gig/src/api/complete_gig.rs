//! `POST /api/gigs/{id}/completion`: somebody says that they have done it. Saying it again changes nothing.

use quoin_events::types::GigCompleted;
use quoin_events::{Draft, Timestamp};
use quoin_ranks::{Row, Standing};
use quoin_runtime::{Env, Problem, Request, Response, change};
use quoin_store::Commit;

use super::view::GigView;
use crate::known::Known;
use crate::table::GIGS;

/// What the route takes and answers.
#[cfg(feature = "schema")]
#[must_use]
pub fn contract() -> quoin_runtime::Contract {
    quoin_runtime::Contract::new("Says that the caller has done a gig of somebody else's")
        .answers::<GigView>(200)
        .refuses(404, &["NOT_FOUND"])
        .refuses(422, &["OWN_GIG", "GIG_NOT_OPEN"])
}

/// Completes the gig: it leaves the lists.
///
/// # Errors
/// 401, 404, 422, 429 or 503.
pub async fn handle(env: &Env, request: &Request) -> Result<Response, Problem> {
    let user_id = &request.caller()?.user_id;
    let (table, gig_id) = (env.config.table(GIGS)?, request.path("id")?);
    let load = async || Standing::<Known>::find(&env.store, table, gig_id).await;
    let decide = |found: &Standing<Known>, now: Timestamp| completed(found, table, user_id, found.moment(now));
    change(env, &request.context, "gig", load, decide).await?;
    let row = Row::<Known>::find(&env.store, table, gig_id).await?;
    Response::json(200, &GigView::from(row.ok_or_else(|| Problem::not_found("gig"))?))
}

fn completed(found: &Standing<Known>, table: &str, user_id: &str, at: Timestamp) -> Result<Option<Commit>, Problem> {
    let Some(next) = found.row.entity.gig.completed(user_id, at)? else { return Ok(None) };
    let event = GigCompleted {
        gig_id: next.gig_id.clone(),
        owner_id: next.owner_id.clone(),
        completed_by: user_id.to_owned(),
        price: next.price,
    };
    let event = Draft::new(&event, at)?;
    Ok(Some(found.next(table, found.row.entity.of(next), at, [event])?))
}
