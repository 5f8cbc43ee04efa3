//! Signature Version 4 of one service in one region; a day's key is derived once.

use ring::digest::{SHA256, digest};
use ring::hmac::{HMAC_SHA256, Key, Tag, sign};

use crate::endpoint::Service;
use crate::{Error, variable};

const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// Signs requests to a service.
pub struct Signer {
    service: &'static Service,
    key_id: String,
    secret: String,
    token: Option<String>,
    region: String,
    today: Option<(String, Key)>,
}

impl Signer {
    /// With the function's credentials.
    pub fn from_env(service: &'static Service) -> Result<Self, Error> {
        Ok(Self {
            service,
            key_id: variable("AWS_ACCESS_KEY_ID")?,
            secret: variable("AWS_SECRET_ACCESS_KEY")?,
            token: std::env::var("AWS_SESSION_TOKEN").ok().filter(|token| !token.is_empty()),
            region: variable("AWS_REGION")?,
            today: None,
        })
    }

    /// The headers that a request carries, the signature last, each with the end of its line.
    pub fn headers(&mut self, host: &str, target: &str, moment: &str, body: &[u8]) -> String {
        let (mut headers, mut names) = (
            format!("content-type:{}\nhost:{host}\nx-amz-date:{moment}\n", self.service.content),
            "content-type;host;x-amz-date".to_owned(),
        );
        if let Some(token) = &self.token {
            headers.push_str(&format!("x-amz-security-token:{token}\n"));
            names.push_str(";x-amz-security-token");
        }
        headers.push_str(&format!("x-amz-target:{target}\n"));
        names.push_str(";x-amz-target");
        let canonical = format!("POST\n/\n\n{headers}\n{names}\n{}", sha256(body));
        let day = &moment[..8];
        let scope = format!("{day}/{}/{}/aws4_request", self.region, self.service.name);
        let text = format!("{ALGORITHM}\n{moment}\n{scope}\n{}", sha256(canonical.as_bytes()));
        let signature = hex(sign(self.key(day), text.as_bytes()).as_ref());
        let credential = format!("{}/{scope}", self.key_id);
        format!(
            "{}authorization:{ALGORITHM} Credential={credential}, SignedHeaders={names}, Signature={signature}\r\n",
            headers.replace('\n', "\r\n")
        )
    }

    fn key(&mut self, day: &str) -> &Key {
        if self.today.as_ref().is_none_or(|(known, _)| known != day) {
            self.today = None;
        }
        let (secret, region, service) = (&self.secret, &self.region, self.service.name);
        let derive = || {
            let first = Key::new(HMAC_SHA256, format!("AWS4{secret}").as_bytes());
            let next = |tag: Tag, part: &str| sign(&Key::new(HMAC_SHA256, tag.as_ref()), part.as_bytes());
            let service = next(next(sign(&first, day.as_bytes()), region), service);
            (day.to_owned(), Key::new(HMAC_SHA256, next(service, "aws4_request").as_ref()))
        };
        &self.today.get_or_insert_with(derive).1
    }
}

/// A text's digest, in hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    hex(digest(&SHA256, bytes).as_ref())
}

/// Bytes in hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |value: u8| char::from(DIGITS[usize::from(value)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}
