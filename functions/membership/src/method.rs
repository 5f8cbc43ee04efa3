//! What a customer pays with: the provider's token, sealed under the user's key, in a row of its own, and beside it the
//! claim on the e-mail address, for the end of the registration. Neither is a fact of anything, and the claim is a hash
//! that an address can be guessed from, so they are not in the journal, and go with the customer.

use quoin_events::Sealed;
use quoin_runtime::{Env, Failure, Personal};
use quoin_store::{Item, StoreError};

use crate::charge::Charge;
use crate::table;

const TOKEN: &str = "token";
const EMAIL: &str = "email_key";

/// The row of a token.
pub(crate) fn row(customer_id: &str, token: &Sealed, email_key: &str) -> Item {
    let key = table::method(customer_id);
    Item::new().text("pk", key.pk).text("sk", key.sk).text(TOKEN, token.as_str()).text(EMAIL, email_key)
}

fn read(row: &Item) -> Result<Sealed, StoreError> {
    row.require_text(TOKEN)?.parse().map_err(StoreError::corrupt)
}

/// The claim on the e-mail address of `customer_id`; none if the customer is gone.
pub(crate) async fn email_claim(env: &Env, customer_id: &str) -> Result<Option<String>, StoreError> {
    let table = table::name(env).map_err(StoreError::corrupt)?;
    let row = env.store.get(table, &table::method(customer_id), true).await?;
    Ok(row.and_then(|row| row.get_text(EMAIL).map(str::to_owned)))
}

/// The token that `charge` is paid with; none if the customer is gone.
pub(crate) async fn of(env: &Env, charge: &Charge) -> Result<Option<Personal>, Failure> {
    let row = env.store.get(table::name(env)?, &table::method(&charge.customer_id), true).await?;
    let (Some(row), Some(key)) = (row, env.data_key(&charge.user_id).await?) else { return Ok(None) };
    key.open(&read(&row)?).map(Some).map_err(Failure::poison)
}
