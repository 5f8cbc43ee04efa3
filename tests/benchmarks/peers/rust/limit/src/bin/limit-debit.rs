//! The function of job 1.

use limit::table::Tables;
use limit::{Error, debit, runtime};

fn main() -> Result<(), Error> {
    let mut tables = Tables::connect()?;
    runtime::serve(|payload| debit::handle(&mut tables, payload))
}
