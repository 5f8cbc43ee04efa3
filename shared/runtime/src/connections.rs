//! Messages to the connections of a WebSocket API: one signed request each (`PostToConnection`).
//!
//! Nothing is tried again here but by the caller, who knows whether the message is still the newest.

use std::fmt::Write as _;

use aws_sigv4::http_request::SigningSettings;

use crate::Env;
use crate::config::ConfigError;
use crate::outbound::OutboundRequest;
use crate::signed::AskError;

/// What became of a message to a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Posted {
    /// It was handed to the connection.
    Sent,
    /// There is no such connection any more.
    Gone,
}

/// Why a message was not posted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PostError {
    /// Not reached, too busy, or it failed on its side; the message may have been sent all the same.
    #[error("the connections are not available: {0}")]
    Unavailable(String),
    /// The request itself is wrong or not permitted.
    #[error("the message to a connection was refused: {0}")]
    Refused(String),
}

impl From<AskError> for PostError {
    fn from(error: AskError) -> Self {
        match error {
            AskError::Unsigned(reason) => Self::Refused(reason),
            AskError::Unanswered(error) => Self::Unavailable(error.to_string()),
        }
    }
}

impl From<ConfigError> for PostError {
    fn from(error: ConfigError) -> Self {
        Self::Refused(error.to_string())
    }
}

/// How long a request may take.
const TIMEOUT_MS: u64 = 3_000;
/// The largest answer that is read: it is empty, or says what is wrong.
const MAX_ANSWER: usize = 64 * 1024;
/// So much of a refusal is told.
const TOLD: usize = 300;

impl Env {
    /// Sends `message` over the connection `connection_id` of the API that `service.yaml` grants under `socket`.
    ///
    /// # Errors
    /// If the API does not say that the message was sent, nor that the connection is gone.
    pub async fn post_to_connection(&self, connection_id: &str, message: &[u8]) -> Result<Posted, PostError> {
        let url = url(self.config.require("SOCKET_ENDPOINT")?, connection_id);
        let headers = vec![("content-type".to_owned(), "application/octet-stream".to_owned())];
        let request = OutboundRequest { method: "POST", url, headers, body: message.to_vec(), timeout_ms: TIMEOUT_MS };
        let reply = self.ask_signed("execute-api", SigningSettings::default(), request, MAX_ANSWER).await?;
        let told = || String::from_utf8_lossy(&reply.body).chars().take(TOLD).collect::<String>();
        match reply.status {
            200 => Ok(Posted::Sent),
            410 => Ok(Posted::Gone),
            429 | 500.. => Err(PostError::Unavailable(format!("{} {}", reply.status, told()))),
            status => Err(PostError::Refused(format!("{status} {}", told()))),
        }
    }
}

fn url(endpoint: &str, connection_id: &str) -> String {
    let mut url = format!("{}/@connections/", endpoint.trim_end_matches('/'));
    for byte in connection_id.bytes() {
        // Ids are in base64, whose signs have a meaning in a path.
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            url.push(char::from(byte));
        } else {
            // Writing to a text cannot fail.
            let _ = write!(url, "%{byte:02X}");
        }
    }
    url
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};

    #[test]
    fn the_id_of_a_connection_is_one_part_of_the_path() {
        let of = |endpoint| url(endpoint, "L0SM9cOFvHcCIhw=/..");
        assert_eq!(of("https://a.b/live/"), "https://a.b/live/@connections/L0SM9cOFvHcCIhw%3D%2F..");
    }

    fn posted(answer: &'static str) -> (Result<Posted, PostError>, String) {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}/live", listener.local_addr().unwrap());
        let api = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let (mut asked, mut some) = (Vec::new(), [0_u8; 4096]);
            while !asked.ends_with(b"{}") {
                let count = stream.read(&mut some).unwrap();
                asked.extend_from_slice(&some[..count]);
            }
            stream.write_all(answer.as_bytes()).unwrap();
            String::from_utf8(asked).unwrap()
        });
        let env = Env::of_test(&[("SOCKET_ENDPOINT", &endpoint)]);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let outcome = runtime.block_on(env.post_to_connection("abc=", b"{}"));
        (outcome, api.join().unwrap())
    }

    #[test]
    fn a_message_is_signed_for_the_api_and_its_answers_are_told_apart() {
        let (sent, asked) = posted("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
        assert_eq!(sent, Ok(Posted::Sent));
        assert!(asked.starts_with("POST /live/@connections/abc%3D HTTP/1.1"), "{asked}");
        assert!(asked.contains("/eu-west-1/execute-api/aws4_request"), "{asked}");
        assert_eq!(posted("HTTP/1.1 410 Gone\r\ncontent-length: 0\r\n\r\n").0, Ok(Posted::Gone));
        let busy = posted("HTTP/1.1 429 Too Many\r\ncontent-length: 0\r\n\r\n").0;
        assert!(matches!(busy, Err(PostError::Unavailable(_))), "{busy:?}");
        let denied = posted("HTTP/1.1 403 Forbidden\r\ncontent-length: 6\r\n\r\nDenied").0;
        assert_eq!(denied, Err(PostError::Refused("403 Denied".to_owned())));
    }
}
