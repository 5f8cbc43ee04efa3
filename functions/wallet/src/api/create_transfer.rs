//! `POST /api/wallets/me/transfers`: two wallets, one transaction. A note is kept as the payee alone can read it.

use quoin_events::types::WalletTransferred;
use quoin_events::{Draft, EntityRef, Sealed, Timestamp};
use quoin_ledger::{Decision, Passing, Purpose, Rejection, Wallet, decide_between};
use quoin_money::{Amount, Asset};
use quoin_runtime::{Context, Env, Failure, Personal, Problem, Request, Response, StoredAnswer, idempotent_command};
use quoin_store::{
    Answer, Append, Commit, ExecuteError, Executed, Proposal, Receipt, Snapshot, Stream, WalletWrite, body_hash,
    execute,
};
use serde::{Deserialize, Serialize};

/// The most characters of a note.
const MAX_NOTE: usize = 500;

/// A transfer as it is asked for.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct Transfer {
    /// Who is paid; another user than the caller.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 200)))]
    to_user_id: String,
    /// `cash`, `rez_coins` or `credits`; nothing else can be given away.
    asset: Asset,
    /// How much; above zero, in the asset's unit, at most its decimals.
    amount: Amount,
    /// For the payee; at most 500 characters.
    #[cfg_attr(feature = "schema", schemars(length(max = 500)))]
    #[serde(default)]
    note: Option<Personal>,
}

/// What makes two transfers the same. Of a note its sealed text, so that nobody can guess at it by the hash.
#[derive(Serialize)]
struct TransferIdentity<'a> {
    to_user_id: &'a str,
    asset: Asset,
    amount: Amount,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<&'a Sealed>,
}

/// What stands in the receipt of a transfer with a note.
#[derive(Serialize)]
struct Noted<'a> {
    note: &'a Sealed,
}

/// A transfer that is done.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct Transferred<'a> {
    /// The transfer.
    transfer_id: &'a str,
    /// Who was paid.
    to_user_id: &'a str,
    /// What moved.
    asset: Asset,
    /// How much.
    amount: Amount,
    /// The payer's wallet afterwards.
    wallet: PayerView,
}

/// The payer's wallet after a transfer.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct PayerView {
    /// Its version.
    version: u64,
    /// What it has left of the asset.
    available: Amount,
}

/// What the route takes and answers.
#[cfg(feature = "schema")]
#[must_use]
pub fn contract() -> quoin_runtime::Contract {
    quoin_runtime::Contract::new("Transfers money to another user")
        .idempotent()
        .takes::<Transfer>()
        .answers::<Transferred<'_>>(201)
        .refuses(400, &["NOTE_TOO_LONG", "ASSET_NOT_ACCEPTED", "USER_ID_INVALID", "TRANSFER_TO_SELF"])
        .refuses(400, &["AMOUNT_ZERO", "AMOUNT_TOO_PRECISE"])
        .refuses(404, &["NOT_FOUND"])
        .refuses(
            422,
            &[
                "WALLET_INSUFFICIENT_BALANCE",
                "WALLET_CLOSED",
                "WALLET_UNKNOWN",
                "AMOUNT_OUT_OF_RANGE",
                "NOTE_UNDELIVERABLE",
            ],
        )
}

/// Payer's and payee's wallets.
struct Both {
    from: Option<Wallet>,
    to: Option<Wallet>,
}

impl Snapshot for Both {
    fn rebase(&mut self, wallet: Wallet) {
        for side in [&mut self.from, &mut self.to] {
            if side.as_ref().is_some_and(|known| known.user_id == wallet.user_id) {
                *side = Some(wallet.clone());
            }
        }
    }
}

/// Transfers money to another user.
///
/// # Errors
/// 400, 401, 404 or 429; a refusal (422) is an answer like any other.
pub async fn handle(env: &Env, request: &Request) -> Result<Response, Problem> {
    let user_id = request.caller()?.user_id.as_str();
    let id = idempotent_command(request, "trf")?;
    let transfer: Transfer = request.json()?;
    if transfer.note.as_ref().is_some_and(|note| note.reveal().chars().count() > MAX_NOTE) {
        return Err(Problem::field("NOTE_TOO_LONG", "/note", "must be at most 500 characters"));
    }
    if !matches!(transfer.asset, Asset::Cash | Asset::RezCoins | Asset::Credits) {
        let detail = "bonus money and coins of a promotion or merchant cannot be given away";
        return Err(Problem::field("ASSET_NOT_ACCEPTED", "/asset", detail));
    }
    if !(1..=200).contains(&transfer.to_user_id.len()) {
        return Err(Problem::field("USER_ID_INVALID", "/to_user_id", "must be 1 to 200 characters"));
    }
    super::usable(env, transfer.asset, transfer.amount)?;
    let note = match &transfer.note {
        Some(note) => Some(seal(env, &transfer.to_user_id, note).await?),
        None => None,
    };
    let identity = TransferIdentity {
        to_user_id: &transfer.to_user_id,
        asset: transfer.asset,
        amount: transfer.amount,
        note: note.as_ref(),
    };
    let hash = body_hash(&identity)?;
    let parties = (user_id, transfer.to_user_id.as_str());
    let receipt = Stream::new("cmd", id);
    let money = (transfer.asset, transfer.amount);
    let executed = transfer_between(env, &request.context, receipt, hash, parties, money, note).await?;
    Ok(StoredAnswer(executed).into())
}

/// Seals a note for `to_user_id`; without that person's key it could be kept in the clear only, or not at all.
async fn seal(env: &Env, to_user_id: &str, note: &Personal) -> Result<Sealed, Problem> {
    let unreadable = || {
        Problem::refused("NOTE_UNDELIVERABLE", "there is nobody who could read the note")
            .at("/note", "cannot be sealed for this payee")
    };
    let key = env.data_key(to_user_id).await?.ok_or_else(unreadable)?;
    Ok(key.seal(note).map_err(Failure::poison)?)
}

/// Moves `money` between two wallets, once per receipt.
pub(crate) async fn transfer_between(
    env: &Env,
    context: &Context,
    receipt: Stream,
    hash: String,
    (from, to): (&str, &str),
    (asset, amount): (Asset, Amount),
    note: Option<Sealed>,
) -> Result<Executed, Problem> {
    if from == to {
        return Err(Problem::field("TRANSFER_TO_SELF", "/to_user_id", "is the paying wallet itself"));
    }
    let calendar = env.config.calendar()?;
    let related = EntityRef { kind: "transfer".to_owned(), id: receipt.id.clone() };
    let purposes = (Purpose::DebitTransfer, Purpose::CreditTransfer);
    let passing = Passing { related: related.clone(), asset, amount, purposes };
    let decided = |both: &Both, now: Timestamp| -> Result<Result<[(Wallet, Decision); 2], Rejection>, Problem> {
        let missing =
            |pointer: &str| Problem::refused("WALLET_UNKNOWN", "there is no such wallet").at(pointer, "has no wallet");
        let from = both.from.clone().ok_or_else(|| Problem::not_found("wallet"))?;
        let to = both.to.clone().ok_or_else(|| missing("/to_user_id"))?;
        let both = decide_between(&from, &to, &passing, now, calendar);
        Ok(both.map(|(debit, credit)| [(from, debit), (to, credit)]))
    };
    let propose = |both: &Both, now: Timestamp| {
        let append = Append::first(receipt.clone(), now);
        let receipt = |answer: &Answer| Receipt { body_hash: hash.clone(), answer: Some(answer.clone()) };
        let (commit, answer) = match decided(both, now)? {
            Ok([(payer, debit), (payee, credit)]) => {
                let transferred = WalletTransferred {
                    transfer_id: related.id.clone(),
                    from_user_id: payer.user_id.clone(),
                    to_user_id: payee.user_id.clone(),
                    asset,
                    amount,
                    note: note.clone(),
                };
                let wallet = PayerView { version: debit.wallet.version, available: debit.wallet.available(asset) };
                let (transfer_id, to_user_id) = (related.id.as_str(), payee.user_id.as_str());
                let body = Transferred { transfer_id, to_user_id, asset, amount, wallet };
                let answer = Answer::new(201, &body)?;
                let event = Draft::new(&transferred, now)?;
                let append = match &note {
                    Some(note) => append.state(&Noted { note })?,
                    None => append,
                };
                let append = append.receipt(receipt(&answer)).events([event]);
                let commit = Commit::new()
                    .append(append)
                    .wallet(WalletWrite::new(payer, debit)?)
                    .wallet(WalletWrite::new(payee, credit)?);
                (commit, answer)
            }
            Err(rejection) => {
                let answer = Problem::from(&rejection).answer(context.request_id())?;
                (Commit::new().append(append.receipt(receipt(&answer))), answer)
            }
        };
        Ok(Proposal { commit, body_hash: hash.clone(), answer: Some(answer) })
    };
    let load = async || {
        let (wallets, _) = env.store.read(&[from, to], &[]).await?;
        let mut wallets = wallets.into_iter();
        Ok(Both { from: wallets.next().flatten(), to: wallets.next().flatten() })
    };
    let done: Result<Executed, ExecuteError<Problem>> =
        execute(&env.store, &env.clock, context.deadline(), &context.origin, load, propose).await;
    done.map_err(Problem::from)
}
