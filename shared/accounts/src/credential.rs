//! What an account signs in with: the hash of its password, in a row of its own.
//!
//! Profiles are read by many, also by another service; this row only where sessions begin and go on, and where
//! operators' accounts are made. It is written in the transaction that writes the account. Who needs both reads the
//! profile first: a profile is then never newer than the credential that it is used with, so that nobody gets a role
//! with a password that was replaced when the role was given.

use quoin_runtime::{Env, Failure};
use quoin_store::{Item, Key, StoreError};

use crate::account::table;
use crate::password::PasswordHash;

const PASSWORD: &str = "password";

/// The key of the row.
#[must_use]
pub fn credential_key(user_id: &str) -> Key {
    Key::new(format!("credential#{user_id}"), PASSWORD)
}

/// The row with the password's hash of `user_id`.
pub fn credential_item(user_id: &str, password: &PasswordHash) -> Item {
    let key = credential_key(user_id);
    Item::new().text("pk", key.pk).text("sk", key.sk).text(PASSWORD, password.as_str())
}

/// The hash in such a row.
fn read(item: &Item) -> Result<PasswordHash, StoreError> {
    Ok(PasswordHash::stored(item.require_text(PASSWORD)?))
}

/// The password's hash of `user_id`.
pub async fn load_credential(env: &Env, user_id: &str) -> Result<Option<PasswordHash>, Failure> {
    let item = env.store.get(table(env)?, &credential_key(user_id), true).await?;
    Ok(item.as_ref().map(read).transpose()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_that_is_written_is_read() {
        let item = credential_item("user_1", &PasswordHash::stored("$argon2id$hash"));
        assert_eq!(item.get_text("pk"), Some("credential#user_1"));
        assert_eq!(read(&item).unwrap().as_str(), "$argon2id$hash");
        assert!(read(&Item::new()).is_err());
    }
}
