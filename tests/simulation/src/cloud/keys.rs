//! Keys, secrets and the AWS messaging services, as far as the functions call them. Tokens are not simulated: the
//! gateway says who asks.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::Cloud;
use crate::faults::Fault;
use crate::messenger::{Mail, tag};
use crate::scheduler::lock;
use crate::wire::{Reply, Request};

/// The value of the secret with this ARN: 40 characters that are valid base64, as Secrets Manager makes them.
pub(crate) fn secret_value(arn: &str) -> String {
    Sha256::digest(arn.as_bytes()).iter().take(20).map(|byte| format!("{byte:02x}")).collect()
}

impl Cloud {
    pub(super) fn key(&self, action: &str, body: &[u8]) -> Reply {
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        let answer = match action {
            "GenerateDataKey" => {
                let wrapped = format!("wrapped-{:016x}", self.below(u64::MAX));
                Some(
                    json!({"KeyId": body["KeyId"], "CiphertextBlob": STANDARD.encode(&wrapped), "Plaintext": unwrap(&wrapped)}),
                )
            }
            "Decrypt" => {
                let wrapped = STANDARD.decode(body["CiphertextBlob"].as_str().unwrap_or_default()).unwrap_or_default();
                Some(json!({"KeyId": body["KeyId"], "Plaintext": unwrap(&String::from_utf8_lossy(&wrapped))}))
            }
            _ => None,
        };
        answer.map_or_else(
            || Reply::json(400, &json!({"__type": "UnknownOperationException", "message": action})),
            |answer| Reply::json(200, &answer),
        )
    }

    pub(super) fn secret(&self, body: &[u8]) -> Reply {
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        let arn = body["SecretId"].as_str().unwrap_or_default();
        if !self.application.secrets.iter().any(|known| known == arn) {
            return Reply::json(400, &json!({"__type": "ResourceNotFoundException", "Message": arn}));
        }
        Reply::json(200, &json!({"ARN": arn, "Name": arn, "SecretString": secret_value(arn)}))
    }

    /// An e-mail or a text message handed to AWS.
    pub(super) fn message(&self, request: &Request) -> Reply {
        let is_mail = request.url.contains("://email.");
        let text = String::from_utf8_lossy(&request.body).into_owned();
        let body: Value = if is_mail { serde_json::from_str(&text).unwrap_or_default() } else { Value::Null };
        let notice = tag(&body);
        let (manner, times) = self.manner(notice.as_deref().unwrap_or(&text), &text);
        if times <= manner.down {
            self.happened(Fault::ProviderDown);
            return refusal(is_mail, "TooManyRequestsException", "Throttled");
        }
        if manner.is_refused {
            self.happened(Fault::Refused);
            return refusal(is_mail, "MessageRejected", "OptedOut");
        }
        let mut mails = lock(&self.mails);
        let id = format!("aws-message-{}", mails.len());
        mails.push(Mail { id: id.clone(), at: self.handle.now(), notice, what: text });
        if is_mail {
            return Reply::json(200, &json!({"MessageId": id}));
        }
        xml(
            200,
            &format!(
                "<PublishResponse xmlns=\"{SNS}\"><PublishResult><MessageId>{id}</MessageId></PublishResult></PublishResponse>"
            ),
        )
    }
}

const SNS: &str = "http://sns.amazonaws.com/doc/2010-03-31/";

/// What SES and SNS say of a message that they do not take.
fn refusal(is_mail: bool, mail: &str, text: &str) -> Reply {
    if is_mail {
        return Reply::json(400, &json!({"__type": mail, "message": "not taken"}));
    }
    let error = format!("<Error><Type>Sender</Type><Code>{text}</Code><Message>not taken</Message></Error>");
    xml(400, &format!("<ErrorResponse xmlns=\"{SNS}\">{error}</ErrorResponse>"))
}

fn xml(status: u16, body: &str) -> Reply {
    let headers = [("content-type".to_owned(), "text/xml".to_owned())].into();
    Reply { status, headers, body: body.as_bytes().to_vec() }
}

fn unwrap(wrapped: &str) -> String {
    STANDARD.encode(Sha256::digest(format!("data key of {wrapped}")))
}
