//! `GET /api/gl/entries`.

fn main() -> Result<(), quoin_runtime::Error> {
    quoin_runtime::run_api(quoin_accounting::api::list_gl_entries::handle)
}
