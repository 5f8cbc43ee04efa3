//! The mean of differences and how sure it is: Student's interval, whose quantile comes from `distrs`.

use distrs::StudentsT;

/// In how many of a hundred repetitions the interval has what is true in it.
pub const CONFIDENCE: f64 = 0.95;

/// From so many pairs on there is an interval: fewer say too little of how differences spread.
pub const FEWEST_PAIRS: usize = 5;

/// A mean, and between what it lies.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// The mean.
    pub mean: f64,
    /// Not below this …
    pub low: f64,
    /// … and not above this.
    pub high: f64,
}

/// The mean of `differences` and its two-sided interval at [`CONFIDENCE`]; `None` for fewer than [`FEWEST_PAIRS`].
#[must_use]
pub fn interval(differences: &[f64]) -> Option<Interval> {
    if differences.len() < FEWEST_PAIRS {
        return None;
    }
    let count = f64::from(u32::try_from(differences.len()).ok()?);
    let quantile = StudentsT::ppf(f64::midpoint(1.0, CONFIDENCE), count - 1.0);
    let mean = differences.iter().sum::<f64>() / count;
    let squares = differences.iter().map(|difference| (difference - mean).powi(2)).sum::<f64>();
    let margin = quantile * (squares / (count - 1.0) / count).sqrt();
    Some(Interval { mean, low: mean - margin, high: mean + margin })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_close(left: f64, right: f64) -> bool {
        (left - right).abs() < 1e-7
    }

    #[test]
    fn it_is_what_r_says_of_its_sleep_data() {
        // t.test(extra ~ group, data = sleep, paired = TRUE), Student 1908, with the sign turned.
        let first = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0];
        let second = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4];
        let differences: Vec<f64> = second.iter().zip(first).map(|(second, first)| second - first).collect();
        let Interval { mean, low, high } = interval(&differences).unwrap();
        assert!(is_close(mean, 1.58), "{mean}");
        assert!(is_close(low, 0.700_114_2) && is_close(high, 2.459_885_8), "{low} {high}");
    }

    #[test]
    fn quantiles_are_those_of_the_tables() {
        // qt(0.975, df) in R.
        for (freedom, quantile) in [(4.0, 2.776_445_105), (30.0, 2.042_272_456), (1_000.0, 1.962_339_081)] {
            let found = StudentsT::ppf(0.975, freedom);
            assert!((found - quantile).abs() < 1e-6, "{freedom}: {found}");
        }
    }

    #[test]
    fn few_differences_have_no_interval_and_equal_ones_a_narrow_one() {
        assert_eq!(interval(&[1.0; 4]), None);
        let equal = interval(&[1.5; 5]).unwrap();
        assert!(is_close(equal.mean, 1.5) && is_close(equal.low, 1.5) && is_close(equal.high, 1.5));
    }
}
