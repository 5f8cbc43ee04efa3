//! Every generated file with the text that it must have.

use std::collections::BTreeMap;

use quoin_events::CATALOGUE;
use serde_json::Value;

use crate::{Fault, async_api, event_page, files, functions, inputs, samples, schema};

/// The generated files by path.
///
/// # Errors
/// If something that they are generated from cannot be read.
pub(crate) fn all() -> Result<BTreeMap<String, String>, Fault> {
    let (functions, samples) = (functions::all()?, samples::all()?);
    let mut texts = BTreeMap::new();
    for event in CATALOGUE {
        texts.insert(schema::path(event), json(&schema::of_event(event)?)?);
    }
    texts.insert("docs/events.md".to_owned(), event_page::page(&functions, &samples)?);
    texts.insert("docs/asyncapi.yaml".to_owned(), async_api::document(&functions, &samples));
    for (path, input) in inputs::of_consumers(&functions, &samples)? {
        texts.insert(path, json(&input)?);
    }
    Ok(texts)
}

fn json(value: &Value) -> Result<String, Fault> {
    Ok(format!("{}\n", serde_json::to_string_pretty(value)?))
}

/// Paths of what differs from what is there, and of schemas whose type is gone.
///
/// # Errors
/// As [`all`].
pub(crate) fn stale() -> Result<Vec<String>, Fault> {
    let texts = all()?;
    let differs = |(path, text): &(&String, &String)| files::read(path).ok().as_ref() != Some(*text);
    let mut paths: Vec<_> = texts.iter().filter(differs).map(|(path, _)| path.clone()).collect();
    let schemas = files::names("docs/schemas").unwrap_or_default();
    paths.extend(
        schemas.into_iter().map(|name| format!("docs/schemas/{name}")).filter(|path| !texts.contains_key(path)),
    );
    Ok(paths)
}

/// Brings the files up to date; says which were not.
///
/// # Errors
/// As [`all`], and if a file cannot be written.
pub(crate) fn write() -> Result<Vec<String>, Fault> {
    let texts = all()?;
    let paths = stale()?;
    for path in &paths {
        match texts.get(path) {
            Some(text) => files::write(path, text)?,
            None => std::fs::remove_file(files::at(path))?,
        }
    }
    Ok(paths)
}
