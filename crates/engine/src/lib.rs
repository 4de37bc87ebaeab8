//! Takes jobs from a workspace and runs them on the local device.

pub mod bench;
pub mod device;
pub mod gguf;
pub mod local;
mod run;

pub use run::{EngineOptions, RunError, Stop, run};

/// Lets computing on the processor take so many threads; only the first call of a program counts.
pub fn use_threads(threads: usize) {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
    // Whoever came first has decided.
    pool.build_global().ok();
}

/// Threads that computing on the processor takes.
pub fn threads() -> usize {
    rayon::current_num_threads()
}

/// Most memory that this process ever held, in MiB, as `ru_maxrss / 1024` is; where the system tells.
pub fn peak_rss_mb() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: f64 = line.trim().trim_end_matches(" kB").parse().ok()?;
    Some(kib / 1024.0)
}
