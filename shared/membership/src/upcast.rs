//! Events as they were once written, brought into the shape that they have now. The journal is never rewritten, so
//! whoever folds it meets every version that there ever was.

use std::borrow::Cow;

use serde_json::Value;

/// The data of event `name` in its current shape.
pub(crate) fn current<'a>(name: &str, version: &str, data: &'a str) -> Result<Cow<'a, str>, String> {
    if version.split('.').next() == Some("1") {
        // A newer minor version only adds members, which are not read.
        return Ok(Cow::Borrowed(data));
    }
    let old: Value = serde_json::from_str(data).map_err(|error| error.to_string())?;
    let new = match (name, version) {
        ("subscription.created", "0.9") => subscription_created(old)?,
        _ => return Err("nobody knows this version".to_owned()),
    };
    Ok(Cow::Owned(new.to_string()))
}

/// Version 0.9 called the price `amount` and did not say the currency, which was always INR.
fn subscription_created(mut data: Value) -> Result<Value, String> {
    let members = data.as_object_mut().ok_or("the data is no object")?;
    let price = members.remove("amount").ok_or("there is no amount")?;
    members.insert("price".to_owned(), price);
    members.entry("currency").or_insert_with(|| Value::from("INR"));
    Ok(data)
}

#[cfg(test)]
mod tests {
    use super::*;
    use quoin_events::types::SubscriptionCreated;

    #[test]
    fn an_old_beginning_reads_as_a_new_one() {
        let old = r#"{"subscription_id":"sub_1","customer_id":"cust_1","user_id":"user_1","plan":"monthly",
            "amount":9.990,"payment_id":"pay_1","period_start":"2025-01-05T00:00:00.000Z",
            "period_end":"2025-02-05T00:00:00.000Z"}"#;
        let text = current("subscription.created", "0.9", old).unwrap();
        let read: SubscriptionCreated = serde_json::from_str(&text).unwrap();
        assert_eq!((read.price.to_string().as_str(), read.currency.as_str()), ("9.99", "INR"));
    }

    #[test]
    fn a_newer_minor_version_is_read_and_a_newer_major_one_is_not() {
        assert_eq!(current("subscription.created", "1.7", "{}").unwrap(), "{}");
        assert!(current("subscription.created", "2.0", "{}").is_err());
        assert!(current("subscription.renewed", "0.9", "{}").is_err());
        assert!(current("subscription.created", "0.9", "{}").is_err());
    }
}
