//! Queues: work handed on, messages delayed, messages parked.

use aws_sdk_sqs::error::ProvideErrorMetadata;
use aws_sdk_sqs::types::{MessageAttributeValue, SendMessageBatchRequestEntry};
use serde::Serialize;

use crate::{Env, Failure};

/// A message for a work queue.
#[derive(Debug, Clone)]
pub struct QueueMessage {
    body: String,
    delay_seconds: i32,
}

impl QueueMessage {
    /// A message that can be received at once.
    ///
    /// # Errors
    /// If it cannot be written as JSON.
    pub fn new(body: &impl Serialize) -> Result<Self, Failure> {
        let body = serde_json::to_string(body).map_err(Failure::poison)?;
        Ok(Self { body, delay_seconds: 0 })
    }

    /// The same, not to be received for `seconds` (at most 900).
    #[must_use]
    pub const fn delayed(mut self, seconds: i32) -> Self {
        self.delay_seconds = seconds;
        self
    }
}

/// SQS takes ten messages at once.
const BATCH: usize = 10;
/// Bytes that SQS takes at once, of all messages together, with something left for their envelopes.
const BATCH_BYTES: usize = 240_000;

/// `messages` in order, in batches that SQS takes.
fn batches(messages: &[QueueMessage]) -> impl Iterator<Item = &[QueueMessage]> {
    let mut left = messages;
    std::iter::from_fn(move || {
        let mut bytes = 0_usize;
        let fits = |message: &&QueueMessage| {
            bytes = bytes.saturating_add(message.body.len());
            bytes <= BATCH_BYTES
        };
        // One that is too long by itself goes alone, and is refused alone.
        let count = left.iter().take(BATCH).take_while(fits).count().max(1);
        let (batch, rest) = left.split_at_checked(count)?;
        left = rest;
        Some(batch)
    })
}

/// Why SQS did not do what it was asked for.
pub(crate) fn unanswered<E, R>(error: aws_smithy_runtime_api::client::result::SdkError<E, R>) -> Failure
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    R: std::fmt::Debug + Send + Sync + 'static,
{
    let said = error
        .as_service_error()
        .map(|error| format!("{}: {}", error.code().unwrap_or("unknown"), error.message().unwrap_or_default()));
    Failure::Transient(format!("the queues do not answer: {}", said.unwrap_or_else(|| error.to_string())))
}

impl Env {
    /// Hands messages to the work queue called `queue`, ten at a time.
    ///
    /// # Errors
    /// If a message was not taken; those before it were.
    pub async fn enqueue(&self, queue: &str, messages: &[QueueMessage]) -> Result<(), Failure> {
        self.send_to(self.config.queue(queue)?, messages).await
    }

    /// Where the queue called `name` is, if there is one.
    ///
    /// # Errors
    /// If SQS does not answer.
    pub async fn queue_url(&self, name: &str) -> Result<Option<String>, Failure> {
        match self.sqs().get_queue_url().queue_name(name).send().await {
            Ok(found) => Ok(found.queue_url),
            Err(error) => match error.as_service_error() {
                Some(error) if error.is_queue_does_not_exist() => Ok(None),
                Some(_) | None => Err(unanswered(error)),
            },
        }
    }

    /// Sends messages to the queue at `url`, as many at a time as it takes.
    ///
    /// # Errors
    /// If a message was not taken; those before it were.
    pub async fn send_to(&self, url: &str, messages: &[QueueMessage]) -> Result<(), Failure> {
        for chunk in batches(messages) {
            let mut request = self.sqs().send_message_batch().queue_url(url);
            for (index, message) in chunk.iter().enumerate() {
                let entry = SendMessageBatchRequestEntry::builder()
                    .id(index.to_string())
                    .message_body(&message.body)
                    .delay_seconds(message.delay_seconds)
                    .build()
                    .map_err(Failure::poison)?;
                request = request.entries(entry);
            }
            let reply = request
                .send()
                .await
                .map_err(|error| Failure::Transient(format!("not enqueued: {}", error.into_service_error())))?;
            if let Some(failed) = reply.failed().first() {
                return Err(Failure::Transient(format!("not enqueued: {}", failed.code())));
            }
        }
        Ok(())
    }

    /// Lets a received message be received again after `seconds`.
    pub(crate) async fn delay(&self, receipt_handle: &str, seconds: u32) -> Result<(), Failure> {
        let request = self
            .sqs()
            .change_message_visibility()
            .queue_url(self.config.require("QUEUE_URL")?)
            .receipt_handle(receipt_handle)
            .visibility_timeout(i32::try_from(seconds).unwrap_or(i32::MAX));
        request.send().await.map_err(|error| Failure::transient(error.into_service_error()))?;
        Ok(())
    }

    /// Puts a message into this consumer's dead-letter queue with its reason.
    pub(crate) async fn park(
        &self,
        body: &str,
        message_id: &str,
        attempts: u32,
        failure: &Failure,
    ) -> Result<(), Failure> {
        let class = match failure {
            Failure::Transient(_) => "exhausted",
            Failure::Poison(_) => "poison",
        };
        let text = |value: &str| {
            let value: String = value.chars().take(1_000).collect();
            let value = if value.is_empty() { "-".to_owned() } else { value };
            MessageAttributeValue::builder().data_type("String").string_value(value).build().map_err(Failure::poison)
        };
        let source = self.config.get("AWS_LAMBDA_FUNCTION_NAME").unwrap_or("unknown");
        let request = self
            .sqs()
            .send_message()
            .queue_url(self.config.dead_letter_queue()?)
            .message_body(body)
            .message_attributes("reason", text(&failure.to_string())?)
            .message_attributes("class", text(class)?)
            .message_attributes("attempts", text(&attempts.to_string())?)
            .message_attributes("function", text(source)?)
            .message_attributes("message_id", text(message_id)?)
            .message_attributes("parked_at", text(&self.clock.now().to_string())?);
        request.send().await.map_err(|error| Failure::transient(error.into_service_error()))?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_has_ten_messages_and_no_more_bytes_than_are_taken() {
        let message = |bytes: usize| QueueMessage::new(&"x".repeat(bytes)).unwrap();
        let sizes = |messages: Vec<QueueMessage>| batches(&messages).map(<[_]>::len).collect::<Vec<_>>();
        assert_eq!(sizes(vec![]), [0; 0]);
        assert_eq!(sizes(vec![message(10); 23]), [10, 10, 3]);
        assert_eq!(sizes(vec![message(100_000); 5]), [2, 2, 1]);
        assert_eq!(sizes(vec![message(1), message(300_000), message(1)]), [1, 1, 1]);
    }
}
