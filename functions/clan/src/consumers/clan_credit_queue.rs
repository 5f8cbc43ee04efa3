//! `clan_credit_queue`: boosts and contributions move clans in their list; contributions and what else is spent on clans
//! are kept.
//!
//! A contribution is counted in the transaction that notes that it is; the copy that is kept of its event is another
//! write, which says the same however often it is made. What is too old to tell whether it was counted is parked.

use quoin_events::types::ClanContribution;
use quoin_events::{BusEvent, EventData, Timestamp, event_type};
use quoin_ledger::Wallet;
use quoin_ranks::Row;
use quoin_runtime::{Delivery, Env, Failure, Outcome, advance};
use quoin_store::{Commit, Item, Snapshot, StoreError, Update};
use rust_decimal::prelude::ToPrimitive;

use crate::known::Known;
use crate::table::{self, CLANS};

/// Credits that somebody has given to a clan.
pub(crate) const GIVEN: &str = "credits";

const DAY_SECONDS: i64 = 86_400;

/// What a contribution is counted in.
struct Counting {
    clan: Row<Known>,
    is_counted: bool,
}

impl Snapshot for Counting {
    // No wallet takes part.
    fn rebase(&mut self, _wallet: Wallet) {}

    fn is_outdated_by(&self, _item: usize) -> bool {
        true
    }
}

/// Takes an event in.
///
/// # Errors
/// Transient or poison, as every consumer.
pub async fn handle(env: &Env, delivery: &Delivery<BusEvent>) -> Result<Outcome, Failure> {
    let is_new = delivery.event().event == ClanContribution::NAME && count(env, delivery).await?;
    let kept = quoin_boosting::consume::<Known>(env, delivery).await?;
    Ok(if is_new { Outcome::Applied } else { kept })
}

/// Counts a contribution; false if it had been counted before.
async fn count(env: &Env, delivery: &Delivery<BusEvent>) -> Result<bool, Failure> {
    let told: ClanContribution = delivery.data()?;
    let credits = told.amount.value().to_u64().ok_or_else(|| Failure::poison("credits are whole numbers"))?;
    let expires = expires(told.timestamp);
    // A day is more than clocks are wrong by.
    if delivery.context.now.seconds() > expires.saturating_sub(DAY_SECONDS) {
        return Err(Failure::poison("too old to tell whether it was counted"));
    }
    let table = env.config.table(CLANS)?;
    let load = async || {
        let keys =
            [(table, Row::<Known>::key(&told.target_id)), (table, table::counted(&told.target_id, &told.event_id))];
        let found = env.store.batch(&keys).await?;
        let clan = found.first().and_then(Option::as_ref).map(Row::read).transpose()?;
        let clan = clan.ok_or_else(|| StoreError::Unavailable("there is no such clan".to_owned()))?;
        Ok(Counting { clan, is_counted: found.get(1).is_some_and(Option::is_some) })
    };
    let decide = |found: &Counting, _: Timestamp| {
        if found.is_counted {
            return Ok(None);
        }
        let Row { entity, boosted, .. } = &found.clan;
        let key = table::counted(&told.target_id, &told.event_id);
        let counted = Item::new().text("pk", key.pk).text("sk", key.sk).number("expires", expires);
        let given = Update::of(table, table::given(&told.target_id, &told.user_id)).add(GIVEN, credits);
        let changed = found.clan.changed(table, entity.given(credits), *boosted)?;
        Ok(Some(Commit::new().put_new(table, counted).update(given).and(changed)))
    };
    advance(env, &delivery.context, None, load, decide).await.map_err(Failure::transient)
}

/// Until when it is known that a contribution of `at` was counted, in seconds: for as long as copies of it are kept.
fn expires(at: Timestamp) -> i64 {
    let days = event_type(ClanContribution::NAME).map_or(0, |known| known.retention_days);
    at.plus_seconds(i64::from(days).saturating_mul(DAY_SECONDS)).seconds()
}
