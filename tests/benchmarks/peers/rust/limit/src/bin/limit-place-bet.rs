//! The function of job 2.

use limit::place_bet::PlaceBet;
use limit::table::Tables;
use limit::{Error, runtime};

fn main() -> Result<(), Error> {
    let (mut tables, job) = (Tables::connect()?, PlaceBet::from_env()?);
    runtime::serve(|payload| job.handle(&mut tables, payload))
}
