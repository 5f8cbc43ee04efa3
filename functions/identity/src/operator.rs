//! Makes an operator's account, or gives an account the role and a new password. Invoked with IAM only.
//!
//! Anybody may register anybody's e-mail address, so an address alone never turns an account into an operator's:
//! who means the account names its id. Every change sets a password's hash of its own, which ends the account's
//! sessions with the same write. The same call again changes nothing.

use quoin_accounts::{
    self as accounts, Account, Contact, Fields, PasswordHash, StreamEnd, User, chosen, profile_update,
};
use quoin_events::Timestamp;
use quoin_ledger::Status;
use quoin_runtime::{Context, Env, Failure, Invocation, Metrics, Personal, Problem, Role};
use quoin_store::{Append, Commit, Lost, StoreError};
use serde::{Deserialize, Serialize};

use crate::sessions::revoke_all;

/// Who is to be an operator.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Order {
    email: Personal,
    password: Personal,
    /// The account of that address, if it is there already and is to become an operator's.
    #[serde(default)]
    user_id: Option<String>,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Operator {
    user_id: String,
    created: bool,
}

/// Why an order is not carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Refused {
    AnotherOwner,
    NotNamed,
    Closed,
}

impl Refused {
    const fn reason(self) -> &'static str {
        match self {
            Self::AnotherOwner => "the e-mail address is not that of the account user_id",
            Self::NotNamed => {
                "the e-mail address belongs to an account that is not an operator's: pass the account's user_id \
                 explicitly to promote it"
            }
            Self::Closed => "the account is closed, and stays closed",
        }
    }
}

impl From<Refused> for Failure {
    fn from(refused: Refused) -> Self {
        Self::poison(refused.reason())
    }
}

/// Tries against others who change the same account.
const TRIES: u32 = 5;

/// Makes sure that the operator can sign in.
///
/// # Errors
/// Poison for an address or a password that is wrong and for an account that may not be changed, transient if the
/// tables or KMS cannot be reached.
pub async fn handle(
    env: &Env,
    invocation: &Invocation,
    order: Order,
    _metrics: &mut Metrics,
) -> Result<Operator, Failure> {
    let context = Context::of_request(&env.clock, invocation, None, None);
    let named = order.user_id.as_deref();
    let (contact, password) = order.check().map_err(|problem| Failure::poison(format!("{:?}", problem.errors)))?;
    for _ in 0..TRIES {
        let owner = accounts::owner(env, &contact.key).await?;
        if named.is_some() && named != owner.as_deref() {
            return Err(Refused::AnotherOwner.into());
        }
        let done = match owner {
            Some(user_id) => promote(env, &context, &user_id, named.is_some(), &password).await,
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
        kyc_status: None,
        registered_at: context.now,
    };
    // No event and no wallet: an operator is nobody's customer, so no message, bonus or bet follows from it.
    let append = Append::first(User::stream(&user_id), context.now).state(&user)?;
    let account = Account::new(user, contact.key.clone(), None);
    let commit = Commit::new()
        .append(append)
        .put_new(env.config.require("USER_KEYS_TABLE")?, key.item)
        .put_new(table, account.item(context.now)?)
        .put_new(table, quoin_accounts::credential_item(&user_id, &PasswordHash::of(password)?))
        .put_new(table, accounts::claim(&contact.key, &user_id));
    write(env, context, commit).await?;
    Ok(Operator { user_id, created: true })
}

async fn promote(
    env: &Env,
    context: &Context,
    user_id: &str,
    is_named: bool,
    password: &Personal,
) -> Result<Operator, Attempt> {
    let table = accounts::table(env)?;
    let end = StreamEnd(env.store.head(&User::stream(user_id)).await?);
    let account = Account::load(env, user_id).await?.ok_or_else(|| Failure::transient("the profile is missing"))?;
    let hash = quoin_accounts::load_credential(env, user_id).await?;
    let knows = PasswordHash::verify(password, hash.as_ref());
    if let Some(user) = promoted(account.user, knows, is_named, context.now)? {
        let commit = promotion(table, &user, &end, &PasswordHash::of(password)?, context.now)?;
        write(env, context, commit).await?;
        // They are good for nothing any more; this also takes them out of the list.
        revoke_all(env, user_id, env.clock.now(), "role or password changed").await?;
    }
    Ok(Operator { user_id: user_id.to_owned(), created: false })
}

/// The account as it is to be, unless it is as wanted already.
fn promoted(mut user: User, knows: bool, is_named: bool, now: Timestamp) -> Result<Option<User>, Refused> {
    let is_operator = user.roles.contains(&Role::Operator);
    if !is_operator && !is_named {
        return Err(Refused::NotNamed);
    }
    if is_operator && knows {
        return Ok(None);
    }
    match user.status.at(now) {
        Status::Closed => return Err(Refused::Closed),
        Status::Active | Status::SelfExcluded { .. } => {}
    }
    if !is_operator {
        user.roles.push(Role::Operator);
    }
    Ok(Some(user))
}

/// The account's next item, the profile with its roles, and its password.
fn promotion(
    table: &str,
    user: &User,
    end: &StreamEnd,
    password: &PasswordHash,
    now: Timestamp,
) -> Result<Commit, StoreError> {
    let append = end.append(&user.user_id, now)?.state(user)?;
    let commit = Commit::new().append(append).update(profile_update(table, user)?);
    Ok(commit.put(table, quoin_accounts::credential_item(&user.user_id, password)))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        Timestamp::from_millis(1_000)
    }

    fn user(roles: &[Role], status: Status) -> User {
        let sealed: quoin_events::Sealed = format!("enc:v1:{}", "A".repeat(40)).parse().unwrap();
        User {
            user_id: "user_1".into(),
            status,
            roles: roles.to_vec(),
            full_name: sealed.clone(),
            email: sealed,
            phone: None,
            language: "en".into(),
            country: None,
            referral_code: None,
            referred_by: None,
            agent_id: None,
            kyc_status: None,
            registered_at: now(),
        }
    }

    #[test]
    fn an_address_alone_makes_nobody_an_operator() {
        for knows in [false, true] {
            let customer = user(&[Role::User], Status::Active);
            assert_eq!(promoted(customer.clone(), knows, false, now()), Err(Refused::NotNamed));
            let promoted = promoted(customer, knows, true, now()).unwrap().unwrap();
            assert_eq!(promoted.roles, [Role::User, Role::Operator]);
        }
        assert!(Refused::NotNamed.reason().contains("pass the account's user_id explicitly to promote it"));
    }

    #[test]
    fn the_same_order_again_changes_nothing() {
        for status in [Status::Active, Status::Closed, Status::SelfExcluded { until: now().plus_seconds(9) }] {
            for is_named in [false, true] {
                let operator = user(&[Role::User, Role::Operator], status);
                assert_eq!(promoted(operator, true, is_named, now()), Ok(None));
            }
        }
    }

    #[test]
    fn another_password_is_a_change_of_an_operator_but_opens_no_closed_account() {
        let operator = user(&[Role::Operator], Status::Active);
        assert_eq!(promoted(operator.clone(), false, false, now()), Ok(Some(operator)));
        assert_eq!(promoted(user(&[Role::Operator], Status::Closed), false, true, now()), Err(Refused::Closed));
        assert_eq!(promoted(user(&[Role::User], Status::Closed), true, true, now()), Err(Refused::Closed));
    }

    #[test]
    fn role_and_password_are_one_write_and_the_password_stays_out_of_the_stream() {
        let operator = user(&[Role::Operator], Status::Active);
        let state = Some(serde_json::to_string(&operator).unwrap());
        let end = StreamEnd(quoin_store::Head { version: 1, next_sequence: 2, at: now(), state });
        let hash = PasswordHash::stored("$argon2id$hash");
        let commit = format!("{:?}", promotion("users", &operator, &end, &hash, now()).unwrap());
        assert_eq!(commit.matches("$argon2id$hash").count(), 1);
        assert_eq!(commit.matches("operator").count(), 2);
    }
}
