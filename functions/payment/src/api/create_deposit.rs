//! `POST /api/payments/deposits`: a deposit is written down, then the provider is asked for the money. Where a limit
//! bounds deposits, the same write counts it.

use quoin_events::types::LimitKind;
use quoin_events::{Draft, EntityRef, Timestamp};
use quoin_ledger::{Change, Decision, Movement, Rejection, Status as WalletStatus, Wallet, Window, decide};
use quoin_money::{Amount, Asset};
use quoin_payments::{HttpProvider, Provider, provider_name};
use quoin_runtime::{Env, Problem, Request, Response, command, idempotent_command};
use quoin_store::{Answer, Append, Commit, Proposal, Receipt, Snapshot, Stream, WalletWrite, body_hash};
use serde::{Deserialize, Serialize};

use crate::advance::{advance, find};
use crate::payment::{Payment, Status};

/// The most that one deposit may be, unless the stage says otherwise.
const MAX_DEPOSIT: u32 = 1_000_000;

/// A deposit as it is asked for.
#[derive(Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct Deposit {
    /// How much; above zero, in the stage's currency, at most its decimals.
    amount: Amount,
    /// `cash`.
    asset: Asset,
    /// How the provider is to be paid. The sandbox has `sandbox`, `sandbox_decline`, `sandbox_late`,
    /// `sandbox_silent` and `sandbox_twice`.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = r"^[a-z0-9_]{1,32}$")))]
    method: String,
}

/// A deposit that the provider is asked for.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "AcceptedDeposit"))]
struct Accepted<'a> {
    /// The payment.
    payment_id: &'a str,
    /// `initiated`.
    status: &'static str,
    /// Where the provider wants the user to go on.
    #[serde(skip_serializing_if = "Option::is_none")]
    redirect_url: Option<String>,
}

/// The wallet that the money is for.
struct OwnWallet(Option<Wallet>);

impl Snapshot for OwnWallet {
    fn rebase(&mut self, wallet: Wallet) {
        self.0 = Some(wallet);
    }
}

/// What a deposit is judged by.
struct Rules {
    most: Amount,
    calendar: Window,
}

/// What the route takes and answers.
#[cfg(feature = "schema")]
#[must_use]
pub fn contract() -> quoin_runtime::Contract {
    quoin_runtime::Contract::new("Accepts a deposit and asks the provider for the money")
        .idempotent()
        .takes::<Deposit>()
        .answers::<Accepted<'_>>(202)
        .refuses(400, &["ASSET_NOT_DEPOSITABLE", "AMOUNT_ZERO", "AMOUNT_TOO_PRECISE", "METHOD_INVALID"])
        .refuses(404, &["NOT_FOUND"])
        .refuses(422, &["DEPOSIT_TOO_LARGE", "LIMIT_REACHED", "SELF_EXCLUDED", "WALLET_CLOSED", "AMOUNT_OUT_OF_RANGE"])
}

/// Accepts a deposit, or refuses it with a receipt.
///
/// # Errors
/// 400, 401, 404, 422 for a reused key, 429 or 503.
pub async fn handle(env: &Env, request: &Request) -> Result<Response, Problem> {
    let caller = request.caller()?;
    let payment_id = idempotent_command(request, "pay")?;
    let deposit = validated(env, request.json()?)?;
    let hash = body_hash(&deposit)?;
    let rules = Rules {
        most: env.config.parse_or("MAX_DEPOSIT", Amount::whole(MAX_DEPOSIT))?,
        calendar: env.config.calendar()?,
    };
    let payment = Payment {
        payment_id,
        user_id: caller.user_id.clone(),
        amount: deposit.amount,
        asset: deposit.asset,
        method: deposit.method,
        provider: provider_name(env).to_owned(),
        status: Status::Initiated,
        request_id: request.context.request_id().to_owned(),
        initiated_at: request.context.now,
        provider_reference: None,
        redirect_url: None,
        failure_reason: None,
        limit_counted_at: None,
    };
    let load = async || env.store.wallet(&payment.user_id).await.map(OwnWallet);
    let propose = |wallet: &OwnWallet, now: Timestamp| {
        let wallet = wallet.0.as_ref().ok_or_else(|| Problem::not_found("wallet"))?;
        match judge(&rules, &payment, wallet, now) {
            Ok(counted) => accept(&payment, wallet, counted, &hash, now),
            Err(refusal) => refuse(&payment, &refusal, &hash, now),
        }
    };
    let response = command(env, &request.context, load, propose).await?;
    if response.status != 202 {
        return Ok(response);
    }
    let redirect_url = if response.headers.contains_key("idempotency-hit") {
        // The answer that was given may have held what the provider said right after.
        find(env, &payment.payment_id).await?.and_then(|found| found.state.redirect_url)
    } else {
        ask(env, request, &payment).await
    };
    let body = Accepted { payment_id: &payment.payment_id, status: "initiated", redirect_url };
    Ok(Response { body: serde_json::to_string(&body)?, ..response })
}

fn validated(env: &Env, deposit: Deposit) -> Result<Deposit, Problem> {
    if deposit.asset != Asset::Cash {
        return Err(Problem::field("ASSET_NOT_DEPOSITABLE", "/asset", "must be cash"));
    }
    if deposit.amount.is_zero() {
        return Err(Problem::field("AMOUNT_ZERO", "/amount", "must be above zero"));
    }
    let scaled = deposit.amount.in_scale(deposit.asset, env.config.scales()?);
    scaled.map_err(|error| Problem::field("AMOUNT_TOO_PRECISE", "/amount", error.to_string()))?;
    let named = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    if !(1..=32).contains(&deposit.method.len()) || !deposit.method.bytes().all(named) {
        return Err(Problem::field("METHOD_INVALID", "/method", "must be 1 to 32 of a to z, 0 to 9 and _"));
    }
    Ok(deposit)
}

/// Why a deposit is refused, and what the world is told of it.
struct Refusal {
    problem: Problem,
    rejection: Option<Rejection>,
}

/// The change of the wallet that counts the deposit, if a limit bounds it, or why it is refused.
fn judge(rules: &Rules, payment: &Payment, wallet: &Wallet, now: Timestamp) -> Result<Option<Decision>, Box<Refusal>> {
    let refused = |rejection: Rejection| {
        let problem = (&rejection).into();
        Box::new(Refusal { problem, rejection: Some(rejection) })
    };
    match wallet.status.at(now) {
        WalletStatus::Active => {}
        WalletStatus::SelfExcluded { .. } => return Err(refused(Rejection::SelfExcluded)),
        WalletStatus::Closed => return Err(refused(Rejection::Closed)),
    }
    if payment.amount > rules.most {
        let problem = Problem::refused("DEPOSIT_TOO_LARGE", format!("one deposit may be at most {}", rules.most));
        return Err(Box::new(Refusal { problem: problem.with("maximum", rules.most), rejection: None }));
    }
    let (kind, asset, amount) = (LimitKind::Deposit, payment.asset, payment.amount);
    if !wallet.limits.bounds(kind, asset) {
        return Ok(None);
    }
    let change = Change {
        related: EntityRef { kind: "payment".to_owned(), id: payment.payment_id.clone() },
        movements: vec![Movement::UseUp { kind, asset, amount }],
    };
    decide(wallet, &change, now, rules.calendar).map(Some).map_err(refused)
}

/// The payment's first item: the receipt, the state, and the event.
fn first(
    payment: &Payment,
    answer: &Answer,
    event: Option<Draft>,
    hash: &str,
    now: Timestamp,
) -> Result<Append, Problem> {
    let receipt = Receipt { body_hash: hash.to_owned(), answer: Some(answer.clone()) };
    let append = Append::first(Stream::new("payment", payment.payment_id.clone()), now);
    Ok(append.state(payment)?.receipt(receipt).events(event))
}

fn accept(
    payment: &Payment,
    wallet: &Wallet,
    counted: Option<Decision>,
    hash: &str,
    now: Timestamp,
) -> Result<Proposal, Problem> {
    let body = Accepted { payment_id: &payment.payment_id, status: "initiated", redirect_url: None };
    let answer = Answer::new(202, &body)?;
    let limit_counted_at = counted.as_ref().map(|decision| decision.wallet.at);
    let state = Payment { status: Status::Initiated, limit_counted_at, ..payment.clone() };
    let event = Draft::new(&payment.initiated(), now)?;
    let commit = Commit::new().append(first(&state, &answer, Some(event), hash, now)?);
    let commit = match counted {
        Some(decision) => commit.wallet(WalletWrite::new(wallet.clone(), decision)?),
        None => commit,
    };
    Ok(Proposal { commit, body_hash: hash.to_owned(), answer: Some(answer) })
}

fn refuse(payment: &Payment, refusal: &Refusal, hash: &str, now: Timestamp) -> Result<Proposal, Problem> {
    let answer = refusal.problem.answer(&payment.request_id)?;
    let event = match &refusal.rejection {
        Some(Rejection::LimitReached(reached)) => Some(Draft::new(reached.as_ref(), now)?),
        Some(_) | None => None,
    };
    let state = Payment { status: Status::Refused, ..payment.clone() };
    let commit = Commit::new().append(first(&state, &answer, event, hash, now)?);
    Ok(Proposal { commit, body_hash: hash.to_owned(), answer: Some(answer) })
}

/// Asks the provider and notes what it calls the payment. Whatever stays open is the sweeper's.
async fn ask(env: &Env, request: &Request, payment: &Payment) -> Option<String> {
    let asked = async {
        let provider = HttpProvider::of(env, &request.context).map_err(|failure| failure.to_string())?;
        let report = provider.initiate(&payment.order()).await.map_err(|silence| silence.0)?.into();
        let found = find(env, &payment.payment_id).await.map_err(|error| error.to_string())?;
        let Some(found) = found else { return Ok(None) };
        advance(env, &request.context, found, &report).await.map_err(|error| error.to_string())?;
        let found = find(env, &payment.payment_id).await.map_err(|error| error.to_string())?;
        Ok::<_, String>(found.and_then(|found| found.state.redirect_url))
    };
    match asked.await {
        Ok(redirect_url) => redirect_url,
        Err(reason) => {
            tracing::warn!(payment_id = payment.payment_id, reason, "the provider has not taken the payment yet");
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payment::tests::payment;
    use quoin_events::types::LimitPeriod;

    fn judged(wallet: &Wallet) -> Option<&'static str> {
        let rules = Rules { most: Amount::whole(500), calendar: Window::default() };
        judge(&rules, &payment(), wallet, Timestamp::from_millis(5_000)).err().map(|refusal| refusal.problem.code)
    }

    fn wallet() -> Wallet {
        Wallet::new("u1".to_owned(), Timestamp::from_millis(0))
    }

    #[test]
    fn excluded_and_closed_owners_do_not_deposit() {
        assert_eq!(judged(&wallet()), None);
        let until = Timestamp::from_millis(6_000);
        let excluded = Wallet { status: WalletStatus::SelfExcluded { until }, ..wallet() };
        assert_eq!(judged(&excluded), Some("SELF_EXCLUDED"));
        let over = WalletStatus::SelfExcluded { until: Timestamp::from_millis(4_000) };
        assert_eq!(judged(&Wallet { status: over, ..wallet() }), None);
        assert_eq!(judged(&Wallet { status: WalletStatus::Closed, ..wallet() }), Some("WALLET_CLOSED"));
    }

    #[test]
    fn a_deposit_limit_refuses_with_a_receipt_and_an_event() {
        let mut limited = wallet();
        let (now, calendar) = (Timestamp::from_millis(5_000), Window::default());
        let what = (LimitKind::Deposit, LimitPeriod::Day, Asset::Cash);
        limited.limits.set(what, Amount::whole(450), now, calendar);
        assert_eq!(judged(&limited), Some("LIMIT_REACHED"));
        let rules = Rules { most: Amount::whole(500), calendar };
        let refusal = judge(&rules, &payment(), &limited, now).unwrap_err();
        let proposal = refuse(&payment(), &refusal, "1:x", now).unwrap();
        let answer = proposal.answer.unwrap();
        assert_eq!(answer.status, 422);
        assert!(answer.body.get().contains("LIMIT_REACHED"), "{}", answer.body);
        limited.limits.set(what, "450.1".parse().unwrap(), now.plus_seconds(1), calendar);
        assert_eq!(judged(&limited), Some("LIMIT_REACHED"), "an increase has to cool off");
    }

    #[test]
    fn deposits_that_are_on_their_way_count_where_there_is_a_limit_and_nothing_is_written_where_there_is_none() {
        let rules = Rules { most: Amount::whole(500), calendar: Window::default() };
        let now = Timestamp::from_millis(5_000);
        assert_eq!(judge(&rules, &payment(), &wallet(), now).ok(), Some(None));
        let mut limited = wallet();
        let what = (LimitKind::Deposit, LimitPeriod::Day, Asset::Cash);
        limited.limits.set(what, Amount::whole(1_000), now, rules.calendar);
        for _ in 0..2 {
            let decision = judge(&rules, &payment(), &limited, now).ok().flatten().unwrap();
            assert_eq!((decision.wallet.version, decision.postings.len()), (limited.version + 1, 0));
            limited = decision.wallet;
        }
        assert_eq!(limited.limits.0[0].used, "900.2".parse().unwrap());
        assert_eq!(judged(&limited), Some("LIMIT_REACHED"));
    }

    #[test]
    fn a_single_deposit_has_a_largest_amount() {
        let rules = Rules { most: Amount::whole(450), calendar: Window::default() };
        let refusal = judge(&rules, &payment(), &wallet(), Timestamp::from_millis(5_000)).unwrap_err();
        assert_eq!(refusal.problem.code, "DEPOSIT_TOO_LARGE");
    }
}
