//! The wallet's stream as a statement: entries newest first, and the balance as of a moment.

use std::collections::BTreeMap;

use quoin_events::{EntityRef, Timestamp};
use quoin_ledger::{Balance, Posting, Purpose};
use quoin_money::{Amount, Asset};
use quoin_store::{JournalItem, Store, StoreError, Stream};
use serde::Serialize;

/// One posting as the owner sees it.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "StatementEntry"))]
pub(crate) struct Entry {
    /// The posting's own id.
    transaction_id: String,
    /// The wallet's version after it.
    version: u64,
    /// What it is for.
    r#type: Purpose,
    /// What moved.
    asset: Asset,
    /// How much was given or, negative, taken.
    amount: quoin_money::Delta,
    /// Available before.
    balance_before: Amount,
    /// Available after.
    balance_after: Amount,
    /// What it belongs to.
    related_entity: EntityRef,
    /// When.
    occurred_at: Timestamp,
}

pub(crate) fn stream(user_id: &str) -> Stream {
    Stream::new("wallet", user_id)
}

/// The entries of one item, the last posting first.
pub(crate) fn entries(item: &JournalItem) -> Result<Vec<Entry>, StoreError> {
    let missing = |name: &str| StoreError::Refused(format!("the attribute {name} is missing"));
    let postings: Vec<Posting> = serde_json::from_str(item.text("lines").ok_or_else(|| missing("lines"))?)?;
    let related: EntityRef = serde_json::from_str(item.text("cause").ok_or_else(|| missing("cause"))?)?;
    let entry = |posting: Posting| Entry {
        transaction_id: posting.transaction_id,
        version: item.version(),
        r#type: posting.purpose,
        asset: posting.asset,
        amount: posting.delta,
        balance_before: posting.before,
        balance_after: posting.after,
        related_entity: related.clone(),
        occurred_at: item.at(),
    };
    Ok(postings.into_iter().rev().map(entry).collect())
}

/// The newest item at or before `moment`, by binary search: `at` never goes back within a stream.
pub(crate) async fn as_of(
    store: &Store,
    user_id: &str,
    latest: u64,
    moment: Timestamp,
) -> Result<Option<JournalItem>, StoreError> {
    let stream = stream(user_id);
    let (mut low, mut high, mut found) = (1_u64, latest, None);
    while low <= high {
        let middle = low.midpoint(high);
        let Some(item) = store.journal_item(&stream, middle).await? else {
            return Err(StoreError::Refused(format!("version {middle} of the wallet is missing")));
        };
        if item.at() <= moment {
            low = middle.saturating_add(1);
            found = Some(item);
        } else {
            high = middle.saturating_sub(1);
        }
    }
    Ok(found)
}

/// The balances after an item.
pub(crate) fn balances(item: &JournalItem) -> Result<BTreeMap<Asset, Balance>, StoreError> {
    item.text("after").map(serde_json::from_str).transpose().map(Option::unwrap_or_default).map_err(StoreError::from)
}
