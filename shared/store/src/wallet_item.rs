//! A wallet as an item of the `wallets` table.

use std::collections::BTreeMap;

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

/// The attributes of a wallet, its key apart. Parts that are empty and were empty stay out.
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
