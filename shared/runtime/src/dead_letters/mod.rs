//! Dead letters of a stage: which queues have some, what they say, and their way back into their queue.
//!
//! SQS shows a message only by handing it out, so a look hides letters from others for a moment; they are given back
//! at its end. A letter goes back as a new message, which its consumer gets a full schedule of retries for, and is
//! deleted after that: cut short, it is there twice, and consumers recognise the second one.

mod letter;

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_sqs::types::{
    ChangeMessageVisibilityBatchRequestEntry, Message, MessageSystemAttributeName, QueueAttributeName,
};
use futures_util::{StreamExt, stream};
use quoin_events::Timestamp;
use serde::Serialize;

use self::letter::is_queue_name;
use crate::queue::unanswered;
use crate::{Env, Failure};

pub use self::letter::{DeadLetter, LetterClass, Selection};

/// What a dead-letter queue's name ends with.
const SUFFIX: &str = "-dlq";
/// SQS hands out and takes ten messages at once.
const BATCH: usize = 10;
/// Seconds for which a letter is hidden that is looked at, or that a redrive passes by, unless it is given back before.
const LOOK_SECONDS: i32 = 60;
const REDRIVE_SECONDS: i32 = 300;
/// SQS asks all its servers only when it waits.
const WAIT_SECONDS: i32 = 1;
/// Queues asked at once.
const CONCURRENCY: usize = 8;

/// The dead letters of a stage.
#[derive(Debug)]
pub struct DeadLetters<'a> {
    env: &'a Env,
    prefix: String,
}

/// A queue's dead letters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetterQueue {
    /// The name of the queue that they come from, without the stage: mostly that of the function.
    pub name: String,
    /// About how many there are to be seen.
    pub count: u64,
    /// About how many somebody is looking at right now.
    pub hidden: u64,
    url: String,
}

/// What a redrive did, or would do.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Redriven {
    /// The letters that went back, or would go.
    pub messages: Vec<DeadLetter>,
    /// Ids of letters that stayed although they were chosen: the queue did not take them.
    pub failed: Vec<String>,
    /// Ids that were asked for and not seen.
    pub missing: Vec<String>,
    /// Whether all letters were looked at; if not, time ran out, and the same again goes on.
    pub is_whole: bool,
}

/// A letter as it was received.
struct Received {
    letter: DeadLetter,
    sent: Option<Timestamp>,
    receipt: String,
    body: String,
}

impl<'a> DeadLetters<'a> {
    /// Those of `stage`.
    #[must_use]
    pub fn of_stage(env: &'a Env, stage: &str) -> Self {
        Self { env, prefix: format!("quoin-{stage}-") }
    }

    /// Every dead-letter queue, by name.
    ///
    /// # Errors
    /// If SQS does not answer.
    pub async fn queues(&self) -> Result<Vec<DeadLetterQueue>, Failure> {
        let (mut urls, mut next) = (Vec::new(), None);
        loop {
            let request = self.env.sqs().list_queues().queue_name_prefix(&self.prefix).max_results(1_000);
            let page = request.set_next_token(next.take()).send().await.map_err(unanswered)?;
            urls.extend(page.queue_urls.unwrap_or_default());
            next = page.next_token;
            if next.is_none() {
                break;
            }
        }
        let named = urls.into_iter().filter_map(|url| Some((self.short_name(&url)?.to_owned(), url)));
        let counted = stream::iter(named).map(|(name, url)| self.count(name, url)).buffer_unordered(CONCURRENCY);
        let mut queues = Vec::new();
        for queue in counted.collect::<Vec<_>>().await {
            // A queue that was just deleted with its stack has nothing to show.
            queues.extend(queue?);
        }
        queues.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(queues)
    }

    /// The dead letters of the queue called `name`, if there is such a queue.
    ///
    /// # Errors
    /// If SQS does not answer.
    pub async fn queue(&self, name: &str) -> Result<Option<DeadLetterQueue>, Failure> {
        if !is_queue_name(name) {
            return Ok(None);
        }
        match self.url(&format!("{name}{SUFFIX}")).await? {
            Some(url) => self.count(name.to_owned(), url).await,
            None => Ok(None),
        }
    }

    /// The letters of a queue that can be seen now, at most `limit`; none after `stop`.
    ///
    /// # Errors
    /// If SQS does not answer.
    pub async fn look(
        &self,
        queue: &DeadLetterQueue,
        limit: usize,
        stop: Timestamp,
    ) -> Result<Vec<DeadLetter>, Failure> {
        let (mut letters, mut seen) = (Vec::new(), BTreeMap::new());
        let outcome = loop {
            if letters.len() >= limit || self.env.clock.now() >= stop {
                break Ok(());
            }
            match self.receive(queue, LOOK_SECONDS).await {
                Ok(batch) if batch.is_empty() => break Ok(()),
                Ok(batch) => {
                    let before = seen.len();
                    for one in batch {
                        if seen.insert(one.letter.message_id.clone(), one.receipt).is_none() {
                            letters.push(one.letter);
                        }
                    }
                    // Only what had been seen came again: that is all.
                    if seen.len() == before {
                        break Ok(());
                    }
                }
                Err(failure) => break Err(failure),
            }
        };
        self.give_back(queue, seen.into_values()).await;
        letters.truncate(limit);
        outcome.map(|()| letters)
    }

    /// Sends letters of `queue` back to the queue that they come from, or says which would go. Those that do not are
    /// given back. `progress` is told how many went so far.
    ///
    /// # Errors
    /// If SQS does not answer; what went until then went, and the same again goes on.
    pub async fn redrive(
        &self,
        queue: &DeadLetterQueue,
        selection: &Selection,
        is_dry: bool,
        stop: Timestamp,
        mut progress: impl FnMut(usize),
    ) -> Result<Redriven, Failure> {
        let start = self.env.clock.now();
        let source = self.url(&queue.name).await?;
        let source = source.ok_or_else(|| Failure::poison(format!("the queue {} is gone", queue.name)))?;
        let (mut done, mut seen) = (Redriven::default(), BTreeSet::new());
        // Receipts of what stays, given back at the end: given back at once, it would be handed out again.
        let mut staying = Vec::new();
        let outcome = loop {
            if self.env.clock.now() >= stop {
                break Ok(());
            }
            let batch = match self.receive(queue, REDRIVE_SECONDS).await {
                Ok(batch) => batch,
                Err(failure) => break Err(failure),
            };
            let before = seen.len();
            let mut moves = Vec::new();
            for one in batch {
                let is_new = seen.insert(one.letter.message_id.clone());
                let is_chosen = selection.takes(&one.letter.message_id, one.sent, start);
                if is_new && is_chosen && !is_dry {
                    moves.push(self.send_back(queue, &source, one));
                } else {
                    if is_new && is_chosen {
                        done.messages.push(one.letter);
                    }
                    staying.push(one.receipt);
                }
            }
            for (letter, moved) in stream::iter(moves).buffered(BATCH).collect::<Vec<_>>().await {
                match moved {
                    Ok(()) => done.messages.push(letter),
                    Err((receipt, reason)) => {
                        tracing::warn!(queue = queue.name, message_id = letter.message_id, %reason, "not sent back");
                        done.failed.push(letter.message_id);
                        staying.push(receipt);
                    }
                }
            }
            progress(done.messages.len());
            let is_found = matches!(selection, Selection::Ids(ids) if ids.is_subset(&seen));
            if seen.len() == before || is_found {
                done.is_whole = true;
                break Ok(());
            }
        };
        self.give_back(queue, staying.into_iter()).await;
        done.missing = selection.missing(&seen);
        outcome.map(|()| done)
    }

    fn short_name<'n>(&self, url: &'n str) -> Option<&'n str> {
        url.rsplit('/').next()?.strip_prefix(self.prefix.as_str())?.strip_suffix(SUFFIX)
    }

    async fn url(&self, name: &str) -> Result<Option<String>, Failure> {
        self.env.queue_url(&format!("{}{name}", self.prefix)).await
    }

    async fn count(&self, name: String, url: String) -> Result<Option<DeadLetterQueue>, Failure> {
        let (visible, hidden) = (
            QueueAttributeName::ApproximateNumberOfMessages,
            QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
        );
        let request = self.env.sqs().get_queue_attributes().queue_url(&url);
        let request = request.attribute_names(visible.clone()).attribute_names(hidden.clone());
        let found = match request.send().await {
            Ok(found) => found.attributes.unwrap_or_default(),
            Err(error) => match error.as_service_error() {
                Some(error) if error.is_queue_does_not_exist() => return Ok(None),
                Some(_) | None => return Err(unanswered(error)),
            },
        };
        let number = |name| found.get(&name).and_then(|text| text.parse().ok()).unwrap_or(0);
        Ok(Some(DeadLetterQueue { name, count: number(visible), hidden: number(hidden), url }))
    }

    async fn receive(&self, queue: &DeadLetterQueue, hidden_seconds: i32) -> Result<Vec<Received>, Failure> {
        let request = self
            .env
            .sqs()
            .receive_message()
            .queue_url(&queue.url)
            .max_number_of_messages(i32::try_from(BATCH).unwrap_or(10))
            .visibility_timeout(hidden_seconds)
            .wait_time_seconds(WAIT_SECONDS)
            .message_attribute_names("All")
            .message_system_attribute_names(MessageSystemAttributeName::SentTimestamp);
        let page = request.send().await.map_err(unanswered)?;
        Ok(page.messages.unwrap_or_default().into_iter().filter_map(Received::read).collect())
    }

    /// Puts a letter into its queue, then takes it out of the dead letters; its receipt, if it stays.
    async fn send_back(
        &self,
        queue: &DeadLetterQueue,
        source: &str,
        one: Received,
    ) -> (DeadLetter, Result<(), (String, Failure)>) {
        let sqs = self.env.sqs();
        if let Err(error) = sqs.send_message().queue_url(source).message_body(one.body).send().await {
            return (one.letter, Err((one.receipt, unanswered(error))));
        }
        // It went. If it stays here as well, it can only be sent a second time, and that is recognised.
        if let Err(error) = sqs.delete_message().queue_url(&queue.url).receipt_handle(one.receipt).send().await {
            let reason = unanswered(error);
            tracing::warn!(queue = queue.name, message_id = one.letter.message_id, %reason, "sent back and not deleted");
        }
        (one.letter, Ok(()))
    }

    /// Lets letters be seen again at once; one for which that fails can be seen when its time is over.
    async fn give_back(&self, queue: &DeadLetterQueue, receipts: impl Iterator<Item = String>) {
        let receipts: Vec<_> = receipts.collect();
        for chunk in receipts.chunks(BATCH) {
            let entries = chunk.iter().enumerate().map(|(index, receipt)| {
                let entry = ChangeMessageVisibilityBatchRequestEntry::builder().id(index.to_string());
                entry.receipt_handle(receipt).visibility_timeout(0).build()
            });
            let Ok(entries) = entries.collect::<Result<Vec<_>, _>>() else { continue };
            let request = self.env.sqs().change_message_visibility_batch().queue_url(&queue.url);
            if let Err(error) = request.set_entries(Some(entries)).send().await {
                tracing::warn!(queue = queue.name, reason = %unanswered(error), "letters stay hidden for a while");
            }
        }
    }
}

impl Received {
    fn read(message: Message) -> Option<Self> {
        let attributes = message.message_attributes.unwrap_or_default();
        let attributes = attributes.into_iter().filter_map(|(name, value)| Some((name, value.string_value?))).collect();
        let sent = message.attributes.and_then(|mut named| named.remove(&MessageSystemAttributeName::SentTimestamp));
        let sent = sent.and_then(|millis| millis.parse().ok()).map(Timestamp::from_millis);
        let (id, body) = (message.message_id?, message.body.unwrap_or_default());
        let letter = DeadLetter::read(&id, &attributes, sent, &body);
        Some(Self { letter, sent, receipt: message.receipt_handle?, body })
    }
}
