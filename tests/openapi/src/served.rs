//! A function that serves a route: its contract, and what its sample input shows of the route.

use quoin_runtime::Contract;
use serde_json::Value;

use crate::{Fault, at};

/// A function that serves a route.
pub(crate) struct Served {
    pub(crate) service: &'static str,
    pub(crate) function: &'static str,
    pub(crate) contract: Contract,
    pub(crate) method: String,
    pub(crate) path: String,
    /// Whether anybody may ask.
    pub(crate) is_public: bool,
    /// Body of the sample.
    pub(crate) body: Option<String>,
}

impl Served {
    /// The function with its sample input.
    ///
    /// # Errors
    /// If the sample is not a request, or lacks the `Idempotency-Key` that the contract asks for.
    pub(crate) fn read(service: &'static str, function: &'static str, contract: Contract) -> Result<Self, Fault> {
        let file = format!("events/{function}.json");
        let text = std::fs::read_to_string(at(&file)).map_err(|error| format!("{file}: {error}"))?;
        let sample: Value = serde_json::from_str(&text)?;
        let route = sample.get("routeKey").and_then(Value::as_str).and_then(|route| route.split_once(' '));
        let (method, path) = route.ok_or_else(|| format!("{file} is not a request"))?;
        if contract.is_idempotent && sample.pointer("/headers/idempotency-key").is_none() {
            return Err(format!("{file} lacks the Idempotency-Key").into());
        }
        Ok(Self {
            service,
            function,
            contract,
            method: method.to_ascii_lowercase(),
            path: path.to_owned(),
            is_public: sample.pointer("/requestContext/authorizer/lambda/sub").is_none(),
            body: sample.get("body").and_then(Value::as_str).map(str::to_owned),
        })
    }

    /// The names in the path's braces.
    pub(crate) fn path_parameters(&self) -> impl Iterator<Item = &str> {
        self.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
    }
}
