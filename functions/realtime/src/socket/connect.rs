//! `$connect`: whoever has a ticket is let in as the person whom it was given, and the ticket is taken.

use quoin_runtime::{Env, Failure, Invocation, Metrics};

use super::{EventType, SocketEvent, SocketReply, unknown_action};
use crate::connection::Connection;
use crate::table;
use crate::ticket::{Ticket, holder};

/// Opens a connection.
///
/// # Errors
/// Transient; the gateway then refuses the connection, and the ticket may still be good.
pub async fn handle(
    env: &Env,
    _invocation: &Invocation,
    event: SocketEvent,
    _metrics: &mut Metrics,
) -> Result<SocketReply, Failure> {
    if !event.is(EventType::Connect) {
        return SocketReply::of(&unknown_action());
    }
    let status = if is_let_in(env, &event).await? { 200 } else { 401 };
    Ok(SocketReply::empty(status))
}

async fn is_let_in(env: &Env, event: &SocketEvent) -> Result<bool, Failure> {
    let Some(ticket) = event.query("ticket").and_then(Ticket::parse) else { return Ok(false) };
    let row = env.store.get(table::name(env)?, &table::ticket(&ticket.hash()), true).await?;
    match row.as_ref().and_then(|row| holder(row, env.clock.now())) {
        Some(user_id) => Connection::open(env, event.connection_id(), &ticket, user_id).await,
        None => Ok(false),
    }
}
