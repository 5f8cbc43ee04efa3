//! Appends every event of members to the audit log.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_batches(quoin_reporting::consumers::audit_logger::handle)
}
