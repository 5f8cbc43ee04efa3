//! Stages every event for the warehouse. Rows are keyed by the event: a second delivery writes the same again.

use quoin_runtime::{Batch, Env, Failure, Outcome};
use quoin_store::StoreError;

use crate::Recorded;
use crate::warehouse::{Staged, stage};

/// Stages a batch.
pub async fn handle(env: &Env, batch: &Batch<Recorded>) -> Vec<Result<Outcome, Failure>> {
    let table = match env.config.table("warehouse") {
        Ok(table) => table,
        Err(error) => return vec![Err(error.into()); batch.len()],
    };
    let rows: Vec<Result<Staged, Failure>> = batch.iter().map(|delivery| Staged::of(&delivery.message)).collect();
    let all: Vec<Staged> = rows.iter().flatten().cloned().collect();
    match stage(env, table, &all).await {
        Ok(()) => rows.into_iter().map(|row| row.map(|_| Outcome::Applied)).collect(),
        // One row that the table will not take must not keep the others out.
        Err(StoreError::Refused(_)) if batch.len() > 1 => {
            let mut outcomes = Vec::with_capacity(rows.len());
            for row in rows {
                outcomes.push(match row {
                    Ok(row) => stage(env, table, &[row]).await.map(|()| Outcome::Applied).map_err(Failure::from),
                    Err(failure) => Err(failure),
                });
            }
            outcomes
        }
        Err(error) => {
            let failure = Failure::from(error);
            rows.into_iter().map(|row| row.and(Err(failure.clone()))).collect()
        }
    }
}
