//! An API Gateway request (HTTP API, payload 2.0) as a handler sees it, and the answer to it.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use quoin_store::{Answer, Executed, Key, decode_cursor, encode_cursor};
use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Serialize};

use crate::strict_json::Strict;
use crate::{Context, Env, FieldError, Invocation, Problem};

/// The most bytes of a request body, unless a route says otherwise.
const MAX_BODY: usize = 64 * 1024;
/// The most items of a page.
pub(crate) const MAX_LIMIT: u32 = 100;
pub(crate) const DEFAULT_LIMIT: u32 = 20;
/// The most characters of a pointer or detail that tell what was wrong with a body.
const MAX_QUOTED: usize = 300;

/// API Gateway's event.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct GatewayEvent {
    route_key: String,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    query_string_parameters: BTreeMap<String, String>,
    #[serde(default)]
    path_parameters: BTreeMap<String, String>,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: bool,
    #[serde(default)]
    request_context: RequestContext,
}

#[derive(Debug, Default, Deserialize)]
struct RequestContext {
    #[serde(default)]
    authorizer: Option<Authorizer>,
}

#[derive(Debug, Default, Deserialize)]
struct Authorizer {
    #[serde(default)]
    lambda: Option<Principal>,
}

#[derive(Debug, Default, Deserialize)]
struct Principal {
    #[serde(default)]
    sub: String,
    #[serde(default)]
    roles: String,
    #[serde(default)]
    session_id: String,
}

/// What a caller may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Plays and pays.
    User,
    /// Brings users.
    Agent,
    /// Sells.
    Merchant,
    /// Runs the platform.
    Operator,
}

impl Role {
    fn parse(text: &str) -> Option<Self> {
        match text {
            "user" => Some(Self::User),
            "agent" => Some(Self::Agent),
            "merchant" => Some(Self::Merchant),
            "operator" => Some(Self::Operator),
            _ => None,
        }
    }
}

/// Who asks, as the authorizer found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The user.
    pub user_id: String,
    /// The session of the token.
    pub session_id: String,
    /// What the user may do.
    pub roles: Vec<Role>,
}

/// A request.
#[derive(Debug)]
pub struct Request {
    /// Method and path pattern, `POST /api/bets`.
    pub route: String,
    /// Header values by lower-case name.
    pub headers: BTreeMap<String, String>,
    /// The body as it came, byte for byte.
    pub body: Vec<u8>,
    /// The invocation.
    pub context: Context,
    path: BTreeMap<String, String>,
    query: BTreeMap<String, String>,
    caller: Option<Caller>,
}

/// The page of a list that the caller asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pages {
    /// At most so many items.
    pub limit: u32,
    /// After this key.
    pub after: Option<Key>,
}

impl Pages {
    /// The page's body: the items and where the next page begins.
    #[must_use]
    pub fn body<T: Serialize>(items: Vec<T>, next: Option<&Key>) -> Page<T> {
        Page { items, next_cursor: next.map(encode_cursor) }
    }
}

/// A page of a list.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(inline))]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// Where the next page begins; null on the last one.
    pub next_cursor: Option<String>,
}

impl Request {
    pub(crate) fn new(env: &Env, invocation: &Invocation, event: GatewayEvent) -> Result<Self, Problem> {
        let headers: BTreeMap<_, _> =
            event.headers.into_iter().map(|(name, value)| (name.to_ascii_lowercase(), value)).collect();
        let header = |name: &str| headers.get(name).map(String::as_str);
        let context = Context::of_request(&env.clock, invocation, header("x-request-id"), header("traceparent"));
        let body = match (event.body, event.is_base64_encoded) {
            (None, _) => Vec::new(),
            (Some(text), false) => text.into_bytes(),
            (Some(text), true) => {
                STANDARD.decode(text).map_err(|_| Problem::new(400, "BODY_MALFORMED", "the body cannot be read"))?
            }
        };
        let principal = event.request_context.authorizer.and_then(|authorizer| authorizer.lambda);
        let caller = principal.filter(|principal| !principal.sub.is_empty()).map(|principal| Caller {
            user_id: principal.sub,
            session_id: principal.session_id,
            roles: principal.roles.split(',').filter_map(Role::parse).collect(),
        });
        Ok(Self {
            route: event.route_key,
            headers,
            body,
            context,
            path: event.path_parameters,
            query: event.query_string_parameters,
            caller,
        })
    }

    /// Whether the caller asks for the media type `kind` by its name, at least as much as for JSON. Who accepts
    /// anything is answered with JSON.
    #[must_use]
    pub fn prefers(&self, kind: &str) -> bool {
        let ranges = || self.header("accept").unwrap_or_default().split(',').map(accepted);
        let weight = |kind: &str| ranges().filter(|(range, _)| range.eq_ignore_ascii_case(kind)).map(|(_, q)| q).max();
        weight(kind).is_some_and(|wanted| wanted > 0 && wanted >= weight("application/json").unwrap_or(0))
    }

    /// The header called `name`, in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    /// The path parameter called `name`.
    ///
    /// # Errors
    /// 404 if it is empty, longer than any id, or holds control characters, which no id does.
    pub fn path(&self, name: &str) -> Result<&str, Problem> {
        self.path
            .get(name)
            .map(String::as_str)
            .filter(|value| (1..=200).contains(&value.len()) && !value.chars().any(char::is_control))
            .ok_or_else(|| Problem::not_found("resource"))
    }

    /// The values of all path parameters, in order of their names.
    pub(crate) fn path_values(&self) -> impl Iterator<Item = &str> {
        self.path.values().map(String::as_str)
    }

    /// The query parameter called `name`.
    #[must_use]
    pub fn query(&self, name: &str) -> Option<&str> {
        self.query.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// The query as `T`; a parameter without a value counts as absent.
    ///
    /// # Errors
    /// 400 with `code` and a pointer to the parameter that is wrong.
    pub fn parameters<T: DeserializeOwned>(&self, code: &'static str) -> Result<T, Problem> {
        let given = self.query.iter().filter(|(_, value)| !value.is_empty());
        let members: serde_json::Map<_, _> = given.map(|(name, value)| (name.clone(), value.as_str().into())).collect();
        serde_path_to_error::deserialize(serde_json::Value::Object(members))
            .map_err(|error| Problem::field(code, pointer(error.path()), error.inner().to_string()))
    }

    /// Who asks.
    ///
    /// # Errors
    /// 401 without an authenticated caller.
    pub fn caller(&self) -> Result<&Caller, Problem> {
        self.caller.as_ref().ok_or_else(|| Problem::new(401, "UNAUTHENTICATED", "a bearer token is required"))
    }

    /// Who asks, who must have `role`.
    ///
    /// # Errors
    /// 401 without an authenticated caller, 403 without the role.
    pub fn caller_with(&self, role: Role) -> Result<&Caller, Problem> {
        let caller = self.caller()?;
        if caller.roles.contains(&role) {
            Ok(caller)
        } else {
            Err(Problem::new(403, "FORBIDDEN", "the caller's role does not allow this"))
        }
    }

    /// The body as `T`. Commands refuse members that they do not know.
    ///
    /// # Errors
    /// 413 for a body that is too large, 400 with a pointer to the member that is wrong.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        if self.body.len() > MAX_BODY {
            return Err(Problem::new(413, "BODY_TOO_LARGE", format!("the body is larger than {MAX_BODY} bytes")));
        }
        parse_json(&self.body)
    }

    /// The body as changes to what is there: what is not named stays. A null is no value for any member but
    /// those of `nullable`; left to itself it would pass for a member that is not named.
    ///
    /// # Errors
    /// As [`Self::json`], and 400 with a pointer to the null.
    pub fn changes<T: DeserializeOwned>(&self, nullable: &[&str]) -> Result<T, Problem> {
        let changes = self.json()?;
        let members: BTreeMap<String, Option<IgnoredAny>> = self.json()?;
        let null = |(name, value): &(&String, &Option<_>)| value.is_none() && !nullable.contains(&name.as_str());
        match members.iter().find(null) {
            None => Ok(changes),
            Some((name, _)) => Err(Problem::field(
                "NULL_NOT_ACCEPTED",
                format!("/{name}"),
                "must not be null; leave it out to keep it",
            )),
        }
    }

    /// The caller's idempotency key.
    ///
    /// # Errors
    /// 400 if it is missing, or not 1 to 255 printable characters.
    pub fn idempotency_key(&self) -> Result<&str, Problem> {
        let key = self.header("idempotency-key").unwrap_or_default();
        if key.is_empty() {
            return Err(Problem::new(400, "IDEMPOTENCY_KEY_MISSING", "the header Idempotency-Key is required"));
        }
        if key.len() > 255 || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Problem::new(
                400,
                "IDEMPOTENCY_KEY_INVALID",
                "the header Idempotency-Key must be 1 to 255 printable characters without spaces",
            ));
        }
        Ok(key)
    }

    /// The page of the list in partition `pk` that the caller asks for.
    ///
    /// # Errors
    /// 400 for a limit or cursor that is not one.
    pub fn pages(&self, pk: &str) -> Result<Pages, Problem> {
        let limit = match self.query("limit") {
            None => DEFAULT_LIMIT,
            Some(text) => text
                .parse()
                .ok()
                .filter(|limit| (1..=MAX_LIMIT).contains(limit))
                .ok_or_else(|| Problem::field("LIMIT_INVALID", "/limit", format!("must be 1 to {MAX_LIMIT}")))?,
        };
        let after = self
            .query("cursor")
            .map(|cursor| decode_cursor(cursor, pk))
            .transpose()
            .map_err(|error| Problem::field("CURSOR_INVALID", "/cursor", error.to_string()))?;
        Ok(Pages { limit, after })
    }
}

/// A part of the header Accept: the media range, and its weight in thousandths.
fn accepted(part: &str) -> (&str, u32) {
    let mut parameters = part.split(';').map(str::trim);
    let range = parameters.next().unwrap_or_default();
    let weight = parameters.find_map(|one| one.strip_prefix("q=").or_else(|| one.strip_prefix("Q=")));
    let thousandths = |text: &str| {
        let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
        let written = format!("{whole}{decimals:0<3}");
        // At most three decimals are allowed; whoever writes something else means nothing that can be compared.
        (decimals.len() <= 3).then(|| written.parse().ok()).flatten().unwrap_or(0)
    };
    (range, weight.map_or(1_000, thousandths))
}

/// Reads JSON and tells where it is wrong.
///
/// # Errors
/// 400 with a pointer to the member that is wrong.
pub fn parse_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let parsed = serde_path_to_error::deserialize(Strict(&mut reader)).map_err(|error| {
        let detail = error.inner().to_string();
        let detail = detail.split(" at line ").next().unwrap_or_default();
        let pointer = pointer(error.path()) + &missed(detail);
        let problem = Problem::new(400, "BODY_MALFORMED", "the body is not what this route takes");
        Problem { errors: vec![FieldError { pointer: shortened(&pointer), detail: shortened(detail) }], ..problem }
    })?;
    reader.end().map_err(|_| Problem::new(400, "BODY_MALFORMED", "the body goes on after its JSON value"))?;
    Ok(parsed)
}

/// What the pointer of an object lacks when one of its members is missing or there twice.
fn missed(detail: &str) -> String {
    let name = ["missing field `", "duplicate field `"].iter().find_map(|start| detail.strip_prefix(start));
    name.and_then(|name| name.strip_suffix('`')).map(|name| format!("/{name}")).unwrap_or_default()
}

/// The caller's own text is given back, but not all of it if it is long.
fn shortened(text: &str) -> String {
    text.chars().take(MAX_QUOTED).collect()
}

fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    path.iter().fold(String::new(), |text, segment| match segment {
        Segment::Seq { index } => format!("{text}/{index}"),
        Segment::Map { key } | Segment::Enum { variant: key } => {
            format!("{text}/{}", key.replace('~', "~0").replace('/', "~1"))
        }
        Segment::Unknown => text,
    })
}

/// An answer to a request.
#[derive(Debug, Clone)]
pub struct Response {
    /// HTTP status.
    pub status: u16,
    /// Header values by name.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: String,
    /// Whether the body is in base64, and stands for bytes.
    pub is_base64: bool,
}

impl Response {
    /// An answer with a JSON body.
    ///
    /// # Errors
    /// If the body cannot be written as JSON.
    pub fn json(status: u16, body: &impl Serialize) -> Result<Self, Problem> {
        let headers = BTreeMap::from([("content-type".to_owned(), "application/json".to_owned())]);
        Ok(Self { status, headers, body: serde_json::to_string(body)?, is_base64: false })
    }

    /// An answer whose body is bytes of the media type `kind`; the gateway hands them on as they are.
    #[must_use]
    pub fn binary(status: u16, kind: &str, body: &[u8]) -> Self {
        let headers = BTreeMap::from([("content-type".to_owned(), kind.to_owned())]);
        Self { status, headers, body: STANDARD.encode(body), is_base64: true }
    }

    /// An answer without a body.
    #[must_use]
    pub const fn empty(status: u16) -> Self {
        Self { status, headers: BTreeMap::new(), body: String::new(), is_base64: false }
    }

    /// With a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.insert(name.to_owned(), value.into());
        self
    }

    /// The answer to `problem`.
    #[must_use]
    pub fn problem(problem: &Problem, request_id: &str) -> Self {
        let response = Self::stored(problem.status, problem.document(request_id));
        match problem.retry_after {
            Some(seconds) => response.header("retry-after", seconds.to_string()),
            None => response,
        }
    }

    fn stored(status: u16, body: String) -> Self {
        let kind = if status < 400 { "application/json" } else { "application/problem+json" };
        let headers = BTreeMap::from([("content-type".to_owned(), kind.to_owned())]);
        Self { status, headers, body, is_base64: false }
    }
}

/// An answer that stands in the journal, as a response.
pub struct StoredAnswer(pub Executed);

impl From<StoredAnswer> for Response {
    fn from(StoredAnswer(executed): StoredAnswer) -> Self {
        let response = match executed.answer {
            Some(Answer { status, body }) => Self::stored(status, body.get().to_owned()),
            None => Self::empty(204),
        };
        if executed.repeated { response.header("idempotency-hit", "true") } else { response }
    }
}

/// API Gateway's form of a response.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct GatewayResponse {
    pub(crate) status_code: u16,
    headers: BTreeMap<String, String>,
    body: String,
    is_base64_encoded: bool,
}

impl GatewayResponse {
    pub(crate) fn new(response: Response, request_id: &str) -> Self {
        let mut headers = response.headers;
        headers.insert("x-request-id".to_owned(), request_id.to_owned());
        Self { status_code: response.status, headers, body: response.body, is_base64_encoded: response.is_base64 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use quoin_money::Amount;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Command {
        #[expect(dead_code, reason = "only parsed")]
        items: Vec<Line>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Line {
        #[expect(dead_code, reason = "only parsed")]
        amount: Amount,
    }

    fn asked(accept: &str) -> Request {
        let event = GatewayEvent {
            route_key: "GET /x".to_owned(),
            headers: BTreeMap::from([("Accept".to_owned(), accept.to_owned())]),
            query_string_parameters: BTreeMap::new(),
            path_parameters: BTreeMap::new(),
            body: None,
            is_base64_encoded: false,
            request_context: RequestContext::default(),
        };
        let headers = event.headers.into_iter().map(|(name, value)| (name.to_ascii_lowercase(), value)).collect();
        Request {
            route: event.route_key,
            headers,
            body: Vec::new(),
            context: Context::new(
                quoin_events::Timestamp::default(),
                quoin_events::Origin::default(),
                quoin_events::Timestamp::default(),
            ),
            path: event.path_parameters,
            query: event.query_string_parameters,
            caller: None,
        }
    }

    #[test]
    fn a_media_type_is_preferred_if_it_is_named_and_weighs_no_less_than_json() {
        for (accept, is_preferred) in [
            ("application/pdf", true),
            ("Application/PDF; q=0.5", true),
            ("application/json, application/pdf", true),
            ("application/pdf;q=0.8, application/json;q=0.7, */*;q=0.1", true),
            ("application/json, application/pdf;q=0.9", false),
            ("application/pdf;q=0", false),
            ("application/pdf;q=x", false),
            ("*/*", false),
            ("application/*", false),
            ("", false),
        ] {
            assert_eq!(asked(accept).prefers("application/pdf"), is_preferred, "{accept}");
        }
    }

    #[test]
    fn bytes_are_handed_to_the_gateway_in_base64_and_texts_as_they_are() {
        let bytes = GatewayResponse::new(Response::binary(200, "application/pdf", b"%PDF\xff\x00"), "r");
        let bytes = serde_json::to_value(bytes).unwrap();
        assert_eq!(bytes["isBase64Encoded"], true);
        assert_eq!(STANDARD.decode(bytes["body"].as_str().unwrap()).unwrap(), b"%PDF\xff\x00");
        assert_eq!(bytes["headers"]["content-type"], "application/pdf");
        let text = serde_json::to_value(GatewayResponse::new(Response::json(200, &1).unwrap(), "r")).unwrap();
        assert_eq!((&text["isBase64Encoded"], &text["body"]), (&false.into(), &"1".into()));
    }

    #[test]
    fn a_wrong_member_is_named_by_its_pointer() {
        for (body, pointer) in [
            (r#"{"items":[{"amount":1},{"amount":1e3}]}"#, "/items/1/amount"),
            (r#"{"items":[{"amount":-1}]}"#, "/items/0/amount"),
            (r#"{"items":[],"more":1}"#, "/more"),
            (r#"{"items":[]"#, ""),
            (r#"{"items":[{}]}"#, "/items/0/amount"),
            ("{}", "/items"),
            (r#"{"items":[],"items":[]}"#, "/items"),
            (r#"{"items":[[1]]}"#, "/items/0"),
            ("[[]]", ""),
        ] {
            let problem = parse_json::<Command>(body.as_bytes()).unwrap_err();
            assert_eq!(problem.errors[0].pointer, pointer, "{body}");
        }
        assert!(parse_json::<Command>(br#"{"items":[]} x"#).is_err());
        let long = format!(r#"{{"{}":1}}"#, "k".repeat(60_000));
        let error = &parse_json::<Command>(long.as_bytes()).unwrap_err().errors[0];
        assert_eq!((error.pointer.len(), error.detail.len()), (MAX_QUOTED, MAX_QUOTED));
    }
}
