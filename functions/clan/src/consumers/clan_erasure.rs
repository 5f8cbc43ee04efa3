//! Names of clans go from the rows once who gave them was forgotten and nobody else belongs to the clan; in streams and
//! events they went with the key. Told again, it finds nothing to remove.

use quoin_events::types::UserErased;
use quoin_events::{BusEvent, EventData};
use quoin_ranks::Row;
use quoin_runtime::{Delivery, Env, Failure, Outcome};

use crate::known::Known;
use crate::table::CLANS;

/// Takes an event in.
///
/// # Errors
/// Transient or poison, as every consumer.
pub async fn handle(env: &Env, delivery: &Delivery<BusEvent>) -> Result<Outcome, Failure> {
    if delivery.event().event != UserErased::NAME {
        return Ok(Outcome::Ignored("not an event of this consumer"));
    }
    let UserErased { user_id } = delivery.data()?;
    let origin = &delivery.context.origin;
    let is_new = Row::<Known>::forget(&env.store, env.config.table(CLANS)?, origin, &user_id).await?;
    Ok(if is_new { Outcome::Applied } else { Outcome::Duplicate })
}
