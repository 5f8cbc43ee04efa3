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
    // Taken apart, so that a new part of a wallet cannot be forgotten here.
    let Wallet {
        user_id: _,
        version,
        event_count,
        own_event_count,
        at,
        chain_head,
        status,
        balances,
        holds,
        limits,
        owed,
    } = after;
    let number = |value: &u64| AttributeValue::N(value.to_string());
    let mut changes = vec![
        ("v", number(version)),
        ("ws", number(event_count)),
        ("es", number(own_event_count)),
        ("at", AttributeValue::S(at.to_string())),
        ("h", AttributeValue::S(chain_head.clone())),
    ];
    let mut part = |name, text: serde_json::Result<String>| {
        changes.push((name, AttributeValue::S(text?)));
        Ok::<_, StoreError>(())
    };
    if before.status != *status {
        part("status", serde_json::to_string(status))?;
    }
    if before.balances != *balances {
        part("assets", serde_json::to_string(balances))?;
    }
    if before.holds != *holds {
        part("holds", serde_json::to_string(holds))?;
    }
    if before.limits != *limits {
        part("limits", serde_json::to_string(limits))?;
    }
    if before.owed != *owed {
        part("owed", serde_json::to_string(owed))?;
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

#[cfg(test)]
mod tests {
    use super::*;

    type Edit = Box<dyn Fn(&mut Wallet)>;

    fn amount(digits: &str) -> Amount {
        serde_json::from_str(digits).unwrap()
    }

    const LIMITS: &str = r#"[{"kind": "deposit", "period": "day", "asset": "cash", "amount": 10, "used": 0,
        "window": "2026-01-04T00:00:00.000Z"}]"#;

    fn wallet() -> Wallet {
        let mut wallet = Wallet::new("user_1".to_owned(), Timestamp::from_millis(1_767_521_825_000));
        wallet.balances.insert(Asset::Cash, Balance { available: amount("5"), ..Balance::default() });
        wallet
    }

    #[test]
    fn what_changed_makes_of_the_stored_wallet_the_new_one() {
        let later = Timestamp::from_millis(1_767_521_826_000);
        let hold = Hold { asset: Asset::Cash, amount: amount("1"), expires_at: Some(later), lots: Vec::new() };
        let limits: Limits = serde_json::from_str(LIMITS).unwrap();
        let edits: [(&str, Edit); 10] = [
            ("v", Box::new(|wallet| wallet.version = 1)),
            ("ws", Box::new(|wallet| wallet.event_count = 2)),
            ("es", Box::new(|wallet| wallet.own_event_count = 3)),
            ("at", Box::new(move |wallet| wallet.at = later)),
            ("h", Box::new(|wallet| wallet.chain_head = "ab".to_owned())),
            ("status", Box::new(|wallet| wallet.status = Status::Closed)),
            ("assets", Box::new(|wallet| wallet.balances.clear())),
            ("holds", Box::new(move |wallet| wallet.holds = BTreeMap::from([("hold_1".to_owned(), hold.clone())]))),
            ("limits", Box::new(move |wallet| wallet.limits = limits.clone())),
            ("owed", Box::new(|wallet| wallet.owed = BTreeMap::from([(Asset::Cash, amount("2"))]))),
        ];
        let before = wallet();
        for (name, edit) in &edits {
            let mut after = before.clone();
            edit(&mut after);
            let mut stored = attributes(&before).unwrap().text("pk", before.user_id.clone());
            let changes = changes(&before, &after).unwrap();
            assert!(changes.iter().any(|(changed, _)| changed == name), "{name}");
            stored.0.extend(changes.into_iter().map(|(name, value)| (name.to_owned(), value)));
            assert_eq!(read(&stored).unwrap(), after, "{name}");
        }
        let names: Vec<_> = changes(&before, &before).unwrap().into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["v", "ws", "es", "at", "h"], "what stays is not sent again");
    }
}
