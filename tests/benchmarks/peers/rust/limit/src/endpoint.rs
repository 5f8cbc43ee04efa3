//! A service of AWS over one TLS connection: JSON in, JSON out.

use std::net::TcpStream;
use std::sync::Arc;

use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::clock::Moment;
use crate::http::{Connection, Reply};
use crate::sign::Signer;
use crate::{Error, variable};

const HTTPS: u16 = 443;

type Tls = Connection<StreamOwned<ClientConnection, TcpStream>>;

/// How a service wants to be spoken to.
#[derive(Debug)]
pub struct Service {
    /// As signatures name it.
    pub name: &'static str,
    /// What stands before the operation in a request's target.
    pub target: &'static str,
    /// The type of its JSON.
    pub content: &'static str,
}

/// The tables.
pub static DYNAMODB: Service =
    Service { name: "dynamodb", target: "DynamoDB_20120810", content: "application/x-amz-json-1.0" };
/// The event bus.
pub static EVENTS: Service = Service { name: "events", target: "AWSEvents", content: "application/x-amz-json-1.1" };
/// The keys.
pub static KMS: Service = Service { name: "kms", target: "TrentService", content: "application/x-amz-json-1.1" };

/// A connection to a service.
pub struct Endpoint {
    service: &'static Service,
    host: String,
    tls: Arc<ClientConfig>,
    connection: Tls,
    signer: Signer,
}

impl Endpoint {
    /// Connects; the handshake is part of the initialisation.
    pub fn connect(service: &'static Service) -> Result<Self, Error> {
        let url = variable("AWS_ENDPOINT_URL")?;
        let host = url.strip_prefix("https://").ok_or("AWS_ENDPOINT_URL is not https")?.trim_end_matches('/');
        let tls = Arc::new(tls()?);
        Ok(Self {
            service,
            host: host.to_owned(),
            connection: open(&tls, host)?,
            tls,
            signer: Signer::from_env(service)?,
        })
    }

    /// One call, over a new connection where the last call failed.
    pub fn call(&mut self, operation: &str, body: &str) -> Result<Reply<'_>, Error> {
        let target = format!("{}.{operation}", self.service.target);
        let headers = self.signer.headers(&self.host, &target, &Moment::now().basic(), body.as_bytes());
        let length = body.len();
        let request = format!("POST / HTTP/1.1\r\n{headers}content-length:{length}\r\n\r\n{body}");
        if !self.connection.is_open() {
            self.connection = open(&self.tls, &self.host)?;
        }
        Ok(self.connection.exchange(request.as_bytes())?)
    }
}

fn open(config: &Arc<ClientConfig>, host: &str) -> Result<Tls, Error> {
    let (name, port) = host.split_once(':').map_or((host, Ok(HTTPS)), |(name, port)| (name, port.parse()));
    let mut stream = TcpStream::connect((name, port?))?;
    stream.set_nodelay(true)?;
    let mut tls = ClientConnection::new(Arc::clone(config), ServerName::try_from(name.to_owned())?)?;
    while tls.is_handshaking() {
        tls.complete_io(&mut stream)?;
    }
    Ok(Connection::new(StreamOwned::new(tls, stream)))
}

/// Trusts the authorities of AWS_CA_BUNDLE, and no others.
fn tls() -> Result<ClientConfig, Error> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(variable("AWS_CA_BUNDLE")?)? {
        roots.add(certificate?)?;
    }
    let config =
        ClientConfig::builder_with_provider(Arc::new(default_provider())).with_safe_default_protocol_versions();
    Ok(config?.with_root_certificates(roots).with_no_client_auth())
}

/// The body of a call that succeeded.
pub fn body<'a>(reply: &Reply<'a>) -> Result<&'a [u8], Error> {
    if reply.status == 200 { Ok(reply.body) } else { Err(refused(reply)) }
}

/// What a call that failed says.
pub fn refused(reply: &Reply<'_>) -> Error {
    format!("the service answered {}: {}", reply.status, String::from_utf8_lossy(reply.body)).into()
}
