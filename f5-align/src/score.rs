//! How far word times are from known ones.

use f5_core::timing::WordTiming;

/// Errors of word starts and ends against known times, in seconds; positive where the word was
/// placed late.
///
/// ```
/// use f5_align::BoundaryErrors;
///
/// let errors: BoundaryErrors = [0.010, -0.030, 0.080].into_iter().collect();
/// assert!((errors.mean() - 0.040).abs() < 1e-9);
/// assert!((errors.within(0.05) - 2.0 / 3.0).abs() < 1e-9);
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct BoundaryErrors {
    errors: Vec<f64>,
}

impl BoundaryErrors {
    /// Adds the errors of found words against their known starts and ends; `false`, and nothing is
    /// added, where the numbers of words differ.
    #[must_use]
    pub fn add(&mut self, found: &[WordTiming], known: &[(f64, f64)]) -> bool {
        if found.len() != known.len() {
            return false;
        }
        self.extend(found.iter().zip(known).flat_map(|(word, (start, end))| {
            [
                word.start.as_secs_f64() - start,
                word.end.as_secs_f64() - end,
            ]
        }));
        true
    }

    /// Number of starts and ends.
    #[must_use]
    pub fn count(&self) -> usize {
        self.errors.len()
    }

    /// Mean absolute error; not a number without errors, like all that follow.
    #[must_use]
    pub fn mean(&self) -> f64 {
        self.errors.iter().map(|e| e.abs()).sum::<f64>() / self.errors.len() as f64
    }

    /// Median absolute error, the upper one of two.
    #[must_use]
    pub fn median(&self) -> f64 {
        let mut sizes: Vec<f64> = self.errors.iter().map(|e| e.abs()).collect();
        sizes.sort_by(f64::total_cmp);
        sizes.get(sizes.len() / 2).copied().unwrap_or(f64::NAN)
    }

    /// Mean signed error: how late times are on the whole.
    #[must_use]
    pub fn bias(&self) -> f64 {
        self.errors.iter().sum::<f64>() / self.errors.len() as f64
    }

    /// Share of the starts and ends that are at most `limit` seconds off.
    #[must_use]
    pub fn within(&self, limit: f64) -> f64 {
        let near = self.errors.iter().filter(|e| e.abs() <= limit).count();
        near as f64 / self.errors.len() as f64
    }
}

impl Extend<f64> for BoundaryErrors {
    fn extend<I: IntoIterator<Item = f64>>(&mut self, errors: I) {
        self.errors.extend(errors);
    }
}

impl FromIterator<f64> for BoundaryErrors {
    fn from_iter<I: IntoIterator<Item = f64>>(errors: I) -> Self {
        Self {
            errors: errors.into_iter().collect(),
        }
    }
}
