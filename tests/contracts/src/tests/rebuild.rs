//! Changing a value along its schema.

use serde_json::Value;

use crate::shape::Shape;

impl Shape<'_> {
    /// Whether it is an exact decimal.
    pub(crate) fn is_decimal(self) -> bool {
        self.resolved().schema.get("type").and_then(Value::as_str) == Some("number")
    }

    /// Whether names are data here, so that an added member would be an added entry.
    pub(crate) fn is_map(self) -> bool {
        self.resolved().schema.get("additionalProperties").is_some_and(Value::is_object)
    }

    /// `value` with `change` made to every value in it, from the inside out.
    pub(crate) fn rebuild(self, value: &Value, change: &impl Fn(Self, Value) -> Value) -> Value {
        let rebuilt = match value {
            Value::Object(members) => members
                .iter()
                .map(|(name, value)| {
                    let inner = self.member(name).map(|shape| shape.rebuild(value, change));
                    (name.clone(), inner.unwrap_or_else(|| value.clone()))
                })
                .collect(),
            Value::Array(values) => {
                let element =
                    |value| self.items().map_or_else(|| Value::clone(value), |one| one.rebuild(value, change));
                Value::Array(values.iter().map(element).collect())
            }
            plain @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => plain.clone(),
        };
        change(self, rebuilt)
    }
}
