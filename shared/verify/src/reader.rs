//! Reading with patience: a long walk meets throttling and lost connections, which are no breaks.

use std::time::Duration;

use quoin_events::Timestamp;
use quoin_ledger::Wallet;
use quoin_store::{Clock, JournalItem, JournalPage, Key, Position, Query, Store, StoreError, Stream, WalletPage};

use crate::{Break, Entry, Unaudited, open_payments, overdue};

/// How often a read is tried.
const TRIES: u32 = 6;
/// The first pause; it doubles with each try.
const PAUSE_MS: u64 = 50;
/// Items of a page of a stream.
const PAGE: i32 = 100;
/// DynamoDB reads a hundred keys at once.
const BATCH: usize = 100;

/// What counts as a break in time.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// The moment of the check.
    pub now: Timestamp,
    /// How long events, payouts and sweeps may be on their way, in milliseconds.
    pub grace_ms: i64,
    /// How long a payment may be open without being called paid, in milliseconds.
    pub payment_expiry_ms: i64,
    /// How long an order may be open before it is given up, in milliseconds.
    pub merchant_give_up_ms: i64,
    /// Whether events of the streams that changes follow from are held against the audit trail too: only where
    /// nobody walks the whole journal.
    pub audits_causes: bool,
}

/// The store as the checks read it.
#[derive(Debug, Clone, Copy)]
pub struct Reader<'a> {
    /// The journal and the wallets.
    pub store: &'a Store,
    /// For pauses.
    pub clock: &'a Clock,
    /// The table of open payments.
    pub payment: &'a str,
    /// The table of the audit trail.
    pub reporting: &'a str,
}

impl Reader<'_> {
    async fn patiently<T>(&self, ask: impl AsyncFn() -> Result<T, StoreError>) -> Result<T, StoreError> {
        let mut tries = 1;
        loop {
            match ask().await {
                Err(StoreError::Unavailable(_) | StoreError::Conflict) if tries < TRIES => {
                    self.pause(tries).await;
                    tries = tries.saturating_add(1);
                }
                outcome => return outcome,
            }
        }
    }

    /// The pause after try number `tries`.
    pub(crate) async fn pause(&self, tries: u32) {
        let factor = 1_u64.checked_shl(tries.saturating_sub(1)).unwrap_or(1);
        self.clock.sleep(Duration::from_millis(PAUSE_MS.saturating_mul(factor))).await;
    }

    /// A page of wallets.
    ///
    /// # Errors
    /// The classes of every request.
    pub async fn wallets(&self, after: Option<&str>, limit: i32) -> Result<WalletPage, StoreError> {
        self.patiently(async || self.store.wallet_page(after, limit).await).await
    }

    /// The wallet of `user_id`.
    ///
    /// # Errors
    /// The classes of every request.
    pub async fn wallet(&self, user_id: &str) -> Result<Option<Result<Wallet, StoreError>>, StoreError> {
        self.patiently(async || self.store.stored_wallet(user_id).await).await
    }

    pub(crate) async fn journal(&self, after: Option<&Position>, limit: i32) -> Result<JournalPage, StoreError> {
        self.patiently(async || self.store.stored_journal_page(after, limit).await).await
    }

    pub(crate) async fn page(&self, pk: &str, after: u64) -> Result<Vec<JournalItem>, StoreError> {
        self.patiently(async || self.store.stored_stream_page(pk, after, PAGE).await).await
    }

    /// Whether the stream `pk` has an item.
    pub(crate) async fn exists(&self, pk: &str) -> Result<bool, StoreError> {
        let first = self.patiently(async || self.store.stored_stream_page(pk, 0, 1).await).await?;
        Ok(!first.is_empty())
    }

    /// The item of the wallet of `user_id` at `version`.
    pub(crate) async fn change(&self, user_id: &str, version: u64) -> Result<Option<JournalItem>, StoreError> {
        let stream = Stream::new("wallet", user_id);
        self.patiently(async || self.store.stored_journal_item(&stream, version).await).await
    }

    /// All of a short stream; the break where an item of it cannot be read.
    pub(crate) async fn stream(&self, pk: &str) -> Result<Result<Vec<Entry>, Break>, StoreError> {
        let mut entries: Vec<Entry> = Vec::new();
        loop {
            let page = self.page(pk, entries.last().map_or(0, |entry| entry.version)).await?;
            if page.is_empty() {
                return Ok(Ok(entries));
            }
            for item in &page {
                match Entry::read(item) {
                    Ok(entry) => entries.push(entry),
                    Err(unreadable) => return Ok(Err(unreadable)),
                }
            }
        }
    }

    /// Which of `users` have a wallet item.
    pub(crate) async fn have_wallets(&self, users: &[String]) -> Result<Vec<bool>, StoreError> {
        let mut have = Vec::with_capacity(users.len());
        for user_id in users {
            have.push(self.wallet(user_id).await?.is_some());
        }
        Ok(have)
    }

    /// The breaks of those `events` that the audit trail does not have.
    ///
    /// # Errors
    /// The classes of every request.
    pub async fn unpublished(&self, events: &[Unaudited]) -> Result<Vec<Break>, StoreError> {
        let mut breaks = Vec::new();
        for events in events.chunks(BATCH) {
            let keys: Vec<(&str, Key)> = events.iter().map(|event| (self.reporting, event.key())).collect();
            let rows = self.patiently(async || self.store.batch(&keys).await).await?;
            let missing = events.iter().zip(rows).filter(|(_, row)| row.is_none());
            breaks.extend(missing.map(|(event, _)| event.missing()));
        }
        Ok(breaks)
    }

    /// The breaks of payments that are open for longer than they may be.
    ///
    /// # Errors
    /// The classes of every request.
    pub async fn open_sagas(&self, settings: &Settings) -> Result<Vec<Break>, StoreError> {
        let mut breaks = Vec::new();
        for partition in open_payments() {
            let mut after = None;
            loop {
                let query = Query::of(partition.clone()).after(after.take());
                let page = self.patiently(async || self.store.query(self.payment, query.clone()).await).await?;
                breaks.extend(page.items.iter().filter_map(|row| overdue(row, settings.now, settings)));
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
        }
        Ok(breaks)
    }
}
