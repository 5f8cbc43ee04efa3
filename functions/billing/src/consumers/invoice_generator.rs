//! `payment.processed` and `subscription.renewed`: the invoice of the payment, and its document.
//!
//! Either event may come first, again, or alone. The invoice is issued in one transaction; its document follows from it
//! and is put after that, so a delivery that was cut off between the two is made good by the next one.

use quoin_events::BusEvent;
use quoin_money::Asset;
use quoin_runtime::{ConfigError, Delivery, Env, Failure, Outcome};

use crate::invoice::Terms;
use crate::issue::issue;
use crate::{archive, name, payment};

/// Issues the invoice of a payment.
///
/// # Errors
/// Transient or poison, as every consumer.
pub async fn handle(env: &Env, delivery: &Delivery<BusEvent>) -> Result<Outcome, Failure> {
    let Some(payment) = payment::of(delivery.event())? else {
        return Ok(Outcome::Ignored("it tells of no payment"));
    };
    let terms = terms(env)?;
    let full_name = name::of(env, &payment.user_id).await?;
    let (kept, is_new) = issue(env, &delivery.context.origin, &payment, full_name.as_ref(), &terms).await?;
    // Whoever was erased keeps the invoice, without a name, and has no document that could be read.
    if let Some(key) = env.data_key(&kept.invoice.user_id).await? {
        archive::keep(env, &key, &kept, terms.scale).await?;
    }
    Ok(if is_new { Outcome::Applied } else { Outcome::Duplicate })
}

fn terms(env: &Env) -> Result<Terms, Failure> {
    let invalid = |_| ConfigError::Invalid("TAX_PERCENT".to_owned(), "a percentage");
    Ok(Terms {
        issuer: env.config.require("INVOICE_ISSUER")?.to_owned(),
        tax: env.config.require("TAX_PERCENT")?.parse().map_err(invalid)?,
        scale: env.config.scales()?.of(Asset::Cash),
    })
}
