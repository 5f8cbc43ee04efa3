//! `GET /api/gl/trial-balance`.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_api(quoin_accounting::api::get_trial_balance::handle)
}
