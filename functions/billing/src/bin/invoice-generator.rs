//! Issues an invoice for each payment of a subscription.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_consumer(quoin_billing::consumers::invoice_generator::handle)
}
