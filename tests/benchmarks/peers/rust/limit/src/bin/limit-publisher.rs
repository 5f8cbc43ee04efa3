//! The function of job 4.

use limit::publisher::Publisher;
use limit::{Error, runtime};

fn main() -> Result<(), Error> {
    let mut publisher = Publisher::connect()?;
    runtime::serve(|payload| publisher.handle(payload))
}
