//! Amazon SNS for text and push messages, Amazon SES for e-mails; the one module that names their SDKs.
//!
//! Neither knows idempotency keys: a message whose answer was lost is sent again by the next try. The
//! recorded intent keeps that to the window between the call and its record.

use aws_sdk_sesv2::error::ProvideErrorMetadata as _;
use aws_sdk_sesv2::types::{Body, Content, Destination, EmailContent, Message, MessageTag};
use quoin_events::types::Channel;
use quoin_runtime::{Env, Failure, Personal};

use super::Outgoing;
use crate::notice::Answer;

/// What SNS says of a message that it will never take.
const SNS_REFUSALS: &[&str] =
    &["InvalidParameter", "ParameterValueInvalid", "EndpointDisabled", "OptedOut", "NotFound"];
/// What SES says of a message that it will never take.
const SES_REFUSALS: &[&str] = &["MessageRejected", "BadRequestException"];

/// Sends `message` over its channel.
///
/// # Errors
/// Transient, if the sender's address is not configured.
pub(crate) async fn send(env: &Env, message: &Outgoing) -> Result<Answer, Failure> {
    match message.channel {
        Channel::Sms | Channel::Push => Ok(publish(env, message).await),
        Channel::Email => mail(env, message).await,
    }
}

async fn publish(env: &Env, message: &Outgoing) -> Answer {
    let request = aws_sdk_sns::Client::new(&env.aws.sdk).publish().message(message.text.reveal());
    let request = match message.channel {
        Channel::Push => request.target_arn(message.to.reveal()),
        Channel::Sms | Channel::Email => request.phone_number(message.to.reveal()),
    };
    match request.send().await {
        Ok(reply) => Answer::Accepted(reply.message_id.unwrap_or_else(|| message.reference.notification_id.clone())),
        Err(error) => refusal(
            "SNS",
            error.as_service_error().and_then(aws_sdk_sns::error::ProvideErrorMetadata::code),
            SNS_REFUSALS,
        ),
    }
}

async fn mail(env: &Env, message: &Outgoing) -> Result<Answer, Failure> {
    let sender = env.config.require("EMAIL_SENDER")?;
    let Ok(content) = content(message) else {
        return Ok(Answer::Refused("the message cannot be put into an e-mail".to_owned()));
    };
    let request = aws_sdk_sesv2::Client::new(&env.aws.sdk)
        .send_email()
        .from_email_address(sender)
        .destination(Destination::builder().to_addresses(message.to.reveal()).build())
        .content(content)
        .set_email_tags(
            MessageTag::builder()
                .name("notice")
                .value(&message.reference.notification_id)
                .build()
                .ok()
                .map(|tag| vec![tag]),
        );
    Ok(match request.send().await {
        Ok(reply) => Answer::Accepted(reply.message_id.unwrap_or_else(|| message.reference.notification_id.clone())),
        Err(error) => refusal("SES", error.as_service_error().and_then(|known| known.code()), SES_REFUSALS),
    })
}

fn content(message: &Outgoing) -> Result<EmailContent, aws_sdk_sesv2::error::BuildError> {
    let part = |text: &Personal| Content::builder().data(text.reveal()).charset("UTF-8").build();
    let mut body = Body::builder().text(part(&message.text)?);
    if let Some(html) = &message.html {
        body = body.html(part(html)?);
    }
    let mut mail = Message::builder().body(body.build());
    if let Some(subject) = &message.subject {
        mail = mail.subject(part(subject)?);
    }
    Ok(EmailContent::builder().simple(mail.build()).build())
}

// Codes only: a service's message may quote the address.
fn refusal(service: &str, code: Option<&str>, permanent: &[&str]) -> Answer {
    match code {
        Some(code) if permanent.contains(&code) => Answer::Refused(format!("{service} {code}")),
        Some(code) => Answer::Unavailable(format!("{service} {code}")),
        None => Answer::Unavailable(format!("{service} gave no answer")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn throttling_passes_and_a_rejected_message_does_not() {
        assert_eq!(
            refusal("SES", Some("MessageRejected"), SES_REFUSALS),
            Answer::Refused("SES MessageRejected".into())
        );
        for code in [Some("TooManyRequestsException"), None] {
            assert!(matches!(refusal("SES", code, SES_REFUSALS), Answer::Unavailable(_)));
        }
    }
}
