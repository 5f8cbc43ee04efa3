//! `PATCH /api/users/me`: changes of the caller's profile; a new contact point is claimed and the old one
//! given up in the transaction that changes the profile.

use quoin_accounts::{
    self as accounts, Account, Contact, Fields, Reach, StreamEnd, User, full_name, language, profile_update,
    reach_attributes,
};
use quoin_events::types::{Channel, UserProfileUpdated};
use quoin_events::{Draft, Timestamp};
use quoin_ledger::Wallet;
use quoin_runtime::{CommandError, DataKey, Env, Failure, Personal, Problem, Request, Response};
use quoin_store::{Commit, ExecuteError, Proposal, Snapshot, StoreError, execute};
use serde::Deserialize;

use crate::api::register_user::taken;
use crate::profile_view::ProfileView;
use crate::stop::Stop;

/// What is to change; what is not named stays.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct ProfileChange {
    /// 1 to 100 printable characters.
    full_name: Option<Personal>,
    /// With its country code, as +919876543210.
    phone: Option<Personal>,
    /// An e-mail address.
    email: Option<Personal>,
    /// BCP 47.
    #[cfg_attr(feature = "schema", schemars(length(max = 35)))]
    language: Option<String>,
}

/// What is asked for.
#[derive(Debug, Default)]
struct Wanted {
    full_name: Option<Personal>,
    phone: Option<Contact>,
    email: Option<Contact>,
    language: Option<String>,
}

/// What a change is decided on.
struct Loaded {
    account: Account,
    end: StreamEnd,
}

impl Snapshot for Loaded {
    fn rebase(&mut self, _wallet: Wallet) {}
}

/// What the route takes and answers.
#[cfg(feature = "schema")]
#[must_use]
pub fn contract() -> quoin_runtime::Contract {
    quoin_runtime::Contract::new("Changes the caller's profile; what is not named stays")
        .changes::<ProfileChange>()
        .answers::<ProfileView>(200)
        .refuses(400, &["FULL_NAME_INVALID", "PHONE_INVALID", "EMAIL_INVALID", "LANGUAGE_INVALID", "FIELDS_INVALID"])
        .refuses(404, &["NOT_FOUND"])
        .refuses(422, &["EMAIL_TAKEN", "PHONE_TAKEN"])
}

/// Changes the caller's profile.
///
/// # Errors
/// 400 for fields that are wrong, 422 for a contact point that another account has.
pub async fn handle(env: &Env, request: &Request) -> Result<Response, Problem> {
    let caller = request.caller()?;
    let wanted = request.changes::<ProfileChange>(&[])?.check()?;
    let (context, user_id) = (&request.context, caller.user_id.as_str());
    let key = env.data_key(user_id).await?.ok_or_else(|| Problem::not_found("user"))?;
    let table = accounts::table(env)?;
    if Account::load(env, user_id).await?.is_none() {
        return Err(Problem::not_found("user"));
    }
    let load = async || load(env, table, user_id).await;
    let decide = |loaded: &Loaded, now: Timestamp| plan(loaded, &wanted, &key, table, now);
    match execute(&env.store, &env.clock, context.deadline(), &context.origin, load, decide).await {
        Ok(_) | Err(ExecuteError::Decide(Stop::Already)) => {}
        Err(ExecuteError::Decide(Stop::Failed(problem))) => return Err(problem),
        Err(ExecuteError::Blocked(index)) => return Err(blocked(env, user_id, &wanted, index).await?),
        Err(ExecuteError::Store(error)) => return Err(error.into()),
        Err(ExecuteError::KeyReused | ExecuteError::Contended) => return Err(CommandError::Contended.into()),
    }
    let account = Account::load(env, user_id).await?.ok_or_else(|| Problem::not_found("user"))?;
    Response::json(200, &ProfileView::of(&account, &key, context.now)?)
}

async fn load(env: &Env, table: &str, user_id: &str) -> Result<Loaded, StoreError> {
    // The stream first: a profile that is newer than its end makes the append lose, never the other way round.
    let end = StreamEnd(env.store.head(&User::stream(user_id)).await?);
    let item = env.store.get(table, &accounts::profile_key(user_id), true).await?;
    let item = item.ok_or_else(|| StoreError::Refused("the profile is gone".to_owned()))?;
    Ok(Loaded { account: Account::read(&item)?, end })
}

/// The contact points that change, in the order of their claims.
fn moves<'a>(account: &'a Account, wanted: &'a Wanted) -> Vec<(Channel, &'a Contact, Option<&'a str>)> {
    let email = wanted.email.as_ref().filter(|contact| contact.key != account.email_key);
    let phone = wanted.phone.as_ref().filter(|contact| Some(&contact.key) != account.phone_key.as_ref());
    email
        .map(|contact| (Channel::Email, contact, Some(account.email_key.as_str())))
        .into_iter()
        .chain(phone.map(|contact| (Channel::Sms, contact, account.phone_key.as_deref())))
        .collect()
}

fn plan(loaded: &Loaded, wanted: &Wanted, key: &DataKey, table: &str, now: Timestamp) -> Result<Proposal, Stop> {
    let account = &loaded.account;
    let before = &account.user;
    let mut user = before.clone();
    let seal = |field: &Personal| key.seal(field).map_err(Failure::poison);
    if let Some(name) = &wanted.full_name {
        user.full_name = seal(name)?;
    }
    if let Some(contact) = &wanted.email {
        user.email = seal(&contact.text)?;
    }
    if let Some(contact) = &wanted.phone {
        user.phone = Some(seal(&contact.text)?);
    }
    if let Some(language) = &wanted.language {
        user.language.clone_from(language);
    }
    if user == *before {
        return Err(Stop::Already);
    }
    let append = loaded.end.append(&user.user_id, now)?.state(&user)?;
    let at = append.at();
    let mut update = profile_update(table, &user)?;
    let moves = moves(account, wanted);
    for (channel, contact, _) in &moves {
        let name = if *channel == Channel::Email { "email_key" } else { "phone_key" };
        update = update.text(name, contact.key.clone());
        if let Some((reach, since)) = reach_attributes(*channel) {
            update = update.text(reach, Reach::Unverified.as_str()).number(since, at.millis());
        }
    }
    let mut commit = Commit::new().append(append.events([Draft::new(&event(before, &user), at)?])).update(update);
    for (_, contact, _) in &moves {
        commit = commit.put_new(table, accounts::claim(&contact.key, &user.user_id));
    }
    for old in moves.iter().filter_map(|(_, _, old)| *old) {
        commit = commit.delete(table, accounts::claim_key(old));
    }
    Ok(Proposal { commit, body_hash: String::new(), answer: None })
}

/// Only what changed.
fn event(before: &User, after: &User) -> UserProfileUpdated {
    UserProfileUpdated {
        user_id: after.user_id.clone(),
        full_name: Some(&after.full_name).filter(|name| **name != before.full_name).cloned(),
        phone: after.phone.clone().filter(|phone| Some(phone) != before.phone.as_ref()),
        email: Some(&after.email).filter(|email| **email != before.email).cloned(),
        language: Some(&after.language).filter(|language| **language != before.language).cloned(),
        kyc_status: None,
    }
}

/// Which claim stood in the way: the profile comes first among the commit's other items, then the claims.
async fn blocked(env: &Env, user_id: &str, wanted: &Wanted, index: usize) -> Result<Problem, Problem> {
    let account = Account::load(env, user_id).await?.ok_or_else(|| Problem::not_found("user"))?;
    let moves = moves(&account, wanted);
    let channel = index.checked_sub(1).and_then(|claim| moves.get(claim)).map(|(channel, _, _)| *channel);
    Ok(match channel {
        Some(Channel::Email) => taken("EMAIL_TAKEN", "/email", "another account has this e-mail address"),
        Some(Channel::Sms) => taken("PHONE_TAKEN", "/phone", "another account has this phone number"),
        Some(Channel::Push) | None => Failure::transient("the profile changed meanwhile").into(),
    })
}

impl ProfileChange {
    fn check(self) -> Result<Wanted, Problem> {
        let mut fields = Fields::default();
        let text = Option::<&Personal>::map;
        let full_name = fields.optional("/full_name", text(self.full_name.as_ref(), Personal::reveal), full_name);
        let phone = fields.optional("/phone", text(self.phone.as_ref(), Personal::reveal), Contact::phone);
        let email = fields.optional("/email", text(self.email.as_ref(), Personal::reveal), Contact::email);
        let language = fields.optional("/language", self.language.as_deref(), language);
        fields.finish(Some(Wanted { full_name: full_name.map(Personal::new), phone, email, language }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::registered;

    fn key() -> DataKey {
        DataKey::new("user_1", &[7; 32]).unwrap()
    }

    fn account() -> Account {
        let seal = |text: &str| key().seal(&Personal::new(text)).unwrap();
        let (email, phone) = (Contact::email("anna@example.com").unwrap(), Contact::phone("+491701234567").unwrap());
        let user = User {
            full_name: seal("Anna"),
            phone: Some(seal(phone.text.reveal())),
            email: seal(email.text.reveal()),
            ..registered()
        };
        Account::new(user, email.key, Some(phone.key))
    }

    fn wanted(json: &str) -> Wanted {
        serde_json::from_str::<ProfileChange>(json).unwrap().check().unwrap()
    }

    #[test]
    fn a_contact_point_written_otherwise_is_no_move() {
        let account = account();
        assert!(moves(&account, &wanted(r#"{"phone":"+49 170 1234567","email":"ANNA@example.com"}"#)).is_empty());
        let both = wanted(r#"{"phone":"+49 170 7654321","email":"otto@example.com"}"#);
        let moves = moves(&account, &both);
        assert_eq!(moves.iter().map(|(channel, ..)| *channel).collect::<Vec<_>>(), [Channel::Email, Channel::Sms]);
        assert_eq!(moves[0].2, Some(account.email_key.as_str()));
    }

    #[test]
    fn the_event_names_only_what_changed() {
        let account = account();
        let mut user = account.user.clone();
        user.language = "en".into();
        let event = event(&account.user, &user);
        assert_eq!(serde_json::to_string(&event).unwrap(), r#"{"user_id":"user_1","language":"en"}"#);
    }

    #[test]
    fn only_fields_that_are_known_and_right() {
        assert!(serde_json::from_str::<ProfileChange>(r#"{"roles":["operator"]}"#).is_err());
        let body: ProfileChange = serde_json::from_str(r#"{"email":"x","phone":"y"}"#).unwrap();
        assert_eq!(body.check().unwrap_err().errors.len(), 2);
    }
}
