//! Calls to outside parties over the same transport as the SDK, so that a simulation can stand in for them.

use std::time::Duration;

use aws_smithy_runtime::client::auth::no_auth::{NO_AUTH_SCHEME_ID, NoAuthScheme};
use aws_smithy_runtime::client::identity::{IdentityCache, no_auth::NoAuthIdentityResolver};
use aws_smithy_runtime::client::orchestrator::endpoints::StaticUriEndpointResolver;
use aws_smithy_runtime::client::retries::strategy::NeverRetryStrategy;
use aws_smithy_runtime_api::client::auth::static_resolver::StaticAuthSchemeOptionResolver;
use aws_smithy_runtime_api::client::http::{HttpClient, HttpConnector, HttpConnectorSettings, SharedHttpClient};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::{BuildError, RuntimeComponents, RuntimeComponentsBuilder};
use aws_smithy_types::body::SdkBody;

use crate::Env;

/// A call.
#[derive(Debug, Clone)]
pub struct OutboundRequest {
    /// HTTP method.
    pub method: &'static str,
    /// Full URL.
    pub url: String,
    /// Header names and values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// How long to wait for the answer.
    pub timeout_ms: u64,
}

/// What came back.
#[derive(Debug, Clone)]
pub struct OutboundResponse {
    /// HTTP status.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
}

/// Why a call has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OutboundError {
    /// Never sent: the other side has seen nothing.
    #[error("not sent: {0}")]
    NotSent(String),
    /// Perhaps received: the outcome is unknown and must be asked about.
    #[error("no answer: {0}")]
    Unknown(String),
}

/// An answer with what it says of the version of an object.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) etag: Option<String>,
    pub(crate) body: Vec<u8>,
}

/// The largest answer that is read.
const MAX_BODY: usize = 1024 * 1024;

impl Env {
    /// Calls an outside party.
    ///
    /// # Errors
    /// If there is no answer in time; any HTTP status is an answer.
    pub async fn call(&self, request: OutboundRequest) -> Result<OutboundResponse, OutboundError> {
        let client = match (&self.aws.outbound, self.outbound.get()) {
            (Some(client), _) | (None, Some(client)) => client.clone(),
            (None, None) => {
                let client = crate::https::public().map_err(|error| OutboundError::NotSent(error.to_string()))?;
                self.outbound.get_or_init(|| client).clone()
            }
        };
        let reply = self.exchange(&client, request, MAX_BODY).await?;
        Ok(OutboundResponse { status: reply.status, body: reply.body })
    }

    /// Sends `request` over `client` and reads at most `most` bytes of the answer.
    pub(crate) async fn exchange(
        &self,
        client: &SharedHttpClient,
        request: OutboundRequest,
        most: usize,
    ) -> Result<Reply, OutboundError> {
        let limit = Duration::from_millis(request.timeout_ms);
        let http = to_http(request)?;
        let settings = HttpConnectorSettings::default();
        let components = self.components().map_err(|error| OutboundError::NotSent(error.to_string()))?;
        let call = async {
            let reply =
                client.http_connector(&settings, &components).call(http).await.map_err(|error| failed(&error))?;
            let status = reply.status().as_u16();
            let etag = reply.headers().get("etag").map(str::to_owned);
            let body = aws_smithy_types::byte_stream::ByteStream::new(reply.into_body())
                .collect()
                .await
                .map_err(|error| OutboundError::Unknown(error.to_string()))?
                .to_vec();
            if body.len() > most {
                return Err(OutboundError::Unknown("the answer is too large".to_owned()));
            }
            Ok(Reply { status, etag, body })
        };
        let late = || Err(OutboundError::Unknown("timed out".to_owned()));
        self.clock.timeout(limit, call).await.unwrap_or_else(late)
    }

    // A connector needs time and waiting only; the rest is what an SDK operation must have to be complete.
    fn components(&self) -> Result<RuntimeComponents, BuildError> {
        RuntimeComponentsBuilder::new("outbound")
            .with_sleep_impl(Some(self.aws.sleep.clone()))
            .with_time_source(Some(self.aws.time.clone()))
            .with_endpoint_resolver(Some(StaticUriEndpointResolver::http_localhost(0)))
            .with_retry_strategy(Some(NeverRetryStrategy::new()))
            .with_identity_cache(Some(IdentityCache::no_cache()))
            .with_auth_scheme(NoAuthScheme::default())
            .with_auth_scheme_option_resolver(Some(StaticAuthSchemeOptionResolver::new(vec![NO_AUTH_SCHEME_ID])))
            .with_identity_resolver(NO_AUTH_SCHEME_ID, NoAuthIdentityResolver::new())
            .build()
    }
}

// A connection that was never made has carried nothing; whatever happened after that may have arrived.
fn failed(error: &ConnectorError) -> OutboundError {
    let text = format!("{error:?}");
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        if inner.downcast_ref::<hyper_util::client::legacy::Error>().is_some_and(|error| error.is_connect()) {
            return OutboundError::NotSent(text);
        }
        cause = inner.source();
    }
    OutboundError::Unknown(text)
}

fn to_http(request: OutboundRequest) -> Result<HttpRequest, OutboundError> {
    let mut builder = http::Request::builder().method(request.method).uri(request.url);
    for (name, value) in request.headers {
        builder = builder.header(name, value);
    }
    let http = builder
        .header("content-length", request.body.len())
        .body(SdkBody::from(request.body))
        .map_err(|error| OutboundError::NotSent(error.to_string()))?;
    HttpRequest::try_from(http).map_err(|error| OutboundError::NotSent(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env() -> Env {
        Env::of_test(&[])
    }

    fn posted(env: &Env, url: String) -> Result<OutboundResponse, OutboundError> {
        let headers = vec![("x-key".to_owned(), "1".to_owned())];
        let request = OutboundRequest { method: "POST", url, headers, body: b"body".to_vec(), timeout_ms: 5_000 };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(env.call(request))
    }

    #[test]
    fn a_call_that_nobody_accepts_was_never_sent_and_one_that_is_dropped_may_have_arrived() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let other_side = std::thread::spawn(move || drop(listener.accept().unwrap()));
        let dropped = posted(&env(), url.clone());
        assert!(matches!(dropped, Err(OutboundError::Unknown(_))), "{dropped:?}");
        other_side.join().unwrap();
        let refused = posted(&env(), url);
        assert!(matches!(refused, Err(OutboundError::NotSent(_))), "{refused:?}");
    }

    #[test]
    fn a_call_reaches_the_network() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/path", listener.local_addr().unwrap());
        let other_side = std::thread::spawn(move || {
            use std::io::{Read, Write};
            let (mut stream, _) = listener.accept().unwrap();
            let mut text = [0_u8; 1024];
            let count = stream.read(&mut text).unwrap();
            stream.write_all(b"HTTP/1.1 418 Teapot\r\ncontent-length: 2\r\n\r\nhi").unwrap();
            String::from_utf8_lossy(&text[..count]).into_owned()
        });
        let reply = posted(&env(), url).unwrap();
        assert_eq!((reply.status, reply.body.as_slice()), (418, b"hi".as_slice()));
        let seen = other_side.join().unwrap();
        assert!(seen.starts_with("POST /path") && seen.contains("x-key: 1"), "{seen}");
    }
}
