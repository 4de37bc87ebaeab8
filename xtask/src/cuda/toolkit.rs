//! The CUDA compiler: the one on this machine, or NVIDIA's Python packages unpacked into a cache folder.

use crate::command::{command, show, stdout_of, succeeds};
use anyhow::{Context as _, Result, bail};
use std::path::{Path, PathBuf};

/// What is downloaded where no toolkit is found: package, version, SHA-256 of its wheel for x86-64 Linux.
const WHEELS: [(&str, &str, &str); 5] = [
    (
        "nvidia-cuda-nvcc",
        "13.0.88",
        "56fe502eb77625a12f25172caa3cdddb4e4c8ba2c8c17dba44b164761b380f03",
    ),
    (
        "nvidia-nvvm",
        "13.0.88",
        "c5f41ffeb6466944a026dfa5317d7d85355c119bbec279205d22f1869d1054e0",
    ),
    (
        "nvidia-cuda-crt",
        "13.0.88",
        "2c8043c7c9e02492716426e9919fc78d2c5b3b2a7a768a88e952676b08aa55a4",
    ),
    (
        "nvidia-cuda-runtime",
        "13.0.96",
        "7f82250d7782aa23b6cfe765ecc7db554bd3c2870c43f3d1821f1d18aebf0548",
    ),
    (
        "nvidia-cuda-cccl",
        "13.0.85",
        "e0da7ad981f3a8aff08241b5bfc1af868742a63e2762f53a5171c492ef242649",
    ),
];

/// Where the wheels' files lie when unpacked.
const ROOT_IN_WHEELS: &str = "nvidia/cu13";

/// Folders of programs, which a wheel's files do not mark as such.
const PROGRAM_FOLDERS: [&str; 2] = ["bin", "nvvm/bin"];

/// A CUDA compiler that can build `callout`.
#[derive(Debug)]
pub struct Toolkit {
    pub nvcc: PathBuf,
    /// Major and minor version of CUDA.
    pub version: (u32, u32),
    /// `libcudart_static.a`.
    pub static_runtime: PathBuf,
}

impl Toolkit {
    /// The folder to put first in `PATH`.
    pub fn bin(&self) -> &Path {
        self.nvcc.parent().unwrap_or(Path::new(""))
    }
}

/// Finds a toolkit on this machine, else downloads one. Returns it with a note on where it came from.
pub fn find_or_download() -> Result<(Toolkit, String)> {
    for nvcc in installed() {
        match at(&nvcc) {
            Ok(toolkit) => {
                let note = format!("CUDA {} at {}", number(toolkit.version), nvcc.display());
                return Ok((toolkit, note));
            }
            Err(error) => println!("    not used: {}: {error:#}", nvcc.display()),
        }
    }
    let folder = cache()?.join(cache_name());
    let root = folder.join(ROOT_IN_WHEELS);
    let was_there = folder.exists();
    if !was_there {
        download(&folder)?;
    }
    let toolkit = at(&root.join("bin/nvcc")).with_context(|| {
        format!(
            "the toolkit in {} does not work; remove that folder and try again",
            folder.display()
        )
    })?;
    let did = if was_there { "found" } else { "downloaded" };
    let note = format!(
        "{did}: CUDA {} in {}",
        number(toolkit.version),
        folder.display()
    );
    Ok((toolkit, note))
}

/// Compilers that may be on this machine, the most explicit first.
fn installed() -> Vec<PathBuf> {
    let from = |name: &str| std::env::var_os(name).map(PathBuf::from);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let homes = [from("CUDA_HOME"), from("CUDA_PATH")].into_iter().flatten();
    let usual = std::iter::once(PathBuf::from("/usr/local/cuda"));
    from("NVCC")
        .into_iter()
        .chain(homes.map(|home| home.join("bin/nvcc")))
        .chain(std::env::split_paths(&path).map(|folder| folder.join("nvcc")))
        .chain(usual.map(|home| home.join("bin/nvcc")))
        .filter(|nvcc| nvcc.is_file())
        .collect()
}

/// The toolkit of this `nvcc`; an error says why it cannot be used.
fn at(nvcc: &Path) -> Result<Toolkit> {
    let said = stdout_of(&mut command(&nvcc.to_string_lossy(), &["--version"]))?;
    let version =
        release(&said).context("`nvcc --version` names no release such as `release 13.0`")?;
    if !is_supported(version) {
        bail!(
            "CUDA {} is none of 12.0 to 12.9 and 13.0 to 13.4",
            number(version)
        );
    }
    let root = nvcc.parent().and_then(Path::parent).unwrap_or(nvcc);
    let folders = [
        "lib64",
        "lib",
        "targets/x86_64-linux/lib",
        "lib/x86_64-linux-gnu",
    ];
    let static_runtime = folders
        .iter()
        .map(|folder| root.join(folder).join("libcudart_static.a"))
        .find(|file| file.is_file())
        .with_context(|| format!("no `libcudart_static.a` below {}", root.display()))?;
    Ok(Toolkit {
        nvcc: nvcc.to_path_buf(),
        version,
        static_runtime,
    })
}

/// The version in `nvcc --version`: `Cuda compilation tools, release 13.0, V13.0.88`.
fn release(said: &str) -> Option<(u32, u32)> {
    let (_, rest) = said.split_once("release ")?;
    let (major, minor) = rest.split(',').next()?.trim().split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

/// Whether the CUDA bindings know this version.
fn is_supported(version: (u32, u32)) -> bool {
    matches!(version, (12, 0..=6 | 8 | 9) | (13, 0..=4))
}

fn number((major, minor): (u32, u32)) -> String {
    format!("{major}.{minor}")
}

/// Downloads and unpacks the wheels into `folder`, which appears only when it is whole.
fn download(folder: &Path) -> Result<()> {
    let python = python()?;
    let partial = folder.with_file_name(format!("{}-partial-{}", cache_name(), std::process::id()));
    let wheels = partial.join("wheels");
    std::fs::create_dir_all(&wheels).with_context(|| format!("making {}", wheels.display()))?;
    let requirements = wheels.join("requirements.txt");
    std::fs::write(&requirements, requirements_text()).context("writing requirements.txt")?;
    println!("    downloading the CUDA compiler (105 MB) as Python packages of NVIDIA");
    let mut pip = command(python, &PIP_DOWNLOAD);
    pip.arg("--requirement").arg(&requirements);
    pip.arg("--dest").arg(&wheels);
    let unpacked = show(&mut pip)
        .context("the CUDA compiler could not be downloaded; with no network, install CUDA 13.0 and set CUDA_HOME")
        .and_then(|()| unpack(python, &wheels, &partial));
    if let Err(error) = unpacked {
        std::fs::remove_dir_all(&partial).ok();
        return Err(error);
    }
    // another `cargo xtask cuda` may have been faster
    if std::fs::rename(&partial, folder).is_err() {
        std::fs::remove_dir_all(&partial).ok();
    }
    Ok(())
}

const PIP_DOWNLOAD: [&str; 9] = [
    "-m",
    "pip",
    "download",
    "--quiet",
    "--no-deps",
    "--only-binary=:all:",
    "--require-hashes",
    "--no-input",
    "--disable-pip-version-check",
];

/// What pip is to fetch, each with the only hash it may have.
fn requirements_text() -> String {
    WHEELS
        .iter()
        .map(|(package, version, hash)| format!("{package}=={version} --hash=sha256:{hash}\n"))
        .collect()
}

fn unpack(python: &str, wheels: &Path, to: &Path) -> Result<()> {
    for entry in std::fs::read_dir(wheels).context("listing the wheels")? {
        let wheel = entry?.path();
        if wheel.extension().is_some_and(|end| end == "whl") {
            let mut unzip = command(python, &["-m", "zipfile", "-e"]);
            show(unzip.arg(&wheel).arg(to))?;
        }
    }
    std::fs::remove_dir_all(wheels).context("removing the wheels")?;
    let root = to.join(ROOT_IN_WHEELS);
    for folder in PROGRAM_FOLDERS {
        make_runnable(&root.join(folder))?;
    }
    link("lib", &root.join("lib64"))
}

#[cfg(unix)]
fn make_runnable(folder: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let programs =
        std::fs::read_dir(folder).with_context(|| format!("listing {}", folder.display()))?;
    for program in programs {
        let program = program?;
        if program.file_type()?.is_file() {
            std::fs::set_permissions(program.path(), std::fs::Permissions::from_mode(0o755))?;
        }
    }
    Ok(())
}

#[cfg(unix)]
fn link(to: &str, at: &Path) -> Result<()> {
    std::os::unix::fs::symlink(to, at).with_context(|| format!("linking {}", at.display()))
}

#[cfg(not(unix))]
fn make_runnable(_: &Path) -> Result<()> {
    bail!("the CUDA compiler is only downloaded for Linux")
}

#[cfg(not(unix))]
fn link(_: &str, _: &Path) -> Result<()> {
    bail!("the CUDA compiler is only downloaded for Linux")
}

/// The Python that has pip.
fn python() -> Result<&'static str> {
    let has_pip = |python: &&str| succeeds(python, &["-m", "pip", "--version"]);
    ["python3", "python"].into_iter().find(has_pip).context(
        "no CUDA toolkit is here, and fetching one needs Python with pip: install the packages python3 and python3-pip, \
         or set CUDA_HOME to a toolkit of CUDA 12 or 13",
    )
}

/// The folder in the cache: another set of wheels is another folder.
fn cache_name() -> String {
    format!("cuda-{}", WHEELS[0].1)
}

/// `$XDG_CACHE_HOME/callout`, by default `~/.cache/callout`.
fn cache() -> Result<PathBuf> {
    let from = |name: &str| {
        std::env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    let cache = from("XDG_CACHE_HOME").or_else(|| Some(from("HOME")?.join(".cache")));
    let cache = cache.context("neither XDG_CACHE_HOME nor HOME names a folder")?;
    Ok(cache.join("callout"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_compiler_s_version_is_understood() {
        let said = "nvcc: NVIDIA (R) Cuda compiler driver\n\
             Copyright (c) 2005-2025 NVIDIA Corporation\n\
             Built on Wed_Aug_20_01:58:59_PM_PDT_2025\n\
             Cuda compilation tools, release 13.0, V13.0.88\n";
        assert_eq!(release(said), Some((13, 0)));
        assert_eq!(release("nvcc: command not found"), None);
    }

    #[test]
    fn only_versions_that_the_bindings_know_are_used() {
        for (version, wanted) in [
            ((11, 8), false),
            ((12, 4), true),
            ((12, 7), false),
            ((13, 0), true),
            ((13, 5), false),
        ] {
            assert_eq!(is_supported(version), wanted, "{version:?}");
        }
    }

    #[test]
    fn every_download_is_pinned() {
        let text = requirements_text();
        assert_eq!(text.lines().count(), WHEELS.len());
        for line in text.lines() {
            let (requirement, hash) = line.split_once(" --hash=sha256:").unwrap();
            let (package, version) = requirement.split_once("==").unwrap();
            assert!(
                package.starts_with("nvidia-") && version.starts_with("13.0."),
                "{line}"
            );
            assert!(
                hash.len() == 64 && hash.bytes().all(|b| b.is_ascii_hexdigit()),
                "{line}"
            );
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_toolkit_that_lacks_its_library_is_refused() {
        let folder = std::env::temp_dir().join(format!("callout-nvcc-{}", std::process::id()));
        let nvcc = folder.join("bin/nvcc");
        std::fs::create_dir_all(folder.join("bin")).unwrap();
        std::fs::write(
            &nvcc,
            "#!/bin/sh\necho 'Cuda compilation tools, release 12.4, V12.4.1'\n",
        )
        .unwrap();
        make_runnable(&folder.join("bin")).unwrap();
        let refused = at(&nvcc).unwrap_err().to_string();
        std::fs::create_dir_all(folder.join("lib64")).unwrap();
        std::fs::write(folder.join("lib64/libcudart_static.a"), "").unwrap();
        let taken = at(&nvcc).unwrap();
        std::fs::remove_dir_all(&folder).unwrap();
        assert!(refused.contains("libcudart_static.a"), "{refused}");
        assert_eq!(taken.version, (12, 4));
    }
}
