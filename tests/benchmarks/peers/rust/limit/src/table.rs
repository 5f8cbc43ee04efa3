//! DynamoDB's JSON 1.0 over one TLS connection.

use std::net::TcpStream;
use std::sync::Arc;

use ring::rand::{SecureRandom, SystemRandom};
use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use serde::Deserialize;

use crate::clock::Moment;
use crate::http::{Connection, Reply};
use crate::sign::{Signer, hex};
use crate::{Error, variable};

const HTTPS: u16 = 443;

type Tls = Connection<StreamOwned<ClientConnection, TcpStream>>;

/// The tables' endpoint, and their names.
pub struct Tables {
    /// Balances.
    pub wallets: String,
    /// Entries of wallets.
    pub ledger: String,
    /// Events to be published.
    pub outbox: String,
    /// Answers given.
    pub idempotency: String,
    host: String,
    tls: Arc<ClientConfig>,
    connection: Tls,
    signer: Signer,
    random: SystemRandom,
}

impl Tables {
    /// Connects; the handshake is part of the initialisation.
    pub fn connect() -> Result<Self, Error> {
        let url = variable("AWS_ENDPOINT_URL")?;
        let host = url.strip_prefix("https://").ok_or("AWS_ENDPOINT_URL is not https")?.trim_end_matches('/');
        let tls = Arc::new(tls()?);
        Ok(Self {
            wallets: variable("TABLE_WALLETS")?,
            ledger: variable("TABLE_LEDGER")?,
            outbox: variable("TABLE_OUTBOX")?,
            idempotency: variable("TABLE_IDEMPOTENCY")?,
            host: host.to_owned(),
            connection: open(&tls, host)?,
            tls,
            signer: Signer::from_env()?,
            random: SystemRandom::new(),
        })
    }

    /// One call, over a new connection where the last call failed.
    pub fn call(&mut self, operation: &str, body: &str) -> Result<Reply<'_>, Error> {
        let target = format!("DynamoDB_20120810.{operation}");
        let headers = self.signer.headers(&self.host, &target, &Moment::now().basic(), body.as_bytes());
        let length = body.len();
        let request = format!("POST / HTTP/1.1\r\n{headers}content-length:{length}\r\n\r\n{body}");
        if !self.connection.is_open() {
            self.connection = open(&self.tls, &self.host)?;
        }
        Ok(self.connection.exchange(request.as_bytes())?)
    }

    /// An id that sorts by its moment.
    pub fn id(&self, now: Moment) -> Result<String, Error> {
        let mut random = [0; 10];
        self.random.fill(&mut random).map_err(|_| "no randomness")?;
        Ok(format!("{:012x}{}", now.millis, hex(&random)))
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

/// What came of a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Written.
    Done,
    /// The wallet moved meanwhile: to be read again.
    Moved,
    /// The operation was done before.
    Repeated,
}

#[derive(Deserialize)]
struct Refusal<'a> {
    #[serde(rename = "__type")]
    kind: &'a str,
    #[serde(rename = "CancellationReasons", borrow, default)]
    reasons: Vec<Reason<'a>>,
}

#[derive(Deserialize)]
struct Reason<'a> {
    #[serde(rename = "Code")]
    code: &'a str,
}

/// A refusal of that kind, whose name may stand behind a namespace.
fn refusal<'a>(reply: &Reply<'a>, kind: &str) -> Option<Refusal<'a>> {
    let refusal: Refusal<'_> = serde_json::from_slice(reply.body).ok()?;
    let name = refusal.kind.rsplit('#').next()?;
    (reply.status == 400 && name == kind).then_some(refusal)
}

/// Whether a write's condition failed.
pub fn is_taken(reply: &Reply<'_>) -> bool {
    refusal(reply, "ConditionalCheckFailedException").is_some()
}

/// Reads what came of a transaction whose first item is the wallet and whose last is the receipt.
pub fn outcome(reply: &Reply<'_>) -> Result<Outcome, Error> {
    const CONDITION: &str = "ConditionalCheckFailed";
    if reply.status == 200 {
        return Ok(Outcome::Done);
    }
    let reasons = refusal(reply, "TransactionCanceledException").map(|refusal| refusal.reasons).unwrap_or_default();
    let failed = |reason: Option<&Reason<'_>>| reason.is_some_and(|reason| reason.code == CONDITION);
    if failed(reasons.last()) {
        Ok(Outcome::Repeated)
    } else if failed(reasons.first()) || reasons.iter().any(|reason| reason.code == "TransactionConflict") {
        Ok(Outcome::Moved)
    } else {
        Err(refused(reply))
    }
}

/// The body of a call that succeeded.
pub fn body<'a>(reply: &Reply<'a>) -> Result<&'a [u8], Error> {
    if reply.status == 200 { Ok(reply.body) } else { Err(refused(reply)) }
}

/// What a call that failed says.
pub fn refused(reply: &Reply<'_>) -> Error {
    format!("the table answered {}: {}", reply.status, String::from_utf8_lossy(reply.body)).into()
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
