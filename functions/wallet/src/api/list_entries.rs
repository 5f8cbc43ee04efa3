//! `GET /api/wallets/me/entries`: the statement, newest first; the cursor is a version.

use quoin_runtime::{Env, Pages, Problem, Request, Response};
use quoin_store::Key;

use crate::journal_view::{entries, stream};

/// What the route takes and answers.
#[cfg(feature = "schema")]
#[must_use]
pub fn contract() -> quoin_runtime::Contract {
    quoin_runtime::Contract::new("The caller's statement, newest first").lists::<crate::journal_view::Entry>()
}

/// Answers with a page of the caller's entries. A page holds whole versions, so it may be a little longer than `limit`.
///
/// # Errors
/// 400, 401 or 503.
pub async fn handle(env: &Env, request: &Request) -> Result<Response, Problem> {
    let stream = stream(&request.caller()?.user_id);
    let pages = request.pages(&stream.pk())?;
    let invalid = || Problem::field("CURSOR_INVALID", "/cursor", "is not a cursor of this list");
    let before = pages.after.map(|key| key.sk.parse::<u64>().map_err(|_| invalid())).transpose()?;
    let items = env.store.newest(&stream, i32::try_from(pages.limit).unwrap_or(i32::MAX), before).await?;
    let (mut lines, mut last) = (Vec::new(), None);
    for item in &items {
        if lines.len() >= usize::try_from(pages.limit).unwrap_or(usize::MAX) {
            break;
        }
        lines.extend(entries(item)?);
        last = Some(item.version());
    }
    let next = last.filter(|version| *version > 1).map(|version| Key::new(stream.pk(), version.to_string()));
    Response::json(200, &Pages::body(lines, next.as_ref()))
}
