//! Files of the repository by their path from its root.

use std::path::PathBuf;

use crate::Fault;

/// The file at `path`.
pub(crate) fn at(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

/// Its text.
///
/// # Errors
/// If it cannot be read; the path is in the message.
pub(crate) fn read(path: &str) -> Result<String, Fault> {
    std::fs::read_to_string(at(path)).map_err(|error| format!("{path}: {error}").into())
}

/// Puts `text` there.
///
/// # Errors
/// If it cannot be written; the path is in the message.
pub(crate) fn write(path: &str, text: &str) -> Result<(), Fault> {
    let file = at(path);
    let written = file.parent().map_or(Ok(()), std::fs::create_dir_all).and_then(|()| std::fs::write(&file, text));
    written.map_err(|error| format!("{path}: {error}").into())
}

/// Names of what is in the folder, sorted.
///
/// # Errors
/// If the folder cannot be read.
pub(crate) fn names(folder: &str) -> Result<Vec<String>, Fault> {
    let entries = std::fs::read_dir(at(folder)).map_err(|error| format!("{folder}: {error}"))?;
    let mut names = Vec::new();
    for entry in entries {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}
