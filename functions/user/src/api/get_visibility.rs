//! `GET /api/users/{id}/visibility`: what boosts come to for a profile now, and which they are. Who looks at another's profile is
//! counted as a view, once a day.

use quoin_boosting::{Boosted, note_view, standing_key, standing_of};
#[cfg(feature = "schema")]
use quoin_boosts::Standing;
use quoin_events::types::ProfileViewed;
use quoin_runtime::{Env, Problem, Request, Response};
use quoin_store::Key;

use crate::profile::Profile;

/// What the route takes and answers.
#[cfg(feature = "schema")]
#[must_use]
pub fn contract() -> quoin_runtime::Contract {
    quoin_runtime::Contract::new("How visible boosts make a profile")
        .answers::<Standing>(200)
        .refuses(404, &["NOT_FOUND"])
}

/// Answers with a profile's visibility.
///
/// # Errors
/// 401, 404 or 503.
pub async fn handle(env: &Env, request: &Request) -> Result<Response, Problem> {
    let viewer = &request.caller()?.user_id;
    let user_id = request.path("id")?;
    let person = Key::new(format!("user#{user_id}"), "profile");
    let keys = [
        (env.config.require("USERS_TABLE")?, person),
        (env.config.table(Profile::BOOSTS)?, standing_key::<Profile>(user_id)),
    ];
    let found = env.store.batch(&keys).await?;
    let mut found = found.into_iter();
    let (person, standing) = (found.next().flatten(), found.next().flatten());
    person.ok_or_else(|| Problem::not_found("user"))?;
    if user_id != viewer {
        let event = |day| ProfileViewed { user_id: user_id.to_owned(), day };
        note_view::<Profile, _>(env, &request.context, user_id, viewer, event).await;
    }
    Response::json(200, &standing_of(standing.as_ref(), request.context.now)?)
}
