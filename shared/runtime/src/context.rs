//! One invocation: who asked, when, until when, and what it follows from.

use quoin_events::{Cause, Origin, Timestamp};
use quoin_store::{Clock, Deadline};

/// What the Lambda service says of an invocation.
#[derive(Debug, Clone, Default)]
pub struct Invocation {
    /// Lambda's own id of the invocation.
    pub function_request_id: String,
    /// When the function is stopped.
    pub deadline: Timestamp,
    /// X-Ray's header, if tracing is on.
    pub xray_trace_id: Option<String>,
}

/// One unit of work: a request or a message.
#[derive(Debug, Clone)]
pub struct Context {
    /// When it began.
    pub now: Timestamp,
    /// Correlation, trace and cause of everything it writes.
    pub origin: Origin,
    /// When the function is stopped.
    pub stops_at: Timestamp,
    try_ms: i64,
}

/// The longest that a request's command is tried again: somebody waits.
const REQUEST_TRY_MS: i64 = 10_000;
/// A message's command is tried again as long as its function runs; its share of that is bounded elsewhere.
const MESSAGE_TRY_MS: i64 = 900_000;
/// What is kept back to answer before the function is stopped.
const RESERVE_MS: i64 = 2_000;

impl Context {
    /// Until when a command may be tried again.
    #[must_use]
    pub fn deadline(&self) -> Deadline {
        let stop = self.stops_at.plus_millis(RESERVE_MS.saturating_neg());
        Deadline(stop.min(self.now.plus_millis(self.try_ms)))
    }

    /// Correlation of everything that follows from one request.
    #[must_use]
    pub fn request_id(&self) -> &str {
        &self.origin.request_id
    }

    /// The context of a message that began at `now`.
    #[must_use]
    pub const fn new(now: Timestamp, origin: Origin, stops_at: Timestamp) -> Self {
        Self { now, origin, stops_at, try_ms: MESSAGE_TRY_MS }
    }

    /// The same work, for what belongs to the request `request_id`.
    #[must_use]
    pub fn on_behalf_of(&self, request_id: &str) -> Self {
        let origin = Origin { request_id: request_id.to_owned(), ..self.origin.clone() };
        Self { origin, ..self.clone() }
    }

    /// A context for a request.
    #[must_use]
    pub fn of_request(
        clock: &Clock,
        invocation: &Invocation,
        request_id: Option<&str>,
        traceparent: Option<&str>,
    ) -> Self {
        let request_id = request_id
            .filter(|id| is_request_id(id))
            .map_or_else(|| format!("req_{:032x}", clock.random_u128()), str::to_owned);
        let traceparent = traceparent
            .filter(|text| is_traceparent(text))
            .map(str::to_owned)
            .or_else(|| invocation.xray_trace_id.as_deref().and_then(from_xray))
            .or_else(|| Some(new_trace(clock)));
        Self {
            now: clock.now(),
            origin: Origin { request_id, traceparent, cause: Cause::Request },
            stops_at: invocation.deadline,
            try_ms: REQUEST_TRY_MS,
        }
    }

    /// A context for a message that follows from `origin`.
    #[must_use]
    pub fn of_message(clock: &Clock, invocation: &Invocation, origin: Origin) -> Self {
        Self::new(clock.now(), origin, invocation.deadline)
    }
}

/// What a client may send as its request id: 1 to 128 printable characters without spaces.
fn is_request_id(id: &str) -> bool {
    (1..=128).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic())
}

fn is_traceparent(text: &str) -> bool {
    let parts: Vec<_> = text.split('-').collect();
    let hex = |part: &str| part.bytes().all(|byte| byte.is_ascii_hexdigit() && !byte.is_ascii_uppercase());
    matches!(parts.as_slice(), [version, trace, parent, flags]
        if version.len() == 2 && trace.len() == 32 && parent.len() == 16 && flags.len() == 2
            && parts.iter().all(|part| hex(part)) && trace.bytes().any(|byte| byte != b'0'))
}

/// `Root=1-<8>-<24>;Parent=<16>;Sampled=1` in W3C's form.
fn from_xray(header: &str) -> Option<String> {
    let field = |name: &str| header.split(';').find_map(|part| part.trim().strip_prefix(name));
    let root = field("Root=1-")?.replace('-', "");
    let parent = field("Parent=").unwrap_or("0000000000000001");
    let sampled = if field("Sampled=") == Some("1") { "01" } else { "00" };
    let text = format!("00-{root}-{parent}-{sampled}");
    is_traceparent(&text).then_some(text)
}

fn new_trace(clock: &Clock) -> String {
    let parent = clock.random_u128() & 0xffff_ffff_ffff_ffff;
    format!("00-{:032x}-{:016x}-00", clock.random_u128() | 1, parent | 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn xray_headers_become_w3c_trace_context() {
        let header = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";
        assert_eq!(from_xray(header).as_deref(), Some("00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01"));
        assert_eq!(from_xray("Self=1"), None);
    }

    #[test]
    fn a_request_id_cannot_smuggle_anything() {
        assert!(is_request_id("req_125"));
        for id in ["", "a b", "a\n", "é", &"x".repeat(129)] {
            assert!(!is_request_id(id), "{id}");
        }
    }
}
