//! `POST /api/sessions`: who knows the password gets a pair of tokens. Whether an account exists shows neither
//! in the answer nor in the time it takes.

use quoin_accounts::{
    self as accounts, Account, Contact, Fields, PasswordHash, StreamEnd, User, Wrong, profile_key, sha256,
};
use quoin_events::Draft;
use quoin_events::Timestamp;
use quoin_events::types::UserLogin;
use quoin_ledger::Status;
use quoin_runtime::{CommandError, Env, Failure, Personal, Problem, Request, Response};
use quoin_store::{Commit, ExecuteError, Item, Key, Proposal, StoreError, execute};
use serde::Deserialize;

use crate::sessions::{self, RefreshToken, Session};
use crate::throttle::Tries;
use crate::tokens;

/// Who wants a session: a password and exactly one contact point.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct Credentials {
    /// With its country code.
    phone: Option<Personal>,
    /// An e-mail address.
    email: Option<Personal>,
    /// At most 1000 characters.
    #[cfg_attr(feature = "schema", schemars(required, length(max = 1_000)))]
    password: Option<Personal>,
}

/// Whose profile is read for a contact point that nobody has, so that both cases cost the same.
const NOBODY: &str = "nobody";

/// What the route takes and answers.
#[cfg(feature = "schema")]
#[must_use]
pub fn contract() -> quoin_runtime::Contract {
    quoin_runtime::Contract::new("Begins a session with phone or e-mail address and password")
        .takes::<Credentials>()
        .answers::<sessions::Tokens>(200)
        .refuses(400, &["FIELD_REQUIRED", "CONTACT_INVALID", "PHONE_INVALID", "EMAIL_INVALID", "PASSWORD_INVALID"])
        .refuses(400, &["FIELDS_INVALID"])
        .refuses(401, &["INVALID_CREDENTIALS"])
        .refuses(403, &["ACCOUNT_CLOSED"])
        .refuses(429, &["TOO_MANY_ATTEMPTS"])
}

/// Begins a session.
///
/// # Errors
/// 401 for wrong credentials, 403 for a closed account, 429 after too many attempts.
pub async fn handle(env: &Env, request: &Request) -> Result<Response, Problem> {
    let (contact, password) = request.json::<Credentials>()?.check()?;
    let now = request.context.now;
    let tries = Tries::enter(env, &contact, now).await?;
    let owner = accounts::owner(env, &contact.key).await?;
    let user_id = owner.as_deref().unwrap_or(NOBODY);
    let device = device_key(user_id, request.header("user-agent").unwrap_or_default());
    let (account, known_device) = load(env, user_id, &device).await?;
    let hash = quoin_accounts::load_credential(env, user_id).await?;
    let matches = PasswordHash::verify(&password, hash.as_ref());
    let Some((Account { user, .. }, hash)) = account.zip(hash).filter(|_| matches) else {
        return Err(Problem::new(401, "INVALID_CREDENTIALS", "the credentials are wrong"));
    };
    tries.forgive(env).await?;
    refuse_closed(&user, now)?;
    let token = RefreshToken::new(format!("ses_{:032x}", env.clock.random_u128()))?;
    let access = tokens::issue(env, &user.user_id, &user.roles, &token.session_id, now).await?;
    let login =
        UserLogin { user_id: user.user_id.clone(), session_id: token.session_id.clone(), new_device: !known_device };
    let session = Session::begin(&user.user_id, &hash, &token, now);
    begin(env, request, &session, &login, &device).await?;
    sessions::answer(access, &token)
}

/// Who has closed their account does not come back; an excluded person may still withdraw.
pub(crate) fn refuse_closed(user: &User, now: Timestamp) -> Result<(), Problem> {
    match user.status.at(now) {
        Status::Closed => Err(Problem::new(403, "ACCOUNT_CLOSED", "the account is closed")),
        Status::Active | Status::SelfExcluded { .. } => Ok(()),
    }
}

fn device_key(user_id: &str, user_agent: &str) -> Key {
    Key::new(format!("user#{user_id}"), format!("device#{}", sha256(user_agent)))
}

async fn load(env: &Env, user_id: &str, device: &Key) -> Result<(Option<Account>, bool), Failure> {
    let table = accounts::table(env)?;
    let found = env.store.batch(&[(table, profile_key(user_id)), (table, device.clone())]).await?;
    let [profile, known] = found.as_slice() else { return Err(Failure::transient("an incomplete batch")) };
    Ok((profile.as_ref().map(Account::read).transpose()?, known.is_some()))
}

/// The session and the event of its begin, in one transaction.
async fn begin(
    env: &Env,
    request: &Request,
    session: &Session,
    login: &UserLogin,
    device: &Key,
) -> Result<(), Problem> {
    let context = &request.context;
    let table = accounts::table(env)?;
    let stream = User::stream(&session.user_id);
    let propose = |end: &StreamEnd, now: Timestamp| -> Result<Proposal, StoreError> {
        let append = end.append(&session.user_id, now)?;
        let at = append.at();
        let commit = Commit::new().append(append.events([Draft::new(login, at)?]));
        let mut commit = session.put(commit, table, at);
        if login.new_device {
            let seen = Item::new().text("pk", device.pk.clone()).text("sk", device.sk.clone());
            commit = commit.put(table, seen.text("first_seen", at.to_string()));
        }
        Ok(Proposal { commit, body_hash: String::new(), answer: None })
    };
    let load = async || env.store.head(&stream).await.map(StreamEnd);
    match execute(&env.store, &env.clock, context.deadline(), &context.origin, load, propose).await {
        // Its id is new, so what stands there is this very session: an earlier try did arrive.
        Ok(_) | Err(ExecuteError::Blocked(_)) => Ok(()),
        Err(ExecuteError::Decide(error) | ExecuteError::Store(error)) => Err(error.into()),
        Err(ExecuteError::KeyReused | ExecuteError::Contended) => Err(CommandError::Contended.into()),
    }
}

impl Credentials {
    fn check(self) -> Result<(Contact, Personal), Problem> {
        let mut fields = Fields::default();
        let text = Option::<&Personal>::map;
        let password = fields.required("/password", text(self.password.as_ref(), Personal::reveal), |password| {
            // Hashing takes as long as the text; no password that was ever chosen is longer.
            if password.chars().count() > 1_000 {
                return Err(Wrong("PASSWORD_INVALID", "is too long"));
            }
            Ok(Personal::new(password))
        });
        let contact = match (&self.phone, &self.email) {
            (Some(phone), None) => fields.required("/phone", Some(phone.reveal()), Contact::phone),
            (None, Some(email)) => fields.required("/email", Some(email.reveal()), Contact::email),
            (None, None) | (Some(_), Some(_)) => {
                fields.wrong("/phone", Wrong("CONTACT_INVALID", "exactly one of phone and email is required"));
                None
            }
        };
        fields.finish(contact.zip(password))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(json: &str) -> Result<(Contact, Personal), Problem> {
        serde_json::from_str::<Credentials>(json).unwrap().check()
    }

    #[test]
    fn one_contact_point_and_a_password() {
        assert!(check(r#"{"email":"a@b.de","password":"x"}"#).is_ok());
        assert!(check(r#"{"phone":"+491701234567","password":"x"}"#).is_ok());
        for json in [
            "{}",
            r#"{"email":"a@b.de"}"#,
            r#"{"password":"x"}"#,
            r#"{"email":"a@b.de","phone":"+491701234567","password":"x"}"#,
        ] {
            assert_eq!(check(json).unwrap_err().status, 400, "{json}");
        }
    }

    #[test]
    fn a_device_is_told_apart_per_user() {
        assert_eq!(device_key("u", "curl"), device_key("u", "curl"));
        assert_ne!(device_key("u", "curl"), device_key("v", "curl"));
        assert_ne!(device_key("u", "curl"), device_key("u", "firefox"));
    }
}
