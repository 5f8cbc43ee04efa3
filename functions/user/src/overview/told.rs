//! What an event tells of whom: pure.

use quoin_boosts::{Boost, Running};
use quoin_events::types::{
    BoostExpired, BoostGiven, ClanBoost, ClanCreated, ClanMemberJoined, ClanMemberLeft, GigBoost, GigCompleted,
    GigCreated, GigPayment, ProfileBoost, TargetType,
};
use quoin_events::{Envelope, EventData, Timestamp};
use quoin_money::Amount;
use quoin_runtime::Failure;
use quoin_store::Key;
use serde::de::DeserializeOwned;

use super::row::{ClanRow, GigRow, GivenRow, Row, Step};
use super::table;

const HOUR_MS: i64 = 3_600_000;

/// A row that an event tells of, and what it says of it.
pub(crate) type Told = (Key, Row);

/// The rows that `event` is about; none if it is about none.
///
/// # Errors
/// Poison, if the event is not as its type has it.
pub(crate) fn told(event: &Envelope) -> Result<Vec<Told>, Failure> {
    let at: Timestamp = event.timestamp.parse().map_err(|error| Failure::poison(format!("the timestamp {error}")))?;
    Ok(match event.event.as_str() {
        GigCreated::NAME => {
            let GigCreated { gig_id, owner_id, price, .. } = data(event)?;
            vec![(table::gig(&owner_id, &gig_id), Row::Gig(GigRow { created_at: Some(at), ..gig(owner_id, price) }))]
        }
        GigCompleted::NAME => {
            let GigCompleted { gig_id, owner_id, completed_by, price } = data(event)?;
            let row = GigRow { completed_at: Some(at), ..gig(owner_id, price) };
            of_both(&gig_id, row, completed_by)
        }
        GigPayment::NAME => {
            let payment: GigPayment = data(event)?;
            let row = GigRow { paid_at: Some(payment.timestamp), ..gig(payment.user_id, payment.amount) };
            of_both(&payment.target_id, row, payment.to_user_id)
        }
        ClanCreated::NAME => {
            let (told, step) = (data::<ClanCreated>(event)?, Some(step(event, at)?));
            let row = ClanRow { joined: step, leads: step, left: None };
            vec![(table::clan(&told.founder_id, &told.clan_id), Row::Clan(row))]
        }
        ClanMemberJoined::NAME => {
            let (told, joined) = (data::<ClanMemberJoined>(event)?, Some(step(event, at)?));
            vec![(table::clan(&told.user_id, &told.clan_id), Row::Clan(ClanRow { joined, ..ClanRow::default() }))]
        }
        ClanMemberLeft::NAME => {
            let (told, step) = (data::<ClanMemberLeft>(event)?, Some(step(event, at)?));
            let left = ClanRow { left: step, ..ClanRow::default() };
            let leads = ClanRow { leads: step, ..ClanRow::default() };
            let next = told.new_founder_id.map(|next| (table::clan(&next, &told.clan_id), Row::Clan(leads)));
            let left = (table::clan(&told.user_id, &told.clan_id), Row::Clan(left));
            std::iter::once(left).chain(next).collect()
        }
        ProfileBoost::NAME => given(&data(event)?, TargetType::User)?,
        GigBoost::NAME => given(&data(event)?, TargetType::Gig)?,
        ClanBoost::NAME => given(&data(event)?, TargetType::Clan)?,
        BoostExpired::NAME => {
            let told: BoostExpired = data(event)?;
            let boost = ended(&told)?;
            of_boost(&GivenRow { boost, ended_at: Some(told.timestamp) })
        }
        _ => Vec::new(),
    })
}

fn data<T: DeserializeOwned>(event: &Envelope) -> Result<T, Failure> {
    serde_json::from_str(event.data.get())
        .map_err(|error| Failure::poison(format!("the data of {} cannot be read: {error}", event.event)))
}

fn step(event: &Envelope, at: Timestamp) -> Result<Step, Failure> {
    let sequence = event.metadata.sequence.ok_or_else(|| Failure::poison("the event has no place in its stream"))?;
    Ok(Step { sequence, at })
}

const fn gig(owner_id: String, price: Amount) -> GigRow {
    GigRow { owner_id, price, created_at: None, completed_by: None, completed_at: None, paid_at: None }
}

/// A gig that somebody has done, at its owner and at who did it.
fn of_both(gig_id: &str, row: GigRow, worker: String) -> Vec<Told> {
    let keys = [table::gig(&row.owner_id, gig_id), table::gig(&worker, gig_id)];
    let row = GigRow { completed_by: Some(worker), ..row };
    keys.into_iter().map(|key| (key, Row::Gig(row.clone()))).collect()
}

fn given(told: &BoostGiven, target: TargetType) -> Result<Vec<Told>, Failure> {
    let boost = Boost::told(told, target).map_err(|error| Failure::poison(format!("a boost {error}")))?;
    let mut rows = of_boost(&GivenRow { boost: boost.clone(), ended_at: None });
    // Of a profile, what was received says what runs.
    if target != TargetType::User {
        let key = table::runs(target, &boost.target_id);
        let mut running = Running::default();
        running.add(boost);
        rows.push((key, Row::Runs(running)));
    }
    Ok(rows)
}

/// A boost at who gave it, and at whose profile it is for.
fn of_boost(row: &GivenRow) -> Vec<Told> {
    let received = (row.boost.target_type == TargetType::User).then(|| table::received(&row.boost));
    let keys = std::iter::once(table::given(&row.boost)).chain(received);
    keys.map(|key| (key, Row::Boost(row.clone()))).collect()
}

/// The boost whose end is told.
fn ended(told: &BoostExpired) -> Result<Boost, Failure> {
    let length = i64::from(told.duration).saturating_mul(HOUR_MS);
    let given = BoostGiven {
        kind: told.kind,
        user_id: told.user_id.clone(),
        target_id: told.target_id.clone(),
        amount: told.amount,
        duration: told.duration,
        event_id: told.event_id.clone(),
        timestamp: told.expires_at.plus_millis(length.saturating_neg()),
        expires_at: told.expires_at,
    };
    Boost::told(&given, told.target_type).map_err(|error| Failure::poison(format!("a boost {error}")))
}
