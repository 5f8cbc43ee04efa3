//! Makes an operator's account, or gives an account the role and a new password. Invoked with IAM only; the same
//! call again changes nothing.

use quoin_events::Timestamp;
use quoin_ledger::Status;
use quoin_runtime::{Context, Env, Failure, Invocation, Metrics, Personal, Problem, Role};
use quoin_store::{Append, Commit, Lost, StoreError};
use serde::{Deserialize, Serialize};

use crate::accounts::{self, Account, profile_update};
use crate::contact::Contact;
use crate::fields::Fields;
use crate::password::{PasswordHash, chosen};
use crate::user::{StreamEnd, User};

/// Who is to be an operator.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Order {
    email: Personal,
    password: Personal,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Operator {
    user_id: String,
    created: bool,
}

/// Tries against others who change the same account.
const TRIES: u32 = 5;

/// Makes sure that the operator can sign in.
///
/// # Errors
/// Poison for an address or a password that is wrong, transient if the tables or KMS cannot be reached.
pub async fn handle(
    env: &Env,
    invocation: &Invocation,
    order: Order,
    _metrics: &mut Metrics,
) -> Result<Operator, Failure> {
    let context = Context::of_request(&env.clock, invocation, None, None);
    let (contact, password) = order.check().map_err(|problem| Failure::poison(format!("{:?}", problem.errors)))?;
    for _ in 0..TRIES {
        let done = match accounts::owner(env, &contact.key).await? {
            Some(user_id) => promote(env, &context, &user_id, &password).await,
            None => create(env, &context, &contact, &password).await,
        };
        match done {
            Ok(operator) => return Ok(operator),
            Err(Attempt::Lost) => {}
            Err(Attempt::Failed(failure)) => return Err(failure),
        }
    }
    Err(Failure::transient("others keep changing the account"))
}

/// Why one attempt came to nothing.
enum Attempt {
    /// Somebody else wrote: look again.
    Lost,
    Failed(Failure),
}

impl<E: Into<Failure>> From<E> for Attempt {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

async fn create(env: &Env, context: &Context, contact: &Contact, password: &Personal) -> Result<Operator, Attempt> {
    let table = accounts::table(env)?;
    let user_id = format!("user_{:032x}", env.clock.random_u128());
    let key = env.new_data_key(&user_id).await?;
    let seal = |field: &Personal| key.key.seal(field).map_err(Failure::poison);
    let user = User {
        user_id: user_id.clone(),
        status: Status::Active,
        roles: vec![Role::Operator],
        full_name: seal(&Personal::new("Operator"))?,
        email: seal(&contact.text)?,
        phone: None,
        language: "en".to_owned(),
        country: None,
        referral_code: None,
        referred_by: None,
        agent_id: None,
        registered_at: context.now,
    };
    // No event and no wallet: an operator is nobody's customer, so no message, bonus or bet follows from it.
    let append = Append::first(User::stream(&user_id), context.now).state(&user)?;
    let account = Account::new(user, PasswordHash::of(password)?, contact.key.clone(), None);
    let commit = Commit::new()
        .append(append)
        .put_new(env.config.require("USER_KEYS_TABLE")?, key.item)
        .put_new(table, account.item(context.now)?)
        .put_new(table, accounts::claim(&contact.key, &user_id));
    write(env, context, commit).await?;
    Ok(Operator { user_id, created: true })
}

async fn promote(env: &Env, context: &Context, user_id: &str, password: &Personal) -> Result<Operator, Attempt> {
    let table = accounts::table(env)?;
    let end = StreamEnd(env.store.head(&User::stream(user_id)).await?);
    let account = Account::load(env, user_id).await?.ok_or_else(|| Failure::transient("the profile is missing"))?;
    let knows = PasswordHash::verify(password, Some(&account.password));
    let mut user = account.user;
    let Some(commit) = promotion(&mut user, &end, knows, context.now)? else {
        return Ok(Operator { user_id: user_id.to_owned(), created: false });
    };
    let mut update = profile_update(table, &user)?;
    if !knows {
        update = update.text("password", PasswordHash::of(password)?.as_str());
    }
    write(env, context, commit.update(update)).await?;
    Ok(Operator { user_id: user_id.to_owned(), created: false })
}

/// The account's next item, unless it is as wanted already.
fn promotion(user: &mut User, end: &StreamEnd, knows: bool, now: Timestamp) -> Result<Option<Commit>, StoreError> {
    let ready = user.roles.contains(&Role::Operator) && user.status == Status::Active;
    if ready && knows {
        return Ok(None);
    }
    if !user.roles.contains(&Role::Operator) {
        user.roles.push(Role::Operator);
    }
    Ok(Some(Commit::new().append(end.append(&user.user_id, now)?.state(user)?)))
}

async fn write(env: &Env, context: &Context, commit: Commit) -> Result<(), Attempt> {
    match env.store.commit(commit, &context.origin).await {
        Ok(()) => Ok(()),
        Err(StoreError::Conflict) => Err(Attempt::Lost),
        Err(StoreError::Lost(lost)) => match *lost {
            Lost::Append { .. } | Lost::Wallet(_) | Lost::Other { .. } => Err(Attempt::Lost),
        },
        Err(error @ (StoreError::Unavailable(_) | StoreError::Refused(_))) => Err(error.into()),
    }
}

impl Order {
    fn check(&self) -> Result<(Contact, Personal), Problem> {
        let mut fields = Fields::default();
        let email = fields.required("/email", Some(self.email.reveal()), Contact::email);
        let password = fields.required("/password", Some(self.password.reveal()), chosen);
        fields.finish(email.zip(password))
    }
}
