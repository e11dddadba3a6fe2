//! Many comparisons at once: of twenty things that are the same, one looks different at p < 0.05.
//!
//! S. Holm: *A Simple Sequentially Rejective Multiple Test Procedure*, Scandinavian Journal of Statistics 6 (1979).
//! The smallest of m is held against 0.05/m, the next against 0.05/(m − 1), and so on, until one fails. The chance
//! that any claim is false is then below 0.05, however the comparisons depend on one another.

/// Each p as it counts among all of them: m, m − 1, … times as large in ascending order, none below the one before.
pub fn holm(p: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|x, y| p[*x].total_cmp(&p[*y]));
    let mut adjusted = vec![1.0; p.len()];
    let mut largest: f64 = 0.0;
    for (before, at) in order.into_iter().enumerate() {
        largest = largest.max((p.len() - before) as f64 * p[at]).min(1.0);
        adjusted[at] = largest;
    }
    adjusted
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The numbers of the worked example: 0.01, 0.005, 0.03 and 0.04 become 0.03, 0.02, 0.06 and 0.06.
    #[test]
    fn the_smallest_is_multiplied_by_all_and_none_falls_below_the_one_before() {
        let adjusted = holm(&[0.01, 0.005, 0.03, 0.04]);
        for (found, expected) in adjusted.iter().zip([0.03, 0.02, 0.06, 0.06]) {
            assert!((found - expected).abs() < 1e-12, "{adjusted:?}");
        }
        assert_eq!(holm(&[0.4, 0.6]), [0.8, 0.8]);
        assert_eq!(holm(&[0.9]), [0.9]);
        assert!(holm(&[]).is_empty());
    }
}
