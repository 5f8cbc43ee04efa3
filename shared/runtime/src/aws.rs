//! SDK clients, trimmed in this one place: no credential chain and no default HTTPS client (docs/adr/0004).

use std::time::Duration;

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_runtime::user_agent::UserAgentInterceptor;
use aws_sdk_dynamodb::config::BehaviorVersion;
use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use aws_smithy_async::time::{SharedTimeSource, SystemTimeSource};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_runtime_api::client::interceptors::context::BeforeSerializationInterceptorContextRef;
use aws_smithy_runtime_api::client::interceptors::{Intercept, disable_interceptor, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_smithy_types::config_bag::ConfigBag;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::SdkConfig;
use aws_types::region::Region;

use crate::config::{Config, ConfigError};

/// What every SDK client is made from.
#[derive(Debug, Clone)]
pub struct Aws {
    /// For the constructors of SDK clients.
    pub sdk: SdkConfig,
    /// For calls to outside parties, if not over the public roots.
    pub outbound: Option<SharedHttpClient>,
    /// Time.
    pub time: SharedTimeSource,
    /// Waiting.
    pub sleep: SharedAsyncSleep,
}

/// A client of the SDK's crate `$sdk`, for a service that is spoken to by `POST /`: over what `$aws` has, signed here,
/// and without a description of the SDK in each request.
#[macro_export]
macro_rules! client {
    ($sdk:ident, $aws:expr) => {{
        let signing = $crate::JsonSigning::default();
        let config = $sdk::config::Builder::from(&$aws.sdk)
            .interceptor(signing.clock())
            .interceptor($crate::Terse)
            .push_auth_scheme(signing);
        $sdk::Client::from_conf(config.build())
    }};
}

/// Leaves the SDK's description of itself out of requests, which each would build, sign and send: the service's own log
/// names the role, which tells more.
#[derive(Debug)]
pub struct Terse;

#[dyn_dispatch_hint]
impl Intercept for Terse {
    fn name(&self) -> &'static str {
        "Terse"
    }

    fn read_before_execution(
        &self,
        _: &BeforeSerializationInterceptorContextRef<'_>,
        bag: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        bag.interceptor_state().store_put(disable_interceptor::<UserAgentInterceptor>("the role says who asks"));
        Ok(())
    }
}

/// How long AWS may take.
#[derive(Debug, Clone, Copy)]
struct Patience {
    attempt: Duration,
    operation: Duration,
    attempts: u32,
}

impl Patience {
    const FUNCTION: Self =
        Self { attempt: Duration::from_millis(3_000), operation: Duration::from_millis(8_000), attempts: 3 };
    const COMMAND_LINE: Self =
        Self { attempt: Duration::from_secs(20), operation: Duration::from_secs(120), attempts: 6 };
}

impl Aws {
    /// Clients for the endpoints and credentials of the environment, as a function needs them: somebody waits.
    ///
    /// # Errors
    /// If the region or the credentials are missing, or the roots cannot be read.
    pub fn from_config(config: &Config) -> Result<Self, ConfigError> {
        Self::with_patience(config, Patience::FUNCTION)
    }

    /// The same for a command that walks through whole tables: one slow answer does not end it.
    ///
    /// # Errors
    /// As of a function.
    pub fn of_command_line(config: &Config) -> Result<Self, ConfigError> {
        Self::with_patience(config, Patience::COMMAND_LINE)
    }

    fn with_patience(config: &Config, patience: Patience) -> Result<Self, ConfigError> {
        let credentials = Credentials::new(
            config.require("AWS_ACCESS_KEY_ID")?,
            config.require("AWS_SECRET_ACCESS_KEY")?,
            config.get("AWS_SESSION_TOKEN").map(str::to_owned),
            None,
            "environment",
        );
        let (time, sleep) = (SharedTimeSource::new(SystemTimeSource::new()), SharedAsyncSleep::new(TokioSleep::new()));
        let mut sdk = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(config.require("AWS_REGION")?.to_owned()))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .http_client(crate::https::amazon(config.get(crate::https::CA_BUNDLE))?)
            .time_source(time.clone())
            .sleep_impl(sleep.clone())
            .retry_config(RetryConfig::standard().with_max_attempts(patience.attempts))
            .timeout_config(
                TimeoutConfig::builder()
                    .operation_attempt_timeout(patience.attempt)
                    .operation_timeout(patience.operation)
                    .build(),
            )
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
        if let Some(endpoint) = config.get("AWS_ENDPOINT_URL") {
            sdk = sdk.endpoint_url(endpoint);
        }
        Ok(Self { sdk: sdk.build(), outbound: None, time, sleep })
    }
}
