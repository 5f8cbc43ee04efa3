//! Who is there when a history begins: users whose registration has just been committed. They are registered once
//! for all histories, since a password hash is meant to be slow; what follows from it happens in each history.

use std::sync::Arc;

use quoin_stack::Application;
use serde_json::{Value, json};

use crate::cloud::Cloud;
use crate::faults::Plan;
use crate::gateway::Principal;
use crate::platform::Platform;
use crate::scenario::USERS;
use crate::scheduler::Scheduler;
use crate::wire::Request;

/// Users and the items that their registrations left.
#[derive(Debug, Clone, Default)]
pub struct People {
    ids: Vec<String>,
    items: Vec<(&'static str, Value)>,
}

const TABLES: [&str; 4] = ["UsersTable", "UserKeysTable", "WalletsTable", "JournalTable"];

impl People {
    /// Registers everybody over the API.
    ///
    /// # Errors
    /// If a registration is refused.
    pub fn register(application: &Arc<Application>) -> Result<Self, String> {
        let mut people = Self::default();
        let mut scheduler = Scheduler::new(0);
        let cloud = Cloud::new(scheduler.handle(), application.clone(), Plan::calm(), 0, None, false)?;
        let platform = Platform::start(cloud.clone(), scheduler.spawner())?;
        let registered = std::rc::Rc::new(std::cell::RefCell::new(Vec::new()));
        let (platform, answers) = (platform.clone(), registered.clone());
        scheduler.spawner().spawn(async move {
            let mut referral: Option<String> = None;
            for user in 0..USERS {
                let mut body = json!({
                    "phone": format!("+9198765432{user:02}"), "email": format!("user{user}@example.com"),
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
                let reply = platform.http(&request, None).await;
                let text = String::from_utf8_lossy(&reply.body).into_owned();
                let answer: Value = serde_json::from_str(&text).unwrap_or_default();
                referral = answer["referral_code"].as_str().map(str::to_owned);
                answers.borrow_mut().push((reply.status, answer["user_id"].as_str().map(str::to_owned), text));
            }
        });
        // Not a second of virtual time more than the registrations take: what follows belongs to the histories.
        while registered.borrow().len() < USERS && !scheduler.run(scheduler.handle().now() + 1_000) {}
        for (status, id, text) in registered.take() {
            people.ids.push(id.ok_or_else(|| format!("registration was answered {status}: {text}"))?);
        }
        for table in TABLES {
            people.items.extend(
                cloud.scan(table).into_iter().filter(|item| is_of_registration(table, item)).map(|item| (table, item)),
            );
        }
        Ok(people)
    }

    pub(crate) fn id(&self, user: usize) -> &str {
        self.ids.get(user).map_or("", String::as_str)
    }

    pub(crate) fn ids(&self) -> &[String] {
        &self.ids
    }

    pub(crate) fn principal(&self, user: usize) -> Principal {
        Principal { user_id: self.id(user).to_owned(), roles: "user" }
    }

    pub(crate) fn settle_in(&self, cloud: &Cloud) {
        for (table, item) in &self.items {
            cloud.restore(table, item);
        }
    }
}

/// Consumers may have begun to act on the first registrations; that is not part of the beginning.
fn is_of_registration(table: &str, item: &Value) -> bool {
    match table {
        "JournalTable" => item["pk"]["S"].as_str().is_some_and(|pk| pk.starts_with("user#")) && item["sk"]["N"] == "1",
        _ => true,
    }
}
