//! EventBridge's event patterns, as far as the templates use them; what is not known here matches nothing.

use serde_json::Value;

/// Whether `pattern` matches `event`.
pub(crate) fn matches(pattern: &Value, event: &Value) -> bool {
    let Some(members) = pattern.as_object() else { return false };
    members.iter().all(|(name, wanted)| {
        let found = event.get(name).unwrap_or(&Value::Null);
        match wanted {
            Value::Array(alternatives) => alternatives.iter().any(|one| is_one(one, found)),
            Value::Object(_) => matches(wanted, found),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
        }
    })
}

// An array in the event matches if one of its elements does.
fn is_one(wanted: &Value, found: &Value) -> bool {
    if let Some(elements) = found.as_array() {
        return elements.iter().any(|element| is_one(wanted, element));
    }
    let Some(operators) = wanted.as_object() else { return wanted == found };
    let text = found.as_str();
    !operators.is_empty()
        && operators.iter().all(|(operator, operand)| match operator.as_str() {
            "prefix" => text.zip(operand.as_str()).is_some_and(|(text, start)| text.starts_with(start)),
            "suffix" => text.zip(operand.as_str()).is_some_and(|(text, end)| text.ends_with(end)),
            "exists" => operand.as_bool() == Some(!found.is_null()),
            "anything-but" => operand.as_array().map_or(operand != found, |refused| !refused.contains(found)),
            _ => false,
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn patterns_match_as_eventbridge_does() {
        let event = json!({"source": "betting.events", "detail-type": "BetPlaced",
            "detail": {"metadata": {"entity": {"type": "bet"}}, "tags": ["a", "b"]}});
        for (pattern, is_match) in [
            (json!({"source": ["betting.events"]}), true),
            (json!({"source": ["user.events", "betting.events"], "detail-type": ["BetPlaced"]}), true),
            (json!({"source": ["betting.events"], "detail-type": ["BetSettled"]}), false),
            (json!({"source": [{"suffix": ".events"}]}), true),
            (json!({"source": [{"suffix": ".jobs"}]}), false),
            (json!({"detail": {"metadata": {"entity": {"type": ["bet"]}}}}), true),
            (json!({"detail": {"metadata": {"entity": {"type": ["order"]}}}}), false),
            (json!({"detail": {"tags": ["b"]}}), true),
            (json!({"detail": {"absent": [{"exists": false}]}}), true),
            (json!({"detail-type": [{"anything-but": ["BetPlaced"]}]}), false),
            (json!({"detail-type": [{"an operator of tomorrow": "x"}]}), false),
            (json!({"detail-type": "BetPlaced"}), false),
        ] {
            assert_eq!(matches(&pattern, &event), is_match, "{pattern}");
        }
    }
}
