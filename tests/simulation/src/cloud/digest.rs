//! What all tables hold, in one line: to tell two clouds apart.

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::Cloud;

impl Cloud {
    /// A digest of every item of every table, whatever their order.
    pub(crate) fn digest(&self) -> String {
        let mut digest = Sha256::new();
        for table in &self.application.tables {
            let mut items: Vec<_> = self.scan(&table.name);
            // The salt of a password's hash is a secret, and so of no seed.
            items
                .iter_mut()
                .flat_map(attributes)
                .filter(|value| is_salted(value))
                .for_each(|value| *value = Value::Null);
            let mut items: Vec<_> = items.iter().map(ToString::to_string).collect();
            items.sort_unstable();
            for item in items {
                digest.update(format!("{} {item}\n", table.name));
            }
        }
        digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

fn attributes(item: &mut Value) -> impl Iterator<Item = &mut Value> {
    item.as_object_mut().into_iter().flat_map(|item| item.values_mut())
}

fn is_salted(value: &Value) -> bool {
    value["S"].as_str().is_some_and(|text| text.starts_with("$argon2id$"))
}
