//! Lists in order of a score: what stands high comes first, and among equals what is newer.
//!
//! Invariants: an entity has one row in a list, whose key says where it stands; the row moves in the transaction that
//! writes the entity, so nothing stands where its score has not put it; a page reads a page of each partition, however
//! long the list is; who was forgotten has written nothing that a row shows. This crate knows nothing of what is listed but what [`Listed`] says.

mod authored;
mod list;
mod rank;
mod row;
mod standing;

pub use list::{List, RankedPage, SHARDS};
pub use rank::Rank;
pub use row::{Listed, Row, Sorted};
pub use standing::Standing;
