//! The HTTP transport of one environment: requests of the SDK and to outside parties become calls of the cloud,
//! some of which are lost, late, refused or repeated.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;

use crate::cloud::Cloud;
use crate::faults::Fault;
use crate::scheduler::Promise;

/// A request as it goes over the wire.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) url: String,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
}

/// The answer to it.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
}

/// What changes something, of what AWS is asked for.
const WRITES: [&str; 8] = [
    ".PutItem",
    ".UpdateItem",
    ".DeleteItem",
    ".BatchWriteItem",
    ".TransactWriteItems",
    ".SendMessage",
    ".SendMessageBatch",
    ".PutEvents",
];

impl Request {
    /// Whether it may change something.
    fn is_write(&self) -> bool {
        match self.headers.get(TARGET) {
            Some(target) => WRITES.iter().any(|action| target.ends_with(action)),
            None => self.method != "GET",
        }
    }
}

impl Reply {
    pub(crate) fn json(status: u16, body: &serde_json::Value) -> Self {
        Self { status, headers: BTreeMap::new(), body: body.to_string().into_bytes() }
    }
}

/// The header that names what AWS is asked for.
const TARGET: &str = "x-amz-target";

/// The connections of one environment.
#[derive(Debug, Clone)]
pub(crate) struct Wire {
    cloud: Arc<Cloud>,
    function: Arc<str>,
    dead: Arc<AtomicBool>,
}

impl Wire {
    pub(crate) fn new(cloud: Arc<Cloud>, function: &str) -> Self {
        Self { cloud, function: function.into(), dead: Arc::default() }
    }

    /// The environment was frozen: the next request finds its connection dead.
    pub(crate) fn freeze(&self) {
        self.dead.store(true, Ordering::Relaxed);
    }
}

impl HttpClient for Wire {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

fn broken(what: &str) -> ConnectorError {
    ConnectorError::io(what.to_owned().into())
}

impl HttpConnector for Wire {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        if self.dead.swap(false, Ordering::Relaxed) {
            self.cloud.happened(Fault::DeadSocket);
            if self.cloud.below(3) == 0 {
                self.cloud.count("reached: a dead connection that says nothing");
                return HttpConnectorFuture::new(std::future::pending());
            }
            return HttpConnectorFuture::ready(Err(broken("the connection is dead")));
        }
        let cloud = self.cloud.clone();
        let mut request = read(&request);
        if let Some(mutant) = cloud.mutant {
            request = mutant.request(&cloud, request);
            if mutant.is_postponed(&self.function, &request) {
                cloud.say(|| format!("  {} -> {} [later]", self.function, cloud.describe(&request)));
                self.cloud.handle.spawn(async move {
                    cloud.handle.sleep(120_000_000).await;
                    cloud.serve(&request).await;
                });
                return HttpConnectorFuture::ready(written(Reply::json(200, &serde_json::json!({}))));
            }
        }
        let (fault, before, after) = cloud.weather(&request);
        cloud.say(|| {
            let fault = fault.map(|fault| format!(" [{fault:?}]")).unwrap_or_default();
            format!("  {} -> {}{fault}", self.function, cloud.describe(&request))
        });
        cloud.asked(&self.function, request.is_write());
        let promise = Promise::default();
        let reply = promise.clone();
        // A task of its own: a request whose sender has given up still lands.
        self.cloud.handle.spawn(async move {
            cloud.handle.sleep(before).await;
            if fault == Some(Fault::Late) && reply.is_forsaken() {
                cloud.happened(Fault::Late);
            }
            let mut answer = match fault {
                Some(Fault::Throttled) => cloud.throttled(&request),
                Some(Fault::Unavailable) => Reply::json(500, &serde_json::json!({"__type": "InternalServerError"})),
                Some(Fault::Conflict) => cloud.conflict(&request),
                _ => cloud.serve(&request).await,
            };
            if fault == Some(Fault::SentAgain) {
                cloud.handle.sleep(after).await;
                let is_done = answer.status == 200;
                answer = cloud.serve(&request).await;
                let target = request.headers.get("x-amz-target");
                if is_done && target.is_some_and(|target| target.ends_with(".TransactWriteItems")) {
                    let how = if answer.status == 200 { "done once" } else { "refused" };
                    cloud.count(&format!("reached: a transaction that was sent again, {how}"));
                }
            }
            cloud.handle.sleep(after).await;
            // Late is what nobody waits for any more; of everything else somebody hears, or would have.
            if let Some(fault) =
                fault.filter(|fault| *fault == Fault::SentAgain || *fault != Fault::Late && !reply.is_forsaken())
            {
                cloud.happened(fault);
            }
            let is_lost = fault == Some(Fault::LostReply);
            let says_nothing = is_lost || answer.status >= 500;
            let heard = cloud.mutant.filter(|_| says_nothing).and_then(|mutant| mutant.heard(&request));
            reply.give(match heard {
                Some(heard) => written(heard),
                None if is_lost => Err(broken("the connection was lost")),
                None => written(answer),
            });
        });
        HttpConnectorFuture::new(promise)
    }
}

fn read(request: &HttpRequest) -> Request {
    // AWS looks at nothing but what it is asked for, but where it has no such header.
    let headers = match request.headers().get(TARGET) {
        Some(target) => [(TARGET.to_owned(), target.to_owned())].into(),
        None => {
            let all = request.headers().iter();
            all.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect()
        }
    };
    Request {
        method: request.method().to_owned(),
        url: request.uri().to_owned(),
        headers,
        body: request.body().bytes().unwrap_or_default().to_vec(),
    }
}

fn written(reply: Reply) -> Result<HttpResponse, ConnectorError> {
    let status = StatusCode::try_from(reply.status).map_err(|error| ConnectorError::user(error.into()))?;
    let mut response = HttpResponse::new(status, SdkBody::from(reply.body));
    for (name, value) in reply.headers {
        response.headers_mut().insert(name, value);
    }
    Ok(response)
}
