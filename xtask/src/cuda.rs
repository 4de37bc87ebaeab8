//! `cargo xtask cuda`: the command line with CUDA, built where there is neither a GPU nor CUDA.
//! Brings the compiler, builds, and says what the program needs elsewhere; `docs/cuda.md` tells the rest.

mod loaders;
mod program;
mod toolkit;

use crate::command::{cargo, command, show, stdout_of, succeeds};
use crate::steps::Steps;
use crate::tree;
use anyhow::{Context as _, Result, bail};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use toolkit::Toolkit;

/// H100 and H200.
const DEFAULT_COMPUTE_CAP: &str = "90";

/// Variables by which a toolkit's folder is told: those of the caller would lead the linker away from the loaders.
const TOOLKIT_VARIABLES: [&str; 4] = [
    "CUDA_PATH",
    "CUDA_ROOT",
    "CUDA_TOOLKIT_ROOT_DIR",
    "CUDNN_LIB",
];

/// What is asked of the chore.
#[derive(Debug, Default, PartialEq)]
pub struct Wanted {
    /// Compute capability of the GPUs to build for, as `90` for 9.0; by default `$CUDA_COMPUTE_CAP`, else that of the
    /// GPU here, else 90.
    pub compute_cap: Option<String>,
    /// Arguments for `cargo build`.
    pub cargo_args: Vec<String>,
}

impl Wanted {
    /// Understands the options of the chore; `None` is a mistake in them.
    pub fn parse(options: &[&str], cargo_args: Vec<String>) -> Option<Self> {
        let compute_cap = match options {
            [] => None,
            ["--compute-cap", cap] => Some(compute_cap(cap)?),
            _ => return None,
        };
        Some(Self {
            compute_cap,
            cargo_args,
        })
    }
}

/// Builds the command line with CUDA and says how to use it.
pub fn cuda(wanted: &Wanted) -> Result<()> {
    check_machine()?;
    let cap = chosen_compute_cap(wanted)?;
    let target = tree::target_dir()?.join("cuda");
    let mut steps = Steps::start();
    let mut found = None;
    steps.must("CUDA compiler", || {
        let (toolkit, note) = toolkit::find_or_download()?;
        found = Some(toolkit);
        Ok(note)
    })?;
    let toolkit = found.context("no CUDA compiler")?;
    let mut home = PathBuf::new();
    steps.must("stand-ins for the CUDA libraries", || {
        home = loaders::make(&toolkit, &target)?;
        Ok(())
    })?;
    steps.must("command line with CUDA", || {
        let mut build = build(&target, &wanted.cargo_args);
        show(in_toolkit(&mut build, &toolkit, &home, &cap)?)
    })?;
    let callout = target.join("release/callout");
    steps.must("it starts here", || {
        let said = stdout_of(&mut command(&callout.to_string_lossy(), &["--version"]))?;
        Ok(said.trim().to_owned())
    })?;
    print!("\n{}", about(&callout, &toolkit, &cap)?);
    Ok(())
}

/// Refuses machines for which this chore was not written, and names tools that are missing.
fn check_machine() -> Result<()> {
    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        bail!("`cargo xtask cuda` builds on and for x86-64 Linux only");
    }
    for (tool, package) in [("cc", "gcc"), ("g++", "g++"), ("ar", "binutils")] {
        if !succeeds(tool, &["--version"]) {
            bail!(
                "`{tool}` is missing: install the package {package} (on Debian, build-essential has all three)"
            );
        }
    }
    Ok(())
}

fn chosen_compute_cap(wanted: &Wanted) -> Result<String> {
    if let Some(cap) = &wanted.compute_cap {
        return Ok(cap.clone());
    }
    if let Ok(cap) = std::env::var("CUDA_COMPUTE_CAP") {
        return compute_cap(&cap).with_context(|| {
            format!("CUDA_COMPUTE_CAP is `{cap}`; it should be like `90` (for 9.0)")
        });
    }
    let mut ask = command(
        "nvidia-smi",
        &["--query-gpu=compute_cap", "--format=csv,noheader"],
    );
    let here = stdout_of(&mut ask).ok();
    let here = here.and_then(|said| compute_cap(said.lines().next()?));
    Ok(here.unwrap_or_else(|| DEFAULT_COMPUTE_CAP.to_owned()))
}

/// A compute capability as the compiler takes it: `9.0` and `90` are `90`. `None` if it is none, or older than 7.5.
fn compute_cap(text: &str) -> Option<String> {
    let digits = text.trim().replacen('.', "", 1);
    let number: u32 = digits.parse().ok()?;
    (75..=130).contains(&number).then_some(digits)
}

/// The build itself. Its own target folder: other features and another profile would undo everyday builds.
fn build(target: &Path, cargo_args: &[String]) -> Command {
    let mut build = cargo(&[
        "build",
        "--locked",
        "--release",
        "--package",
        "cli",
        "--bin",
        "callout",
        "--features",
        "cuda",
        "--target-dir",
    ]);
    build.arg(target).args(cargo_args);
    build.env("CARGO_PROFILE_RELEASE_STRIP", "symbols");
    build
}

/// Makes a build use this compiler, and link the loaders in `home` where it asks for CUDA's libraries.
fn in_toolkit<'a>(
    build: &'a mut Command,
    toolkit: &Toolkit,
    home: &Path,
    cap: &str,
) -> Result<&'a mut Command> {
    for name in TOOLKIT_VARIABLES {
        build.env_remove(name);
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::iter::once(toolkit.bin().to_path_buf()).chain(std::env::split_paths(&path));
    let path: OsString =
        std::env::join_paths(folders).context("putting the CUDA compiler into PATH")?;
    Ok(build
        .env("PATH", path)
        .env("NVCC", &toolkit.nvcc)
        .env("CUDA_HOME", home)
        .env("CUDA_COMPUTE_CAP", cap))
}

/// Where the program is, what it needs, how it is run.
fn about(callout: &Path, toolkit: &Toolkit, cap: &str) -> Result<String> {
    let bytes = std::fs::metadata(callout)
        .context("looking at the program")?
        .len();
    let asks = program::asks(callout)?;
    let glibc = asks.glibc.unwrap_or_else(|| "any".to_owned());
    let driver = if toolkit.version.0 == 13 {
        "580"
    } else {
        "525"
    };
    Ok(format!(
        "program      {} ({:.1} MB)\n\
         starts with  {}; glibc {glibc} or later; no GPU needed\n\
         for a GPU    compute capability {cap}, driver {driver} or later, and, where the loader finds them:\n\
         {:13}{}\n\
         run          callout generate --model DIR --image FILE --prompt TEXT --device cuda   (see docs/cuda.md)\n",
        callout.display(),
        bytes as f64 / 1e6,
        asks.libraries.join(", "),
        "",
        loaders::sonames(toolkit.version.0).join(", "),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compute_capabilities_are_understood() {
        for (text, wanted) in [
            ("90", Some("90")),
            ("9.0", Some("90")),
            (" 8.9\n", Some("89")),
            ("120", Some("120")),
            ("61", None),
            ("9.0a", None),
            ("sm_90", None),
            ("-90", None),
            ("", None),
        ] {
            assert_eq!(compute_cap(text).as_deref(), wanted, "{text:?}");
        }
    }

    #[test]
    fn the_build_uses_the_toolkit_and_nothing_else_of_cuda() {
        let toolkit = Toolkit {
            nvcc: PathBuf::from("/tools/bin/nvcc"),
            version: (13, 0),
            static_runtime: PathBuf::new(),
        };
        let mut build = build(Path::new("/target/cuda"), &["-j1".to_owned()]);
        in_toolkit(&mut build, &toolkit, Path::new("/loaders"), "90").unwrap();
        let set = |name: &str| {
            let of_name = build.get_envs().find(|(key, _)| *key == name);
            of_name.map(|(_, value)| value.map(|value| value.to_string_lossy().into_owned()))
        };
        assert_eq!(set("CUDA_HOME"), Some(Some("/loaders".to_owned())));
        assert_eq!(set("NVCC"), Some(Some("/tools/bin/nvcc".to_owned())));
        assert_eq!(set("CUDA_PATH"), Some(None));
        assert!(set("PATH").flatten().unwrap().starts_with("/tools/bin:"));
        let args: Vec<_> = build.get_args().map(|arg| arg.to_string_lossy()).collect();
        assert_eq!(
            args[args.len() - 3..],
            ["--target-dir", "/target/cuda", "-j1"]
        );
    }
}
