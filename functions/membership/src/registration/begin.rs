//! The begin of a registration: customer, login, payment and claim on the e-mail address, before anybody is asked for
//! money.

use quoin_accounts::{PasswordHash, claim, credential_item};
use quoin_events::Timestamp;
use quoin_events::types::{ChargePurpose, CustomerCreated};
use quoin_ledger::Wallet;
use quoin_membership_model::{Customer, CustomerEvent, Quote, after_months};
use quoin_money::Amount;
use quoin_payments::provider_name;
use quoin_runtime::{Env, Failure, NewDataKey, Open, Problem, Request};
use quoin_store::{Append, Commit, ExecuteError, Item, Proposal, Receipt, Snapshot, StoreError, derived_id, execute};

use super::{Tables, Wanted};
use crate::charge::{self, Charge};
use crate::saga::{Saga, Status};
use crate::{append, method, table};

/// The receipt of a registration's begin: what tells repetitions apart is the row of its fingerprint, which can go.
const RECEIPT: &str = "1:registration";
const HASH: &str = "hash";

/// What became of the begin.
pub(crate) enum Begun {
    /// The payment can be asked for.
    Paying(Box<Charge>),
    /// The address is taken; that is written down.
    Refused(Box<Saga>),
    /// Somebody has used the key before.
    Before,
}

/// A begin decides on nothing that is stored.
struct Nothing;

impl Snapshot for Nothing {
    fn rebase(&mut self, _wallet: Wallet) {}
}

/// What is about to be written.
struct Begin<'a> {
    wanted: &'a Wanted,
    saga: Saga,
    charge: Charge,
    created: CustomerCreated,
    key: NewDataKey,
    password: PasswordHash,
    fingerprint: PasswordHash,
    token: Item,
}

/// Begins the registration `saga_id`.
///
/// # Errors
/// 429 or 503.
pub(crate) async fn begin(env: &Env, request: &Request, saga_id: &str, wanted: &Wanted) -> Result<Begun, Problem> {
    let begin = Begin::of(env, request, saga_id, wanted).await?;
    let tables = Tables::of(env)?;
    let propose = |_: &Nothing, _: Timestamp| Ok::<_, StoreError>(proposal(begin.commit(&tables)?));
    match write(env, request, propose).await {
        Ok(false) => Ok(Begun::Paying(Box::new(begin.charge))),
        Ok(true) => Ok(Begun::Before),
        Err(ExecuteError::Blocked(EMAIL)) => begin.refuse(env, request, &tables).await,
        Err(error) => Err(problem(error)),
    }
}

/// Writes; says whether it, or another registration under the same key, had been written before.
async fn write(
    env: &Env,
    request: &Request,
    propose: impl Fn(&Nothing, Timestamp) -> Result<Proposal, StoreError>,
) -> Result<bool, ExecuteError<StoreError>> {
    let context = &request.context;
    let deadline = context.deadline();
    let executed = execute(&env.store, &env.clock, deadline, &context.origin, async || Ok(Nothing), propose).await?;
    Ok(executed.repeated)
}

fn proposal(commit: Commit) -> Proposal {
    Proposal { commit, body_hash: RECEIPT.to_owned(), answer: None }
}

fn problem(error: ExecuteError<StoreError>) -> Problem {
    match error {
        ExecuteError::Decide(error) | ExecuteError::Store(error) => error.into(),
        ExecuteError::Contended => quoin_runtime::CommandError::Contended.into(),
        ExecuteError::KeyReused | ExecuteError::Blocked(_) => Failure::transient("an id is taken").into(),
    }
}

/// The place of the claim on the e-mail address among the commit's other items.
const EMAIL: usize = 0;

impl<'a> Begin<'a> {
    async fn of(env: &Env, request: &Request, saga_id: &str, wanted: &'a Wanted) -> Result<Self, Problem> {
        let now = request.context.now;
        let id = |prefix: &str| derived_id(prefix, &[saga_id]);
        let (customer_id, user_id) = (id("cust"), id("user"));
        let key = env.new_data_key(&user_id).await?;
        let seal = |field| key.key.seal(field).map_err(Failure::transient);
        let created = CustomerCreated {
            customer_id: customer_id.clone(),
            user_id: user_id.clone(),
            full_name: seal(&wanted.full_name)?,
            email: seal(&wanted.email.text)?,
            language: wanted.language.clone(),
        };
        let token = method::row(&customer_id, &seal(&wanted.token)?, &wanted.email.key);
        let saga = Saga {
            saga_id: saga_id.to_owned(),
            status: Status::Paying,
            customer_id: customer_id.clone(),
            user_id: user_id.clone(),
            subscription_id: id("sub"),
            payment_id: id("pay"),
            plan: wanted.plan.plan.clone(),
            request_id: request.context.request_id().to_owned(),
            begun_at: now,
            ended_at: None,
            failure_reason: None,
            answer: None,
        };
        let period = (now, after_months(now, wanted.plan.months));
        let quote = Quote::of(&wanted.plan.plan, wanted.plan.price, Amount::ZERO, period);
        let charge = Charge {
            payment_id: saga.payment_id.clone(),
            customer_id,
            user_id,
            subscription_id: saga.subscription_id.clone(),
            saga_id: Some(saga_id.to_owned()),
            purpose: ChargePurpose::Registration,
            quote: quote.map_err(Failure::poison)?,
            currency: env.config.require("CURRENCY")?.to_owned(),
            provider: provider_name(env).to_owned(),
            status: charge::Status::Initiated,
            request_id: saga.request_id.clone(),
            initiated_at: now,
            provider_reference: None,
            failure_reason: None,
            is_contradicted: false,
        };
        let password = PasswordHash::of(&wanted.password)?;
        let fingerprint = PasswordHash::of(&wanted.canonical()?)?;
        Ok(Self { wanted, saga, charge, created, key, password, fingerprint, token })
    }

    fn first(&self, saga: &Saga) -> Result<Append, StoreError> {
        let receipt = Receipt { body_hash: RECEIPT.to_owned(), answer: None };
        Ok(Append::first(Saga::stream(&saga.saga_id), saga.begun_at).state(saga)?.receipt(receipt))
    }

    fn fingerprint(&self) -> Item {
        let key = table::fingerprint(&self.saga.saga_id);
        Item::new().text("pk", key.pk).text("sk", key.sk).text(HASH, self.fingerprint.as_str())
    }

    fn commit(&self, tables: &Tables) -> Result<Commit, StoreError> {
        let at = self.saga.begun_at;
        let created = CustomerEvent::Created(self.created.clone());
        let charge = Append::first(Charge::stream(&self.charge.payment_id), at).state(&self.charge)?;
        Ok(Commit::new()
            .append(self.first(&self.saga)?)
            .append(append::begin::<Customer>(created, at)?)
            .append(charge)
            .put_new(&tables.users, claim(&self.wanted.email.key, &self.saga.user_id))
            .put_new(&tables.user_keys, self.key.item.clone())
            .put(&tables.users, credential_item(&self.saga.user_id, &self.password))
            .put(&tables.membership, self.token.clone())
            .put(&tables.membership, self.fingerprint())
            .put(&tables.membership, open_row(&self.charge)))
    }

    /// The address is somebody's already: nothing is begun but the record of that.
    async fn refuse(&self, env: &Env, request: &Request, tables: &Tables) -> Result<Begun, Problem> {
        let taken = Problem::refused("EMAIL_TAKEN", "an account with this e-mail address exists");
        let answer = taken.at("/email", "is taken").answer(&self.saga.request_id)?;
        let at = Some(self.saga.begun_at);
        let saga = Saga { status: Status::Refused, ended_at: at, answer: Some(answer), ..self.saga.clone() };
        let propose = |_: &Nothing, _: Timestamp| {
            let commit = Commit::new().append(self.first(&saga)?).put(&tables.membership, self.fingerprint());
            Ok(proposal(commit))
        };
        match write(env, request, propose).await {
            Ok(false) => Ok(Begun::Refused(Box::new(saga))),
            Ok(true) => Ok(Begun::Before),
            Err(error) => Err(problem(error)),
        }
    }
}

/// The row that keeps a payment open.
pub(crate) fn open_row(charge: &Charge) -> Item {
    Open::row(&charge.payment_id, charge.initiated_at)
}

/// Whether `wanted` is what the registration `saga_id` was begun with.
///
/// # Errors
/// If the table cannot be read.
pub(crate) async fn is_same(env: &Env, saga_id: &str, wanted: &Wanted) -> Result<bool, Failure> {
    let row = env.store.get(table::name(env)?, &table::fingerprint(saga_id), true).await?;
    // Who was forgotten cannot be told from anybody else.
    let Some(row) = row else { return Ok(true) };
    let hash = PasswordHash::stored(row.require_text(HASH)?);
    Ok(PasswordHash::verify(&wanted.canonical()?, Some(&hash)))
}
