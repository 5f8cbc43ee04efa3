//! `POST /api/users`: an account with its wallet, its data key and its claims, in one transaction.
//!
//! Whoever lost the answer asks again with the same `Idempotency-Key`, and is not told that the address is taken: the
//! id of the account follows from the key and from the contact points, which stand for the caller that there is not
//! yet. The name and the password are not compared, since nothing that they could be guessed by is kept for good.

#[cfg(feature = "schema")]
use quoin_accounts::LENGTHS;
use quoin_accounts::{
    self as accounts, Account, Contact, Fields, PasswordHash, User, chosen, full_name, language, reference,
};
use quoin_events::types::UserRegistered;
use quoin_events::{Draft, Timestamp};
use quoin_ledger::Wallet;
use quoin_runtime::{Env, Failure, NewDataKey, Personal, Problem, Request, Response, StoredAnswer};
use quoin_store::{
    Answer, Append, Commit, ExecuteError, Executed, Proposal, Receipt, Snapshot, StoreError, body_hash, derived_id,
    execute,
};
use serde::{Deserialize, Serialize};

use crate::country;

/// The letters of referral codes: none that is taken for another one.
const LETTERS: &[u8; 32] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
/// Codes that are tried before giving up; one collision in a million accounts is likely already.
const CODES: u32 = 5;

/// Who wants an account.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct NewUser {
    /// With its country code, as +919876543210.
    #[cfg_attr(feature = "schema", schemars(required))]
    phone: Option<Personal>,
    /// An e-mail address.
    #[cfg_attr(feature = "schema", schemars(required))]
    email: Option<Personal>,
    /// Long enough to resist, short enough to hash.
    #[cfg_attr(feature = "schema", schemars(required, length(min = *LENGTHS.start(), max = *LENGTHS.end())))]
    password: Option<Personal>,
    /// 1 to 100 printable characters.
    #[cfg_attr(feature = "schema", schemars(required))]
    full_name: Option<Personal>,
    /// ISO 3166-1 alpha-2.
    #[cfg_attr(feature = "schema", schemars(required))]
    country: Option<String>,
    /// BCP 47.
    #[cfg_attr(feature = "schema", schemars(required, length(max = 35)))]
    language: Option<String>,
    /// Of whom the person was brought by.
    referral_code: Option<String>,
    /// The agent who brought the person; 1 to 100 printable characters without spaces.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 100)))]
    agent_id: Option<String>,
}

/// A request that is in order.
#[derive(Debug)]
struct Registration {
    phone: Contact,
    email: Contact,
    password: Personal,
    full_name: Personal,
    country: String,
    language: String,
    referral_code: Option<String>,
    agent_id: Option<String>,
}

/// An account that is made.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct Registered<'a> {
    /// Its id.
    user_id: &'a str,
    /// What its owner brings others with.
    referral_code: &'a str,
}

/// What other items of the commit can stand in the way, in their order there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Claim {
    DataKey,
    Profile,
    Credential,
    Email,
    Phone,
    ReferralCode,
}

const CLAIMS: [Claim; 6] =
    [Claim::DataKey, Claim::Profile, Claim::Credential, Claim::Email, Claim::Phone, Claim::ReferralCode];

/// What is about to be written.
struct Newcomer {
    registered: UserRegistered,
    password: PasswordHash,
    email_key: String,
    phone_key: String,
    key: NewDataKey,
    at: Timestamp,
}

/// Registering decides on nothing that is stored.
struct Nothing;

impl Snapshot for Nothing {
    fn rebase(&mut self, _wallet: Wallet) {}
}

/// What the route takes and answers.
#[cfg(feature = "schema")]
#[must_use]
pub fn contract() -> quoin_runtime::Contract {
    quoin_runtime::Contract::new("Makes an account with its wallet")
        .takes::<NewUser>()
        .may_be_idempotent()
        .answers::<Registered<'_>>(201)
        .refuses(400, &["FIELD_REQUIRED", "PHONE_INVALID", "EMAIL_INVALID", "PASSWORD_INVALID", "FULL_NAME_INVALID"])
        .refuses(400, &["COUNTRY_INVALID", "LANGUAGE_INVALID", "ID_INVALID", "FIELDS_INVALID"])
        .refuses(422, &["EMAIL_TAKEN", "PHONE_TAKEN", "REFERRAL_CODE_UNKNOWN"])
}

/// Registers a person.
///
/// # Errors
/// 400 for fields that are wrong, 422 for a contact point that is taken or a referral code that does not exist.
pub async fn handle(env: &Env, request: &Request) -> Result<Response, Problem> {
    let registration = request.json::<NewUser>()?.check()?;
    let referred_by = match &registration.referral_code {
        None => None,
        Some(code) => Some(referrer(env, code).await?),
    };
    let user_id = match request.header("idempotency-key") {
        Some(_) => registration.id(&request.route, request.idempotency_key()?),
        None => format!("user_{:032x}", env.clock.random_u128()),
    };
    let key = env.new_data_key(&user_id).await?;
    let mut newcomer = Newcomer {
        registered: registration.event(&user_id, &key, referred_by)?,
        password: PasswordHash::of(&registration.password)?,
        email_key: registration.email.key,
        phone_key: registration.phone.key,
        key,
        at: request.context.now,
    };
    for _ in 0..CODES {
        newcomer.registered.referral_code = referral_code(env);
        match register(env, request, &newcomer).await {
            Ok(executed) => return Ok(StoredAnswer(executed).into()),
            Err(ExecuteError::Blocked(index)) => match CLAIMS.get(index) {
                Some(Claim::Email) => {
                    return Err(taken("EMAIL_TAKEN", "/email", "an account with this e-mail address exists"));
                }
                Some(Claim::Phone) => {
                    return Err(taken("PHONE_TAKEN", "/phone", "an account with this phone number exists"));
                }
                Some(Claim::ReferralCode) => {}
                Some(Claim::DataKey | Claim::Profile | Claim::Credential) | None => {
                    return Err(Failure::transient("the id of the account is taken").into());
                }
            },
            Err(error) => return Err(error.into()),
        }
    }
    Err(Failure::transient("no referral code is free").into())
}

pub(crate) fn taken(code: &'static str, pointer: &str, detail: &str) -> Problem {
    Problem::refused(code, detail).at(pointer, "is taken")
}

async fn referrer(env: &Env, code: &str) -> Result<String, Problem> {
    let unknown = || {
        Problem::refused("REFERRAL_CODE_UNKNOWN", "there is no such referral code").at("/referral_code", "is unknown")
    };
    let is_code = (1..=32).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if !is_code {
        return Err(unknown());
    }
    accounts::owner(env, &accounts::referral_claim(code)).await?.ok_or_else(unknown)
}

fn referral_code(env: &Env) -> String {
    let letter = || LETTERS.get(usize::try_from(env.clock.random_below(32)).unwrap_or(0)).copied().unwrap_or(b'2');
    std::iter::repeat_with(|| char::from(letter())).take(8).collect()
}

async fn register(env: &Env, request: &Request, newcomer: &Newcomer) -> Result<Executed, ExecuteError<Problem>> {
    let context = &request.context;
    let table = accounts::table(env).map_err(|error| ExecuteError::Decide(error.into()))?;
    let keys = env.config.require("USER_KEYS_TABLE").map_err(|error| ExecuteError::Decide(error.into()))?;
    // A try whose outcome is unknown is the same commit again, and finds its own receipt.
    let propose = |_: &Nothing, _: Timestamp| newcomer.propose(table, keys).map_err(Problem::from);
    execute(&env.store, &env.clock, context.deadline(), &context.origin, async || Ok(Nothing), propose).await
}

impl Newcomer {
    fn propose(&self, users: &str, keys: &str) -> Result<Proposal, StoreError> {
        let (user_id, code) = (self.registered.user_id.as_str(), self.registered.referral_code.as_str());
        let user = User::registered(&self.registered, self.at);
        // Not the referral code: it is drawn again when the answer to the first request was lost.
        let UserRegistered { country, language, referred_by, agent_id, .. } = &self.registered;
        let hash = body_hash(&(user_id, country, language, referred_by, agent_id))?;
        let answer = Answer::new(201, &Registered { user_id, referral_code: code })?;
        let receipt = Receipt { body_hash: hash.clone(), answer: Some(answer.clone()) };
        let append = Append::first(User::stream(user_id), self.at)
            .state(&user)?
            .receipt(receipt)
            .events([Draft::new(&self.registered, self.at)?]);
        let mut commit = Commit::new().append(append).new_wallet(Wallet::new(user_id.to_owned(), self.at));
        let account = Account::new(user, self.email_key.clone(), Some(self.phone_key.clone()));
        for claim in CLAIMS {
            let (table, item) = match claim {
                Claim::DataKey => (keys, self.key.item.clone()),
                Claim::Profile => (users, account.item(self.at)?),
                Claim::Credential => (users, quoin_accounts::credential_item(user_id, &self.password)),
                Claim::Email => (users, accounts::claim(&self.email_key, user_id)),
                Claim::Phone => (users, accounts::claim(&self.phone_key, user_id)),
                Claim::ReferralCode => (users, accounts::claim(&accounts::referral_claim(code), user_id)),
            };
            commit = commit.put_new(table, item);
        }
        Ok(Proposal { commit, body_hash: hash, answer: Some(answer) })
    }
}

impl NewUser {
    fn check(self) -> Result<Registration, Problem> {
        let mut fields = Fields::default();
        let text = Option::<&Personal>::map;
        let phone = fields.required("/phone", text(self.phone.as_ref(), Personal::reveal), Contact::phone);
        let email = fields.required("/email", text(self.email.as_ref(), Personal::reveal), Contact::email);
        let password = fields.required("/password", text(self.password.as_ref(), Personal::reveal), chosen);
        let full_name = fields.required("/full_name", text(self.full_name.as_ref(), Personal::reveal), full_name);
        let country = fields.required("/country", self.country.as_deref(), country::parse);
        let language = fields.required("/language", self.language.as_deref(), language);
        let agent_id = fields.optional("/agent_id", self.agent_id.as_deref(), reference);
        let referral_code = self.referral_code.map(|code| code.trim().to_ascii_uppercase());
        let read = || {
            Some(Registration {
                phone: phone?,
                email: email?,
                password: password?,
                full_name: Personal::new(full_name?),
                country: country?,
                language: language?,
                referral_code,
                agent_id,
            })
        };
        fields.finish(read())
    }
}

impl Registration {
    /// The id that follows from the caller's key.
    fn id(&self, route: &str, key: &str) -> String {
        derived_id("user", &[route, key, &self.email.key, &self.phone.key])
    }

    /// The event, its referral code still to be chosen.
    fn event(&self, user_id: &str, key: &NewDataKey, referred_by: Option<String>) -> Result<UserRegistered, Problem> {
        let seal = |field: &Personal| key.key.seal(field).map_err(Failure::poison);
        Ok(UserRegistered {
            user_id: user_id.to_owned(),
            full_name: seal(&self.full_name)?,
            phone: seal(&self.phone.text)?,
            email: seal(&self.email.text)?,
            country: self.country.clone(),
            language: self.language.clone(),
            referral_code: String::new(),
            referred_by,
            agent_id: self.agent_id.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use quoin_runtime::DataKey;
    use quoin_store::Item;

    fn body(json: &str) -> Result<Registration, Problem> {
        serde_json::from_str::<NewUser>(json).unwrap().check()
    }

    const GOOD: &str = r#"{"phone":"+91-9876543210","email":"anna@example.com","password":"correct horse",
        "full_name":"Anna Meyer","country":"IN","language":"en"}"#;

    #[test]
    fn every_wrong_field_is_told_with_its_pointer() {
        let wrong = r#"{"phone":"1","email":"x","password":"short","full_name":"","country":"india","language":"","agent_id":""}"#;
        let problem = body(wrong).unwrap_err();
        let pointers: Vec<_> = problem.errors.iter().map(|error| error.pointer.as_str()).collect();
        let all = ["/phone", "/email", "/password", "/full_name", "/country", "/language", "/agent_id"];
        assert_eq!(pointers, all);
        assert_eq!(body("{}").unwrap_err().errors.len(), 6);
        assert!(body(GOOD).is_ok());
    }

    #[test]
    fn a_key_is_that_of_one_address_and_one_phone() {
        let id = |json: &str, key| body(json).unwrap().id("POST /api/users", key);
        assert_eq!(id(GOOD, "k1"), id(&GOOD.replace("Anna Meyer", "Anna Maier"), "k1"));
        assert_ne!(id(GOOD, "k1"), id(GOOD, "k2"));
        assert_ne!(id(GOOD, "k1"), id(&GOOD.replace("anna@", "hanna@"), "k1"));
        assert_ne!(id(GOOD, "k1"), id(&GOOD.replace("3210", "3211"), "k1"));
    }

    #[test]
    fn a_repetition_with_another_referral_code_is_the_same_command_and_another_country_is_not() {
        let registration = body(GOOD).unwrap();
        let hash = |code: &str, country: &str| {
            let key = DataKey::new("user_1", &[7; 32]).unwrap();
            let key = NewDataKey { key, item: Item::new().text("pk", "user_1") };
            let mut registered = registration.event("user_1", &key, None).unwrap();
            (registered.referral_code, registered.country) = (code.into(), country.into());
            let (email_key, phone_key) = (registration.email.key.clone(), registration.phone.key.clone());
            let password = PasswordHash::of(&registration.password).unwrap();
            let at = Timestamp::from_millis(1);
            let newcomer = Newcomer { registered, password, email_key, phone_key, key, at };
            newcomer.propose("users", "keys").unwrap().body_hash
        };
        assert_eq!(hash("ABCD2345", "IN"), hash("WXYZ2345", "IN"));
        assert_ne!(hash("ABCD2345", "IN"), hash("ABCD2345", "DE"));
    }

    #[test]
    fn nothing_of_the_person_is_written_in_the_clear() {
        let registration = body(GOOD).unwrap();
        let key = NewDataKey { key: DataKey::new("user_1", &[7; 32]).unwrap(), item: Item::new().text("pk", "user_1") };
        let mut registered = registration.event("user_1", &key, None).unwrap();
        registered.referral_code = "ABCD2345".into();
        let newcomer = Newcomer {
            registered,
            password: PasswordHash::of(&registration.password).unwrap(),
            email_key: registration.email.key,
            phone_key: registration.phone.key,
            key,
            at: Timestamp::from_millis(1),
        };
        let proposal = newcomer.propose("users", "keys").unwrap();
        let written = format!("{:?}", proposal.commit);
        for clear in ["Anna", "anna@", "987654", "correct horse"] {
            assert!(!written.contains(clear), "{clear}");
        }
        assert!(written.contains("UserRegistered"));
        // The hash is in the credential's row and nowhere else.
        let credential = format!("{:?}", quoin_accounts::credential_item("user_1", &newcomer.password).get_text("pk"));
        assert!(written.contains(credential.trim_start_matches("Some(").trim_end_matches(')')));
        assert_eq!(written.matches(newcomer.password.as_str()).count(), 1);
        assert_eq!(proposal.answer.unwrap().body.get(), r#"{"user_id":"user_1","referral_code":"ABCD2345"}"#);
    }
}
