//! Latencies in buckets: 64 for each power of two, so that a reading is off by less than 2 %.

use std::time::Duration;

const SUB_BITS: u32 = 6;
const SUB: usize = 1 << SUB_BITS;
const BUCKETS: usize = SUB * (65 - SUB_BITS as usize);

/// Counts by latency.
pub(crate) struct Histogram {
    counts: Vec<u32>,
    total: u64,
}

impl Histogram {
    pub(crate) fn new() -> Self {
        Self { counts: vec![0; BUCKETS], total: 0 }
    }

    pub(crate) fn record(&mut self, latency: Duration) {
        let nanos = u64::try_from(latency.as_nanos()).unwrap_or(u64::MAX);
        self.counts[bucket(nanos)] += 1;
        self.total += 1;
    }

    pub(crate) fn total(&self) -> u64 {
        self.total
    }

    /// The latency in microseconds that `share` of the requests did not exceed.
    pub(crate) fn quantile(&self, share: f64) -> f64 {
        let mut left = self.total as f64 * share;
        for (bucket, count) in self.counts.iter().enumerate() {
            left -= f64::from(*count);
            if left <= 0.0 {
                return upper(bucket) as f64 / 1000.0;
            }
        }
        0.0
    }
}

/// The highest `SUB_BITS + 1` bits of a number and how far they are from its end.
fn bucket(nanos: u64) -> usize {
    let shift = (u64::BITS - nanos.leading_zeros()).saturating_sub(SUB_BITS + 1);
    shift as usize * SUB + (nanos >> shift) as usize
}

fn upper(bucket: usize) -> u64 {
    let shift = (bucket / SUB).saturating_sub(1);
    ((bucket - shift * SUB) as u64 + 1) << shift
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_is_close_to_what_it_counts() {
        for nanos in [0, 1, 63, 64, 127, 128, 1000, 123_456, 99_999_999, u64::MAX / 4] {
            let upper = upper(bucket(nanos));
            assert!(upper > nanos && upper - nanos <= nanos / 32 + 1, "{nanos}: {upper}");
        }
    }

    #[test]
    fn quantiles_of_a_thousand() {
        let mut histogram = Histogram::new();
        (1..=1000).for_each(|micros| histogram.record(Duration::from_micros(micros)));
        assert_eq!(histogram.total(), 1000);
        for (share, micros) in [(0.5, 500.0), (0.99, 990.0), (1.0, 1000.0)] {
            assert!((histogram.quantile(share) / micros - 1.0).abs() < 0.02, "{share}: {}", histogram.quantile(share));
        }
    }
}
