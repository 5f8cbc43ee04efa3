//! Whole tables and streams, page by page: for checks and rebuilds, which nobody waits for.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use quoin_ledger::Wallet;

use crate::write::unavailable;
use crate::{Item, JournalItem, Key, Page, Store, StoreError, wallet_item};

/// Where a page of the journal ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// The stream.
    pub pk: String,
    /// The item's place in it.
    pub version: u64,
}

/// A page of the journal: items of one stream stand together, in order.
#[derive(Debug)]
pub struct JournalPage {
    /// The items.
    pub items: Vec<JournalItem>,
    /// Where the next page begins; `None` after the last.
    pub next: Option<Position>,
}

/// A page of the wallets, in no order of meaning.
#[derive(Debug)]
pub struct WalletPage {
    /// Owners and their wallets; an item that cannot be read keeps nobody from the others.
    pub wallets: Vec<(String, Result<Wallet, StoreError>)>,
    /// The owner after whom the next page begins; `None` after the last.
    pub next: Option<String>,
}

impl Store {
    /// Names of the tables that begin with `prefix`.
    ///
    /// # Errors
    /// The classes of every request.
    pub async fn table_names(&self, prefix: &str) -> Result<Vec<String>, StoreError> {
        let (mut names, mut after) = (Vec::new(), None);
        loop {
            let request = self.client.list_tables().set_exclusive_start_table_name(after);
            let page = request.send().await.map_err(|error| unavailable(&error))?;
            names.extend(page.table_names.unwrap_or_default().into_iter().filter(|name| name.starts_with(prefix)));
            after = page.last_evaluated_table_name;
            if after.is_none() {
                return Ok(names);
            }
        }
    }

    /// Wallets after that of `after`, at most `limit`, read consistently.
    ///
    /// # Errors
    /// The classes of every request.
    pub async fn wallet_page(&self, after: Option<&str>, limit: i32) -> Result<WalletPage, StoreError> {
        let start = after.map(|user_id| wallet_item::key(user_id).attributes());
        let request = self.client.scan().table_name(&self.tables.wallets).consistent_read(true).limit(limit);
        let page = request.set_exclusive_start_key(start).send().await.map_err(|error| unavailable(&error))?;
        let wallets = page.items.unwrap_or_default().into_iter().map(|item| {
            let item = Item(item);
            (item.get_text("pk").unwrap_or_default().to_owned(), wallet_item::read(&item))
        });
        let next = page.last_evaluated_key.map(Item).and_then(|key| key.get_text("pk").map(str::to_owned));
        Ok(WalletPage { wallets: wallets.collect(), next })
    }

    /// The wallet of `user_id` as [`Store::wallet_page`] reads it: an item that cannot be read is told apart from a
    /// request that failed.
    ///
    /// # Errors
    /// The classes of every request.
    pub async fn stored_wallet(&self, user_id: &str) -> Result<Option<Result<Wallet, StoreError>>, StoreError> {
        let found = self.get(&self.tables.wallets, &wallet_item::key(user_id), true).await?;
        Ok(found.as_ref().map(wallet_item::read))
    }

    /// Items of the whole journal after `after`, at most `limit`, read consistently.
    ///
    /// # Errors
    /// The classes of every request; refused, if the texts of one cannot be read.
    pub async fn journal_page(&self, after: Option<&Position>, limit: i32) -> Result<JournalPage, StoreError> {
        let page = self.stored_journal_page(after, limit).await?;
        Ok(JournalPage { items: readable(page.items)?, next: page.next })
    }

    /// The same with items whose texts cannot be read, which keep nobody from the others: see [`JournalItem::damage`].
    ///
    /// # Errors
    /// The classes of every request.
    pub async fn stored_journal_page(&self, after: Option<&Position>, limit: i32) -> Result<JournalPage, StoreError> {
        let start = after.map(|position| {
            HashMap::from([
                ("pk".to_owned(), AttributeValue::S(position.pk.clone())),
                ("sk".to_owned(), AttributeValue::N(position.version.to_string())),
            ])
        });
        let request = self.client.scan().table_name(&self.tables.journal).consistent_read(true).limit(limit);
        let page = request.set_exclusive_start_key(start).send().await.map_err(|error| unavailable(&error))?;
        let next = page.last_evaluated_key.map(|key| {
            let last = JournalItem(Item(key));
            Position { pk: last.pk().to_owned(), version: last.version() }
        });
        Ok(JournalPage { items: page.items.unwrap_or_default().into_iter().map(JournalItem::stored).collect(), next })
    }

    /// Items of a service's own table after `after`, at most `limit`, in no order of meaning, read consistently.
    ///
    /// # Errors
    /// The classes of every request.
    pub async fn table_page(&self, table: &str, after: Option<&Key>, limit: i32) -> Result<Page, StoreError> {
        let request = self.client.scan().table_name(table).consistent_read(true).limit(limit);
        let start = after.map(Key::attributes);
        let page = request.set_exclusive_start_key(start).send().await.map_err(|error| unavailable(&error))?;
        let next = page
            .last_evaluated_key
            .map(Item)
            .and_then(|key| Some(Key::new(key.get_text("pk")?, key.get_text("sk").unwrap_or_default())));
        Ok(Page { items: page.items.unwrap_or_default().into_iter().map(Item).collect(), next })
    }

    /// Items of the stream `pk` after version `after`, oldest first, at most `limit`, read consistently. Fewer than
    /// `limit` may come although there are more: the stream ends with a page that is empty.
    ///
    /// # Errors
    /// The classes of every request; refused, if the texts of one cannot be read.
    pub async fn stream_page(&self, pk: &str, after: u64, limit: i32) -> Result<Vec<JournalItem>, StoreError> {
        readable(self.stored_stream_page(pk, after, limit).await?)
    }

    /// The same with items whose texts cannot be read, which keep nobody from the others: see [`JournalItem::damage`].
    ///
    /// # Errors
    /// The classes of every request.
    pub async fn stored_stream_page(&self, pk: &str, after: u64, limit: i32) -> Result<Vec<JournalItem>, StoreError> {
        let request = self
            .client
            .query()
            .table_name(&self.tables.journal)
            .consistent_read(true)
            .limit(limit)
            .key_condition_expression("pk = :pk AND sk > :after")
            .expression_attribute_values(":pk", AttributeValue::S(pk.to_owned()))
            .expression_attribute_values(":after", AttributeValue::N(after.to_string()));
        let page = request.send().await.map_err(|error| unavailable(&error))?;
        Ok(page.items.unwrap_or_default().into_iter().map(JournalItem::stored).collect())
    }
}

fn readable(items: Vec<JournalItem>) -> Result<Vec<JournalItem>, StoreError> {
    items.into_iter().map(JournalItem::readable).collect()
}
