//! Stages every event for the warehouse, a batch together. A second delivery is staged again: a line that the warehouse
//! has is not written again.

use quoin_runtime::{Batch, Env, Failure, Outcome};
use quoin_store::StoreError;

use crate::Recorded;
use crate::warehouse::{Line, stage};

/// Stages a batch.
pub async fn handle(env: &Env, batch: &Batch<Recorded>) -> Vec<Result<Outcome, Failure>> {
    let table = match env.config.table("warehouse") {
        Ok(table) => table,
        Err(error) => return vec![Err(error.into()); batch.len()],
    };
    let lines: Vec<Result<Line, Failure>> = batch.iter().map(|delivery| Line::of(&delivery.message)).collect();
    match stage(env, table, lines.iter().flatten().map(|line| line.text.as_str())).await {
        Ok(()) => lines.into_iter().map(|line| line.map(|_| Outcome::Applied)).collect(),
        // One line that the table will not take must not keep the others out.
        Err(StoreError::Refused(_)) if batch.len() > 1 => {
            let mut outcomes = Vec::with_capacity(lines.len());
            for line in lines {
                outcomes.push(match line {
                    Ok(line) => {
                        let staged = stage(env, table, [line.text.as_str()]).await;
                        staged.map(|()| Outcome::Applied).map_err(Failure::from)
                    }
                    Err(failure) => Err(failure),
                });
            }
            outcomes
        }
        Err(error) => {
            let failure = Failure::from(error);
            lines.into_iter().map(|line| line.and(Err(failure.clone()))).collect()
        }
    }
}
