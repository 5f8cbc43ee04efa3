//! `POST /api/realtime/tickets`: a ticket for one WebSocket connection, which takes no token in its URL.

use quoin_events::Timestamp;
use quoin_runtime::{Env, Problem, Request, Response};
use serde::Serialize;

use crate::table;
use crate::ticket::{Ticket, expiry};

/// A ticket.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct TicketView {
    /// Goes into the query of the connection as `ticket`; good once.
    ticket: String,
    /// From when on it is not good any more.
    expires_at: Timestamp,
    /// Where to connect.
    url: String,
}

/// What the route takes and answers.
#[cfg(feature = "schema")]
#[must_use]
pub fn contract() -> quoin_runtime::Contract {
    quoin_runtime::Contract::new("A single-use ticket for a WebSocket connection; the request has no body")
        .answers::<TicketView>(201)
}

/// Gives the caller a ticket.
///
/// # Errors
/// 401 or 503.
pub async fn handle(env: &Env, request: &Request) -> Result<Response, Problem> {
    let caller = request.caller()?;
    let (ticket, expires_at) = (Ticket::new()?, expiry(request.context.now));
    env.store.put_new(table::name(env)?, ticket.row(&caller.user_id, expires_at)).await?;
    let url = socket_url(env.config.require("SOCKET_ENDPOINT")?);
    Response::json(201, &TicketView { ticket: ticket.into_text(), expires_at, url })
}

/// Connections are made where messages to them are posted, over the protocol's own scheme.
fn socket_url(endpoint: &str) -> String {
    endpoint.strip_prefix("http").map_or_else(|| endpoint.to_owned(), |rest| format!("ws{rest}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_are_as_safe_as_requests() {
        assert_eq!(socket_url("https://a.b/live"), "wss://a.b/live");
        assert_eq!(socket_url("http://127.0.0.1:1/live"), "ws://127.0.0.1:1/live");
    }
}
