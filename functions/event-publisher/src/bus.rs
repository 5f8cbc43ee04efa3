//! One call of the bus: entries in, a verdict on each of them out.

use aws_sdk_eventbridge::Client;
use aws_sdk_eventbridge::error::ProvideErrorMetadata;
use aws_sdk_eventbridge::types::PutEventsRequestEntry;

use crate::batch::Verdict;
use crate::record::Entry;

/// Where entries go.
pub(crate) trait Bus {
    /// Hands over at most a batch; verdicts in the order of the entries.
    async fn put(&self, entries: &[&Entry]) -> Vec<Verdict>;
}

/// EventBridge.
#[derive(Debug)]
pub(crate) struct EventBridge<'a> {
    pub(crate) client: Client,
    pub(crate) name: &'a str,
}

impl Bus for EventBridge<'_> {
    async fn put(&self, entries: &[&Entry]) -> Vec<Verdict> {
        let requests = entries.iter().map(|entry| {
            PutEventsRequestEntry::builder()
                .source(&entry.topic)
                .detail_type(&entry.event)
                .detail(&entry.envelope)
                .event_bus_name(self.name)
                .build()
        });
        match self.client.put_events().set_entries(Some(requests.collect())).send().await {
            Ok(reply) => reply
                .entries
                .unwrap_or_default()
                .into_iter()
                .map(|result| match result.error_code {
                    None => Verdict::Published,
                    Some(code) => Verdict::of_code(&code, &result.error_message.unwrap_or_default()),
                })
                .collect(),
            Err(error) => {
                let service = error.as_service_error();
                let code = service.and_then(ProvideErrorMetadata::code).unwrap_or("Unavailable").to_owned();
                let message = service.and_then(ProvideErrorMetadata::message).unwrap_or_default().to_owned();
                // A missing permission of ours is mended by people, and meanwhile nothing is given up.
                let malformed = matches!(code.as_str(), "ValidationException" | "PayloadTooLarge");
                let verdict = match (malformed, entries.len()) {
                    (true, 1) => Verdict::of_code(&code, &message),
                    (true, _) => Verdict::Apart(format!("{code}: {message}")),
                    (false, _) => Verdict::Again(format!("{code}: {message}")),
                };
                vec![verdict; entries.len()]
            }
        }
    }
}
