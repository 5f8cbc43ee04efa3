//! The function of job 3.

use limit::authorizer::Authorizer;
use limit::{Error, runtime};

fn main() -> Result<(), Error> {
    let authorizer = Authorizer::from_env()?;
    runtime::serve(|payload| Ok(authorizer.handle(payload)))
}
