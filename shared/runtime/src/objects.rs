//! Objects in a bucket: read one, and put one on the condition that nobody else did meanwhile.
//!
//! Two requests need no client of their own ([`crate::signed`]). Nothing is tried again here: whoever keeps objects
//! comes back to them anyway.

use std::fmt::Write as _;

use aws_sigv4::http_request::{PayloadChecksumKind, PercentEncodingMode, SigningSettings, UriPathNormalizationMode};

use crate::Env;
use crate::consumer::Failure;
use crate::outbound::{OutboundRequest, Reply};
use crate::signed::AskError;

/// An object as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// What it holds.
    pub body: Vec<u8>,
    /// Tells this version of it from every other.
    pub version: String,
}

/// What must stand under a key for a put to be carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected<'a> {
    /// Nothing.
    Nothing,
    /// The object with this version.
    Version(&'a str),
}

/// Why an object was not read or not put.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ObjectError {
    /// Not reached, or it failed on its side; a put may have been carried out all the same.
    #[error("the bucket is not available: {0}")]
    Unavailable(String),
    /// The request itself is wrong or not permitted.
    #[error("the bucket refused the request: {0}")]
    Refused(String),
}

impl From<ObjectError> for Failure {
    fn from(error: ObjectError) -> Self {
        Self::transient(error)
    }
}

impl From<AskError> for ObjectError {
    fn from(error: AskError) -> Self {
        match error {
            AskError::Unsigned(reason) => Self::Refused(reason),
            AskError::Unanswered(error) => Self::Unavailable(error.to_string()),
        }
    }
}

/// The largest object that is read.
const MAX_OBJECT: usize = 128 * 1024 * 1024;
/// How long a request may take.
const TIMEOUT_MS: u64 = 20_000;
/// So much of a refusal is told.
const TOLD: usize = 300;

impl Env {
    /// The object `key` of `bucket`, if there is one.
    ///
    /// # Errors
    /// If the bucket does not say. A bucket tells those who may not list it that an object is forbidden where it is
    /// missing.
    pub async fn get_object(&self, bucket: &str, key: &str) -> Result<Option<Object>, ObjectError> {
        let reply = self.ask("GET", bucket, key, Vec::new(), Vec::new()).await?;
        match reply.status {
            200 => {
                let version =
                    reply.etag.ok_or_else(|| ObjectError::Unavailable("an object has no version".to_owned()))?;
                Ok(Some(Object { body: reply.body, version }))
            }
            404 => Ok(None),
            _ => Err(refusal(&reply)),
        }
    }

    /// Puts `body`, of the media type `kind`, as the object `key` of `bucket` if what stands there is as `expected`;
    /// says whether it was.
    ///
    /// # Errors
    /// If the bucket does not say, also because another put was under way; the object may have been put.
    pub async fn put_object(
        &self,
        bucket: &str,
        key: &str,
        kind: &str,
        body: Vec<u8>,
        expected: Expected<'_>,
    ) -> Result<bool, ObjectError> {
        let condition = match expected {
            Expected::Nothing => ("if-none-match", "*".to_owned()),
            Expected::Version(version) => ("if-match", version.to_owned()),
        };
        let headers = vec![condition, ("content-type", kind.to_owned())];
        let reply = self.ask("PUT", bucket, key, headers, body).await?;
        match (reply.status, expected) {
            (200, _) => Ok(true),
            (412, _) => Ok(false),
            // No object at all any more.
            (404, Expected::Version(_)) => Ok(false),
            // Another put at the same time: which of the two stands there, if one does, is not told.
            (409, _) => Err(ObjectError::Unavailable("another put was under way".to_owned())),
            _ => Err(refusal(&reply)),
        }
    }

    async fn ask(
        &self,
        method: &'static str,
        bucket: &str,
        key: &str,
        headers: Vec<(&'static str, String)>,
        body: Vec<u8>,
    ) -> Result<Reply, ObjectError> {
        let url = url(self.aws.sdk.endpoint_url(), self.region()?, bucket, key);
        let headers = headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let request = OutboundRequest { method, url, headers, body, timeout_ms: TIMEOUT_MS };
        Ok(self.ask_signed("s3", settings(), request, MAX_OBJECT).await?)
    }
}

/// The path goes as it is written, encoded once, and the body's hash with it.
fn settings() -> SigningSettings {
    let mut settings = SigningSettings::default();
    settings.percent_encoding_mode = PercentEncodingMode::Single;
    settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
    settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
    settings
}

/// Where the object is: under the bucket's own name, or in the path of an endpoint that has none.
fn url(endpoint: Option<&str>, region: &str, bucket: &str, key: &str) -> String {
    let key = encoded(key);
    match endpoint {
        Some(endpoint) => format!("{}/{bucket}/{key}", endpoint.trim_end_matches('/')),
        None => {
            let suffix = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
            format!("https://{bucket}.s3.{region}.{suffix}/{key}")
        }
    }
}

/// A key as a path: everything but unreserved characters and the separator is escaped, as signatures have it.
fn encoded(key: &str) -> String {
    let mut path = String::with_capacity(key.len());
    for byte in key.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => path.push(char::from(byte)),
            _ => {
                // Writing to a text cannot fail.
                let _ = write!(path, "%{byte:02X}");
            }
        }
    }
    path
}

fn refusal(reply: &Reply) -> ObjectError {
    let told: String = String::from_utf8_lossy(&reply.body).chars().take(TOLD).collect();
    let what = format!("{} {told}", reply.status);
    match reply.status {
        429 | 500.. => ObjectError::Unavailable(what),
        _ => ObjectError::Refused(what),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};

    #[test]
    fn keys_are_escaped_once() {
        let key = "retention=7/event=a b/day=2026-01-04/part-0.ndjson";
        let path = "retention%3D7/event%3Da%20b/day%3D2026-01-04/part-0.ndjson";
        assert_eq!(url(None, "eu-west-1", "b", key), format!("https://b.s3.eu-west-1.amazonaws.com/{path}"));
        assert_eq!(url(None, "cn-north-1", "b", "k"), "https://b.s3.cn-north-1.amazonaws.com.cn/k");
        assert_eq!(url(Some("http://127.0.0.1:1/"), "eu-west-1", "b", key), format!("http://127.0.0.1:1/b/{path}"));
    }

    /// Asks a bucket that answers with `answers` in turn, and says what it was asked.
    fn with_bucket<T>(answers: Vec<&'static str>, work: impl AsyncFnOnce(&Env) -> T) -> (T, Vec<String>) {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let bucket = std::thread::spawn(move || {
            let answered = answers.into_iter().map(|answer| {
                let (mut stream, _) = listener.accept().unwrap();
                let (mut asked, mut some) = (Vec::new(), [0_u8; 4096]);
                // The bodies of these tests end with a full stop.
                let is_whole =
                    |asked: &[u8]| asked.ends_with(b".") || asked.starts_with(b"GET") && asked.ends_with(b"\r\n\r\n");
                while !is_whole(&asked) {
                    let count = stream.read(&mut some).unwrap();
                    asked.extend_from_slice(&some[..count]);
                }
                stream.write_all(answer.as_bytes()).unwrap();
                String::from_utf8(asked).unwrap()
            });
            answered.collect::<Vec<_>>()
        });
        let env = Env::of_test(&[("AWS_SESSION_TOKEN", "token"), ("AWS_ENDPOINT_URL", &endpoint)]);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let outcome = runtime.block_on(work(&env));
        (outcome, bucket.join().unwrap())
    }

    const KIND: &str = "application/x-ndjson";
    const FOUND: &str = "HTTP/1.1 200 OK\r\netag: \"v1\"\r\ncontent-length: 3\r\nconnection: close\r\n\r\nold";
    const MISSING: &str = "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    const PUT: &str = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    const CHANGED: &str = "HTTP/1.1 412 Precondition Failed\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    const BUSY: &str = "HTTP/1.1 409 Conflict\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    const SLOW: &str = "HTTP/1.1 503 Slow Down\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    const DENIED: &str = "HTTP/1.1 403 Forbidden\r\ncontent-length: 6\r\nconnection: close\r\n\r\nDenied";

    #[test]
    fn a_put_names_the_version_it_follows_and_is_signed_with_its_body() {
        let (put, asked) = with_bucket(vec![FOUND, PUT], async |env| {
            let object = env.get_object("b", "k=1").await.unwrap().unwrap();
            assert_eq!((object.body.as_slice(), object.version.as_str()), (b"old".as_slice(), "\"v1\""));
            env.put_object("b", "k=1", KIND, b"new.".to_vec(), Expected::Version(&object.version)).await
        });
        assert_eq!(put, Ok(true));
        assert!(asked[0].starts_with("GET /b/k%3D1 HTTP/1.1"), "{}", asked[0]);
        let put = asked[1].to_ascii_lowercase();
        let sha256 = "x-amz-content-sha256: f111e58261a27d7541f9c2f9230a72ca67d8c21391f4117a19fd2802433faea8";
        for part in ["put /b/k%3d1", "if-match: \"v1\"", "x-amz-security-token: token", "content-length: 4", sha256] {
            assert!(put.contains(part), "{part} is not in {put}");
        }
        let signed = "signedheaders=content-type;host;if-match;x-amz-content-sha256;x-amz-date;x-amz-security-token";
        assert!(put.contains("credential=key/") && put.contains("/eu-west-1/s3/aws4_request"), "{put}");
        assert!(put.contains(signed), "{put}");
    }

    #[test]
    fn what_the_bucket_says_is_told_apart() {
        let body = || b"new.".to_vec();
        let (outcomes, asked) = with_bucket(vec![MISSING, CHANGED, SLOW, DENIED], async |env| {
            let found = env.get_object("b", "k").await;
            let lost = env.put_object("b", "k", KIND, body(), Expected::Nothing).await;
            let slow = env.put_object("b", "k", KIND, body(), Expected::Nothing).await;
            let denied = env.put_object("b", "k", KIND, body(), Expected::Nothing).await;
            (found, lost, slow, denied)
        });
        let (found, lost, slow, denied) = outcomes;
        assert_eq!((found, lost), (Ok(None), Ok(false)));
        assert!(matches!(slow, Err(ObjectError::Unavailable(_))), "{slow:?}");
        assert_eq!(denied, Err(ObjectError::Refused("403 Denied".to_owned())));
        assert!(asked[1].to_ascii_lowercase().contains("if-none-match: *"), "{}", asked[1]);
    }

    #[test]
    fn a_put_that_met_another_or_found_no_bucket_is_not_taken_for_one_that_is_there() {
        let body = || b"new.".to_vec();
        let ((busy, no_bucket, gone), _) = with_bucket(vec![BUSY, MISSING, MISSING], async |env| {
            let busy = env.put_object("b", "k", KIND, body(), Expected::Nothing).await;
            let no_bucket = env.put_object("b", "k", KIND, body(), Expected::Nothing).await;
            let gone = env.put_object("b", "k", KIND, body(), Expected::Version("\"v1\"")).await;
            (busy, no_bucket, gone)
        });
        assert!(matches!(busy, Err(ObjectError::Unavailable(_))), "{busy:?}");
        assert!(matches!(no_bucket, Err(ObjectError::Refused(_))), "{no_bucket:?}");
        assert_eq!(gone, Ok(false));
    }
}
