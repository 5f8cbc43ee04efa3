//! The schemas that the OpenAPI document refers to, gathered from types by name.

use quoin_runtime::SchemaOf;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value};

use crate::Fault;

/// Schemas by name.
#[derive(Default)]
pub(crate) struct Components(Map<String, Value>);

impl Components {
    /// What clients may send.
    ///
    /// # Errors
    /// If another type goes by the same name.
    pub(crate) fn taken(&mut self, of: SchemaOf) -> Result<Value, Fault> {
        self.generate(of, settings().for_deserialize())
    }

    /// What they are answered. A member that may be absent is never null.
    ///
    /// # Errors
    /// As for what they send.
    pub(crate) fn answered(&mut self, of: SchemaOf) -> Result<Value, Fault> {
        self.generate(of, settings().for_serialize().with_transform(without_null_of_optional))
    }

    fn generate(&mut self, of: SchemaOf, settings: SchemaSettings) -> Result<Value, Fault> {
        let mut generator = settings.into_generator();
        let mut schema = of(&mut generator);
        for transform in generator.transforms_mut() {
            transform.transform(&mut schema);
        }
        self.add(generator.take_definitions(true))?;
        Ok(schema.to_value())
    }

    fn add(&mut self, definitions: Map<String, Value>) -> Result<(), Fault> {
        for (name, definition) in definitions {
            if self.0.get(&name).is_some_and(|known| *known != definition) {
                let rule = "give each a name of its own, also a type that reads another form than it writes";
                return Err(format!("two schemas are called {name}: {rule}").into());
            }
            self.0.insert(name, definition);
        }
        Ok(())
    }

    /// All of them.
    pub(crate) fn into_schemas(self) -> Map<String, Value> {
        self.0
    }
}

fn settings() -> SchemaSettings {
    SchemaSettings::draft2020_12().with(|settings| settings.definitions_path = "/components/schemas".into())
}

/// The members of an object that a client puts into the query: name, schema, and whether it must be there.
pub(crate) fn query(of: SchemaOf) -> Vec<(String, Value, bool)> {
    let inline = settings().with(|settings| settings.inline_subschemas = true);
    let schema = of(&mut inline.for_deserialize().into_generator()).to_value();
    let required = |name: &str| {
        schema.get("required").and_then(Value::as_array).is_some_and(|names| names.iter().any(|one| one == name))
    };
    let properties = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
    properties.map(|(name, schema)| (name.clone(), not_null(schema.clone()), required(name))).collect()
}

fn without_null_of_optional(schema: &mut schemars::Schema) {
    schemars::transform::transform_subschemas(&mut without_null_of_optional, schema);
    let required: Vec<_> = schema.get("required").and_then(Value::as_array).cloned().unwrap_or_default();
    let Some(Value::Object(properties)) = schema.get_mut("properties") else { return };
    for (_, property) in properties.iter_mut().filter(|(name, _)| !required.iter().any(|one| one == *name)) {
        *property = not_null(property.take());
    }
}

/// The schema without the alternative of null.
fn not_null(mut schema: Value) -> Value {
    let Some(members) = schema.as_object_mut() else { return schema };
    if let Some(Value::Array(types)) = members.get_mut("type") {
        types.retain(|one| one != "null");
        if let [one] = types.as_slice() {
            let one = one.clone();
            members.insert("type".to_owned(), one);
        }
    }
    if let Some(Value::Array(mut options)) = members.remove("anyOf") {
        options.retain(|option| option.get("type").and_then(Value::as_str) != Some("null"));
        match options.as_slice() {
            [Value::Object(only)] => members.extend(only.clone().into_iter().filter(|(name, _)| name != "description")),
            _ => drop(members.insert("anyOf".to_owned(), Value::Array(options))),
        }
    }
    schema
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_member_that_may_be_absent_is_not_null() {
        let mut schema = schemars::json_schema!({
            "required": ["a"],
            "properties": {
                "a": {"type": ["string", "null"]},
                "b": {"type": ["string", "null"]},
                "c": {"anyOf": [{"$ref": "#/c"}, {"type": "null"}], "description": "c"},
            },
        });
        without_null_of_optional(&mut schema);
        assert_eq!(schema.pointer("/properties/a"), Some(&json!({"type": ["string", "null"]})));
        assert_eq!(schema.pointer("/properties/b"), Some(&json!({"type": "string"})));
        assert_eq!(schema.pointer("/properties/c"), Some(&json!({"$ref": "#/c", "description": "c"})));
    }
}
