//! `GET /api/gl/periods`.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_api(quoin_accounting::api::list_periods::handle)
}
