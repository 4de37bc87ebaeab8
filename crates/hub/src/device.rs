//! What models can run on, and whether one fits. CUDA devices are asked of NVIDIA's `nvidia-smi`.

use std::io::Read;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use serde::Serialize;
use sysinfo::{CpuRefreshKind, MemoryRefreshKind, RefreshKind, System};

use crate::need::Need;

/// Kind of a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DeviceKind {
    /// The processor, in ordinary memory.
    Cpu,
    /// An NVIDIA GPU, in its own memory.
    Cuda,
}

/// Something that a model can run on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Device {
    /// As it is typed: `cpu`, `cuda:0`.
    pub id: String,
    /// Its kind.
    pub kind: DeviceKind,
    /// What its maker calls it.
    pub name: String,
    /// Threads of the processor that this program may use; `None` for GPUs.
    pub threads: Option<usize>,
    /// Memory, in bytes; of the processor no more than the control group allows.
    pub total_bytes: u64,
    /// Memory that is not in use, in bytes.
    pub free_bytes: u64,
}

/// Whether a model fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "fit")]
pub enum Fit {
    /// It fits, and leaves some.
    Fits,
    /// It fits, but takes more than 85 % of what is free.
    Tight,
    /// It does not fit.
    TooBig {
        /// Bytes that it needs.
        needed_bytes: u64,
        /// Bytes that are free.
        free_bytes: u64,
    },
}

const TIGHT_PERCENT: u128 = 85;

/// The processor, then the NVIDIA GPUs whose driver answers within five seconds.
pub fn devices() -> Vec<Device> {
    let mut devices: Vec<Device> = cpu().into_iter().collect();
    devices.extend(nvidia());
    devices
}

/// Compares what a model needs with what is free now.
pub fn fits(need: &Need, device: &Device) -> Fit {
    let (needed_bytes, free_bytes) = (need.total(), device.free_bytes);
    if needed_bytes > free_bytes {
        Fit::TooBig {
            needed_bytes,
            free_bytes,
        }
    } else if u128::from(needed_bytes) * 100 > u128::from(free_bytes) * TIGHT_PERCENT {
        Fit::Tight
    } else {
        Fit::Fits
    }
}

fn cpu() -> Option<Device> {
    let what = RefreshKind::nothing()
        .with_memory(MemoryRefreshKind::nothing().with_ram())
        .with_cpu(CpuRefreshKind::nothing());
    let system = System::new_with_specifics(what).ok()?;
    let (mut total_bytes, mut free_bytes) = (system.total_memory(), system.available_memory());
    if let Some(limits) = system.cgroup_limits() {
        total_bytes = total_bytes.min(limits.total_memory);
        free_bytes = free_bytes.min(limits.free_memory);
    }
    let name = system.cpus().first().map(|cpu| cpu.brand().trim());
    let name = name.filter(|name| !name.is_empty());
    Some(Device {
        id: "cpu".to_owned(),
        kind: DeviceKind::Cpu,
        name: name.unwrap_or("processor").to_owned(),
        threads: thread::available_parallelism().ok().map(usize::from),
        total_bytes,
        free_bytes,
    })
}

fn nvidia() -> Vec<Device> {
    smi_output()
        .map(|text| text.lines().filter_map(gpu).collect())
        .unwrap_or_default()
}

/// Reads a line such as `0, NVIDIA H100, 81559, 81000`; the sizes are in MiB.
fn gpu(line: &str) -> Option<Device> {
    let mut cells = line.rsplitn(3, ',').map(str::trim);
    let free_mib: u64 = cells.next()?.parse().ok()?;
    let total_mib: u64 = cells.next()?.parse().ok()?;
    let (index, name) = cells.next()?.split_once(',')?;
    let index: u32 = index.trim().parse().ok()?;
    Some(Device {
        id: format!("cuda:{index}"),
        kind: DeviceKind::Cuda,
        name: name.trim().to_owned(),
        threads: None,
        total_bytes: total_mib.checked_mul(1 << 20)?,
        free_bytes: free_mib.checked_mul(1 << 20)?,
    })
}

/// What `nvidia-smi` prints; `None` where there is none, or its driver hangs.
fn smi_output() -> Option<String> {
    const MAX_BYTES: u64 = 64 << 10;
    let mut child = Command::new("nvidia-smi")
        .args([
            "--query-gpu=index,name,memory.total,memory.free",
            "--format=csv,noheader,nounits",
        ])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let out = child.stdout.take()?;
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut text = String::new();
        if out.take(MAX_BYTES).read_to_string(&mut text).is_ok() {
            // Nobody listens any more when it took too long.
            sender.send(text).ok();
        }
    });
    let text = receiver.recv_timeout(Duration::from_secs(5)).ok();
    child.kill().ok();
    child.wait().ok();
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_nvidia_smi_prints() {
        let read = gpu("1, NVIDIA H100 80GB HBM3, 81559, 80994").unwrap();
        assert_eq!(
            (read.id.as_str(), read.name.as_str()),
            ("cuda:1", "NVIDIA H100 80GB HBM3")
        );
        assert_eq!(
            (read.total_bytes, read.free_bytes),
            (81_559 << 20, 80_994 << 20)
        );
        assert_eq!(gpu("0, NVIDIA GB10, [N/A], [N/A]"), None);
        assert_eq!(gpu("No devices were found"), None);
    }

    #[test]
    fn the_processor_has_memory() {
        let cpu = devices().remove(0);
        assert_eq!(cpu.kind, DeviceKind::Cpu);
        assert!(0 < cpu.free_bytes && cpu.free_bytes <= cpu.total_bytes);
    }
}
