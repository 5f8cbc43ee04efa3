//! Calls to outside parties over the same transport as the SDK, so that a simulation can stand in for them.

use std::time::Duration;

use aws_smithy_runtime_api::client::http::{HttpClient, HttpConnector, HttpConnectorSettings};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponentsBuilder;
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
                let client = crate::aws::public_https().map_err(|error| OutboundError::NotSent(error.to_string()))?;
                self.outbound.get_or_init(|| client).clone()
            }
        };
        let limit = Duration::from_millis(request.timeout_ms);
        let http = to_http(request)?;
        let settings = HttpConnectorSettings::builder().connect_timeout(Duration::from_millis(2_000)).build();
        let components = RuntimeComponentsBuilder::new("outbound")
            .with_sleep_impl(Some(self.aws.sleep.clone()))
            .with_time_source(Some(self.aws.time.clone()))
            .build();
        let components = components.map_err(|error| OutboundError::NotSent(error.to_string()))?;
        let call = async {
            let reply = client
                .http_connector(&settings, &components)
                .call(http)
                .await
                .map_err(|error| OutboundError::Unknown(format!("{error:?}")))?;
            let status = reply.status().as_u16();
            let body = aws_smithy_types::byte_stream::ByteStream::new(reply.into_body())
                .collect()
                .await
                .map_err(|error| OutboundError::Unknown(error.to_string()))?
                .to_vec();
            if body.len() > MAX_BODY {
                return Err(OutboundError::Unknown("the answer is too large".to_owned()));
            }
            Ok(OutboundResponse { status, body })
        };
        let late = || Err(OutboundError::Unknown("timed out".to_owned()));
        self.clock.timeout(limit, call).await.unwrap_or_else(late)
    }
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
