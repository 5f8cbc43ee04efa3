//! The application as its templates declare it: which function answers which route, which rule feeds which
//! queue, which variables a function is given. Tests that run or check the platform read this, so that what
//! they see is what is deployed.
//!
//! It knows only what the templates say; it must not know any service.

mod application;
mod resolve;
pub mod yaml;

pub use application::{Application, Function, Pattern, Queue, Route, Rule, Schedule, Stream, Table};
pub use resolve::Parameters;

/// Why templates cannot be read: the file and what is wrong with it.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Fault(pub String);

impl From<String> for Fault {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<&str> for Fault {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}
