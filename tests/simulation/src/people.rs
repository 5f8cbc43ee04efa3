//! Who is there when a history begins: users whose registration has just been committed, or who have settled in, with
//! all that follows from a registration. They are registered once for all histories, since a password hash is meant to
//! be slow.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use quoin_stack::Application;
use serde_json::{Value, json};

use crate::cloud::{BEGIN, Cloud, DAYS, Setting, Snapshot};
use crate::faults::Plan;
use crate::gateway::Principal;
use crate::history::answered;
use crate::platform::Platform;
use crate::scenario::USERS;
use crate::scheduler::Scheduler;
use crate::shop;
use crate::warehouse;
use crate::wire::Request;

/// Users and the items that their registrations left.
#[derive(Debug, Clone)]
pub struct People {
    ids: Vec<String>,
    /// What each of them brings others with.
    codes: Vec<String>,
    items: Vec<(&'static str, Value)>,
    /// What can be bought, and nobody to buy it.
    empty: Snapshot,
    /// When everything has followed from the registrations.
    settled: Snapshot,
}

const TABLES: [&str; 4] = ["UsersTable", "UserKeysTable", "WalletsTable", "JournalTable"];

/// So many of them had their papers checked when they have settled in.
pub(crate) const VERIFIED: usize = 2;

/// The e-mail address of a user.
pub(crate) fn email(user: usize) -> String {
    format!("user{user}@example.com")
}

/// The phone number of a user.
pub(crate) fn phone(user: usize) -> String {
    format!("+9198765432{user:02}")
}

impl People {
    /// Opens the shop and registers everybody, over the API.
    ///
    /// # Errors
    /// If a registration is refused.
    pub fn register(application: &Arc<Application>) -> Result<Self, String> {
        let mut scheduler = Scheduler::new(0);
        let plan = Plan::calm();
        let setting =
            Setting { application, snapshot: None, plan, seed: 0, days: DAYS, mutant: None, is_traced: false };
        let cloud = Cloud::new(scheduler.handle(), setting)?;
        let platform = Platform::start(cloud.clone(), scheduler.spawner())?;
        open_shop(&mut scheduler, &platform)?;
        let empty = Snapshot::of(&cloud)?;
        let registered = Rc::new(RefCell::new(Vec::new()));
        let (runner, answers) = (platform.clone(), registered.clone());
        scheduler.spawner().spawn(async move {
            let mut referral: Option<String> = None;
            for user in 0..USERS {
                let mut body = json!({
                    "phone": phone(user), "email": email(user),
                    "password": "correct horse battery staple", "full_name": format!("User Number {user}"),
                    "country": "IN", "language": "en",
                });
                if user == 1 {
                    body["referral_code"] = referral.take().into();
                }
                let request = Request {
                    method: "POST".to_owned(),
                    url: "/api/users".to_owned(),
                    headers: [("idempotency-key".to_owned(), format!("register-{user}"))].into(),
                    body: body.to_string().into_bytes(),
                };
                let reply = runner.http(&request, None).await;
                let text = String::from_utf8_lossy(&reply.body).into_owned();
                let answer: Value = serde_json::from_str(&text).unwrap_or_default();
                referral = answer["referral_code"].as_str().map(str::to_owned);
                let id = answer["user_id"].as_str().map(str::to_owned);
                answers.borrow_mut().push((reply.status, id.zip(referral.clone()), text));
            }
        });
        // Not a second of virtual time more than the registrations take: what follows belongs to the histories.
        while registered.borrow().len() < USERS && !scheduler.run(scheduler.handle().now() + 1_000) {}
        let ids = registered
            .take()
            .into_iter()
            .map(|(status, id, text)| id.ok_or_else(|| format!("registration was answered {status}: {text}")));
        let (ids, codes): (Vec<_>, Vec<_>) = ids.collect::<Result<Vec<_>, _>>()?.into_iter().unzip();
        let mut items = Vec::new();
        for table in TABLES {
            let left = cloud.scan(table).into_iter().filter(|item| is_of_registration(table, item));
            items.extend(left.map(|item| (table, item)));
        }
        let (verified, runner) = (ids.iter().take(VERIFIED).cloned().collect::<Vec<_>>(), platform.clone());
        finish(&mut scheduler, async move {
            for user in verified {
                shop::verify(&runner, &user).await?;
            }
            Ok(())
        })?;
        // What each history would find to do of it, is done: it counts for none of them.
        let is_quiet = scheduler.run(BEGIN - 60_000_000);
        let is_exported = warehouse::exported(&mut scheduler, &platform).is_none();
        let is_verified = answered(&mut scheduler, &platform, "quoin-dev-verifier").is_some();
        if !(is_quiet && is_exported && is_verified && scheduler.run(BEGIN) && cloud.findings().is_empty()) {
            return Err(format!("people have not settled in: {:?}", cloud.findings()));
        }
        Ok(Self { ids, codes, items, empty, settled: Snapshot::of(&cloud)? })
    }

    /// What is there when a history begins: everything that follows from the registrations, or only the tables.
    pub(crate) fn snapshot(&self, is_settled: bool) -> &Snapshot {
        if is_settled { &self.settled } else { &self.empty }
    }

    pub(crate) fn id(&self, user: usize) -> &str {
        self.ids.get(user).map_or("", String::as_str)
    }

    pub(crate) fn ids(&self) -> &[String] {
        &self.ids
    }

    /// What each of them brings others with.
    pub(crate) fn codes(&self) -> &[String] {
        &self.codes
    }

    pub(crate) fn principal(&self, user: usize) -> Principal {
        Principal { user_id: self.id(user).to_owned(), roles: "user" }
    }

    /// Registers everybody now.
    pub(crate) fn arrive(&self, cloud: &Cloud) {
        for (table, item) in &self.items {
            cloud.restore(table, item);
        }
    }
}

/// Carries `work` out, and not a second of virtual time more.
fn finish(scheduler: &mut Scheduler, work: impl Future<Output = Result<(), String>> + 'static) -> Result<(), String> {
    let outcome = Rc::new(RefCell::new(None));
    let slot = outcome.clone();
    scheduler.spawner().spawn(async move {
        let done = work.await;
        slot.replace(Some(done));
    });
    while outcome.borrow().is_none() && !scheduler.run(scheduler.handle().now() + 1_000) {}
    outcome.take().unwrap_or_else(|| Err("it goes on and on".to_owned()))
}

fn open_shop(scheduler: &mut Scheduler, platform: &Rc<Platform>) -> Result<(), String> {
    let runner = platform.clone();
    finish(scheduler, async move { shop::open(&runner).await })
}

/// Consumers may have begun to act on the first registrations; that is not part of the beginning.
fn is_of_registration(table: &str, item: &Value) -> bool {
    match table {
        "JournalTable" => item["pk"]["S"].as_str().is_some_and(|pk| pk.starts_with("user#")) && item["sk"]["N"] == "1",
        _ => true,
    }
}
