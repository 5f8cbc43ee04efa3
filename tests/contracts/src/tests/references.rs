//! References inside a document and to files beside it.

use serde_json::Value;

use crate::files;

fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    match value {
        Value::Object(members) => members.iter().for_each(|(name, value)| match value.as_str() {
            Some(reference) if name == "$ref" => found.push(reference),
            _ => references(value, found),
        }),
        Value::Array(values) => values.iter().for_each(|value| references(value, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Fails on a reference of a document in `docs/` that leads nowhere.
pub(super) fn assert_references_lead_somewhere(document: &Value) {
    let mut found = Vec::new();
    references(document, &mut found);
    assert!(found.len() > 20);
    for reference in found {
        let is_there = match reference.strip_prefix('#') {
            Some(pointer) => document.pointer(pointer).is_some(),
            None => files::at(&format!("docs/{reference}")).exists(),
        };
        assert!(is_there, "{reference}");
    }
}
