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

impl Reply {
    pub(crate) fn json(status: u16, body: &serde_json::Value) -> Self {
        Self { status, headers: BTreeMap::new(), body: body.to_string().into_bytes() }
    }
}

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
        let promise = Promise::default();
        let reply = promise.clone();
        // A task of its own: a request whose sender has given up still lands.
        self.cloud.handle.spawn(async move {
            cloud.handle.sleep(before).await;
            let mut answer = match fault {
                Some(Fault::Throttled) => cloud.throttled(&request),
                Some(Fault::Unavailable) => Reply::json(500, &serde_json::json!({"__type": "InternalServerError"})),
                Some(Fault::Conflict) => cloud.conflict(&request),
                _ => cloud.serve(&request).await,
            };
            if fault == Some(Fault::SentAgain) {
                cloud.handle.sleep(after).await;
                answer = cloud.serve(&request).await;
            }
            cloud.handle.sleep(after).await;
            reply.give(match fault {
                Some(Fault::LostReply) => Err(broken("the connection was lost")),
                _ => written(answer),
            });
        });
        HttpConnectorFuture::new(promise)
    }
}

fn read(request: &HttpRequest) -> Request {
    let headers = request.headers().iter().map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()));
    Request {
        method: request.method().to_owned(),
        url: request.uri().to_owned(),
        headers: headers.collect(),
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
