//! Why a change of an account is not written.

use quoin_runtime::Problem;

/// Why nothing is written.
#[derive(Debug)]
pub(crate) enum Stop {
    /// It is so already.
    Already,
    Failed(Problem),
}

impl<E: Into<Problem>> From<E> for Stop {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}
