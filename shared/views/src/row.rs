//! Rows of customers and subscriptions, and where they stand.

use quoin_events::Envelope;
use quoin_store::{Key, Page, Query, Store, StoreError};
use serde::de::DeserializeOwned;

use crate::error::Unfit;
use crate::generation::within;
use crate::stream::Entity;
use crate::{Generations, View, customer, subscription};

/// The attribute that holds a row's content.
pub(crate) const ROW: &str = "row";
/// The attribute that says which version of its stream a row was made from.
pub(crate) const VERSION: &str = "v";

/// A row of any generation; without a body, there is none.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pk: String,
    sk: String,
    pub(crate) body: Option<String>,
}

impl Row {
    pub(crate) fn key(&self, generation: u64) -> Key {
        Key::new(within(generation, &self.pk), self.sk.clone())
    }
}

/// The sort key of the row of an entity.
const OWN: &str = "-";

/// The rows that the events of `entity` make in `view`.
pub(crate) fn rows(view: View, entity: &Entity, events: Vec<Envelope>) -> Result<Vec<Row>, Unfit> {
    let written = |body: Result<String, serde_json::Error>| body.map_err(|error| Unfit::Written(error.to_string()));
    let own = |body: Option<String>| Row { pk: entity.pk(), sk: OWN.to_owned(), body };
    Ok(match view {
        View::Customers => {
            let made = customer::view(events)?;
            vec![own(made.map(|made| written(serde_json::to_string(&made))).transpose()?)]
        }
        View::Subscriptions => {
            let made = subscription::view(events)?;
            let body = written(serde_json::to_string(&made))?;
            // Neither its owner nor its begin ever changes.
            let (pk, sk) = (listed(&made.user_id), format!("{}#{}", made.began_at, made.subscription_id));
            vec![own(Some(body.clone())), Row { pk, sk, body: Some(body) }]
        }
        View::Analytics => Vec::new(),
    })
}

fn listed(user_id: &str) -> String {
    format!("user#{user_id}")
}

/// The row of `entity` as it is read now.
///
/// # Errors
/// The classes of every request.
pub async fn read_row<T: DeserializeOwned>(
    store: &Store,
    table: &str,
    entity: &Entity,
) -> Result<Option<T>, StoreError> {
    let generation = Generations::read(store, table).await?.live();
    let key = Key::new(within(generation, &entity.pk()), OWN);
    let item = store.get(table, &key, true).await?;
    item.map(|item| item.require_json(ROW)).transpose()
}

/// A page of the rows of a user's entities, newest first; `after` is the sort key that the page before ended with.
///
/// # Errors
/// The classes of every request.
pub async fn rows_of_user<T: DeserializeOwned>(
    store: &Store,
    table: &str,
    user_id: &str,
    limit: u32,
    after: Option<String>,
) -> Result<(Vec<T>, Option<String>), StoreError> {
    let generation = Generations::read(store, table).await?.live();
    let pk = within(generation, &listed(user_id));
    let after = after.map(|sk| Key::new(pk.clone(), sk));
    let query = Query::of(pk).descending().limit(limit).after(after).consistent();
    let Page { items, next } = store.query(table, query).await?;
    let rows = items.iter().map(|item| item.require_json(ROW)).collect::<Result<_, _>>()?;
    Ok((rows, next.map(|key| key.sk)))
}
