//! `subscribe` and `unsubscribe`. Either may come again: it is then as it was.

use quoin_runtime::{Env, Failure, Invocation, Metrics};

use super::{SocketEvent, SocketReply};
use crate::channel::Channel;
use crate::connection::{Connection, MOST_SUBSCRIPTIONS, Subscribed};
use crate::message::{Action, Answer, Refusal, Wish, wish};

/// Subscribes a connection to a channel, or ends that.
///
/// # Errors
/// None in practice: a client is told of failures.
pub async fn handle(
    env: &Env,
    _invocation: &Invocation,
    event: SocketEvent,
    _metrics: &mut Metrics,
) -> Result<SocketReply, Failure> {
    let outcome = match wish(event.body()) {
        Ok(wish) => granted(env, event.connection_id(), &wish).await,
        Err(error) => Ok(Answer::Refused { error }),
    };
    outcome.map_or_else(|failure| SocketReply::failed(env, &failure), |answer| SocketReply::of(&answer))
}

async fn granted(env: &Env, connection_id: &str, wish: &Wish) -> Result<Answer, Failure> {
    let Some(connection) = Connection::load(env, connection_id).await? else { return Ok(gone()) };
    let channel = match Channel::named(&wish.channel, &connection.user_id) {
        Ok(channel) => channel,
        Err(unavailable) => return Ok(Answer::Refused { error: unavailable.into() }),
    };
    let done = |action| Answer::Done { action, channel: Some(channel.name()) };
    match wish.action {
        Action::Unsubscribe => {
            connection.unsubscribe(env, &channel).await?;
            Ok(done("unsubscribed"))
        }
        Action::Subscribe => Ok(match connection.subscribe(env, &channel).await? {
            Subscribed::Yes => done("subscribed"),
            Subscribed::TooMany => {
                let detail = format!("a connection has {MOST_SUBSCRIPTIONS} subscriptions at most");
                Answer::Refused { error: Refusal::of("/channel", 422, "TOO_MANY_SUBSCRIPTIONS", detail) }
            }
            Subscribed::Gone => gone(),
        }),
    }
}

fn gone() -> Answer {
    let detail = "the connection is not known any more; connect again with a new ticket";
    Answer::Refused { error: Refusal::new(410, "CONNECTION_GONE", detail) }
}
