//! The environment of the command: its variables as any AWS tool reads them, and what runs it.

use std::collections::BTreeMap;

use quoin_runtime::{Aws, Config, Env};

use crate::Unable;

/// Runs `command` to its end.
pub(crate) fn run<T>(command: impl AsyncFnOnce() -> Result<T, Unable>) -> Result<T, Unable> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async { Box::pin(command()).await })
}

/// An environment whose journal and wallets are the tables given.
pub(crate) fn env(journal: &str, wallets: &str) -> Result<Env, Unable> {
    let mut variables: BTreeMap<String, String> = std::env::vars().collect();
    if let Some(region) = variables.get("AWS_DEFAULT_REGION").cloned() {
        variables.entry("AWS_REGION".to_owned()).or_insert(region);
    }
    variables.insert("JOURNAL_TABLE".to_owned(), journal.to_owned());
    variables.insert("WALLETS_TABLE".to_owned(), wallets.to_owned());
    let config = Config::new(variables);
    let aws = Aws::of_command_line(&config).map_err(|error| {
        Unable(format!(
            "{error}; for a profile: eval \"$(aws configure export-credentials --format env)\", and AWS_REGION"
        ))
    })?;
    // Nothing that is secret or stored depends on chance here.
    Ok(Env::new(config, aws, 0))
}
