//! People who register while a history goes on: some with an address or a number that somebody has, some at the same
//! moment as somebody else with the same. What is there in the end is one account for each registration that was
//! accepted, whole, and nothing of any other.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::actors::{Actors, Answer, Done, Record, definite};
use crate::audit::text;
use crate::books::Books;
use crate::cloud::Cloud;
use crate::faults::Fault;
use crate::findings::{Broken, Check, Side};
use crate::members;
use crate::people::{self, People};
use crate::scenario::{Action, Contacts};
use crate::scheduler::both;

/// The e-mail address with a number: the last one is the first user's from the beginning.
pub(crate) fn email(number: usize) -> String {
    if number + 1 == Contacts::COUNT { people::email(0) } else { format!("newcomer{number}@example.com") }
}

/// The same of phone numbers.
fn phone(number: usize) -> String {
    if number + 1 < Contacts::COUNT { format!("+9198765433{number:02}") } else { people::phone(0) }
}

/// By what a contact point is claimed.
pub(crate) fn claim(kind: &str, text: &str) -> String {
    let digest: String = Sha256::digest(text.to_lowercase()).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{kind}#{digest}")
}

impl Contacts {
    /// The claims that an account with these contact points has.
    fn claims(self) -> [String; 2] {
        [claim("email", &email(self.email)), claim("phone", &phone(self.phone))]
    }

    fn body(self) -> Value {
        json!({
            "phone": phone(self.phone), "email": email(self.email), "password": "correct horse battery staple",
            "full_name": "A Newcomer", "country": "IN", "language": "en",
        })
    }

    /// The keys of the items in whose states a refusal with `code` has its reason.
    pub(crate) fn reason(self, code: &str) -> Option<Value> {
        let [email, phone] = self.claims();
        let pk = match code {
            "EMAIL_TAKEN" => email,
            "PHONE_TAKEN" => phone,
            _ => return None,
        };
        Some(json!({"pk": {"S": pk}, "sk": {"S": "owner"}}))
    }
}

/// The contact points of each command of a step that registers somebody.
pub(crate) fn contacts(action: &Action) -> Vec<Contacts> {
    match action {
        Action::Register { who, rival } => std::iter::once(*who).chain(*rival).collect(),
        _ => Vec::new(),
    }
}

/// Ids of those who were told that they are registered, with their contact points and referral codes.
pub(crate) fn registered(record: &Record) -> impl Iterator<Item = (&str, Contacts, &str)> {
    record.done.iter().flat_map(of_step)
}

fn of_step(done: &Done) -> impl Iterator<Item = (&str, Contacts, &str)> {
    let accepted = |answers: &'_ Vec<Answer>| answers.iter().position(|answer| answer.status == 201);
    contacts(&done.step.action).into_iter().zip(&done.commands).filter_map(move |(who, answers)| {
        let body = &answers[accepted(answers)?].body;
        Some((body["user_id"].as_str()?, who, body["referral_code"].as_str()?))
    })
}

impl Actors {
    /// One registers, or two at the same moment, each with a key of their own.
    pub(crate) async fn register(&self, number: usize, who: Contacts, rival: Option<Contacts>) -> Vec<Vec<Answer>> {
        let own = self.enlist(number, who, format!("step-{number}"));
        let Some(rival) = rival else { return vec![own.await] };
        let (one, other) = both(own, self.enlist(number, rival, format!("step-{number}-rival"))).await;
        vec![one, other]
    }

    async fn enlist(&self, number: usize, who: Contacts, key: String) -> Vec<Answer> {
        let mut body = who.body();
        let answers = self.request(None, "POST", "/api/users", &body, &key).await;
        let is_accepted = answers.iter().any(|answer| answer.status == 201);
        if is_accepted && self.platform.cloud.may_happen(Fault::KeyReused) {
            body["country"] = "DE".into();
            let reply = self.platform.http(&self.posted("/api/users", &body, &key), None).await;
            self.was_reused(number, definite(&reply));
        }
        answers
    }
}

/// Holds what is there against what people were told.
pub(crate) fn compare(cloud: &Cloud, books: &Books, record: &Record, people: &People) -> Vec<Broken> {
    let mut broken = Vec::new();
    let mut owners: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for (number, (user, code)) in people.ids().iter().zip(people.codes()).enumerate() {
        for claim in [claim("email", &people::email(number)), claim("phone", &people::phone(number))] {
            owners.entry(claim).or_default().insert(user);
        }
        owners.entry(format!("referral#{code}")).or_default().insert(user);
    }
    for (user, who, code) in registered(record) {
        for claim in who.claims().into_iter().chain([format!("referral#{code}")]) {
            owners.entry(claim).or_default().insert(user);
        }
    }
    for (claim, account) in members::addresses(record) {
        owners.entry(claim).or_default().insert(account);
    }
    let all: BTreeSet<&str> = owners.values().flatten().copied().collect();
    let users = cloud.scan("UsersTable");
    let of_users = |prefix: &str, sk: &str| -> BTreeSet<String> {
        let rows = users.iter().filter(|item| text(item, "sk") == sk);
        rows.filter_map(|item| text(item, "pk").strip_prefix(prefix).map(str::to_owned)).collect()
    };
    let keyed = cloud.scan("UserKeysTable").iter().map(|item| text(item, "pk").to_owned()).collect();
    let told = books.events().filter(|(_, _, event)| event["event"] == "UserRegistered");
    let mut told: Vec<_> = told.map(|(pk, _, _)| pk.trim_start_matches("user#").to_owned()).collect();
    told.sort_unstable();
    let is_told_twice = told.windows(2).any(|pair| pair[0] == pair[1]);
    let places: [(&str, BTreeSet<String>); 6] = [
        ("profiles", of_users("user#", "profile")),
        ("credentials", of_users("credential#", "password")),
        ("data keys", keyed),
        ("wallets", books.wallets.keys().cloned().collect()),
        ("streams", books.of_kind("user").map(|(id, _)| id.to_owned()).collect()),
        ("UserRegistered", told.iter().cloned().collect()),
    ];
    for (place, is) in places {
        // Of members `customer.registered` tells.
        let all: BTreeSet<&str> = match place {
            "UserRegistered" => {
                all.iter().copied().filter(|user| !members::accounts(record).any(|one| one == *user)).collect()
            }
            _ => all.clone(),
        };
        if is.iter().map(String::as_str).ne(all.iter().copied()) || place == "UserRegistered" && is_told_twice {
            let what = format!("{place} are not those of the people who were told that they are registered");
            let differing = |user: &&&str| !is.contains(**user);
            let missing = all.iter().filter(differing).map(|user| Side::new(*user, "there", "missing"));
            let surplus = is.iter().filter(|user| !all.contains(user.as_str()));
            let surplus = surplus.map(|user| Side::new(user, "nothing of them", "there"));
            let twice = told.windows(2).filter(|pair| pair[0] == pair[1]);
            let twice = twice.map(|pair| Side::new(&pair[0], "told once", "told again"));
            let sides: Vec<_> = missing.chain(surplus).chain(twice).collect();
            broken.push(Broken::new(Check::Registered, what).beside(sides));
        }
    }
    let mut claims: BTreeMap<&str, &str> = BTreeMap::new();
    for item in users.iter().filter(|item| text(item, "sk") == "owner") {
        claims.insert(text(item, "pk"), text(item, "user_id"));
    }
    for (claim, users) in &owners {
        let is = claims.remove(claim.as_str()).unwrap_or("nobody's");
        if users.len() != 1 || !users.contains(is) {
            let what = format!("{claim} was given to {} people", users.len());
            let owners = users.iter().map(|user| Side::new("was told so", "", *user));
            let sides = [Side::new("owners", 1, users.len()), Side::new("claimed by", "", is)];
            broken.push(Broken::new(Check::Registered, what).beside(sides.into_iter().chain(owners)));
        }
    }
    for (claim, user) in claims {
        let what = format!("{claim} is claimed by somebody who is not registered with it");
        broken.push(Broken::new(Check::Registered, what).beside([Side::new(claim, "nobody's", user)]));
    }
    broken
}

/// How often each interesting thing happened.
pub(crate) fn counts(record: &Record) -> [(&'static str, usize); 4] {
    let steps = || record.done.iter().filter(|done| matches!(done.step.action, Action::Register { .. }));
    let status = |answers: &Vec<Answer>| answers.first().map(|answer| answer.status);
    let is_rivalry = |done: &&Done| {
        let mut statuses: Vec<_> = done.commands.iter().filter_map(status).collect();
        statuses.sort_unstable();
        statuses == [201, 422]
    };
    let is_repeated = |answers: &&Vec<Answer>| {
        status(answers) == Some(201) && answers.len() > 1 || answers.iter().any(|answer| answer.is_repeated)
    };
    let is_refused = |done: &&Done| done.commands.len() == 1 && status(&done.commands[0]) == Some(422);
    [
        ("a person who registered", registered(record).count()),
        ("two registrations with one address at once, one of them refused", steps().filter(is_rivalry).count()),
        ("a registration, answered again", steps().flat_map(|done| &done.commands).filter(is_repeated).count()),
        ("a registration with what somebody has, refused", steps().filter(is_refused).count()),
    ]
}
