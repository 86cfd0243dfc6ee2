//! What Linux says of a process. Elsewhere there is no `/proc`, and no bench.

use std::fs;

use crate::client::Result;

/// Ticks per second of `/proc/PID/stat`: 100 on every Linux, whatever the kernel's own.
const TICKS: f64 = 100.0;

/// Seconds of CPU time used so far, in user and kernel mode.
pub(crate) fn cpu(pid: u32) -> Result<f64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The name, in parentheses, can contain anything; what follows it begins with the third field.
    let fields = stat.rsplit_once(") ").ok_or("no process name")?.1.split(' ');
    let ticks: Vec<f64> = fields.skip(11).take(2).map(str::parse).collect::<Result<_, _>>()?;
    Ok(ticks.iter().sum::<f64>() / TICKS)
}

/// The largest resident memory so far, in KiB.
pub(crate) fn peak_memory(pid: u32) -> Result<u64> {
    memory(pid, "VmHWM:")
}

/// The resident memory, in KiB.
pub(crate) fn resident_memory(pid: u32) -> Result<u64> {
    memory(pid, "VmRSS:")
}

fn memory(pid: u32, name: &str) -> Result<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix(name)).ok_or("no memory")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}
