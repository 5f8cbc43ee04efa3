//! A cloud as it is at a moment, for histories to begin with: tables are copied as pages, not written item by item.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::{Cloud, expiry, stale};
use crate::audit::Auditor;
use crate::scheduler::lock;

/// What there is at a moment, when nothing is on its way.
#[derive(Clone)]
pub(crate) struct Snapshot {
    tables: Arc<File>,
    pub(super) auditor: Auditor,
    pub(super) sent: std::collections::BTreeSet<String>,
    pub(super) copies: stale::Copies,
    pub(super) expiry: expiry::Expiry,
    pub(super) objects: std::collections::BTreeMap<String, Vec<u8>>,
}

impl std::fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Snapshot(…)")
    }
}

/// A file that goes with its last owner.
struct File(PathBuf);

impl Drop for File {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

impl Snapshot {
    pub(crate) fn of(cloud: &Cloud) -> Result<Self, String> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let (process, number) = (std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(format!("quoin-simulation-{process}-{number}.db"));
        let tables = File(path);
        let name = tables.0.to_str().ok_or("the temporary directory is no text")?;
        cloud.database.vacuum_into(name).map_err(|error| format!("{name}: {error}"))?;
        Ok(Self {
            tables: Arc::new(tables),
            auditor: lock(&cloud.auditor).clone(),
            sent: lock(&cloud.sent).clone(),
            copies: lock(&cloud.stale).clone(),
            expiry: lock(&cloud.expiry).clone(),
            objects: lock(&cloud.objects).clone(),
        })
    }

    /// Makes `database` what the tables were.
    pub(super) fn restore(&self, database: &dynoxide::Database) -> Result<(), String> {
        let name = self.tables.0.to_str().unwrap_or_default();
        database.restore_from(name).map_err(|error| format!("{name}: {error}"))
    }
}
