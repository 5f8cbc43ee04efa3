//! Invoices' documents in their bucket, sealed under the customer's key: with the key goes all that can be read.

use quoin_runtime::{DataKey, Env, Expected, Failure, Personal};

use crate::document;
use crate::table::Kept;

/// Days that a document is kept, as the bucket has it.
const KEEP_DAYS: u32 = 3650;
/// Sealed bytes are of no other type.
const KIND: &str = "application/octet-stream";

/// Where the document of the invoice `number` is.
fn object_key(number: &str) -> String {
    format!("retention={KEEP_DAYS}/invoice={number}.pdf")
}

/// Puts the document of an invoice, unless it is there. The same invoice makes the same bytes, however often.
///
/// # Errors
/// Transient, if the bucket cannot be reached.
pub(crate) async fn keep(env: &Env, key: &DataKey, kept: &Kept, scale: u32) -> Result<(), Failure> {
    let number = &kept.invoice.number;
    let document = document::of(kept, name(key, kept).as_ref(), scale);
    let sealed = key.seal_document(number, &document).map_err(Failure::poison)?;
    env.put_object(env.config.bucket("invoices")?, &object_key(number), KIND, sealed, Expected::Nothing).await?;
    Ok(())
}

/// The document of the invoice `number`, opened; `None` while it is not stored.
///
/// # Errors
/// Transient, if the bucket cannot be reached; poison for what was not sealed with `key`.
pub(crate) async fn read(env: &Env, key: &DataKey, number: &str) -> Result<Option<Vec<u8>>, Failure> {
    let object = env.get_object(env.config.bucket("invoices")?, &object_key(number)).await?;
    object.map(|object| key.open_document(number, object.body).map_err(Failure::poison)).transpose()
}

/// The name on an invoice, if it can be opened.
pub(crate) fn name(key: &DataKey, kept: &Kept) -> Option<Personal> {
    kept.full_name.as_ref().and_then(|sealed| key.open(sealed).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_kept_as_long_as_the_bucket_is_told() {
        let declared = include_str!("../service.yaml");
        assert!(declared.contains(&format!("expire_days: [{KEEP_DAYS}]")));
        assert_eq!(object_key("INV-2026-000001"), "retention=3650/invoice=INV-2026-000001.pdf");
    }
}
