//! The HTTPS client under the SDK and under calls to outside parties: HTTP/1.1 by hyper, TLS by rustls with ring, and
//! the roots that are compiled in (docs/adr/0004). One connection pool each; waiting and trying again are the
//! caller's matter.

use std::sync::Arc;
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector as Tcp;
use hyper_util::rt::TokioExecutor;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

use crate::config::ConfigError;

/// Roots of Amazon Trust Services (Amazon Root CA 1 to 4, Starfield Services G2).
const AMAZON_ROOTS: &[u8] = include_bytes!("roots/amazon.pem");

/// The variable that names other roots for AWS, as in AWS's command line.
pub(crate) const CA_BUNDLE: &str = "AWS_CA_BUNDLE";

/// A client for AWS, which trusts Amazon's roots alone, or those of the PEM file `bundle` in their place: where a proxy
/// or an endpoint of one's own ends TLS.
pub(crate) fn amazon(bundle: Option<&str>) -> Result<SharedHttpClient, ConfigError> {
    let own = bundle.map(std::fs::read).transpose().map_err(|_| trust())?;
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(own.as_deref().unwrap_or(AMAZON_ROOTS)) {
        roots.add(certificate.map_err(|_| trust())?).map_err(|_| trust())?;
    }
    if roots.is_empty() {
        return Err(trust());
    }
    client(roots, Duration::from_secs(1))
}

/// A client for outside parties, which trusts the roots that Mozilla does.
pub(crate) fn public() -> Result<SharedHttpClient, ConfigError> {
    client(webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect(), Duration::from_secs(2))
}

fn trust() -> ConfigError {
    ConfigError::Invalid(CA_BUNDLE.to_owned(), "the path of a list of PEM certificates")
}

fn client(roots: RootCertStore, connect_timeout: Duration) -> Result<SharedHttpClient, ConfigError> {
    let tls = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|_| ConfigError::Invalid("TLS".to_owned(), "a version that ring knows"))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let mut tcp = Tcp::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    tcp.set_connect_timeout(Some(connect_timeout));
    // Plain HTTP is for emulators; a production endpoint's URL says https.
    let connector =
        HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1().wrap_connector(tcp);
    Ok(SharedHttpClient::new(Https(Client::builder(TokioExecutor::new()).build(connector))))
}

#[derive(Debug, Clone)]
struct Https(Client<HttpsConnector<Tcp>, SdkBody>);

impl HttpClient for Https {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Https {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let request = match request.try_into_http1x() {
            Ok(request) => request,
            Err(error) => return HttpConnectorFuture::ready(Err(ConnectorError::user(error.into()))),
        };
        let answer = self.0.request(request);
        HttpConnectorFuture::new(async move {
            // Whatever happens on the way is I/O, which the SDK tries again.
            let answer = answer.await.map_err(|error| ConnectorError::io(error.into()))?;
            HttpResponse::try_from(answer.map(SdkBody::from_body_1_x))
                .map_err(|error| ConnectorError::other(error.into(), None))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_roots_are_there() {
        assert_eq!(CertificateDer::pem_slice_iter(AMAZON_ROOTS).count(), 5);
        assert!(webpki_roots::TLS_SERVER_ROOTS.len() > 100);
        assert!(amazon(None).is_ok() && public().is_ok());
    }

    #[test]
    fn roots_of_ones_own_take_their_place_and_none_is_refused() {
        let roots = concat!(env!("CARGO_MANIFEST_DIR"), "/src/roots/amazon.pem");
        assert!(amazon(Some(roots)).is_ok());
        for bundle in ["/nonexistent.pem", concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")] {
            assert!(
                matches!(amazon(Some(bundle)), Err(ConfigError::Invalid(name, _)) if name == CA_BUNDLE),
                "{bundle}"
            );
        }
    }
}
