//! Events become messages to the connections that subscribe to their channels. Events may come in any order and more
//! than once: of each thing only what is newer than what went out is sent, and of several in a batch only the newest.
//!
//! What nobody subscribes to costs a read. Live means soon: an event that comes an hour late is told to nobody, so what
//! is known of a thing may expire after that.

use std::time::Duration;

use futures_util::{StreamExt, stream};
use quoin_events::{BusEvent, Timestamp};
use quoin_runtime::{Batch, Delivery, Env, Failure, Outcome, PostError, Posted, side_by_side};
use quoin_store::{Key, Update};

use crate::connection::{forget, subscribers};
use crate::latest::{Latest, Next, next};
use crate::table;
use crate::telling::{Message, Newest, messages};

/// How late an event may be.
const LIVE_MS: i64 = 3_600_000;
/// Seconds for which it is known what went out, longer than an event may be late.
const KNOWN_SECONDS: i64 = 2 * 3_600;
/// Connections that are written to at once.
const AT_ONCE: usize = 16;
/// How often a message is tried on a connection, and how often a thing is looked at that somebody is sending.
const TRIES: u64 = 3;
/// Between two tries, in milliseconds, and once more for each that went before.
const PAUSE_MS: u64 = 100;

/// Tells of a batch of events.
pub async fn handle(env: &Env, batch: &Batch<BusEvent>) -> Vec<Result<Outcome, Failure>> {
    let all = batch.iter().flat_map(|delivery| messages(delivery.event()).unwrap_or_default());
    let newest = &Newest::of(all);
    side_by_side(env, batch, async |env, delivery| Box::pin(tell(env, delivery, newest)).await).await
}

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Told {
    /// Nobody subscribes to its channel.
    Nobody,
    /// A newer one goes out instead.
    Stale,
    /// It went out before.
    Before,
    /// It went out.
    Now,
}

async fn tell(env: &Env, delivery: &Delivery<BusEvent>, newest: &Newest) -> Result<Outcome, Failure> {
    let event = delivery.event();
    let messages = messages(event).map_err(Failure::poison)?;
    let at: Timestamp = event.timestamp.parse().map_err(Failure::poison)?;
    if at.plus_millis(LIVE_MS) < env.clock.now() {
        return Ok(Outcome::Ignored("it is not live any more"));
    }
    let (mut told, mut failure) = (Vec::with_capacity(messages.len()), None);
    for message in &messages {
        if newest.supersedes(message) {
            told.push(Told::Stale);
            continue;
        }
        // What goes wrong on one channel keeps nobody on the other from hearing.
        match send(env, message, delivery.context.stops_at).await {
            Ok(one) => told.push(one),
            Err(error) => failure = Some(error),
        }
    }
    match (failure, told.iter().max()) {
        (Some(failure), _) => Err(failure),
        (None, None) => Ok(Outcome::Ignored("it is not told live")),
        (None, Some(Told::Nobody)) => Ok(Outcome::Ignored("nobody subscribes to it")),
        (None, Some(Told::Stale)) => Ok(Outcome::Ignored("something newer goes out")),
        (None, Some(Told::Before)) => Ok(Outcome::Duplicate),
        (None, Some(Told::Now)) => Ok(Outcome::Applied),
    }
}

async fn send(env: &Env, message: &Message, stops_at: Timestamp) -> Result<Told, Failure> {
    let mut first = Vec::new();
    for shard in 0..message.channel.shards() {
        let page = subscribers(env, &message.channel, shard, None, env.clock.now()).await?;
        // A page without anybody may be followed by one with somebody.
        if !page.0.is_empty() || page.1.is_some() {
            first.push((shard, page));
        }
    }
    if first.is_empty() {
        return Ok(Told::Nobody);
    }
    let latest = match take(env, message, stops_at).await? {
        Ok(latest) => latest,
        Err(told) => return Ok(told),
    };
    let mut outcome = Ok(());
    for (shard, page) in first {
        outcome = outcome.and(send_to_shard(env, message, shard, page).await);
    }
    give_back(env, message, latest.done(outcome.is_ok())).await?;
    outcome.map(|()| Told::Now)
}

/// Makes `message` the one of its thing that goes out, or says what went out instead.
async fn take(env: &Env, message: &Message, stops_at: Timestamp) -> Result<Result<Latest, Told>, Failure> {
    let key = table::latest(&message.channel, &message.key);
    for attempt in 1..=TRIES {
        let found = env.store.get(table::name(env)?, &key, true).await?;
        let found = found.as_ref().map(Latest::read).transpose()?;
        match next(found, message.version, env.clock.now(), stops_at) {
            Next::Take(latest) => {
                if write(env, message, latest).await? {
                    return Ok(Ok(latest));
                }
            }
            Next::Stale => return Ok(Err(Told::Stale)),
            Next::Sent => return Ok(Err(Told::Before)),
            Next::Wait => {}
        }
        pause(env, attempt).await;
    }
    Err(Failure::transient("something else about the same is being sent"))
}

async fn give_back(env: &Env, message: &Message, latest: Latest) -> Result<(), Failure> {
    // Nobody else may have written it: it is given back before its time is up.
    if write(env, message, latest).await? {
        return Ok(());
    }
    Err(Failure::transient("somebody else sends what was being sent here"))
}

/// Writes the row of a thing in place of the one before it; says whether that stood there.
async fn write(env: &Env, message: &Message, latest: Latest) -> Result<bool, Failure> {
    let row = Update::of(table::name(env)?, table::latest(&message.channel, &message.key))
        .number("turn", latest.turn)
        .number("version", latest.version)
        .number("sent", u8::from(latest.is_sent))
        .number("until", latest.until.millis())
        .number("expires", env.clock.now().seconds().saturating_add(KNOWN_SECONDS));
    let row = match latest.turn.saturating_sub(1) {
        0 => row.if_absent("pk"),
        before => row.if_number("turn", before),
    };
    Ok(env.store.update(row).await?)
}

/// Sends to everybody of a shard; the first failure, if there are any, after the last of them.
async fn send_to_shard(
    env: &Env,
    message: &Message,
    shard: u8,
    first: (Vec<String>, Option<Key>),
) -> Result<(), Failure> {
    let (mut page, mut outcome) = (first, Ok(()));
    loop {
        let (connections, after) = page;
        let posts = connections.iter().map(async |id| post(env, id, &message.text).await);
        let posted: Vec<_> = stream::iter(posts).buffer_unordered(AT_ONCE).collect().await;
        outcome = posted.into_iter().fold(outcome, Result::and);
        let Some(after) = after else { return outcome };
        page = subscribers(env, &message.channel, shard, Some(after), env.clock.now()).await?;
    }
}

/// Sends to one connection, or forgets it if it is gone.
async fn post(env: &Env, connection_id: &str, text: &str) -> Result<(), Failure> {
    let mut attempt = 1;
    loop {
        match env.post_to_connection(connection_id, text.as_bytes()).await {
            Ok(Posted::Sent) => {
                env.count("MessagesPosted", 1);
                return Ok(());
            }
            Ok(Posted::Gone) => {
                env.count("ConnectionsGone", 1);
                return forget(env, connection_id).await;
            }
            Err(PostError::Unavailable(_)) if attempt < TRIES => pause(env, attempt).await,
            // A refusal may be a missing permission: people mend those.
            Err(error) => return Err(Failure::transient(error)),
        }
        attempt = attempt.saturating_add(1);
    }
}

async fn pause(env: &Env, attempt: u64) {
    let most = attempt.saturating_mul(PAUSE_MS);
    env.clock.sleep(Duration::from_millis(env.clock.random_below(most).saturating_add(PAUSE_MS))).await;
}
