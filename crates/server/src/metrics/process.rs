//! This process, as the system sees it.

use std::fs;

/// The system counts processor time in hundredths of a second for every process.
const TICKS: f64 = 100.0;

/// What the system says; a figure that it does not tell is 0.
#[derive(Debug, Default)]
pub(super) struct Process {
    /// Memory in use, bytes.
    pub(super) resident: u64,
    /// The most that it ever was.
    pub(super) peak: u64,
    /// Threads.
    pub(super) threads: u64,
    /// Open file descriptors.
    pub(super) descriptors: u64,
    /// Processor time, in seconds.
    pub(super) cpu: f64,
}

impl Process {
    pub(super) fn read() -> Self {
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let number = |name: &str| -> u64 {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            line.and_then(|rest| rest.split_whitespace().next()?.parse().ok()).unwrap_or(0)
        };
        Self {
            resident: number("VmRSS:") << 10,
            peak: number("VmHWM:") << 10,
            threads: number("Threads:"),
            descriptors: fs::read_dir("/proc/self/fd").map_or(0, |entries| entries.count() as u64),
            cpu: cpu(&fs::read_to_string("/proc/self/stat").unwrap_or_default()),
        }
    }
}

/// The 14th and the 15th field; the second may hold blanks, but no closing parenthesis comes after it.
fn cpu(stat: &str) -> f64 {
    let rest = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    rest.split_whitespace().skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / TICKS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_sees_itself() {
        let process = Process::read();
        assert!(process.resident > 1 << 20 && process.peak >= process.resident, "{process:?}");
        assert!(process.threads >= 1 && process.descriptors >= 3, "{process:?}");
        assert!((cpu("1 (a ) b) S 0 0 0 0 0 0 0 0 0 0 250 50 0") - 3.0).abs() < 1e-9);
    }
}
