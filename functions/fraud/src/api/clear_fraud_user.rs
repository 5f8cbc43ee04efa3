//! `POST /api/fraud/users/{id}/clear`: an operator has looked; the user's orders are taken again, and what was counted
//! so far counts no more. A mark that is clear is left as it is, so asking twice clears once.

use std::time::Duration;

use quoin_runtime::{Env, Problem, Request, Response, Role};
use quoin_store::{Commit, Item, StoreError};
use serde::{Deserialize, Serialize};

use crate::standing::{MarkView, Standing};
use crate::table;

/// The most characters of a note.
const MAX_NOTE: usize = 500;
/// How often a clearing is tried again that counted events got in the way of.
const TRIES: u64 = 10;

/// What the operator says of it.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct Clear {
    /// Why; nothing of the person in it.
    #[cfg_attr(feature = "schema", schemars(length(max = MAX_NOTE)))]
    note: Option<String>,
}

/// Where the user stands now.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct Cleared<'a> {
    /// Whom.
    user_id: &'a str,
    /// The mark.
    mark: MarkView<'a>,
}

/// What the route takes and answers.
#[cfg(feature = "schema")]
#[must_use]
pub fn contract() -> quoin_runtime::Contract {
    quoin_runtime::Contract::new("Clears a user whose orders are looked at first (operators)")
        .for_operators()
        .takes::<Clear>()
        .answers::<Cleared<'_>>(200)
        .refuses(400, &["NOTE_TOO_LONG"])
        .refuses(404, &["NOT_FOUND"])
}

/// Clears a user's mark.
///
/// # Errors
/// 400, 401, 403, 404 for a user of whom nothing was ever counted, 429 or 503.
pub async fn handle(env: &Env, request: &Request) -> Result<Response, Problem> {
    let operator = request.caller_with(Role::Operator)?;
    let (user_id, table) = (request.path("id")?, table::name(env)?);
    let Clear { note } = request.json()?;
    if note.as_ref().is_some_and(|note| note.chars().count() > MAX_NOTE) {
        return Err(Problem::field("NOTE_TOO_LONG", "/note", format!("must be at most {MAX_NOTE} characters")));
    }
    for attempt in 1..=TRIES {
        let item = env.store.get(table, &table::mark(user_id), true).await?;
        let standing = Standing::read(item.as_ref())?;
        if !standing.is_marked() {
            return cleared(user_id, &standing);
        }
        let (standing, clearing) = standing.cleared(&operator.user_id, note.clone(), request.context.now);
        let key = table::cleared(user_id, clearing.at);
        let row = Item::new().text("pk", key.pk).text("sk", key.sk).json("clearing", &clearing)?;
        let commit = Commit::new().put_new(table, row).update(standing.write(table, user_id)?);
        match env.store.commit(commit, &request.context.origin).await {
            Ok(()) => return cleared(user_id, &standing),
            Err(StoreError::Lost(_) | StoreError::Conflict) => {
                let pause = env.clock.random_below(attempt.saturating_mul(40));
                env.clock.sleep(Duration::from_millis(pause)).await;
            }
            Err(error @ (StoreError::Unavailable(_) | StoreError::Refused(_))) => return Err(error.into()),
        }
    }
    Err(StoreError::Conflict.into())
}

fn cleared(user_id: &str, standing: &Standing) -> Result<Response, Problem> {
    let mark = standing.view().ok_or_else(|| Problem::not_found("mark"))?;
    Response::json(200, &Cleared { user_id, mark })
}
