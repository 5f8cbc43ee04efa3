//! A wallet as an item of the `wallets` table.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use quoin_events::Timestamp;
use quoin_ledger::{Balance, Hold, Limits, Status, Wallet};
use quoin_money::{Amount, Asset};

use crate::{Item, Key, StoreError};

/// Shape of the stored wallet; a function that does not know it writes nothing.
pub(crate) const SCHEMA: u32 = 1;

/// The key of the wallet of `user_id`.
pub(crate) fn key(user_id: &str) -> Key {
    Key::single(user_id)
}

/// Reads a wallet.
pub(crate) fn read(item: &Item) -> Result<Wallet, StoreError> {
    if item.get_number("schema") != Some(i64::from(SCHEMA)) {
        return Err(StoreError::Refused("the wallet is of a schema that this function does not know".to_owned()));
    }
    let count = |name| item.get_number(name).and_then(|number| u64::try_from(number).ok()).unwrap_or(0);
    Ok(Wallet {
        user_id: item.require_text("pk")?.to_owned(),
        version: count("v"),
        event_count: count("ws"),
        own_event_count: count("es"),
        at: item.require_text("at")?.parse::<Timestamp>().map_err(StoreError::corrupt)?,
        chain_head: item.require_text("h")?.to_owned(),
        status: item.get_json::<Status>("status")?.unwrap_or_default(),
        balances: item.get_json::<BTreeMap<Asset, Balance>>("assets")?.unwrap_or_default(),
        holds: item.get_json::<BTreeMap<String, Hold>>("holds")?.unwrap_or_default(),
        limits: item.get_json::<Limits>("limits")?.unwrap_or_default(),
        owed: item.get_json::<BTreeMap<Asset, Amount>>("owed")?.unwrap_or_default(),
    })
}

/// The attributes that differ between two states of a wallet: what stayed as it was is not sent again.
pub(crate) fn changes(before: &Wallet, after: &Wallet) -> Result<Vec<(&'static str, AttributeValue)>, StoreError> {
    let number = |value: u64| AttributeValue::N(value.to_string());
    let mut changes = vec![
        ("v", number(after.version)),
        ("ws", number(after.event_count)),
        ("es", number(after.own_event_count)),
        ("at", AttributeValue::S(after.at.to_string())),
        ("h", AttributeValue::S(after.chain_head.clone())),
    ];
    let mut part = |name, text: serde_json::Result<String>| {
        changes.push((name, AttributeValue::S(text?)));
        Ok::<_, StoreError>(())
    };
    if before.status != after.status {
        part("status", serde_json::to_string(&after.status))?;
    }
    if before.balances != after.balances {
        part("assets", serde_json::to_string(&after.balances))?;
    }
    if before.holds != after.holds {
        part("holds", serde_json::to_string(&after.holds))?;
    }
    if before.limits != after.limits {
        part("limits", serde_json::to_string(&after.limits))?;
    }
    if before.owed != after.owed {
        part("owed", serde_json::to_string(&after.owed))?;
    }
    Ok(changes)
}

/// The attributes of a new wallet, its key apart.
pub(crate) fn attributes(wallet: &Wallet) -> Result<Item, StoreError> {
    Item::new()
        .number("schema", SCHEMA)
        .number("v", wallet.version)
        .number("ws", wallet.event_count)
        .number("es", wallet.own_event_count)
        .text("at", wallet.at.to_string())
        .text("h", wallet.chain_head.clone())
        .json("status", &wallet.status)?
        .json("assets", &wallet.balances)?
        .json("holds", &wallet.holds)?
        .json("limits", &wallet.limits)?
        .json("owed", &wallet.owed)
}
