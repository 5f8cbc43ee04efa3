//! The training set: what a subscription was like each time that it was renewed or cancelled, for who wants to predict
//! it.
//!
//! An example is staged as a row once, and a scheduled function writes what is staged as a new version of the set: one
//! more part, and a manifest that names all parts. Neither is ever changed. Examples hold no person, and a subscription
//! by a keyed hash only.

mod dataset;
mod example;
mod staging;

pub(crate) use dataset::{Manifest, Part};
pub(crate) use example::{Example, Pseudonyms, example};
pub(crate) use staging::{Staged, remove, stage, staged};
