//! Issues the invoice of a payment: one transaction of the year's counter, the invoice, its claim on the payment and
//! its lines in two lists. Of two at once one finds the counter moved on, and takes the next number; a payment that has
//! an invoice keeps it.

use std::time::Duration;

use quoin_events::{Origin, Sealed};
use quoin_runtime::{Env, Failure};
use quoin_store::{Commit, Lost, StoreError, Update};

use crate::invoice::{Invoice, Terms, number, year};
use crate::payment::Payment;
use crate::table::{self, Kept, Listed};

/// How often a number is asked for that others take.
const TRIES: u64 = 10;
/// The upper bound of the first pause; it grows with each try.
const PAUSE_MS: u64 = 40;

/// The invoice of `payment`, and whether it is new.
///
/// # Errors
/// Transient while others take the numbers, poison if it cannot be computed.
pub(crate) async fn issue(
    env: &Env,
    origin: &Origin,
    payment: &Payment,
    full_name: Option<&Sealed>,
    terms: &Terms,
) -> Result<(Kept, bool), Failure> {
    for attempt in 1..=TRIES {
        if let Some(kept) = find(env, &payment.payment_id).await? {
            return Ok((kept, false));
        }
        let year = year(payment.at);
        let counter = env.store.get(table::name(env)?, &table::year(&year), true).await?;
        let taken = counter.and_then(|row| row.get_number(table::LAST)).unwrap_or(0);
        let place = u64::try_from(taken).map_err(Failure::poison)?.saturating_add(1);
        let invoice = Invoice::of(payment, number(&year, place), terms).map_err(Failure::poison)?;
        let hash = invoice.hash().map_err(Failure::poison)?;
        let kept = Kept { invoice, hash, full_name: full_name.cloned() };
        match env.store.commit(commit(table::name(env)?, &kept, &year, place)?, origin).await {
            Ok(()) => return Ok((kept, true)),
            Err(StoreError::Lost(lost)) if matches!(*lost, Lost::Append { .. } | Lost::Wallet(_)) => {
                return Err(Failure::poison("invoices have neither journal nor wallets"));
            }
            // The number went to another payment, or this one to another delivery: look again.
            Err(StoreError::Lost(_) | StoreError::Conflict) => {
                let pause = env.clock.random_below(attempt.saturating_mul(PAUSE_MS));
                env.clock.sleep(Duration::from_millis(pause)).await;
            }
            Err(error @ (StoreError::Unavailable(_) | StoreError::Refused(_))) => return Err(error.into()),
        }
    }
    Err(Failure::transient("others kept taking the numbers"))
}

/// The invoice that a payment has.
async fn find(env: &Env, payment_id: &str) -> Result<Option<Kept>, Failure> {
    let table = table::name(env)?;
    let Some(claim) = env.store.get(table, &table::payment(payment_id), true).await? else { return Ok(None) };
    let row = env.store.get(table, &table::invoice(claim.require_text("number")?), true).await?;
    let row = row.ok_or_else(|| Failure::poison(format!("{payment_id} has a number and no invoice")))?;
    Ok(Some(Kept::read(&row)?))
}

/// What is written for the `place`th invoice of `year`. The counter only grows, so it is one short of `place` exactly
/// if it is below it.
fn commit(table: &str, kept: &Kept, year: &str, place: u64) -> Result<Commit, StoreError> {
    let invoice = &kept.invoice;
    let listed = Listed::of(invoice);
    let claim = table::item(table::payment(&invoice.payment_id)).text("number", invoice.number.clone());
    let counter = Update::of(table, table::year(year)).number(table::LAST, place).if_newer(table::LAST, place);
    Ok(Commit::new()
        .put_new(table, claim)
        .update(counter)
        .put_new(table, kept.row()?)
        .put_new(table, listed.row(table::of_user(&invoice.user_id), year, place)?)
        .put_new(table, listed.row(table::of_customer(&invoice.customer_id), year, place)?))
}
