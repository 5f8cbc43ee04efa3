//! `POST /api/feeds/betradar`: one message of the odds feed, believed only if its raw bytes are signed.

use quoin_runtime::{Env, Problem, Request, Response, verify_webhook};

use crate::feed::{FeedError, apply, parse};

/// The largest message: every market of one event.
const MAX_BODY: usize = 4 * 1024 * 1024;

/// What the route takes and answers.
#[cfg(feature = "schema")]
#[must_use]
pub fn contract() -> quoin_runtime::Contract {
    quoin_runtime::Contract::new("One XML message of the Unified Odds Feed, signed")
        .signed()
        .takes_xml()
        .answers_nothing(204)
        .refuses(400, &["XML_DOCTYPE", "XML_MALFORMED", "FEED_MESSAGE_INVALID"])
}

/// Takes a message.
///
/// # Errors
/// 401 for a bad signature, 400 for what cannot be read, 413, 503 to be sent again.
pub async fn handle(env: &Env, request: &Request) -> Result<Response, Problem> {
    if request.body.len() > MAX_BODY {
        return Err(Problem::new(413, "BODY_TOO_LARGE", format!("the message is larger than {MAX_BODY} bytes")));
    }
    let secret = env.webhook_secret("betradar").await?;
    verify_webhook(&secret, &request.headers, &request.body, request.context.now).map_err(|error| {
        tracing::warn!(reason = %error, "feed message not believed");
        Problem::new(401, "SIGNATURE_INVALID", "the message is not signed by the feed")
    })?;
    let message = parse(&request.body).map_err(|error| match error {
        FeedError::Doctype => Problem::new(400, "XML_DOCTYPE", error.to_string()),
        FeedError::Malformed(_) => Problem::new(400, "XML_MALFORMED", error.to_string()),
        FeedError::Field(_) => Problem::new(400, "FEED_MESSAGE_INVALID", error.to_string()),
    })?;
    apply(env, &request.context, message).await?;
    Ok(Response::empty(204))
}
