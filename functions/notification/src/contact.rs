//! Where a person is reached: kept sealed, as the events bring it, the latest of each field.

use quoin_events::types::{CustomerCreated, CustomerRegistered, UserProfileUpdated, UserRegistered};
use quoin_events::{BusEvent, Sealed};
use quoin_runtime::{Delivery, Env, Failure, Outcome};
use quoin_store::{Item, StoreError, Update};

use crate::table;

/// A person's contact points.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Contact {
    /// For text messages; members need not have a phone.
    pub(crate) phone: Option<Sealed>,
    /// For e-mails.
    pub(crate) email: Sealed,
    /// How the person is addressed.
    pub(crate) full_name: Sealed,
    /// In which language.
    pub(crate) language: String,
}

impl Contact {
    /// The contact points of a row.
    ///
    /// # Errors
    /// If a field is missing or not sealed.
    pub(crate) fn read(row: &Item) -> Result<Self, StoreError> {
        let parsed = |name: &str, text: &str| {
            text.parse().map_err(|_| StoreError::Refused(format!("the field {name} is not sealed")))
        };
        let sealed = |name: &str| parsed(name, row.require_text(name)?);
        Ok(Self {
            phone: row.get_text("phone").map(|text| parsed("phone", text)).transpose()?,
            email: sealed("email")?,
            full_name: sealed("full_name")?,
            language: row.require_text("language")?.to_owned(),
        })
    }
}

/// Remembers a new person; a repetition changes nothing.
///
/// # Errors
/// Transient or poison, as every consumer.
pub(crate) async fn register(env: &Env, delivery: &Delivery<BusEvent>) -> Result<(), Failure> {
    let user: UserRegistered = delivery.data()?;
    let fields = [
        ("phone", user.phone.as_str()),
        ("email", user.email.as_str()),
        ("full_name", user.full_name.as_str()),
        ("language", user.language.as_str()),
    ];
    remember(env, &user.user_id, &fields, sequence(delivery)?).await
}

/// Remembers who begins to register as a member: a payment is told of before the registration is complete.
///
/// # Errors
/// Transient or poison, as every consumer.
pub(crate) async fn begin(env: &Env, delivery: &Delivery<BusEvent>) -> Result<Outcome, Failure> {
    let CustomerCreated { user_id, full_name, email, language, .. } = delivery.data()?;
    let fields = [("email", email.as_str()), ("full_name", full_name.as_str()), ("language", language.as_str())];
    remember(env, &user_id, &fields, BEFORE_PROFILE).await?;
    Ok(Outcome::Applied)
}

/// Remembers a new member; a repetition, or what was remembered at the beginning, changes nothing.
///
/// # Errors
/// Transient or poison, as every consumer.
pub(crate) async fn join(env: &Env, delivery: &Delivery<BusEvent>) -> Result<(), Failure> {
    let CustomerRegistered { user_id, full_name, email, language, .. } = delivery.data()?;
    let fields = [("email", email.as_str()), ("full_name", full_name.as_str()), ("language", language.as_str())];
    remember(env, &user_id, &fields, BEFORE_PROFILE).await
}

/// Members' registrations are in another stream than the changes of their profiles, and before all of them.
const BEFORE_PROFILE: u64 = 0;

async fn remember(env: &Env, user_id: &str, fields: &[(&str, &str)], sequence: u64) -> Result<(), Failure> {
    let row = fields.iter().fold(table::item(table::contact(user_id)), |row, (name, value)| {
        row.text(name, *value).number(&since(name), sequence)
    });
    env.store.put_new(table::name(env)?, row).await?;
    Ok(())
}

/// Takes over what changed in a profile, field by field: a later event may have come first.
///
/// # Errors
/// Transient while the person is not known yet.
pub(crate) async fn update(env: &Env, delivery: &Delivery<BusEvent>) -> Result<Outcome, Failure> {
    let profile: UserProfileUpdated = delivery.data()?;
    let fields = [
        ("phone", profile.phone.as_ref().map(Sealed::as_str)),
        ("email", profile.email.as_ref().map(Sealed::as_str)),
        ("full_name", profile.full_name.as_ref().map(Sealed::as_str)),
        ("language", profile.language.as_deref()),
    ];
    if fields.iter().all(|(_, value)| value.is_none()) {
        return Ok(Outcome::Ignored("nothing by which a person is addressed changed"));
    }
    let (table, key) = (table::name(env)?, table::contact(&profile.user_id));
    if env.store.get(table, &key, true).await?.is_none() {
        return Err(unknown());
    }
    let sequence = sequence(delivery)?;
    let mut outcome = Outcome::Ignored("nothing newer than what is known");
    for (name, value) in fields.into_iter().filter_map(|(name, value)| Some((name, value?))) {
        let newer = Update::of(table, key.clone())
            .text(name, value)
            .number(&since(name), sequence)
            .if_newer(&since(name), sequence);
        if env.store.update(newer).await? {
            outcome = Outcome::Applied;
        }
    }
    Ok(outcome)
}

/// The person's registration has not arrived yet.
pub(crate) fn unknown() -> Failure {
    Failure::transient("the person's contact points are not known yet")
}

fn since(field: &str) -> String {
    format!("{field}_since")
}

fn sequence(delivery: &Delivery<BusEvent>) -> Result<u64, Failure> {
    delivery.event().metadata.sequence.ok_or_else(|| Failure::poison("the event has no sequence"))
}
