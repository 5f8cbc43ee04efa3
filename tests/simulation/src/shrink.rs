//! The shortest failing history that can be found: faults and steps are left out as long as it still fails.

use crate::history::{Script, Stage};
use crate::parallel::each;

/// Scripts that are tried at most.
const TRIES: usize = 150;
/// Leaving something out changes what chance does with the rest: so many seeds are tried for each script.
const SEEDS: usize = 4;

/// A part of `script` that fails as well, perhaps under another seed; `tell` hears of each shorter one.
///
/// # Errors
/// If the simulation itself fails.
pub fn shrink(stage: &Stage, script: &Script, mut tell: impl FnMut(&Script)) -> Result<Script, String> {
    let (mut best, mut tries) = (calmest(stage, script.clone())?, 0);
    let mut size = best.steps.len().div_ceil(2);
    while size > 0 && tries < TRIES {
        let mut start = 0;
        let before = best.steps.len();
        while start < best.steps.len() && tries < TRIES {
            let mut shorter = best.clone();
            let end = (start + size).min(shorter.steps.len());
            shorter.steps.drain(start..end);
            tries += 1;
            if let Some(failing) = failing(stage, &shorter)? {
                tell(&failing);
                best = failing;
            } else {
                start = end;
            }
        }
        if best.steps.len() == before || size > best.steps.len() {
            size /= 2;
        }
    }
    calmest(stage, best)
}

/// The same without the faults that it fails without.
fn calmest(stage: &Stage, mut best: Script) -> Result<Script, String> {
    for fault in best.plan.faults().collect::<Vec<_>>() {
        let calmer = Script { plan: best.plan.without(fault), ..best.clone() };
        if let Some(failing) = failing(stage, &calmer)? {
            best = failing;
        }
    }
    Ok(best)
}

/// `script` under the first of some seeds with which it fails.
fn failing(stage: &Stage, script: &Script) -> Result<Option<Script>, String> {
    let seeds: Vec<_> = (script.seed..).take(SEEDS).collect();
    let tried = each(&seeds, |seed| {
        let script = Script { seed: *seed, ..script.clone() };
        stage.run(&script, false).map(|outcome| (!outcome.broken.is_empty()).then_some(script))
    });
    let failing = tried.into_iter().collect::<Result<Vec<_>, _>>()?;
    Ok(failing.into_iter().flatten().min_by_key(|script| script.seed))
}
