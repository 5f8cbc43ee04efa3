//! The shortest failing history that can be found: steps and faults are left out as long as it still fails.

use crate::history::{Script, Stage};

/// Histories that are tried at most.
const TRIES: usize = 400;

/// A part of `script` that fails as well; `tell` hears of each shorter one.
///
/// # Errors
/// If the simulation itself fails.
pub fn shrink(stage: &Stage, script: &Script, mut tell: impl FnMut(&Script)) -> Result<Script, String> {
    let (mut best, mut tries) = (script.clone(), 0);
    let mut size = best.steps.len().div_ceil(2);
    while size > 0 && tries < TRIES {
        let mut start = 0;
        let before = best.steps.len();
        while start < best.steps.len() && tries < TRIES {
            let mut shorter = best.clone();
            let end = (start + size).min(shorter.steps.len());
            shorter.steps.drain(start..end);
            tries += 1;
            if fails(stage, &shorter)? {
                tell(&shorter);
                best = shorter;
            } else {
                start = end;
            }
        }
        if best.steps.len() == before || size > best.steps.len() {
            size /= 2;
        }
    }
    for fault in best.plan.faults().collect::<Vec<_>>() {
        let calmer = Script { plan: best.plan.without(fault), ..best.clone() };
        if fails(stage, &calmer)? {
            best = calmer;
        }
    }
    Ok(best)
}

fn fails(stage: &Stage, script: &Script) -> Result<bool, String> {
    Ok(!stage.run(script, false)?.broken.is_empty())
}
