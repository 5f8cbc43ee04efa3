//! Connections and their subscriptions: a row for each, and one more per subscription under its channel.

use quoin_events::{Origin, Timestamp};
use quoin_runtime::{Env, Failure};
use quoin_store::{Commit, Item, Key, Lost, Query, StoreError, Update};

use crate::channel::Channel;
use crate::table;
use crate::ticket::Ticket;

/// The most subscriptions of one connection.
pub(crate) const MOST_SUBSCRIPTIONS: u32 = 100;
/// After two hours the gateway ends a connection; its rows outlive it by a little.
const LIFETIME: i64 = 2 * 3_600 + 600;
/// How often a conflict with another transaction is tried again.
const TRIES: u64 = 6;

/// A connection that is open, as far as is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Connection {
    pub(crate) id: String,
    /// Whose it is.
    pub(crate) user_id: String,
    /// When its rows expire.
    expires: i64,
}

/// What became of a wish to subscribe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Subscribed {
    /// It is subscribed, whether by this or before.
    Yes,
    /// It has as many subscriptions as there may be.
    TooMany,
    /// The connection is not there any more.
    Gone,
}

impl Connection {
    /// Makes `id` the connection of whom the ticket was given; false if somebody took the ticket before.
    ///
    /// # Errors
    /// Transient.
    pub(crate) async fn open(env: &Env, id: &str, ticket: &Ticket, user_id: &str) -> Result<bool, Failure> {
        let table = table::name(env)?;
        let row = table::item(table::connection(id))
            .text("user_id", user_id)
            .number("n", 0)
            .number("expires", env.clock.now().seconds().saturating_add(LIFETIME));
        let commit = Commit::new().take(table, table::ticket(&ticket.hash())).put_new(table, row);
        Ok(written(env, &commit).await?.is_none())
    }

    /// The connection `id`, if it is known.
    ///
    /// # Errors
    /// Transient.
    pub(crate) async fn load(env: &Env, id: &str) -> Result<Option<Self>, Failure> {
        let Some(row) = env.store.get(table::name(env)?, &table::connection(id), true).await? else { return Ok(None) };
        let user_id = row.require_text("user_id")?.to_owned();
        Ok(Some(Self { id: id.to_owned(), user_id, expires: row.get_number("expires").unwrap_or_default() }))
    }

    /// Subscribes it to `channel`, once.
    ///
    /// # Errors
    /// Transient.
    pub(crate) async fn subscribe(&self, env: &Env, channel: &Channel) -> Result<Subscribed, Failure> {
        let table = table::name(env)?;
        let row = |key| table::item(key).number("expires", self.expires);
        let count = Update::of(table, table::connection(&self.id)).add("n", 1).if_below("n", MOST_SUBSCRIPTIONS);
        let commit = Commit::new()
            .put_new(table, row(table::subscribed(&self.id, channel)))
            .update(count)
            .put(table, row(table::subscriber(channel, &self.id)));
        Ok(match written(env, &commit).await? {
            // The first is its own row for the channel.
            None | Some((0, _)) => Subscribed::Yes,
            Some((_, Some(_))) => Subscribed::TooMany,
            Some((_, None)) => Subscribed::Gone,
        })
    }

    /// Ends its subscription to `channel`, if it has one.
    ///
    /// # Errors
    /// Transient.
    pub(crate) async fn unsubscribe(&self, env: &Env, channel: &Channel) -> Result<(), Failure> {
        let table = table::name(env)?;
        let count = Update::of(table, table::connection(&self.id)).add("n", -1).if_exists();
        let commit = Commit::new()
            .take(table, table::subscribed(&self.id, channel))
            .update(count)
            .delete(table, table::subscriber(channel, &self.id));
        written(env, &commit).await.map(|_| ())
    }
}

/// Forgets a connection with its subscriptions. What is left by a crash expires.
///
/// # Errors
/// Transient.
pub(crate) async fn forget(env: &Env, id: &str) -> Result<(), Failure> {
    let table = table::name(env)?;
    // First, so that nothing is subscribed meanwhile.
    env.store.delete(table, &table::connection(id)).await?;
    loop {
        let query = Query::of(table::of_connection(id)).begins_with(table::SUBSCRIBED).limit(MOST_SUBSCRIPTIONS);
        let page = env.store.query(table, query.consistent()).await?;
        for row in &page.items {
            let name = row.require_text("sk")?;
            let channel = name.strip_prefix(table::SUBSCRIBED).and_then(Channel::kept);
            if let Some(channel) = channel {
                env.store.delete(table, &table::subscriber(&channel, id)).await?;
            }
            env.store.delete(table, &Key::new(table::of_connection(id), name)).await?;
        }
        if page.next.is_none() {
            return Ok(());
        }
    }
}

/// A page of the connections that subscribe to a shard of `channel` at `now`, and where the next one begins.
///
/// # Errors
/// Transient.
pub(crate) async fn subscribers(
    env: &Env,
    channel: &Channel,
    shard: u8,
    after: Option<Key>,
    now: Timestamp,
) -> Result<(Vec<String>, Option<Key>), Failure> {
    // Whoever was told that they are subscribed is told of everything from then on.
    let query = Query::of(table::subscribers(channel, shard)).after(after).consistent();
    let page = env.store.query(table::name(env)?, query).await?;
    let is_open = |row: &&Item| row.get_number("expires").is_some_and(|expires| expires > now.seconds());
    let ids = page.items.iter().filter(is_open).filter_map(|row| row.get_text("sk").map(str::to_owned));
    Ok((ids.collect(), page.next))
}

/// Writes all of `commit`, which has no events and so no origin, or says which of its conditions did not hold, and what
/// stood there.
async fn written(env: &Env, commit: &Commit) -> Result<Option<(usize, Option<Item>)>, Failure> {
    for attempt in 1..=TRIES {
        match env.store.commit(commit.clone(), &Origin::default()).await {
            Ok(()) => return Ok(None),
            Err(StoreError::Lost(lost)) => match *lost {
                Lost::Other { item, current } => return Ok(Some((item, current))),
                Lost::Append { .. } | Lost::Wallet(_) => return Err(Failure::poison("no journal is written here")),
            },
            // A client that sends several messages at once meets itself.
            Err(StoreError::Conflict) => {
                let pause = env.clock.random_below(attempt.saturating_mul(40));
                env.clock.sleep(std::time::Duration::from_millis(pause)).await;
            }
            Err(error @ (StoreError::Unavailable(_) | StoreError::Refused(_))) => return Err(error.into()),
        }
    }
    Err(StoreError::Conflict.into())
}
