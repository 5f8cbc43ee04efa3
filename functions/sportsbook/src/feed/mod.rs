//! The Unified Odds Feed: messages as XML, and what each of them changes.

mod apply;
mod revise;
mod well_formed;
mod xml;

pub(crate) use apply::apply;
pub(crate) use xml::{FeedError, parse};
