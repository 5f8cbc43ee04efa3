//! Writes staged examples as the next version of the training set.
//!
//! A part is put first, then the manifest that names it, then the rows go. Whoever was stopped before the rows were gone
//! left a manifest whose last part has them: the next export removes those before it makes a version. So when a version
//! is made, no row is staged of any before, and an example is in one part.

use std::collections::BTreeSet;

use quoin_runtime::{Env, Expected, Failure, Invocation, Metrics};
use quoin_store::{Key, Update};
use serde::Serialize;
use serde::de::IgnoredAny;

use crate::training::{Manifest, Part, Staged, remove, staged};

/// What is kept back to end properly.
const RESERVE_MS: i64 = 30_000;

/// What one export did.
#[derive(Debug, Default, Serialize)]
pub struct Trained {
    /// Examples that the set did not have.
    rows: u64,
    /// The version that the set is in; 0 if there is none.
    version: u64,
    /// Whether something is left for the next export.
    has_more: bool,
}

/// Exports what is staged.
///
/// # Errors
/// If the table or the bucket does not answer; then the next export goes on.
pub async fn handle(
    env: &Env,
    invocation: &Invocation,
    _event: IgnoredAny,
    metrics: &mut Metrics,
) -> Result<Trained, Failure> {
    let (table, bucket) = (env.config.table("training")?, env.config.bucket("training")?);
    let stop = invocation.deadline.plus_millis(RESERVE_MS.saturating_neg());
    let mut latest = latest(env, table, bucket).await?;
    let mut done = Trained::default();
    loop {
        done.version = latest.as_ref().map_or(0, |latest| latest.version);
        // After the version is known: rows of those before it are gone by then.
        let rows = staged(env, table).await?;
        let written = match &latest {
            Some(latest) if !rows.is_empty() => held(env, bucket, latest).await?,
            Some(_) | None => BTreeSet::new(),
        };
        let (over, new): (Vec<Staged>, Vec<Staged>) =
            rows.into_iter().partition(|row| written.contains(&row.example.example));
        remove(env, table, keys(&over)).await?;
        if new.is_empty() {
            break;
        }
        if env.clock.now() >= stop {
            done.has_more = true;
            break;
        }
        let Some(next) = version(env, bucket, latest.as_ref(), &new).await? else {
            // Another export made it, and goes on.
            done.has_more = true;
            break;
        };
        remember(env, table, next.version).await?;
        remove(env, table, keys(&new)).await?;
        done.rows = done.rows.saturating_add(u64::try_from(new.len()).unwrap_or(0));
        latest = Some(next);
    }
    metrics.metric("TrainingRows", done.rows, "Count");
    Ok(done)
}

fn keys(rows: &[Staged]) -> BTreeSet<Key> {
    rows.iter().map(|row| row.key.clone()).collect()
}

/// Makes the version after `latest` of `rows`; `None` if somebody else did.
async fn version(
    env: &Env,
    bucket: &str,
    latest: Option<&Manifest>,
    rows: &[Staged],
) -> Result<Option<Manifest>, Failure> {
    let (part, body) = Part::of(rows.iter().map(|row| &row.example)).map_err(Failure::poison)?;
    // One that is there already is the same: its name is its hash.
    env.put_object(bucket, &part.key, "application/x-ndjson", body, Expected::Nothing).await?;
    let manifest = Manifest::after(latest, part, env.clock.now());
    let body = serde_json::to_vec_pretty(&manifest).map_err(Failure::poison)?;
    let is_ours =
        env.put_object(bucket, &Manifest::key(manifest.version), "application/json", body, Expected::Nothing).await?;
    Ok(is_ours.then_some(manifest))
}

/// The examples in the newest part of a version.
async fn held(env: &Env, bucket: &str, latest: &Manifest) -> Result<BTreeSet<String>, Failure> {
    let Some(part) = latest.parts.last() else { return Ok(BTreeSet::new()) };
    let object = env.get_object(bucket, &part.key).await?;
    let object = object.ok_or_else(|| Failure::transient(format!("{} is missing", part.key)))?;
    let examples = part.read(&object.body).map_err(Failure::poison)?;
    Ok(examples.into_iter().map(|example| example.example).collect())
}

fn state() -> Key {
    Key::new("state", "-")
}

/// Remembers a version, to spare looking for it; nothing depends on it.
async fn remember(env: &Env, table: &str, version: u64) -> Result<(), Failure> {
    env.store.update(Update::of(table, state()).number("version", version).if_newer("version", version)).await?;
    Ok(())
}

/// The latest version: the one that is remembered, or one after it.
async fn latest(env: &Env, table: &str, bucket: &str) -> Result<Option<Manifest>, Failure> {
    let known = env.store.get(table, &state(), true).await?.and_then(|item| item.get_number("version"));
    let mut version = known.and_then(|version| u64::try_from(version).ok()).unwrap_or(0);
    let mut found = read(env, bucket, version).await?;
    loop {
        version = version.saturating_add(1);
        match read(env, bucket, version).await? {
            Some(next) => found = Some(next),
            None => return Ok(found),
        }
    }
}

async fn read(env: &Env, bucket: &str, version: u64) -> Result<Option<Manifest>, Failure> {
    let key = Manifest::key(version);
    let Some(object) = env.get_object(bucket, &key).await? else { return Ok(None) };
    serde_json::from_slice(&object.body).map(Some).map_err(|error| Failure::poison(format!("{key}: {error}")))
}
