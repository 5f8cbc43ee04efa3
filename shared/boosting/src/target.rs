//! What a service says of the things that are boosted there.

use quoin_events::Timestamp;
use quoin_events::types::TargetType;
use quoin_runtime::Env;
use quoin_store::{Commit, StoreError};

/// A kind of things that are boosted.
pub trait Boosted {
    /// Which kind.
    const TARGET: TargetType;
    /// The service's table of boosts, as `service.yaml` names it.
    const BOOSTS: &'static str;
    /// Its table of other events about credits.
    const CREDITS: &'static str;
    /// The schedules that end its boosts, as `service.yaml` grants them, in capitals.
    const SCHEDULES: &'static str;
    /// Whether lists are ordered by the score: then every step of a boost is carried out, not only its end.
    const IS_RANKED: bool;
    /// What of a target has to be known to give it its place in lists; `()` if there are none.
    type Place;

    /// Reads the place of `target_id`.
    ///
    /// # Errors
    /// The classes of every request.
    fn place(env: &Env, target_id: &str) -> impl Future<Output = Result<Self::Place, StoreError>>;

    /// What gives it the place that follows from what boosts come to at `at`: writes of the service's own tables, on the
    /// condition that `place` is still what was read. Pure, since it may be asked several times.
    ///
    /// # Errors
    /// If what was read cannot be understood.
    fn placed(env: &Env, place: &Self::Place, target_id: &str, score: u64, at: Timestamp)
    -> Result<Commit, StoreError>;
}
