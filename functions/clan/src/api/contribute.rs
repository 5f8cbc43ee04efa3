//! `POST /api/clans/{id}/contributions`: a member gives credits to their clan; one transaction.

use quoin_events::{Draft, Timestamp};
use quoin_ledger::Wallet;
use quoin_money::{Amount, Asset};
use quoin_ranks::Row;
use quoin_runtime::{Env, Problem, Request, Response, command, idempotent_command};
use quoin_store::{Answer, Append, Commit, Proposal, Receipt, Snapshot, body_hash};
use serde::{Deserialize, Serialize};

use crate::contribution::{Contribution, MAX_CREDITS};
use crate::known::Known;
use crate::table::CLANS;

/// What is given.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct Contribute {
    /// Credits: a whole number from 1 to 1,000,000.
    amount: Amount,
}

/// Credits that a clan was given.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct Contributed<'a> {
    /// The contribution.
    contribution_id: &'a str,
    /// The clan.
    clan_id: &'a str,
    /// Credits.
    amount: Amount,
    /// Credits that the member has left.
    balance: Amount,
}

/// What a contribution is decided on.
struct Giving {
    clan: Option<Row<Known>>,
    wallet: Option<Wallet>,
}

impl Snapshot for Giving {
    fn rebase(&mut self, wallet: Wallet) {
        self.wallet = Some(wallet);
    }
}

/// What the route takes and answers.
#[cfg(feature = "schema")]
#[must_use]
pub fn contract() -> quoin_runtime::Contract {
    quoin_runtime::Contract::new("Gives credits to a clan of the caller's")
        .idempotent()
        .takes::<Contribute>()
        .answers::<Contributed<'_>>(201)
        .refuses(400, &["AMOUNT_INVALID"])
        .refuses(404, &["NOT_FOUND"])
        .refuses(422, &["NOT_A_MEMBER", "WALLET_INSUFFICIENT_BALANCE", "WALLET_CLOSED", "AMOUNT_OUT_OF_RANGE"])
}

/// Gives to the clan.
///
/// # Errors
/// 400, 401, 404 or 429; a refusal (422) is an answer like any other.
pub async fn handle(env: &Env, request: &Request) -> Result<Response, Problem> {
    let user_id = request.caller()?.user_id.as_str();
    let clan_id = request.path("id")?;
    let contribution_id = idempotent_command(request, "contribution")?;
    let Contribute { amount } = request.json()?;
    let is_amount = !amount.is_zero() && amount <= Amount::whole(MAX_CREDITS);
    if !is_amount || amount.in_scale(Asset::Credits, env.config.scales()?).is_err() {
        let detail = format!("must be a whole number from 1 to {MAX_CREDITS}");
        return Err(Problem::field("AMOUNT_INVALID", "/amount", detail));
    }
    let contribution = Contribution { contribution_id: &contribution_id, clan_id, user_id, amount };
    let hash = body_hash(&contribution)?;
    let (table, calendar) = (env.config.table(CLANS)?, env.config.calendar()?);
    let load = async || {
        let (wallets, rows) = env.store.read(&[user_id], &[(table, Row::<Known>::key(clan_id))]).await?;
        let clan = rows.iter().flatten().next().map(Row::read).transpose()?;
        Ok(Giving { clan, wallet: wallets.into_iter().next().flatten() })
    };
    let propose = |giving: &Giving, now: Timestamp| {
        let clan = giving.clan.as_ref().ok_or_else(|| Problem::not_found("clan"))?;
        let wallet = giving.wallet.clone().ok_or_else(|| Problem::not_found("wallet"))?;
        let refused = |problem: Problem, told: Option<Draft>| {
            let append = Append::first(contribution.stream(), now).events(told);
            problem.answer(request.context.request_id()).map(|answer| (append, Commit::new(), answer))
        };
        let (append, commit, answer) = if !clan.entity.clan.has(user_id) {
            refused(Problem::refused("NOT_A_MEMBER", "only members give to a clan"), None)?
        } else {
            match contribution.debit(&wallet, now, calendar) {
                Ok(decision) => {
                    let balance = decision.wallet.available(Asset::Credits);
                    let body = Contributed { contribution_id: &contribution_id, clan_id, amount, balance };
                    let (append, commit) = contribution.written(wallet, decision)?;
                    (append, commit, Answer::new(201, &body)?)
                }
                Err(rejection) => {
                    let told = contribution.failed(&rejection).map(|failed| Draft::new(&failed, now)).transpose()?;
                    refused(Problem::from(&rejection), told)?
                }
            }
        };
        let receipt = Receipt { body_hash: hash.clone(), answer: Some(answer.clone()) };
        let commit = commit.append(append.receipt(receipt));
        Ok(Proposal { commit, body_hash: hash.clone(), answer: Some(answer) })
    };
    command(env, &request.context, load, propose).await
}
