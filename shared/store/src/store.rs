//! Reads: the head of a stream, a wallet, items of any table in one round trip.

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes};
use quoin_ledger::Wallet;

use crate::table::{Page, Query};
use crate::write::unavailable;
use crate::{Head, Item, JournalItem, Key, StoreError, Stream, wallet_item};

/// Names of the tables that carry the truth, and of the function that writes.
#[derive(Debug, Clone, Default)]
pub struct Tables {
    /// The journal.
    pub journal: String,
    /// The wallets.
    pub wallets: String,
    /// The function, kept with every journal item it writes.
    pub source: String,
}

/// Access to the journal, the wallets and the services' own tables.
#[derive(Debug, Clone)]
pub struct Store {
    pub(crate) client: Client,
    pub(crate) tables: Tables,
}

/// Journal items of a page.
const PAGE: i32 = 100;

impl Store {
    /// A store over `client`.
    #[must_use]
    pub const fn new(client: Client, tables: Tables) -> Self {
        Self { client, tables }
    }

    /// Where `stream` ends, read consistently.
    ///
    /// # Errors
    /// The classes of every request.
    pub async fn head(&self, stream: &Stream) -> Result<Head, StoreError> {
        let newest = self.newest(stream, 1, None).await?;
        let Some(item) = newest.into_iter().next() else { return Ok(Head::none()) };
        let mut head = Head {
            version: item.version(),
            next_sequence: item.next_sequence(),
            at: item.at(),
            state: item.state().map(str::to_owned),
        };
        let mut before = item.version();
        while head.state.is_none() && before > 1 {
            let page = self.newest(stream, PAGE, Some(before)).await?;
            let Some(last) = page.last() else { break };
            before = last.version();
            head.state = page.iter().find_map(|item| item.state().map(str::to_owned));
        }
        Ok(head)
    }

    /// Items of `stream` below version `before`, newest first, at most `limit`.
    ///
    /// # Errors
    /// The classes of every request.
    pub async fn newest(
        &self,
        stream: &Stream,
        limit: i32,
        before: Option<u64>,
    ) -> Result<Vec<JournalItem>, StoreError> {
        let mut request = self
            .client
            .query()
            .table_name(&self.tables.journal)
            .consistent_read(true)
            .scan_index_forward(false)
            .limit(limit)
            .expression_attribute_values(":pk", AttributeValue::S(stream.pk()));
        request = match before {
            Some(version) => request
                .key_condition_expression("pk = :pk AND sk < :sk")
                .expression_attribute_values(":sk", AttributeValue::N(version.to_string())),
            None => request.key_condition_expression("pk = :pk"),
        };
        let page = request.send().await.map_err(|error| unavailable(&error))?;
        page.items.unwrap_or_default().into_iter().map(JournalItem::loaded).collect()
    }

    /// The item of `stream` at `version`.
    ///
    /// # Errors
    /// The classes of every request; refused, if its texts cannot be read.
    pub async fn journal_item(&self, stream: &Stream, version: u64) -> Result<Option<JournalItem>, StoreError> {
        self.stored_journal_item(stream, version).await?.map(JournalItem::readable).transpose()
    }

    /// The same whether or not its texts can be read: see [`JournalItem::damage`].
    ///
    /// # Errors
    /// The classes of every request.
    pub async fn stored_journal_item(&self, stream: &Stream, version: u64) -> Result<Option<JournalItem>, StoreError> {
        let request = self
            .client
            .get_item()
            .table_name(&self.tables.journal)
            .key("pk", AttributeValue::S(stream.pk()))
            .key("sk", AttributeValue::N(version.to_string()))
            .consistent_read(true);
        let found = request.send().await.map_err(|error| unavailable(&error))?;
        Ok(found.item.map(JournalItem::stored))
    }

    /// The wallet of `user_id`, read consistently.
    ///
    /// # Errors
    /// The classes of every request.
    pub async fn wallet(&self, user_id: &str) -> Result<Option<Wallet>, StoreError> {
        self.get(&self.tables.wallets, &wallet_item::key(user_id), true)
            .await?
            .as_ref()
            .map(wallet_item::read)
            .transpose()
    }

    /// Wallets and items in one round trip, read consistently, in the order asked for.
    ///
    /// # Errors
    /// The classes of every request.
    pub async fn read(
        &self,
        users: &[&str],
        keys: &[(&str, Key)],
    ) -> Result<(Vec<Option<Wallet>>, Vec<Option<Item>>), StoreError> {
        let wallets = users.iter().map(|user| (self.tables.wallets.as_str(), wallet_item::key(user)));
        let wanted: Vec<_> = wallets.chain(keys.iter().cloned()).collect();
        let mut found = self.batch(&wanted).await?;
        let items = found.split_off(users.len().min(found.len()));
        let wallets =
            found.iter().map(|item| item.as_ref().map(wallet_item::read).transpose()).collect::<Result<_, _>>()?;
        Ok((wallets, items))
    }

    /// Items of any tables in one round trip (at most 100 keys), read consistently, in the order asked for.
    ///
    /// # Errors
    /// The classes of every request.
    pub async fn batch(&self, wanted: &[(&str, Key)]) -> Result<Vec<Option<Item>>, StoreError> {
        // DynamoDB refuses a batch of nothing.
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        let mut missing: HashMap<String, Vec<HashMap<String, AttributeValue>>> = HashMap::new();
        for (table, key) in wanted {
            let keys = missing.entry((*table).to_owned()).or_default();
            let attributes = key.attributes();
            // DynamoDB refuses a batch that names one key twice.
            if !keys.contains(&attributes) {
                keys.push(attributes);
            }
        }
        let mut found: HashMap<(String, Key), Item> = HashMap::new();
        for _ in 0..3 {
            let mut request = self.client.batch_get_item();
            for (table, keys) in std::mem::take(&mut missing) {
                let keys = KeysAndAttributes::builder().set_keys(Some(keys)).consistent_read(true);
                request = request.request_items(table, keys.build().map_err(StoreError::corrupt)?);
            }
            let page = request.send().await.map_err(|error| unavailable(&error))?;
            for (table, items) in page.responses.unwrap_or_default() {
                for item in items {
                    let item = Item(item);
                    let key =
                        Key::new(item.get_text("pk").unwrap_or_default(), item.get_text("sk").unwrap_or_default());
                    found.insert((table.clone(), key), item);
                }
            }
            for (table, keys) in page.unprocessed_keys.unwrap_or_default() {
                missing.insert(table, keys.keys);
            }
            if missing.is_empty() {
                let item = |(table, key): &(&str, Key)| found.get(&((*table).to_owned(), key.clone())).cloned();
                return Ok(wanted.iter().map(item).collect());
            }
        }
        Err(StoreError::Unavailable("keys stayed unprocessed".to_owned()))
    }

    /// One item of a service's own table.
    ///
    /// # Errors
    /// The classes of every request.
    pub async fn get(&self, table: &str, key: &Key, consistent: bool) -> Result<Option<Item>, StoreError> {
        let request =
            self.client.get_item().table_name(table).set_key(Some(key.attributes())).consistent_read(consistent);
        let found = request.send().await.map_err(|error| unavailable(&error))?;
        Ok(found.item.map(Item))
    }

    /// A page of a partition of a service's own table.
    ///
    /// # Errors
    /// The classes of every request.
    pub async fn query(&self, table: &str, query: Query) -> Result<Page, StoreError> {
        let mut request = self
            .client
            .query()
            .table_name(table)
            .consistent_read(query.consistent)
            .scan_index_forward(!query.descending)
            .expression_attribute_values(":pk", AttributeValue::S(query.pk));
        let condition = match (query.prefix, query.between) {
            (Some(prefix), _) => {
                request = request.expression_attribute_values(":sk", AttributeValue::S(prefix));
                "pk = :pk AND begins_with(sk, :sk)"
            }
            (None, Some((first, last))) => {
                request = request
                    .expression_attribute_values(":first", AttributeValue::S(first))
                    .expression_attribute_values(":last", AttributeValue::S(last));
                "pk = :pk AND sk BETWEEN :first AND :last"
            }
            (None, None) => "pk = :pk",
        };
        request = request.key_condition_expression(condition);
        if let Some(limit) = query.limit {
            request = request.limit(i32::try_from(limit).unwrap_or(i32::MAX));
        }
        if let Some(after) = query.after {
            request = request.set_exclusive_start_key(Some(after.attributes()));
        }
        let page = request.send().await.map_err(|error| unavailable(&error))?;
        let next = page
            .last_evaluated_key
            .map(Item)
            .and_then(|key| Some(Key::new(key.get_text("pk")?, key.get_text("sk").unwrap_or_default())));
        Ok(Page { items: page.items.unwrap_or_default().into_iter().map(Item).collect(), next })
    }
}
