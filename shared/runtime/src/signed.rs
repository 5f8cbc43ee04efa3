//! Requests to AWS that need no client of their own: signed by the crate that signs the SDK's requests, and sent over
//! its transport (docs/adr/0014). Nothing is tried again here.

use aws_credential_types::provider::ProvideCredentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4::SigningParams;
use aws_smithy_runtime_api::client::identity::Identity;

use crate::Env;
use crate::outbound::{OutboundError, OutboundRequest, Reply};

/// Why a request has no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum AskError {
    /// It could not be signed: nothing was sent.
    Unsigned(String),
    /// It was sent, or was to be.
    Unanswered(OutboundError),
}

impl Env {
    /// The region of the function.
    pub(crate) fn region(&self) -> Result<&str, AskError> {
        self.aws.sdk.region().map(AsRef::as_ref).ok_or_else(|| AskError::Unsigned("there is no region".to_owned()))
    }

    /// Signs `request` for `service` and reads at most `most` bytes of the answer, whatever it is.
    pub(crate) async fn ask_signed(
        &self,
        service: &str,
        settings: SigningSettings,
        mut request: OutboundRequest,
        most: usize,
    ) -> Result<Reply, AskError> {
        let missing = |what: &str| AskError::Unsigned(format!("there is no {what}"));
        let client = self.aws.sdk.http_client().ok_or_else(|| missing("transport"))?;
        let provider = self.aws.sdk.credentials_provider().ok_or_else(|| missing("credentials"))?;
        let credentials = provider.provide_credentials().await;
        let identity: Identity = credentials.map_err(|error| AskError::Unsigned(error.to_string()))?.into();
        let signature = self.signature(service, settings, &request, &identity)?;
        request.headers.extend(signature);
        self.exchange(&client, request, most).await.map_err(AskError::Unanswered)
    }

    /// The headers that sign a request.
    fn signature(
        &self,
        service: &str,
        settings: SigningSettings,
        request: &OutboundRequest,
        identity: &Identity,
    ) -> Result<Vec<(String, String)>, AskError> {
        let wrong = |error: &dyn std::fmt::Display| AskError::Unsigned(format!("not signed: {error}"));
        let params = SigningParams::builder()
            .identity(identity)
            .region(self.region()?)
            .name(service)
            .time(self.aws.time.now())
            .settings(settings)
            .build()
            .map_err(|error| wrong(&error))?
            .into();
        let named = request.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let body = SignableBody::Bytes(&request.body);
        let request = SignableRequest::new(request.method, &request.url, named, body);
        let signed = sign(request.map_err(|error| wrong(&error))?, &params).map_err(|error| wrong(&error))?;
        let (instructions, _) = signed.into_parts();
        Ok(instructions.headers().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }
}
