//! `POST /api/gigs/{id}/payments`: its owner pays who completed it; two wallets, one transaction.

use quoin_events::{Draft, Timestamp};
use quoin_ranks::Standing;
use quoin_runtime::{Env, Problem, Request, Response, command, idempotent_command};
use quoin_store::{Answer, Append, Commit, Proposal, Receipt, StoreError, Stream, body_hash};

use crate::known::Known;
use crate::payment::{Paying, Unpaid, failed};
use crate::table::GIGS;

/// What the route takes and answers.
#[cfg(feature = "schema")]
#[must_use]
pub fn contract() -> quoin_runtime::Contract {
    quoin_runtime::Contract::new("Pays who completed a gig of the caller's")
        .idempotent()
        .answers::<crate::payment::PaidGig>(201)
        .refuses(404, &["NOT_FOUND"])
        .refuses(422, &["GIG_NOT_COMPLETED", "GIG_PAID", "WALLET_INSUFFICIENT_BALANCE", "WALLET_CLOSED"])
        .refuses(422, &["AMOUNT_OUT_OF_RANGE"])
}

/// Pays the gig.
///
/// # Errors
/// 400, 401, 404 or 429; a refusal (422) is an answer like any other.
pub async fn handle(env: &Env, request: &Request) -> Result<Response, Problem> {
    let user_id = request.caller()?.user_id.as_str();
    let gig_id = request.path("id")?;
    let payment_id = idempotent_command(request, "gigpay")?;
    let hash = body_hash(&gig_id)?;
    let (table, calendar) = (env.config.table(GIGS)?, env.config.calendar()?);
    let load = async || paying(env, table, gig_id, user_id).await;
    let propose = |paying: &Option<Paying>, now: Timestamp| {
        let paying = paying.as_ref().ok_or_else(|| Problem::not_found("gig"))?;
        let refused = |problem: Problem| problem.answer(request.context.request_id());
        let (commit, answer, told) = match paying.decide(table, &payment_id, now, calendar) {
            Ok((commit, paid)) => (commit, Answer::new(201, &paid)?, None),
            Err(Unpaid::Refused(problem)) => (Commit::new(), refused(problem)?, None),
            Err(Unpaid::Rejected(rejection)) => {
                let told = failed(&rejection, user_id, gig_id).map(|failed| Draft::new(&failed, now)).transpose()?;
                // The wallet may lack what another request has just paid for this very gig.
                (paying.gig.row.unchanged(table), refused(Problem::from(&rejection))?, told)
            }
            Err(Unpaid::Failed(problem)) => return Err(problem),
        };
        let receipt = Receipt { body_hash: hash.clone(), answer: Some(answer.clone()) };
        let append = Append::first(Stream::new("cmd", payment_id.clone()), now).receipt(receipt).events(told);
        let commit = commit.append(append);
        Ok(Proposal { commit, body_hash: hash.clone(), answer: Some(answer) })
    };
    command(env, &request.context, load, propose).await
}

/// What a payment is decided on; nothing if there is no such gig of the caller's.
async fn paying(env: &Env, table: &str, gig_id: &str, user_id: &str) -> Result<Option<Paying>, StoreError> {
    let found = Standing::<Known>::find(&env.store, table, gig_id).await?;
    let Some(gig) = found.filter(|found| found.row.entity.gig.owner_id == user_id) else { return Ok(None) };
    let worker = gig.row.entity.gig.completed_by.clone();
    let users: Vec<_> = std::iter::once(user_id).chain(worker.as_deref()).collect();
    let (wallets, _) = env.store.read(&users, &[]).await?;
    let mut wallets = wallets.into_iter();
    Ok(Some(Paying { gig, owner: wallets.next().flatten(), worker: wallets.next().flatten() }))
}
