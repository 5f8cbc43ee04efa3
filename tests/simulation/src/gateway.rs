//! The HTTP API: routes of the templates, and whoever else is called over HTTP, which is the sandbox behind it.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::Poll;

use serde_json::{Value, json};

use crate::cloud::Outbound;
use crate::platform::{Invoked, Platform};
use crate::scheduler::lock;
use crate::wire::{Reply, Request};

/// Who asks.
#[derive(Debug, Clone)]
pub(crate) struct Principal {
    pub(crate) user_id: String,
    pub(crate) roles: &'static str,
}

impl Platform {
    /// Answers calls that functions make over HTTP: the providers are the sandbox behind this very API.
    pub(crate) async fn answer_outbound(self: Rc<Self>) {
        loop {
            let Outbound { request, reply } = poll_fn(|context| {
                let next = lock(&self.cloud.outbound).pop_front();
                match next {
                    Some(call) => Poll::Ready(call),
                    None => {
                        *lock(&self.cloud.gateway) = Some(context.waker().clone());
                        Poll::Pending
                    }
                }
            })
            .await;
            let platform = self.clone();
            if request.url.ends_with("/sandbox/messages") {
                self.spawner.spawn(platform.carry(request, reply));
            } else {
                self.spawner.spawn(async move { reply.give(platform.http(&request, None).await) });
            }
        }
    }

    /// Answers a request as the API does.
    pub(crate) async fn http(&self, request: &Request, principal: Option<&Principal>) -> Reply {
        let path = request
            .url
            .split_once("://")
            .map_or(request.url.as_str(), |(_, rest)| rest.find('/').map_or("/", |at| &rest[at..]));
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let of_method = self.cloud.application.routes.iter().filter(|route| route.method == request.method);
        let fitting = of_method.filter_map(|route| Some((route, parameters(&route.path, path)?)));
        // Of several that fit, the one that leaves the least open.
        let found = fitting.min_by_key(|(_, parameters)| parameters.len());
        let Some((route, parameters)) = found else { return Reply::json(404, &json!({"message": "Not Found"})) };
        let principal = principal.filter(|_| route.is_authorized);
        if route.is_authorized && principal.is_none() {
            return Reply::json(401, &json!({"message": "Unauthorized"}));
        }
        let authorizer =
            principal.map(|one| json!({"lambda": {"sub": one.user_id, "roles": one.roles, "session_id": "simulated"}}));
        let query: BTreeMap<_, _> = query.split('&').filter_map(|pair| pair.split_once('=')).collect();
        let event = json!({
            "version": "2.0", "routeKey": format!("{} {}", route.method, route.path), "rawPath": path,
            "headers": request.headers, "queryStringParameters": query, "pathParameters": parameters,
            "requestContext": {"authorizer": authorizer.unwrap_or_else(|| json!({}))},
            "body": String::from_utf8_lossy(&request.body), "isBase64Encoded": false,
        });
        match self.invoke(&route.function, &event.to_string()).await {
            Invoked::Answered(answer) => {
                let answer: Value = serde_json::from_str(&answer).unwrap_or_default();
                let headers = answer["headers"].as_object().into_iter().flatten();
                Reply {
                    status: answer["statusCode"].as_u64().and_then(|status| u16::try_from(status).ok()).unwrap_or(500),
                    headers: headers
                        .map(|(name, value)| (name.clone(), value.as_str().unwrap_or_default().to_owned()))
                        .collect(),
                    body: answer["body"].as_str().unwrap_or_default().as_bytes().to_vec(),
                }
            }
            Invoked::Failed(_) | Invoked::Stopped => Reply::json(503, &json!({"message": "Service Unavailable"})),
        }
    }
}

/// The values of a pattern's parameters, if `path` is of that pattern.
fn parameters(pattern: &str, path: &str) -> Option<BTreeMap<String, String>> {
    let (mut wanted, mut given) = (pattern.split('/'), path.split('/'));
    let mut values = BTreeMap::new();
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return Some(values),
            (Some(wanted), Some(given)) => match wanted.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
                Some(name) => {
                    values.insert(name.to_owned(), given.to_owned());
                }
                None if wanted == given => {}
                None => return None,
            },
            (Some(_), None) | (None, Some(_)) => return None,
        }
    }
}
