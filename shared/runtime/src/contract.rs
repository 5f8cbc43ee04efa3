//! What a route takes and answers, said beside its handler; the OpenAPI document is made of these.
//!
//! A contract names types only, so what is documented is what the handler reads and writes. The codes of its
//! refusals are listed by hand; those that every route of a kind has (a key that is missing, a token that is not
//! good) follow from the kind.

use std::collections::{BTreeMap, BTreeSet};

use schemars::{JsonSchema, Schema, SchemaGenerator};

use crate::api::{DEFAULT_LIMIT, MAX_LIMIT, Page};

/// The contracts of a service's routes, each by the function that keeps it.
pub type Contracts = [(&'static str, fn() -> Contract)];

/// Adds the schema of one type to a generator and refers to it.
pub type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

/// A request's body.
#[derive(Debug, Clone, Copy)]
pub enum Body {
    /// JSON of a type.
    Json(SchemaOf),
    /// An XML document.
    Xml,
}

/// What a route takes and answers.
#[derive(Debug, Clone)]
pub struct Contract {
    /// What the route is for, in a line.
    pub summary: &'static str,
    /// The body.
    pub body: Option<Body>,
    /// The query parameters, as members of an object.
    pub query: Option<SchemaOf>,
    /// Whether it takes `limit` and `cursor`.
    pub is_paged: bool,
    /// Whether it needs an `Idempotency-Key`.
    pub is_idempotent: bool,
    /// Whether it takes one where it needs none.
    pub may_be_idempotent: bool,
    /// Whether an outside party signs the request.
    pub is_signed: bool,
    /// Bodies of answers by status; `None` for an empty one.
    pub answers: BTreeMap<u16, Option<SchemaOf>>,
    /// Media types that an answer may also be given in, by status, to whoever accepts them: no text, but bytes.
    pub binaries: BTreeMap<u16, &'static str>,
    /// Codes of problems by status.
    pub problems: BTreeMap<u16, BTreeSet<&'static str>>,
}

/// Problems that any route may have.
const ANYWHERE: [(u16, &str); 3] = [(429, "TOO_MANY_AT_ONCE"), (500, "INTERNAL"), (503, "UNAVAILABLE")];

impl Contract {
    /// The contract of a route that `summary` describes.
    #[must_use]
    pub fn new(summary: &'static str) -> Self {
        let contract = Self {
            summary,
            body: None,
            query: None,
            is_paged: false,
            is_idempotent: false,
            may_be_idempotent: false,
            is_signed: false,
            answers: BTreeMap::new(),
            binaries: BTreeMap::new(),
            problems: BTreeMap::new(),
        };
        ANYWHERE.iter().fold(contract, |contract, (status, code)| contract.refuses(*status, &[code]))
    }

    /// With a JSON body that [`crate::Request::json`] reads as `T`.
    #[must_use]
    pub fn takes<T: JsonSchema>(mut self) -> Self {
        self.body = Some(Body::Json(SchemaGenerator::subschema_for::<T>));
        self.refuses(400, &["BODY_MALFORMED"]).refuses(413, &["BODY_TOO_LARGE"])
    }

    /// With a JSON body that [`crate::Request::changes`] reads as `T`.
    #[must_use]
    pub fn changes<T: JsonSchema>(self) -> Self {
        self.takes::<T>().refuses(400, &["NULL_NOT_ACCEPTED"])
    }

    /// With an XML body.
    #[must_use]
    pub fn takes_xml(mut self) -> Self {
        self.body = Some(Body::Xml);
        self.refuses(400, &["BODY_MALFORMED"]).refuses(413, &["BODY_TOO_LARGE"])
    }

    /// With query parameters that [`crate::Request::parameters`] reads as `T`; `code` if one is wrong.
    #[must_use]
    pub fn asks<T: JsonSchema>(mut self, code: &'static str) -> Self {
        self.query = Some(SchemaGenerator::subschema_for::<T>);
        self.refuses(400, &[code])
    }

    /// Only for operators.
    #[must_use]
    pub fn for_operators(self) -> Self {
        self.refuses(403, &["FORBIDDEN"])
    }

    /// With an `Idempotency-Key`.
    #[must_use]
    pub fn idempotent(mut self) -> Self {
        self.is_idempotent = true;
        self.refuses(400, &["IDEMPOTENCY_KEY_MISSING", "IDEMPOTENCY_KEY_INVALID"])
            .refuses(422, &["IDEMPOTENCY_KEY_REUSED"])
    }

    /// With an `Idempotency-Key`, if the caller sends one.
    #[must_use]
    pub fn may_be_idempotent(mut self) -> Self {
        self.may_be_idempotent = true;
        self.refuses(400, &["IDEMPOTENCY_KEY_INVALID"]).refuses(422, &["IDEMPOTENCY_KEY_REUSED"])
    }

    /// Signed by an outside party.
    #[must_use]
    pub fn signed(mut self) -> Self {
        self.is_signed = true;
        self.refuses(401, &["SIGNATURE_INVALID"])
    }

    /// With an answer of `status` whose body is a `T`.
    #[must_use]
    pub fn answers<T: JsonSchema>(mut self, status: u16) -> Self {
        self.answers.insert(status, Some(SchemaGenerator::subschema_for::<T>));
        self
    }

    /// With an answer of `status` that has no body.
    #[must_use]
    pub fn answers_nothing(mut self, status: u16) -> Self {
        self.answers.insert(status, None);
        self
    }

    /// With an answer of `status` that is bytes of the media type `kind`, for whoever prefers it to JSON
    /// ([`crate::Request::prefers`]).
    #[must_use]
    pub fn also_answers(mut self, status: u16, kind: &'static str) -> Self {
        self.binaries.insert(status, kind);
        self
    }

    /// With `limit` and `cursor`.
    #[must_use]
    pub fn paged(mut self) -> Self {
        self.is_paged = true;
        self.refuses(400, &["LIMIT_INVALID", "CURSOR_INVALID"])
    }

    /// A list of `T`, page by page.
    #[must_use]
    pub fn lists<T: JsonSchema>(self) -> Self {
        self.paged().answers::<Page<T>>(200)
    }

    /// With problems of `status` and one of the `codes`.
    #[must_use]
    pub fn refuses(mut self, status: u16, codes: &[&'static str]) -> Self {
        self.problems.entry(status).or_default().extend(codes);
        self
    }
}

/// The query of a list.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "read by Request::pages")]
struct Paging {
    /// At most so many items.
    #[schemars(range(min = 1, max = MAX_LIMIT), extend("default" = DEFAULT_LIMIT))]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// The query parameters of every list.
pub const PAGES: SchemaOf = SchemaGenerator::subschema_for::<Paging>;

/// What the gateway answers itself, where no function could.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "written by the gateway")]
struct GatewayMessage {
    /// The status in words.
    message: String,
}

/// The body of the gateway's own answers.
pub const GATEWAY_MESSAGE: SchemaOf = SchemaGenerator::subschema_for::<GatewayMessage>;
