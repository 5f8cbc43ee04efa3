//! The hash chain over a wallet's changes: a line that was altered, dropped or added later shows.

use quoin_digest::Sha256;

/// What one link of the chain covers.
#[derive(Debug, Clone, Copy)]
pub struct Link<'a> {
    /// Hash of the link before; empty for the first.
    pub previous: &'a str,
    /// Owner of the wallet.
    pub user_id: &'a str,
    /// Version after the change.
    pub version: u64,
    /// Moment of the change, as stored.
    pub at: &'a str,
    /// The postings, as stored.
    pub lines: &'a str,
    /// The balances afterwards, as stored.
    pub after: &'a str,
    /// What the change belongs to, as stored.
    pub cause: &'a str,
    /// Hash of the wallet events of this change.
    pub events_hash: &'a str,
}

/// Hash of a link, lower-case hexadecimal. Fields are length-prefixed, so no two links read the same.
#[must_use]
pub fn chain_hash(link: Link<'_>) -> String {
    let version = link.version.to_string();
    let fields = [link.previous, link.user_id, &version, link.at, link.lines, link.after, link.cause, link.events_hash];
    Sha256::of_fields(fields).hex()
}
