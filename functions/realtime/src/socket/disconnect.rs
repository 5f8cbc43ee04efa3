//! `$disconnect`: a connection is forgotten. The gateway does not promise to tell; what it does not tell of expires.

use quoin_runtime::{Env, Failure, Invocation, Metrics};

use super::{EventType, SocketEvent, SocketReply, unknown_action};
use crate::connection::forget;

/// Forgets a connection.
///
/// # Errors
/// Transient; the rows expire.
pub async fn handle(
    env: &Env,
    _invocation: &Invocation,
    event: SocketEvent,
    _metrics: &mut Metrics,
) -> Result<SocketReply, Failure> {
    if !event.is(EventType::Disconnect) {
        return SocketReply::of(&unknown_action());
    }
    forget(env, event.connection_id()).await?;
    Ok(SocketReply::empty(200))
}
