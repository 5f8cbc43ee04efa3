//! Histories share nothing, so they run on all cores.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::scheduler::lock;

/// `work` done for each of `items`, on all cores; the results in no particular order.
///
/// # Panics
/// If `work` does.
pub fn each<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let (next, results) = (AtomicUsize::new(0), Mutex::new(Vec::with_capacity(items.len())));
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let Some(item) = items.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let result = work(item);
                    lock(&results).push(result);
                }
            });
        }
    });
    results.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// The first of `items`, in their order, for which `work` gives something, and what it gives: the same on any number of
/// cores. What comes after one that was found is not begun.
///
/// # Panics
/// If `work` does.
pub fn first<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> Option<R> + Sync) -> Option<R> {
    let found = AtomicUsize::new(usize::MAX);
    let places: Vec<_> = (0..items.len()).collect();
    let results = each(&places, |place| {
        if *place > found.load(Ordering::Relaxed) {
            return None;
        }
        let result = work(items.get(*place)?)?;
        found.fetch_min(*place, Ordering::Relaxed);
        Some((*place, result))
    });
    results.into_iter().flatten().min_by_key(|(place, _)| *place).map(|(_, result)| result)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_first_that_gives_something_is_found() {
        let items: Vec<_> = (0..100).collect();
        for least in [0, 1, 50, 99] {
            assert_eq!(super::first(&items, |item| (*item >= least).then_some(*item)), Some(least));
        }
        assert_eq!(super::first(&items, |_| None::<()>), None);
    }

    #[test]
    fn each_item_is_worked_on_once() {
        let items: Vec<_> = (0..100).collect();
        let mut results = super::each(&items, |item| item * 2);
        results.sort_unstable();
        assert_eq!(results, (0..100).map(|item| item * 2).collect::<Vec<_>>());
    }
}
