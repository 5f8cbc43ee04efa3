//! Signs calls of services that are spoken to by `POST /` (Signature Version 4). The SDK's own signer derives the day's
//! key anew for each request and signs every header: a third of what a warm command took (docs/adr/0004). This one keeps
//! the key of the day and signs what has to be signed; every other request it leaves to the SDK's.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_credential_types::Credentials;
use aws_runtime::auth::PayloadSigningOverride;
use aws_runtime::auth::sigv4::{SCHEME_ID, SigV4Signer};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::auth::{AuthScheme, AuthSchemeEndpointConfig, AuthSchemeId, Sign};
use aws_smithy_runtime_api::client::identity::{Identity, SharedIdentityResolver};
use aws_smithy_runtime_api::client::interceptors::context::BeforeDeserializationInterceptorContextRef;
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::{GetIdentityResolver, RuntimeComponents};
use aws_smithy_types::DateTime;
use aws_smithy_types::config_bag::ConfigBag;
use aws_smithy_types::date_time::Format;
use aws_types::SigningName;
use aws_types::region::SigningRegion;
use quoin_digest::{Sha256, hex};
use quoin_events::Timestamp;
use ring::hmac;

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
const DATE: &str = "x-amz-date";
const TOKEN: &str = "x-amz-security-token";

/// The SDK's scheme `sigv4` with this signer.
#[derive(Debug, Clone, Default)]
pub struct JsonSigning(Arc<Signer>);

impl JsonSigning {
    /// What learns the service's clock from its refusals.
    #[must_use]
    pub fn clock(&self) -> ServiceClock {
        ServiceClock(self.0.clone())
    }
}

impl AuthScheme for JsonSigning {
    fn scheme_id(&self) -> AuthSchemeId {
        SCHEME_ID
    }

    fn identity_resolver(&self, resolvers: &dyn GetIdentityResolver) -> Option<SharedIdentityResolver> {
        resolvers.identity_resolver(SCHEME_ID)
    }

    fn signer(&self) -> &dyn Sign {
        &*self.0
    }
}

#[derive(Debug, Default)]
struct Signer {
    general: SigV4Signer,
    day: Mutex<Option<Arc<Day>>>,
    /// How many milliseconds the service's clock is ahead.
    ahead_ms: AtomicI64,
}

/// The key of a day, and what it is for.
#[derive(Debug)]
struct Day {
    access_key: String,
    scope: String,
    key: hmac::Key,
}

impl Day {
    fn new(credentials: &Credentials, scope: String) -> Self {
        let secret = format!("AWS4{}", credentials.secret_access_key());
        let key = scope.split('/').fold(key(secret.as_bytes()), |above, part| {
            let below = hmac::sign(&above, part.as_bytes());
            key(below.as_ref())
        });
        Self { access_key: credentials.access_key_id().to_owned(), scope, key }
    }
}

fn key(bytes: &[u8]) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, bytes)
}

impl Signer {
    /// The key for `scope`; another day or other credentials make another one.
    fn day(&self, credentials: &Credentials, scope: String) -> Result<Arc<Day>, BoxError> {
        let mut kept = self.day.lock().map_err(|_| "the signer's key is lost")?;
        match kept.as_ref() {
            Some(day) if day.scope == scope && day.access_key == credentials.access_key_id() => Ok(day.clone()),
            Some(_) | None => Ok(kept.insert(Arc::new(Day::new(credentials, scope))).clone()),
        }
    }

    fn now(&self, time: SystemTime) -> Timestamp {
        let millis = time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
        Timestamp::from_millis(i64::try_from(millis).unwrap_or(i64::MAX))
            .plus_millis(self.ahead_ms.load(Ordering::Relaxed))
    }
}

impl Sign for Signer {
    fn sign_http_request(
        &self,
        request: &mut HttpRequest,
        identity: &Identity,
        endpoint: AuthSchemeEndpointConfig<'_>,
        components: &RuntimeComponents,
        bag: &ConfigBag,
    ) -> Result<(), BoxError> {
        // Endpoints that are signed for another name or region, and bodies that are signed otherwise, are not for here.
        let is_special = endpoint.get("signingName").is_some()
            || endpoint.get("signingRegion").is_some()
            || bag.load::<PayloadSigningOverride>().is_some();
        let (Some(credentials), Some(region), Some(service), Some(host), Some(body), "POST", false) = (
            identity.data::<Credentials>(),
            bag.load::<SigningRegion>(),
            bag.load::<SigningName>(),
            host(request.uri()).map(str::to_owned),
            request.body().bytes().map(Sha256::of),
            request.method(),
            is_special,
        ) else {
            return self.general.sign_http_request(request, identity, endpoint, components, bag);
        };
        let now = compact(self.now(components.time_source().unwrap_or_default().now()));
        let date = now.get(..8).unwrap_or_default();
        let day = self.day(credentials, format!("{date}/{}/{}/aws4_request", region.as_ref(), service.as_ref()))?;
        if let Some(token) = credentials.session_token() {
            request.headers_mut().try_insert(TOKEN, token.to_owned())?;
        }
        request.headers_mut().try_insert(DATE, now.clone())?;
        let (canonical, signed) = canonical(request, &host, &body);
        let text = format!("{ALGORITHM}\n{now}\n{}\n{}", day.scope, Sha256::of(canonical).hex());
        let signature = hex(hmac::sign(&day.key, text.as_bytes()).as_ref());
        let authorization = format!(
            "{ALGORITHM} Credential={}/{}, SignedHeaders={signed}, Signature={signature}",
            day.access_key, day.scope
        );
        request.headers_mut().try_insert("authorization", authorization)?;
        Ok(())
    }
}

/// The canonical request, and the names of the headers that it covers. None of these comes twice or has two spaces in a
/// row, so their values stand as they are.
fn canonical(request: &HttpRequest, host: &str, body: &Sha256) -> (String, String) {
    let signed = request.headers().iter().filter(|(name, _)| *name == "content-type" || name.starts_with("x-amz-"));
    let mut headers: Vec<(&str, &str)> = signed.chain([("host", host)]).collect();
    headers.sort_unstable();
    let mut text = String::with_capacity(1_024);
    text.push_str("POST\n/\n\n");
    let mut names = String::with_capacity(96);
    for (name, value) in headers {
        for part in [name, ":", value.trim(), "\n"] {
            text.push_str(part);
        }
        if !names.is_empty() {
            names.push(';');
        }
        names.push_str(name);
    }
    for part in ["\n", &names, "\n", &body.hex()] {
        text.push_str(part);
    }
    (text, names)
}

/// The host of a `uri` that is nothing but a host, as the request names it: without the port that goes without saying.
fn host(uri: &str) -> Option<&str> {
    let (usual, rest) = match uri.strip_prefix("https://") {
        Some(rest) => (":443", rest),
        None => (":80", uri.strip_prefix("http://")?),
    };
    let authority = rest.strip_suffix('/').unwrap_or(rest);
    let is_all = !authority.is_empty() && !authority.contains(['/', '?', '#', '@']);
    is_all.then(|| authority.strip_suffix(usual).unwrap_or(authority))
}

/// `20260104T123000Z`.
fn compact(moment: Timestamp) -> String {
    let text = moment.to_string();
    let whole = text.split('.').next().unwrap_or_default();
    whole.chars().filter(|letter| !matches!(letter, '-' | ':')).chain(['Z']).collect()
}

/// Learns how far the service's clock is ahead from what it refuses; the SDK decides whether to try again.
#[derive(Debug)]
pub struct ServiceClock(Arc<Signer>);

/// From here on the SDK takes a refusal for the clock's fault and tries again, which has to be with another time.
const TOLERATED: Duration = Duration::from_secs(4 * 60);

#[dyn_dispatch_hint]
impl Intercept for ServiceClock {
    fn name(&self) -> &'static str {
        "ServiceClock"
    }

    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        components: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let response = context.response();
        let told = response.headers().get("date").filter(|_| !response.status().is_success());
        let Some(theirs) = told.and_then(|date| DateTime::from_str(date, Format::HttpDate).ok()) else { return Ok(()) };
        let ours = DateTime::from(components.time_source().unwrap_or_default().now());
        let ahead_ms = theirs.to_millis()?.saturating_sub(ours.to_millis()?);
        let is_skewed = u128::from(ahead_ms.unsigned_abs()) > TOLERATED.as_millis();
        self.0.ahead_ms.store(if is_skewed { ahead_ms } else { 0 }, Ordering::Relaxed);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
