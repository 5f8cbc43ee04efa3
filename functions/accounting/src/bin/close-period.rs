//! `POST /api/gl/periods/{month}/close`.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_api(quoin_accounting::api::close_period::handle)
}
