//! The shortest failing history that can be found: steps and faults are left out, in large parts first, as long as it
//! still fails, and by the same check: another finding is another bug, perhaps.

use crate::faults::{Fault, Plan};
use crate::findings::Check;
use crate::history::{Script, Stage};
use crate::parallel::first;

/// Scripts that are tried at most, of steps and of faults.
const TRIES: usize = 80;
/// Leaving something out changes what chance does with the rest: so many chances are tried for each script.
const CHANCES: u64 = 4;

/// A part of `script` that `check` fails as well, perhaps by another chance; `tell` hears of each shorter one.
///
/// # Errors
/// If the simulation itself fails.
pub fn shrink(stage: &Stage, script: &Script, check: Check, mut tell: impl FnMut(&Script)) -> Result<Script, String> {
    // What is left of the steps decides how long each try with fewer faults takes, so they come first.
    let steps = |script: &Script| (0..script.steps.len()).collect::<Vec<_>>();
    let without_steps = |script: &Script, out: &[usize]| {
        let mut shorter = script.clone();
        let mut place = 0;
        shorter.steps.retain(|_| {
            place += 1;
            !out.contains(&(place - 1))
        });
        shorter
    };
    let faults = |script: &Script| script.plan.faults().collect::<Vec<_>>();
    let without_faults = |script: &Script, out: &[Fault]| {
        let less = |plan: Plan, fault: &Fault| plan.without(*fault);
        Script { plan: out.iter().fold(script.plan.clone(), less), ..script.clone() }
    };
    let fewer = lessened(stage, script.clone(), check, steps, without_steps, &mut tell)?;
    let calmer = lessened(stage, fewer, check, faults, without_faults, &mut tell)?;
    lessened(stage, calmer, check, steps, without_steps, &mut tell)
}

/// `script` without as many of its `parts` as can be left out: all of them, halves, quarters and so on.
fn lessened<P>(
    stage: &Stage,
    script: Script,
    check: Check,
    parts: impl Fn(&Script) -> Vec<P>,
    without: impl Fn(&Script, &[P]) -> Script,
    tell: &mut impl FnMut(&Script),
) -> Result<Script, String> {
    let (mut best, mut tries) = (script, 0);
    let mut size = parts(&best).len();
    while size > 0 && tries < TRIES {
        let (mut start, mut is_shorter) = (0, false);
        while tries < TRIES {
            let all = parts(&best);
            let Some(out) = all.get(start..(start + size).min(all.len())).filter(|out| !out.is_empty()) else { break };
            tries += 1;
            if let Some(failing) = failing(stage, &without(&best, out), check)? {
                tell(&failing);
                (best, is_shorter) = (failing, true);
            } else {
                start += size;
            }
        }
        // What could not be left out before may be left out now.
        if !(is_shorter && size == 1) {
            size /= 2;
        }
    }
    Ok(best)
}

/// `script` by the first of some chances with which `check` fails first.
fn failing(stage: &Stage, script: &Script, check: Check) -> Result<Option<Script>, String> {
    let chances: Vec<_> = (script.chance..).zip(0..CHANCES).map(|(chance, _)| chance).collect();
    let found = first(&chances, |chance| {
        let script = Script { chance: *chance, ..script.clone() };
        match stage.run(&script, false) {
            Ok(outcome) => {
                let fails = outcome.broken.first().is_some_and(|broken| broken.check == check);
                fails.then_some(Ok(script))
            }
            Err(error) => Some(Err(error)),
        }
    });
    found.transpose()
}
