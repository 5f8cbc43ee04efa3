//! `UserRegistered`: spin chances, the welcome bonus, and who is to thank for the new user.
//! `UserProfileUpdated`: the language by which the user is addressed in campaigns.

use quoin_events::types::{BonusKind, SpinChancesAwarded, UserProfileUpdated, UserRegistered};
use quoin_events::{BusEvent, Draft, EntityRef, EventData};
use quoin_runtime::{Delivery, Env, Failure, Outcome};
use quoin_store::{Append, Commit, StoreError, Stream, Update};
use serde::Serialize;

use crate::bonus::{Bonus, parameter};
use crate::referral::{Referral, complete_if_due};
use crate::table;
use crate::write::{Written, write};

/// What a registration was given.
#[derive(Debug, Serialize)]
struct Welcome<'a> {
    user_id: &'a str,
    spin_chances: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    bonus: Option<&'a Bonus>,
}

/// Welcomes a new user, or keeps a segment up to date.
///
/// # Errors
/// Transient or poison, as every consumer.
pub async fn handle(env: &Env, delivery: &Delivery<BusEvent>) -> Result<Outcome, Failure> {
    match delivery.event().event.as_str() {
        UserRegistered::NAME => registered(env, delivery).await,
        UserProfileUpdated::NAME => profile_updated(env, delivery).await,
        _ => Ok(Outcome::Ignored("neither a registration nor a changed profile")),
    }
}

async fn registered(env: &Env, delivery: &Delivery<BusEvent>) -> Result<Outcome, Failure> {
    let user: UserRegistered = delivery.data()?;
    let context = &delivery.context;
    // Before the award: once that is written, a repetition stops there.
    language(env, delivery, &user.user_id, &user.language).await?;
    let commit = welcome(env, &user, context.now)?;
    let outcome = match write(env, context, commit).await? {
        Written::Done => Outcome::Applied,
        Written::Taken(_) => Outcome::Duplicate,
        // The two are written together or not at all.
        Written::Blocked(_) => return Err(Failure::poison("there is a referral without its welcome")),
    };
    if user.referred_by.is_some() && complete_if_due(env, context, &user.user_id).await? {
        return Ok(Outcome::Applied);
    }
    Ok(outcome)
}

fn welcome(env: &Env, user: &UserRegistered, now: quoin_events::Timestamp) -> Result<Commit, Failure> {
    let (table, user_id) = (table::name(env)?, user.user_id.as_str());
    let stream = Stream::new("award", format!("welcome:{user_id}"));
    let spin_chances: u32 = env.config.parse_or("SPIN_CHANCES", 0)?;
    let amount = parameter(&env.config, "WELCOME_BONUS")?;
    let bonus = Bonus::grant(&env.config, BonusKind::Welcome, &stream.id, amount, now)?;

    let mut events = Vec::new();
    if spin_chances > 0 {
        let chances =
            SpinChancesAwarded { user_id: user_id.to_owned(), chances: spin_chances, reason: BonusKind::Welcome };
        events.push(Draft::new(&chances, now).map_err(StoreError::from)?);
    }
    let mut commit = Commit::new().update(Update::of(table, table::segment(user_id)).text("country", &user.country));
    if let Some(bonus) = &bonus {
        events.push(bonus.event(user_id, EntityRef { kind: "user".to_owned(), id: user_id.to_owned() })?);
        commit = bonus.listed(commit, table, user_id)?;
    }
    // Nobody is rewarded for referring themselves.
    if let Some(referrer_id) = user.referred_by.as_ref().filter(|referrer| *referrer != user_id) {
        let referral = Referral { referrer_id: referrer_id.clone(), registered_at: now };
        commit = referral.remembered(commit, table, user_id)?;
    }
    let state = Welcome { user_id, spin_chances, bonus: bonus.as_ref() };
    Ok(commit.append(Append::first(stream, now).state(&state)?.events(events)))
}

async fn profile_updated(env: &Env, delivery: &Delivery<BusEvent>) -> Result<Outcome, Failure> {
    let profile: UserProfileUpdated = delivery.data()?;
    let Some(changed) = profile.language else { return Ok(Outcome::Ignored("the language did not change")) };
    if language(env, delivery, &profile.user_id, &changed).await? {
        Ok(Outcome::Applied)
    } else {
        Ok(Outcome::Ignored("a later change of the profile is known"))
    }
}

/// Sets the language of a segment unless a later event has; says whether it did.
async fn language(env: &Env, delivery: &Delivery<BusEvent>, user_id: &str, language: &str) -> Result<bool, Failure> {
    let sequence = delivery.event().metadata.sequence.ok_or_else(|| Failure::poison("the event has no sequence"))?;
    let update = Update::of(table::name(env)?, table::segment(user_id))
        .text("language", language)
        .number("sequence", sequence)
        .if_newer("sequence", sequence);
    Ok(env.store.update(update).await?)
}
