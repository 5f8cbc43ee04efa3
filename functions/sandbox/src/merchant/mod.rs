//! A stand-in for the merchants' interface: it takes orders, says no, says nothing, or says so late, each merchant as
//! the end of its id or a switch says.

pub mod cancel;
mod desk;
mod manner;
pub mod place;
pub mod standing;

pub(crate) use desk::switch_key;
use desk::{Asked, Desk};
pub(crate) use manner::Manner;
use quoin_runtime::{Env, Problem};

/// Whether a merchant that decides after a while has not decided yet.
async fn is_pending(env: &Env, desk: &Desk<'_>, asked: &Asked) -> Result<bool, Problem> {
    let late: i64 = env.config.parse_or("SANDBOX_LATE_SECONDS", 20)?;
    Ok(desk.decided().await?.is_none() && env.clock.now() < asked.at.plus_seconds(late))
}
