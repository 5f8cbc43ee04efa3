//! `POST /api/subscriptions/{id}/plan`.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_api(quoin_membership::api::change_plan::handle)
}
