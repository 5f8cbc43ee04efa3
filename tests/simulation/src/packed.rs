//! Items of the journal as they were before the store packed their texts.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use quoin_store::{PACKED, unpack};
use serde_json::{Map, Value, json};

/// `item`, in the shape of DynamoDB's JSON, with its texts. What is not packed, or cannot be read, stays as it is.
pub(crate) fn unpacked(mut item: Value) -> Value {
    let Some(texts) = item[PACKED]["B"].as_str().and_then(texts) else { return item };
    if let Some(attributes) = item.as_object_mut() {
        attributes.remove(PACKED);
        attributes.extend(texts);
    }
    item
}

fn texts(packed: &str) -> Option<Map<String, Value>> {
    let mut found = Map::new();
    for (name, text) in unpack(&STANDARD.decode(packed).ok()?).ok()? {
        if matches!(name, "ev" | "pub") {
            let list = found.entry(name).or_insert_with(|| json!({"L": []}));
            list["L"].as_array_mut()?.push(json!({"S": text}));
        } else {
            found.insert(name.to_owned(), json!({"S": text}));
        }
    }
    Some(found)
}
