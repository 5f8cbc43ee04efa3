//! Requests one after the other on a calm platform, for tests that look at what each of them costs on the wire.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use serde_json::Value;

use crate::cloud::{BEGIN, Cloud, DAYS, Setting};
use crate::faults::Plan;
use crate::gateway::Principal;
use crate::history::Stage;
use crate::platform::Platform;
use crate::scheduler::Scheduler;
use crate::trace::Trace;
use crate::wire::Request;

/// One request of one of the people.
#[derive(Debug, Clone)]
pub struct Ask {
    /// Who asks, by number.
    pub user: usize,
    /// As what.
    pub roles: &'static str,
    /// The HTTP method.
    pub method: &'static str,
    /// The path; `{user}` in it is the id of who asks.
    pub path: String,
    /// The body, as JSON.
    pub body: Value,
}

impl Stage {
    /// Asks one thing after the other, and says what was answered and what went over the wire.
    ///
    /// # Errors
    /// If the simulation itself fails, or a commit does not hold.
    pub fn rehearse(&self, asks: Vec<Ask>) -> Result<(Vec<(u16, Value)>, Trace), String> {
        self.rehearse_over("", &[], asks)
    }

    /// The same where `items` are in `table` before.
    ///
    /// # Errors
    /// As for [`Stage::rehearse`].
    pub fn rehearse_over(
        &self,
        table: &str,
        items: &[Value],
        asks: Vec<Ask>,
    ) -> Result<(Vec<(u16, Value)>, Trace), String> {
        let mut scheduler = Scheduler::new(1);
        scheduler.begin(BEGIN);
        let setting = Setting {
            application: &self.application,
            snapshot: Some(self.people.snapshot(true)),
            plan: Plan::calm(),
            seed: 1,
            days: DAYS,
            mutant: None,
            is_traced: true,
        };
        let cloud = Cloud::new(scheduler.handle(), setting)?;
        cloud.load(table, items)?;
        let platform = Platform::start(cloud.clone(), scheduler.spawner())?;
        let answers = Rc::new(RefCell::new(Vec::new()));
        let (runner, told, people) = (platform, answers.clone(), self.people.clone());
        scheduler.spawner().spawn(async move {
            for (number, ask) in asks.into_iter().enumerate() {
                let who = Principal { user_id: people.id(ask.user).to_owned(), roles: ask.roles };
                let headers = BTreeMap::from([("idempotency-key".to_owned(), format!("rehearsal-{number}"))]);
                let url = ask.path.replace("{user}", &who.user_id);
                let body = ask.body.to_string().into_bytes();
                let request = Request { method: ask.method.to_owned(), url, headers, body };
                let reply = runner.http(&request, Some(&who)).await;
                told.borrow_mut().push((reply.status, serde_json::from_slice(&reply.body).unwrap_or_default()));
            }
        });
        scheduler.run(u64::MAX);
        let broken = cloud.findings();
        if !broken.is_empty() {
            return Err(format!("{broken:?}"));
        }
        let answers = answers.take();
        Ok((answers, cloud.take_trace()))
    }
}
