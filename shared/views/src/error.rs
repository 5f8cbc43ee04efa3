//! What can go wrong with a row.

use quoin_membership_model::FoldError;
use quoin_money::MoneyError;
use quoin_store::StoreError;

/// Why a row was not made or not written.
#[derive(Debug, thiserror::Error)]
pub enum ViewError {
    /// A table did not answer, or refused.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Others got in the way every time; the same may be tried again.
    #[error("others kept getting in the way")]
    Contended,
    /// The stream makes no row, now and ever.
    #[error("{entity}: {reason}")]
    Unreadable {
        /// Whose stream.
        entity: String,
        /// Why.
        reason: String,
    },
    /// Another rebuild is under way, or was broken off.
    #[error("a rebuild is under way, or was broken off")]
    Building,
    /// Somebody else moved on to another generation meanwhile.
    #[error("another rebuild took over")]
    Superseded,
}

/// Why events make no row.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unfit {
    #[error(transparent)]
    Fold(#[from] FoldError),
    #[error(transparent)]
    Money(#[from] MoneyError),
    #[error("there is no event")]
    Empty,
    #[error("it cannot be written: {0}")]
    Written(String),
    #[error("a period does not end after it begins")]
    Period,
}
