//! The journal, the wallets and the services' own tables on DynamoDB.
//!
//! Invariants: a commit is one write (a transaction, or a single conditional put); every journal put
//! requires that its key is free, every wallet update that the version is the one decided on; what a
//! write lost against is handed back, so that the caller decides again without a read. Nothing in the
//! journal is ever updated or deleted. SDK types end here; services see [`Item`], [`Key`] and [`Commit`].

mod answer;
mod clock;
mod commit;
mod cursor;
mod error;
mod execute;
mod item;
mod journal;
mod merged;
mod packed;
mod put_all;
mod scan;
mod seek;
mod store;
mod table;
mod wallet_item;
mod write;

pub use answer::{Answer, Receipt, body_hash, derived_id};
pub use clock::Clock;
pub use commit::{Append, Commit, Telling, WalletWrite};
pub use cursor::{InvalidCursor, decode_cursor, encode_cursor};
pub use error::{Lost, StoreError};
pub use execute::{Deadline, ExecuteError, Executed, Proposal, Snapshot, execute};
pub use item::{Item, Key};
pub use journal::{Head, JournalItem, Stream};
pub use merged::MergedPage;
pub use packed::{PACKED, PackedError, unpack};
pub use scan::{JournalPage, Position, WalletPage};
pub use store::{Store, Tables};
pub use table::{Page, Query, Update};
