//! `GET /api/clans/{id}`: a clan, open or not. Who looks at one without belonging to it is counted as a view, once a day.

use quoin_boosting::note_view;
use quoin_events::types::ClanViewed;
use quoin_runtime::{Env, Problem, Request, Response};

use super::view::{self, ClanView};
use crate::known::Known;

/// What the route takes and answers.
#[cfg(feature = "schema")]
#[must_use]
pub fn contract() -> quoin_runtime::Contract {
    quoin_runtime::Contract::new("A clan").answers::<ClanView>(200).refuses(404, &["NOT_FOUND"])
}

/// Answers with the clan.
///
/// # Errors
/// 401, 404 or 503.
pub async fn handle(env: &Env, request: &Request) -> Result<Response, Problem> {
    let viewer = &request.caller()?.user_id;
    let clan_id = request.path("id")?;
    let row = view::find(env, clan_id).await?;
    if !row.entity.clan.has(viewer) {
        let event = |day| ClanViewed { clan_id: clan_id.to_owned(), day };
        note_view::<Known, _>(env, &request.context, clan_id, viewer, event).await;
    }
    Response::json(200, &ClanView::from(row))
}
