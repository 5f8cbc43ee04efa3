//! Takes in boosts of profiles, and what people bought, spent and earned.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_consumer(quoin_user::consumers::user_credit_queue::handle)
}
