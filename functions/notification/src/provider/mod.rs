//! Who carries messages: a provider over HTTP, or Amazon SNS and SES. One adapter each.

mod aws;
mod http;

use quoin_events::types::Channel;
use quoin_runtime::{Env, Failure, Personal};

use crate::notice::Answer;
use crate::reference::Reference;

/// A message on its way out; its `Debug` shows nothing of the person.
#[derive(Debug, Clone)]
pub(crate) struct Outgoing {
    /// What it is sent under: the same for every try.
    pub(crate) reference: Reference,
    /// Over what.
    pub(crate) channel: Channel,
    /// Phone number, e-mail address or device.
    pub(crate) to: Personal,
    /// Of an e-mail.
    pub(crate) subject: Option<Personal>,
    /// The text.
    pub(crate) text: Personal,
    /// The HTML form of an e-mail.
    pub(crate) html: Option<Personal>,
}

/// Hands `message` to the stage's provider.
///
/// # Errors
/// Transient, if this function lacks what the provider needs; an answer, whatever it is, is no error.
pub(crate) async fn send(env: &Env, message: &Outgoing) -> Result<Answer, Failure> {
    match env.config.get("NOTIFICATION_PROVIDER").unwrap_or("aws") {
        "http" => http::send(env, message).await,
        "aws" => aws::send(env, message).await,
        _ => Err(Failure::transient("NOTIFICATION_PROVIDER is neither http nor aws")),
    }
}
