//! JSON Schema of whole events: the envelope with the data of one type.

use quoin_events::{EventType, Metadata};
use serde_json::{Map, Value, json};

use crate::Fault;

/// Path of the schema of one type.
pub(crate) fn path(of: &EventType) -> String {
    format!("docs/schemas/{}.json", of.name)
}

/// The schema of one type's events. Members that it does not name are allowed: a reader tolerates them.
///
/// # Errors
/// If two definitions go by one name.
pub(crate) fn of_event(of: &EventType) -> Result<Value, Fault> {
    let mut definitions = Map::new();
    let data = without_definitions((of.schema)(), &mut definitions)?;
    let metadata = without_definitions(written::<Metadata>(), &mut definitions)?;
    Ok(json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": format!("urn:quoin:event:{}:{}", of.name, of.version),
        "title": of.name,
        "description": format!("Published to {} when {}.", of.topic.as_str(), of.when),
        "type": "object",
        "required": ["event", "version", "timestamp", "data", "metadata"],
        "properties": {
            "event": {"const": of.name},
            "version": {"type": "string", "pattern": r"^1\.\d+$"},
            "timestamp": {
                "type": "string",
                "format": "date-time",
                "pattern": r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$",
            },
            "data": data,
            "metadata": metadata,
        },
        "$defs": definitions,
    }))
}

/// The schema of what a writer of `T` writes.
fn written<T: schemars::JsonSchema>() -> schemars::Schema {
    schemars::generate::SchemaSettings::draft2020_12().for_serialize().into_generator().into_root_schema_for::<T>()
}

fn without_definitions(schema: schemars::Schema, definitions: &mut Map<String, Value>) -> Result<Value, Fault> {
    let mut schema = schema.to_value();
    let members = schema.as_object_mut().ok_or("a schema must be an object")?;
    members.remove("$schema");
    if let Some(Value::Object(found)) = members.remove("$defs") {
        for (name, definition) in found {
            if definitions.get(&name).is_some_and(|known| *known != definition) {
                return Err(format!("two types are called {name}").into());
            }
            definitions.insert(name, definition);
        }
    }
    Ok(schema)
}
