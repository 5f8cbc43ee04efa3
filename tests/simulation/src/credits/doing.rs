//! Carrying out what people do with credits.

use serde_json::{Value, json};

use super::{Deed, Goal};
use crate::actors::{Actors, Answer, Offered, Read};
use crate::cloud::{BEGIN, EPOCH_MS};
use crate::faults::Fault;
use crate::model::boosts::{Boost, Target};
use crate::scenario::Step;
use crate::scheduler::Micros;
use crate::wire::Request;

/// How long somebody waits for what others are about to make.
const SOON: Micros = 60_000_000;

impl Actors {
    /// Does it; nothing where there is nothing to do it to.
    pub(crate) async fn deed(&self, step: &Step, user: usize, deed: Deed, key: &str) -> Vec<Vec<Answer>> {
        let body = match deed {
            Deed::Buy { credits } => json!({"amount": credits, "payment_method": "wallet"}),
            Deed::Give { credits, .. } => json!({"amount": credits}),
            Deed::Offer { price } => json!({"title": "Paint a fence", "price": price}),
            Deed::Found => json!({"name": "Brains"}),
            _ => Value::Null,
        };
        let (who, path) = match deed {
            Deed::Boost { goal, .. } => return self.boost(step, user, goal, deed, key).await,
            Deed::Look { goal } => {
                let Some(target) = self.target(goal).await else { return Vec::new() };
                return vec![self.look(user, &target).await];
            }
            Deed::Browse { is_of_gigs } => return vec![self.browse(user, is_of_gigs).await],
            Deed::Buy { .. } => (user, "/api/credits/purchases".to_owned()),
            Deed::Offer { .. } => (user, "/api/gigs".to_owned()),
            Deed::Found => (user, "/api/clans".to_owned()),
            Deed::Complete { gig } | Deed::Pay { gig, .. } => {
                let Some(target) = self.target(Goal::Gig(gig)).await else { return Vec::new() };
                let owner = self.record.borrow().offered(&target.id).map(|offered| offered.owner);
                let is_owner = matches!(deed, Deed::Pay { is_owner: true, .. });
                let what = if matches!(deed, Deed::Pay { .. }) { "payments" } else { "completion" };
                self.record.borrow_mut().targets.insert(step.number, target.clone());
                (owner.filter(|_| is_owner).unwrap_or(user), format!("/api/gigs/{}/{what}", target.id))
            }
            Deed::Join { clan } | Deed::Leave { clan } | Deed::Give { clan, .. } => {
                let Some(target) = self.target(Goal::Clan(clan)).await else { return Vec::new() };
                let what = match deed {
                    Deed::Join { .. } => "join",
                    Deed::Leave { .. } => "leave",
                    _ => "contributions",
                };
                self.record.borrow_mut().targets.insert(step.number, target.clone());
                (user, format!("/api/clans/{}/{what}", target.id))
            }
        };
        let answers = self.command(who, "POST", &path, &body, key).await;
        self.made(who, deed, &answers);
        vec![answers]
    }

    /// Keeps what was made: each time that it was answered, since it takes no key.
    fn made(&self, user: usize, deed: Deed, answers: &[Answer]) {
        let mut record = self.record.borrow_mut();
        for answer in answers.iter().filter(|answer| answer.status == 201) {
            let id = |name: &str| answer.body[name].as_str().unwrap_or_default().to_owned();
            match deed {
                Deed::Offer { price } => record.gigs.push(Offered { id: id("gig_id"), owner: user, price }),
                Deed::Found => record.clans.push(id("clan_id")),
                _ => {}
            }
        }
    }

    /// What is meant, if it is there; perhaps somebody is about to make it.
    async fn target(&self, goal: Goal) -> Option<Target> {
        let find = || {
            let record = self.record.borrow();
            match goal {
                Goal::Profile(user) => Some(Target::new("user", self.people.id(user))),
                Goal::Gig(gig) => {
                    record.gigs.get(gig % record.gigs.len().max(1)).map(|one| Target::new("gig", &one.id))
                }
                Goal::Clan(clan) => {
                    record.clans.get(clan % record.clans.len().max(1)).map(|id| Target::new("clan", id))
                }
                Goal::Nowhere => Some(Target::new("gig", "gig_nowhere")),
            }
        };
        if find().is_none() {
            self.platform.cloud.handle.sleep(SOON).await;
        }
        find()
    }

    async fn boost(&self, step: &Step, user: usize, goal: Goal, deed: Deed, key: &str) -> Vec<Vec<Answer>> {
        let Deed::Boost { credits, hours, times, look, .. } = deed else { return Vec::new() };
        let Some(target) = self.target(goal).await else { return Vec::new() };
        self.record.borrow_mut().targets.insert(step.number, target.clone());
        let (path, member) = match target.kind {
            "user" => ("/api/credits/boost/profile", "targetUserId"),
            "gig" => ("/api/credits/boost/gig", "targetGigId"),
            _ => ("/api/credits/boost/clan", "targetClanId"),
        };
        let body = json!({member: target.id, "amount": credits, "duration": hours});
        let mut commands = Vec::new();
        for number in 0..times {
            let key = if times > 1 { format!("{key}-{number}") } else { key.to_owned() };
            let who = self.people.principal(user);
            let answers = self.insist(Some(&who), &|_| self.posted(path, &body, &key)).await;
            let is_accepted = answers.first().is_some_and(|answer| answer.status == 201);
            if is_accepted && self.platform.cloud.may_happen(Fault::KeyReused) {
                let mut other = body.clone();
                other["duration"] = (hours % 168 + 1).into();
                let reply = self.platform.http(&self.posted(path, &other, &key), Some(&who)).await;
                self.was_reused(step.number, crate::actors::definite(&reply));
            }
            commands.push(answers);
        }
        let given = commands.first().and_then(|answers| Boost::told(user, &target, deed, &answers.first()?.body));
        if let (Some(quarter), Some(given)) = (look, given) {
            self.until(given.middle_of(quarter)).await;
            self.look(user, &target).await;
        }
        commands
    }

    async fn until(&self, millis: i64) {
        let at = BEGIN + u64::try_from(millis - EPOCH_MS).unwrap_or(0) * 1_000;
        let handle = &self.platform.cloud.handle;
        handle.sleep(at.saturating_sub(handle.now())).await;
    }

    /// Looks what boosts of it count, and keeps what was said.
    pub(crate) async fn look(&self, user: usize, target: &Target) -> Vec<Answer> {
        let began = self.platform.cloud.handle.now();
        let answers = self.get(user, &target.path()).await;
        let span = (began, self.platform.cloud.handle.now());
        for answer in &answers {
            let read = Read { target: target.clone(), span, answer: answer.clone() };
            self.record.borrow_mut().reads.push(read);
        }
        answers
    }

    /// Looks at a list, which has one page only, and keeps it.
    async fn browse(&self, user: usize, is_of_gigs: bool) -> Vec<Answer> {
        let (kind, path) = if is_of_gigs { ("gig", "/api/gigs") } else { ("clan", "/api/clans") };
        let began = self.platform.cloud.handle.now();
        let answers = self.get(user, &format!("{path}?limit=100")).await;
        let span = (began, self.platform.cloud.handle.now());
        let lists = answers.iter().map(|answer| Read { target: Target::new(kind, ""), span, answer: answer.clone() });
        self.record.borrow_mut().lists.extend(lists);
        answers
    }

    /// The body of an answer that says what is there.
    pub(super) async fn read(&self, user: usize, path: &str) -> Value {
        let answers = self.get(user, path).await;
        answers.into_iter().next().map(|answer| answer.body).unwrap_or_default()
    }

    async fn get(&self, user: usize, path: &str) -> Vec<Answer> {
        let ask = || Request { method: "GET".to_owned(), ..self.posted(path, &Value::Null, "look") };
        self.insist(Some(&self.people.principal(user)), &|_| ask()).await
    }
}
