//! YAML as JSON values: CloudFormation's short intrinsics become their long form.

use saphyr::{LoadableYamlNode, Scalar, Yaml};
use serde_json::{Map, Value};

use crate::Fault;

/// Reads one document; aliases are resolved, `!Ref x` is `{"Ref": "x"}` and `!Sub x` `{"Fn::Sub": "x"}`.
///
/// # Errors
/// If it is not YAML, or not a value that JSON can hold.
pub fn read(text: &str) -> Result<Value, Fault> {
    let documents = Yaml::load_from_str(text).map_err(|error| Fault(error.to_string()))?;
    match documents.as_slice() {
        [document] => value(document),
        _ => Err("must be one YAML document".into()),
    }
}

fn value(node: &Yaml<'_>) -> Result<Value, Fault> {
    Ok(match node {
        Yaml::Value(Scalar::Null) => Value::Null,
        Yaml::Value(Scalar::Boolean(flag)) => Value::Bool(*flag),
        Yaml::Value(Scalar::Integer(number)) => Value::from(*number),
        Yaml::Value(Scalar::String(text)) => Value::from(text.as_ref()),
        Yaml::Sequence(nodes) => Value::Array(nodes.iter().map(value).collect::<Result<_, _>>()?),
        Yaml::Mapping(entries) => {
            let mut members = Map::new();
            for (name, node) in entries {
                members.insert(name.as_str().ok_or("a name must be a text")?.to_owned(), value(node)?);
            }
            Value::Object(members)
        }
        Yaml::Tagged(tag, node) => {
            let name = match tag.suffix.as_str() {
                plain @ ("Ref" | "Condition") => plain.to_owned(),
                function => format!("Fn::{function}"),
            };
            Value::Object(Map::from_iter([(name, value(node)?)]))
        }
        Yaml::Value(Scalar::FloatingPoint(_)) | Yaml::Representation(..) | Yaml::Alias(_) | Yaml::BadValue => {
            return Err(format!("{node:?} has no place here").into());
        }
    })
}

/// Writes a document in block style, members in the order of their names.
pub fn write(value: &Value) -> String {
    let mut text = String::new();
    block(value, 0, &mut text);
    text
}

fn block(value: &Value, depth: usize, text: &mut String) {
    let indent = "  ".repeat(depth);
    match value {
        Value::Object(members) if !members.is_empty() => {
            for (name, member) in members {
                text.push_str(&format!("{indent}{}:", scalar(name)));
                nested(member, depth, text);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for item in items {
                text.push_str(&format!("{indent}-"));
                nested(item, depth, text);
            }
        }
        Value::Object(_) | Value::Array(_) | Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            text.push_str(&format!("{indent}{}\n", inline(value)));
        }
    }
}

fn nested(value: &Value, depth: usize, text: &mut String) {
    let is_block = match value {
        Value::Object(members) => !members.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    };
    if is_block {
        text.push('\n');
        block(value, depth.saturating_add(1), text);
    } else {
        text.push_str(&format!(" {}\n", inline(value)));
    }
}

fn inline(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), scalar)
}

// A JSON text is a YAML text too; plain only where no reader could take it for anything else.
fn scalar(text: &str) -> String {
    let is_word = text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.chars().all(|one| one.is_ascii_alphanumeric() || "-_./".contains(one));
    let is_reserved = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"]
        .iter()
        .any(|reserved| text.eq_ignore_ascii_case(reserved));
    if is_word && !is_reserved { text.to_owned() } else { Value::from(text).to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn intrinsics_are_read_in_their_long_form() {
        let read = read("a: &x {b: 1}\nc: *x\nd: !Sub q-${R}\ne: !If [A, !Ref B, '2012-10-17']\n").unwrap();
        assert_eq!(
            read,
            json!({"a": {"b": 1}, "c": {"b": 1}, "d": {"Fn::Sub": "q-${R}"},
                "e": {"Fn::If": ["A", {"Ref": "B"}, "2012-10-17"]}})
        );
    }

    #[test]
    fn what_is_written_is_read_again() {
        let value = json!({"a.b": [1, true, null, "x y", "1.0", "", "yes", "# no"], "empty": [{}, []],
            "$ref": "#/a", "nested": [{"deep": [["x"], "y"]}]});
        assert_eq!(read(&write(&value)).unwrap(), value);
    }
}
