//! What a schema says of each place in a value.

use serde_json::Value;

/// A schema inside a document whose definitions it may refer to.
#[derive(Clone, Copy)]
pub(crate) struct Shape<'a> {
    root: &'a Value,
    pub(crate) schema: &'a Value,
}

impl<'a> Shape<'a> {
    /// The shape of a whole document.
    pub(crate) const fn of(root: &'a Value) -> Self {
        Self { root, schema: root }
    }

    /// The same place with references and options (`null` or something) followed.
    pub(crate) fn resolved(self) -> Self {
        let target = |schema: &'a Value| {
            let reference = schema.get("$ref").and_then(Value::as_str)?;
            self.root.pointer(reference.strip_prefix('#')?)
        };
        let optional = |schema: &'a Value| {
            let options = schema.get("anyOf").and_then(Value::as_array)?;
            options.iter().find(|option| option.get("type").and_then(Value::as_str) != Some("null"))
        };
        let mut schema = self.schema;
        while let Some(next) = target(schema).or_else(|| optional(schema)) {
            schema = next;
        }
        Self { root: self.root, schema }
    }

    /// What the schema says in a word: its type, or the texts it allows.
    pub(crate) fn describe(self) -> String {
        let schema = self.resolved().schema;
        let texts = |values: &Value| {
            let texts = values.as_array()?.iter().filter_map(Value::as_str).map(|text| format!("`{text}`"));
            Some(texts.collect::<Vec<_>>().join(", "))
        };
        if let Some(allowed) = schema.get("enum").and_then(texts) {
            return allowed;
        }
        if let Some(options) = schema.get("oneOf").and_then(Value::as_array) {
            let constants: Vec<_> = options.iter().filter_map(|option| option.get("const").cloned()).collect();
            return texts(&Value::Array(constants)).unwrap_or_default();
        }
        let kind = match schema.get("type") {
            Some(Value::Array(kinds)) => {
                kinds.iter().filter_map(Value::as_str).find(|kind| *kind != "null").unwrap_or("any")
            }
            Some(kind) => kind.as_str().unwrap_or("any"),
            None => "any",
        };
        match (kind, schema.get("format").and_then(Value::as_str)) {
            ("array", _) => {
                let item = self.resolved().items().map(Self::describe).unwrap_or_default();
                format!("array of {item}")
            }
            ("string", Some("date-time")) => "timestamp".to_owned(),
            ("number", _) => "decimal".to_owned(),
            (kind, _) => kind.to_owned(),
        }
    }

    /// The description of this place, or else of what it refers to.
    pub(crate) fn description(self) -> &'a str {
        let of = |schema: &'a Value| schema.get("description").and_then(Value::as_str);
        of(self.schema).or_else(|| of(self.resolved().schema)).unwrap_or_default()
    }

    /// The members of an object: name, shape, and whether it must be there.
    pub(crate) fn members(self) -> Vec<(&'a str, Self, bool)> {
        let schema = self.resolved().schema;
        let required: Vec<_> =
            schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
        let properties = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
        let member = |(name, schema): (&'a String, &'a Value)| {
            let is_required = required.contains(&name.as_str());
            (name.as_str(), Self { root: self.root, schema }, is_required)
        };
        properties.map(member).collect()
    }

    /// The shape of the member `name`.
    pub(crate) fn member(self, name: &str) -> Option<Self> {
        self.members().into_iter().find(|(known, ..)| *known == name).map(|(_, shape, _)| shape)
    }

    /// The shape of an array's elements.
    pub(crate) fn items(self) -> Option<Self> {
        self.resolved().schema.get("items").map(|schema| Self { root: self.root, schema })
    }
}
