//! The bucket, as far as functions ask for it: objects that are read, and put under a condition.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::Cloud;
use crate::scheduler::lock;
use crate::wire::{Reply, Request};

/// Whether the request is for an object.
pub(super) fn is_object(request: &Request) -> bool {
    request.url.contains(".s3.us-east-1.amazonaws.com/")
}

/// Bucket and key of an object.
fn place(url: &str) -> String {
    let host = url.split_once("://").map_or(url, |(_, rest)| rest);
    let bucket = host.split('.').next().unwrap_or_default();
    let path = url.split_once(".com/").map(|(_, path)| path.replace("%3D", "=")).unwrap_or_default();
    format!("{bucket}/{path}")
}

/// Tells the versions of an object apart.
fn version(body: &[u8]) -> String {
    let digest: String = Sha256::digest(body).iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    format!("\"{digest}\"")
}

/// A bucket's answer, with what an error says.
pub(super) fn answer(status: u16, code: &str) -> Reply {
    let body = format!("<Error><Code>{code}</Code></Error>").into_bytes();
    Reply { status, headers: BTreeMap::new(), body: if code.is_empty() { Vec::new() } else { body } }
}

impl Cloud {
    pub(super) fn object(&self, request: &Request) -> Reply {
        let key = place(&request.url);
        if !request.headers.get("authorization").is_some_and(|signed| signed.contains("/us-east-1/s3/aws4_request")) {
            return answer(403, "AccessDenied");
        }
        let mut objects = lock(&self.objects);
        let stored = objects.get(&key);
        match request.method.as_str() {
            "GET" => match stored {
                Some(body) => {
                    Reply { status: 200, headers: [("etag".to_owned(), version(body))].into(), body: body.clone() }
                }
                None => answer(404, "NoSuchKey"),
            },
            "PUT" => {
                let named = |name: &str| request.headers.get(name).map(String::as_str);
                let (is_met, missed) = match (named("if-match"), named("if-none-match"), stored) {
                    (Some(_), _, None) => (false, 404),
                    (Some(wanted), _, Some(body)) => (wanted == version(body), 412),
                    (None, Some("*"), stored) => (stored.is_none(), 412),
                    // Whoever puts without a condition loses what others put.
                    (None, _, _) => (false, 400),
                };
                if !is_met {
                    self.count("object condition refused");
                    return answer(missed, "PreconditionFailed");
                }
                objects.insert(key, request.body.clone());
                answer(200, "")
            }
            _ => answer(405, "MethodNotAllowed"),
        }
    }
}
