//! Records every event: a row that stays and a copy that expires. Both are keyed by the event, so a
//! second delivery writes the same again and needs no dedupe.

use quoin_runtime::{Batch, Env, Failure, Outcome};
use quoin_store::{Item, StoreError};

use crate::{Recorded, trail};

/// Records a batch.
pub async fn handle(env: &Env, batch: &Batch<Recorded>) -> Vec<Result<Outcome, Failure>> {
    let table = match env.config.table("reporting") {
        Ok(table) => table,
        Err(error) => return vec![Err(error.into()); batch.len()],
    };
    let rows: Vec<Result<[Item; 2], Failure>> = batch.iter().map(|delivery| trail::rows(&delivery.message)).collect();
    let all = rows.iter().flatten().flatten().cloned().collect();
    match env.store.put_all(&env.clock, table, all).await {
        Ok(()) => rows.into_iter().map(|rows| rows.map(|_| Outcome::Applied)).collect(),
        // One item that the table will not take must not keep the others out.
        Err(StoreError::Refused(_)) if batch.len() > 1 => {
            let mut outcomes = Vec::with_capacity(rows.len());
            for rows in rows {
                outcomes.push(match rows {
                    Ok(rows) => record(env, table, rows).await,
                    Err(failure) => Err(failure),
                });
            }
            outcomes
        }
        Err(error) => {
            let failure = Failure::from(error);
            rows.into_iter().map(|rows| rows.and(Err(failure.clone()))).collect()
        }
    }
}

async fn record(env: &Env, table: &str, rows: [Item; 2]) -> Result<Outcome, Failure> {
    env.store.put_all(&env.clock, table, rows.into()).await?;
    Ok(Outcome::Applied)
}
