//! One person as messages need them: where and how they are reached, and what was prepared for an order of theirs.

use quoin_runtime::{Env, Failure};

use crate::contact::Contact;
use crate::preferences::Preferences;
use crate::prepared::Prepared;
use crate::table;

/// What is known of a person.
#[derive(Debug)]
pub(crate) struct Person {
    /// Where the person is reached; `None` while the registration has not arrived.
    pub(crate) contact: Option<Contact>,
    /// How the person wants to be told.
    pub(crate) preferences: Preferences,
    /// The prepared confirmation of the order that was asked for.
    pub(crate) prepared: Option<Prepared>,
}

impl Person {
    /// Reads what is known of `user_id`, and the confirmation of `order_id`.
    ///
    /// # Errors
    /// Transient, if the table cannot be read.
    pub(crate) async fn read(env: &Env, user_id: &str, order_id: Option<&str>) -> Result<Self, Failure> {
        let table = table::name(env)?;
        let mut wanted = vec![(table, table::contact(user_id)), (table, table::preferences(user_id))];
        wanted.extend(order_id.map(|order_id| (table, table::confirmation(order_id))));
        let rows = env.store.batch(&wanted).await?;
        let row = |index: usize| rows.get(index).and_then(Option::as_ref);
        // An order is its owner's; nobody else's event is told with it.
        let prepared = row(2).map(Prepared::read).transpose()?.filter(|prepared| prepared.user_id == user_id);
        Ok(Self { contact: row(0).map(Contact::read).transpose()?, preferences: Preferences::read(row(1))?, prepared })
    }
}

/// The language in which a person is told.
pub(crate) fn language<'a>(contact: &'a Contact, preferences: &'a Preferences) -> &'a str {
    preferences.language.as_deref().unwrap_or(&contact.language)
}
