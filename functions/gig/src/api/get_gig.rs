//! `GET /api/gigs/{id}`: a gig, open or not. Who looks at one of somebody else's is counted as a view, once a day.

use quoin_boosting::note_view;
use quoin_events::types::GigViewed;
use quoin_ranks::Row;
use quoin_runtime::{Env, Problem, Request, Response};

use super::view::GigView;
use crate::known::Known;
use crate::table::GIGS;

/// What the route takes and answers.
#[cfg(feature = "schema")]
#[must_use]
pub fn contract() -> quoin_runtime::Contract {
    quoin_runtime::Contract::new("A gig").answers::<GigView>(200).refuses(404, &["NOT_FOUND"])
}

/// Answers with the gig.
///
/// # Errors
/// 401, 404 or 503.
pub async fn handle(env: &Env, request: &Request) -> Result<Response, Problem> {
    let viewer = &request.caller()?.user_id;
    let gig_id = request.path("id")?;
    let row = Row::<Known>::find(&env.store, env.config.table(GIGS)?, gig_id).await?;
    let row = row.ok_or_else(|| Problem::not_found("gig"))?;
    if row.entity.gig.owner_id != *viewer {
        let event = |day| GigViewed { gig_id: gig_id.to_owned(), day };
        note_view::<Known, _>(env, &request.context, gig_id, viewer, event).await;
    }
    Response::json(200, &GigView::from(row))
}
