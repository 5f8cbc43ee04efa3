//! When everything is at rest and nothing goes wrong any more: some more boosts, and in each quarter of their time every
//! score and every list over the API, which are exactly what the model says.

use std::rc::Rc;

use super::{Deed, Goal};
use crate::actors::{Actors, Read};
use crate::books::Books;
use crate::cloud::millis;
use crate::findings::{Broken, Check, Side};
use crate::model::boosts::{self, Boost, Target};
use crate::model::listed::{Thing, ranked, things};
use crate::platform::Platform;
use crate::scenario::{Action, Step};
use crate::scheduler::{Micros, Scheduler, lock};
use crate::shop::Coins;

const MINUTE: Micros = 60_000_000;
const HOUR: Micros = 60 * MINUTE;
/// Steps of the closing have numbers from here on.
const FIRST: usize = 900;
/// Who gives the boosts, with what an operator gives them.
const GIVER: usize = 0;
/// What is boosted, with how many credits and for how long: each list has two that change places.
const GIVEN: [(Goal, u64, u64); 5] = [
    (Goal::Profile(1), 101, 8),
    (Goal::Gig(0), 100, 4),
    (Goal::Gig(1), 70, 8),
    (Goal::Clan(0), 100, 4),
    (Goal::Clan(1), 70, 8),
];
/// When scores are looked at, in hours: in quarters of both kinds, when some are over, and when all are.
const LOOKS: [u64; 5] = [0, 1, 3, 5, 9];
/// Where lists are read, with what is listed and what they call its score.
const LISTS: [(&str, &str, &str); 2] = [("/api/gigs", "gig", "priority"), ("/api/clans", "clan", "reputation")];
/// Rows of a page, so that there are several.
const PAGE: usize = 2;
/// What the clock does is done within this.
const SETTLED_MS: i64 = 45_000;

/// What is not as it must be; looked at only where people did something with credits.
pub(crate) fn round(scheduler: &mut Scheduler, platform: &Rc<Platform>, actors: &Rc<Actors>) -> Vec<Broken> {
    {
        let record = actors.record.borrow();
        if record.gigs.is_empty() && record.clans.is_empty() && boosts::given(&record).is_empty() {
            return Vec::new();
        }
    }
    let coins = Coins { asset: "credits", units: 1_000, merchant: None, days: None };
    perform(scheduler, actors, vec![Action::Gift { user: GIVER, coins }], FIRST);
    let is_there = |goal: &Goal| {
        let record = actors.record.borrow();
        match goal {
            Goal::Gig(gig) => *gig < record.gigs.len(),
            Goal::Clan(clan) => *clan < record.clans.len(),
            Goal::Profile(_) | Goal::Nowhere => true,
        }
    };
    let given = GIVEN.into_iter().filter(|(goal, ..)| is_there(goal));
    let given = given.map(|(goal, credits, hours)| {
        let deed = Deed::Boost { goal, credits, hours, times: 1, look: None };
        Action::Credits { user: GIVER, deed }
    });
    let began = scheduler.handle().now();
    perform(scheduler, actors, given.collect(), FIRST + 1);
    let (boosts, things) = {
        let record = actors.record.borrow();
        let things = things(&Books::read(&platform.cloud), &record);
        (boosts::given(&record), things)
    };
    let mut broken = Vec::new();
    for hours in LOOKS {
        scheduler.run(began + hours * HOUR + 2 * MINUTE);
        // Calls that were lost, or that nobody makes any more, are what the clean-up is for.
        let is_late = boosts.iter().any(|boost| boost.begins() < millis(began) - SETTLED_MS);
        if is_late || lock(&platform.cloud.schedules).until < scheduler.handle().now() {
            let sweepers = platform.scheduled().into_iter().filter(|one| one.ends_with("-boost-sweeper")).collect();
            scheduler.spawner().spawn(platform.clone().run_all(sweepers));
            scheduler.run(scheduler.handle().now() + MINUTE);
        }
        broken.extend(look(scheduler, actors, &boosts, &things));
        if !broken.is_empty() || !platform.cloud.findings().is_empty() {
            break;
        }
    }
    broken
}

/// Carries steps out one after the other, and waits until all that follows has followed.
fn perform(scheduler: &mut Scheduler, actors: &Rc<Actors>, actions: Vec<Action>, first: usize) {
    let steps: Vec<_> = (first..).zip(actions).map(|(number, action)| Step { number, at: 0, action }).collect();
    let runner = actors.clone();
    scheduler.spawner().spawn(async move {
        for step in steps {
            runner.clone().perform(step).await;
        }
    });
    scheduler.run(scheduler.handle().now() + MINUTE);
}

/// What one look finds.
fn look(scheduler: &mut Scheduler, actors: &Rc<Actors>, boosts: &[Boost], things: &[Thing]) -> Vec<Broken> {
    let mut targets: Vec<_> = boosts.iter().map(|boost| boost.target.clone()).collect();
    targets.sort_unstable();
    targets.dedup();
    let (first, runner) = (actors.record.borrow().reads.len(), actors.clone());
    let lists = Rc::new(std::cell::RefCell::new(Vec::new()));
    let (told, all) = (lists.clone(), targets.clone());
    scheduler.spawner().spawn(async move {
        for target in &all {
            runner.look(GIVER, target).await;
        }
        for (path, _, score) in LISTS {
            let list = runner.listed(path, score).await;
            told.borrow_mut().push(list);
        }
    });
    let at = millis(scheduler.handle().now());
    scheduler.run(scheduler.handle().now() + MINUTE / 2);
    let reads = actors.record.borrow().reads[first..].to_vec();
    let mut broken: Vec<_> = targets.iter().filter_map(|target| scored(target, &reads, boosts)).collect();
    if boosts.iter().any(|boost| boost.changes_near(at, SETTLED_MS)) {
        return broken;
    }
    let told = lists.take();
    for (number, (path, kind, _)) in LISTS.into_iter().enumerate() {
        let must: Vec<_> =
            ranked(things, kind, boosts, at).into_iter().map(|(score, one)| (one.target.id.clone(), score)).collect();
        let is = told.get(number).cloned().unwrap_or_default();
        if is != must {
            let what = format!("{path} is not in the order of what counts");
            let rows = (0..must.len().max(is.len())).map(|place| {
                let row = |list: &[(String, u64)]| {
                    list.get(place).map_or("nothing".to_owned(), |(id, score)| format!("{id} {score}"))
                };
                Side::new(format!("place {place}"), row(&must), row(&is))
            });
            broken.push(Broken::new(Check::Listed, what).beside(rows));
        } else if must.windows(2).any(|pair| pair[0].1 > pair[1].1) {
            actors.platform.cloud.count("reached: a list in the order of several scores");
        }
    }
    broken
}

/// A target whose score is not what all its boosts come to.
fn scored(target: &Target, reads: &[Read], boosts: &[Boost]) -> Option<Broken> {
    let read = reads.iter().rfind(|read| read.target == *target);
    let shown = read.and_then(|read| boosts::shown(&read.answer.body));
    let at = shown.as_ref().map_or(0, |(at, _)| *at);
    let own = boosts.iter().filter(|boost| boost.target == *target && boost.until() > at);
    let must: Vec<_> = own.map(|boost| (boost.id.as_str(), boost.counts(at))).collect();
    let is: Vec<_> = shown.iter().flat_map(|(_, all)| all).map(|(id, part)| (id.as_str(), part.1)).collect();
    let (mut sorted, what) = (must.clone(), format!("{} {} is not what its boosts count", target.kind, target.id));
    sorted.sort_unstable();
    let side = || Side::new(&target.id, format!("{sorted:?}"), format!("{is:?}"));
    (sorted != is || shown.is_none()).then(|| Broken::new(Check::Boosts, what).beside([side()]))
}

impl Actors {
    /// A whole list, page by page: what is on it, and what it counts.
    async fn listed(&self, path: &str, score: &str) -> Vec<(String, u64)> {
        let (mut all, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = self.read(GIVER, &format!("{path}?limit={PAGE}{cursor}")).await;
            for item in page["items"].as_array().into_iter().flatten() {
                let id = item["gig_id"].as_str().or_else(|| item["clan_id"].as_str()).unwrap_or_default();
                all.push((id.to_owned(), item[score].as_u64().unwrap_or(u64::MAX)));
            }
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return all,
            }
        }
    }
}
