//! Sample inputs of the functions that consume the bus: a queue message around the golden samples.

use serde_json::{Value, json};

use crate::Fault;
use crate::functions::Function;
use crate::samples::Sample;

/// As many as the smallest batch of any class of consumer.
const MOST_RECORDS: usize = 5;

/// Path of the sample input of the function `name`.
pub(crate) fn path(name: &str) -> String {
    format!("events/{name}.json")
}

/// The sample inputs of all consumers of the bus by path.
///
/// # Errors
/// If a sample cannot be written as JSON.
pub(crate) fn of_consumers(functions: &[Function], samples: &[Sample]) -> Result<Vec<(String, Value)>, Fault> {
    let mut inputs = Vec::new();
    for function in functions {
        let wanted = samples.iter().filter(|sample| function.consumes(sample));
        let records = wanted.take(MOST_RECORDS).enumerate().map(|(index, sample)| record(function, index, sample));
        let records = records.collect::<Result<Vec<_>, _>>()?;
        if !records.is_empty() {
            inputs.push((path(&function.name), json!({"Records": records})));
        }
    }
    Ok(inputs)
}

fn record(function: &Function, index: usize, sample: &Sample) -> Result<Value, Fault> {
    Ok(json!({
        "messageId": format!("00000000-0000-4000-8000-{index:012}"),
        "receiptHandle": format!("receipt-{index}"),
        "body": serde_json::to_string(&sample.on_bus())?,
        "attributes": {
            "ApproximateReceiveCount": "1",
            "SentTimestamp": "1767521825123",
            "SenderId": "events.amazonaws.com",
            "ApproximateFirstReceiveTimestamp": "1767521825130",
        },
        "messageAttributes": {},
        "md5OfBody": "",
        "eventSource": "aws:sqs",
        "eventSourceARN": format!("arn:aws:sqs:us-east-1:000000000000:quoin-dev-{}", function.name),
        "awsRegion": "us-east-1",
    }))
}
