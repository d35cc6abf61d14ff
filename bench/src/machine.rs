//! The machine, in one line.

use std::fs;

use crate::cores;
use crate::process::command;

/// Cores, processor, kernel, engine.
pub(crate) fn description() -> String {
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or_default();
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let redis = command("redis-server").arg("--version").output();
    let redis = redis.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    let redis = redis.split_whitespace().find_map(|word| word.strip_prefix("v=")).unwrap_or("none");
    let model = model.trim_start_matches(['\t', ' ', ':']);
    format!("{} cores of {model}, Linux {}, redis-server {redis}", cores::available(), kernel.trim())
}
