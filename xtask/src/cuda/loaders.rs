//! Archives that stand in for the CUDA libraries when `callout` is linked (see `loader.c`): nothing of CUDA need be on
//! the building machine to link, nor on the running one to start.

use super::toolkit::Toolkit;
use crate::command::{cargo, command, show, stdout_of};
use anyhow::{Context as _, Result, bail};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};

const LOADER: &str = include_str!("loader.c");

/// A CUDA library that `cudarc` calls.
struct Library {
    /// As the linker knows it: `-lcublas`.
    name: &'static str,
    /// Folder of its declarations in cudarc's sources.
    declared_in: &'static str,
    /// What its functions answer where the library is missing: an error of its own status type.
    missing_status: u32,
    /// Fewest functions it can have; fewer means that the declarations were not understood.
    at_least: usize,
}

const LIBRARIES: [Library; 5] = [
    // CUDA_ERROR_NO_DEVICE
    Library {
        name: "cuda",
        declared_in: "driver",
        missing_status: 100,
        at_least: 300,
    },
    // CUBLAS_STATUS_NOT_INITIALIZED
    Library {
        name: "cublas",
        declared_in: "cublas",
        missing_status: 1,
        at_least: 300,
    },
    Library {
        name: "cublasLt",
        declared_in: "cublaslt",
        missing_status: 1,
        at_least: 30,
    },
    // CURAND_STATUS_INITIALIZATION_FAILED
    Library {
        name: "curand",
        declared_in: "curand",
        missing_status: 203,
        at_least: 20,
    },
    // NVRTC_ERROR_INTERNAL_ERROR
    Library {
        name: "nvrtc",
        declared_in: "nvrtc",
        missing_status: 11,
        at_least: 15,
    },
];

/// What a function returns, as far as a stand-in must know.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Returns {
    Status,
    Text,
}

/// Names under which the libraries are looked for at run time, for CUDA of this major version.
pub fn sonames(major: u32) -> Vec<String> {
    LIBRARIES
        .iter()
        .map(|library| soname(library.name, major))
        .collect()
}

/// Makes the archives in a folder of their own below `target`, unless they are there; returns that folder, which has
/// the layout of a toolkit (`lib64/`).
pub fn make(toolkit: &Toolkit, target: &Path) -> Result<PathBuf> {
    let declarations = cudarc_sources()?;
    let mut headers = Vec::new();
    for library in &LIBRARIES {
        let file = declarations.join(library.declared_in).join("sys/mod.rs");
        let source = std::fs::read_to_string(&file)
            .with_context(|| format!("reading {}", file.display()))?;
        let functions = functions(&source);
        if functions.len() < library.at_least {
            bail!(
                "found only {} functions of `{}` in {}: is this another `cudarc` than `cargo xtask cuda` was written for?",
                functions.len(),
                library.name,
                file.display()
            );
        }
        headers.push(header(
            &soname(library.name, toolkit.version.0),
            library.missing_status,
            library.name == "cuda",
            &functions,
        ));
    }
    // cargo does not watch the archives: another content must be another folder
    let folder = target.join(format!("loaders-{:016x}", fingerprint(toolkit, &headers)));
    let lib = folder.join("lib64");
    if !folder.join("complete").exists() {
        std::fs::create_dir_all(&lib).with_context(|| format!("making {}", lib.display()))?;
        for (library, header) in LIBRARIES.iter().zip(&headers) {
            archive(&folder.join(library.name), header, &lib, library.name)?;
        }
        // the linker takes an archive where it finds no shared library
        std::fs::copy(&toolkit.static_runtime, lib.join("libcudart.a"))
            .with_context(|| format!("copying {}", toolkit.static_runtime.display()))?;
        std::fs::write(folder.join("complete"), "").context("marking the loaders complete")?;
    }
    Ok(folder)
}

/// Compiles the stand-in described by `header` into `lib/libNAME.a`, working in `folder`.
fn archive(folder: &Path, header: &str, lib: &Path, name: &str) -> Result<()> {
    std::fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
    let (source, object) = (folder.join("loader.c"), folder.join("loader.o"));
    std::fs::write(&source, LOADER)?;
    std::fs::write(folder.join("functions.h"), header)?;
    show(
        command("cc", &["-O2", "-fPIC", "-c", "-o"])
            .arg(&object)
            .arg(&source),
    )?;
    let archive = lib.join(format!("lib{name}.a"));
    show(command("ar", &["crs"]).arg(archive).arg(object))
}

/// The name of a library's file where programs run. The driver's and the random numbers' do not follow CUDA's version.
fn soname(name: &str, major: u32) -> String {
    match name {
        "cuda" => "libcuda.so.1".to_owned(),
        "curand" => "libcurand.so.10".to_owned(),
        _ => format!("lib{name}.so.{major}"),
    }
}

/// `functions.h` for one library.
fn header(
    soname: &str,
    missing_status: u32,
    silent: bool,
    functions: &BTreeMap<String, Returns>,
) -> String {
    let mut text = format!(
        "#define LIBRARY \"{soname}\"\n#define MISSING_STATUS {missing_status}\n#define SILENT {}\n#define FUNCTIONS(X)",
        u8::from(silent)
    );
    for (number, (name, returns)) in functions.iter().enumerate() {
        let kind = match returns {
            Returns::Status => "status",
            Returns::Text => "text",
        };
        write!(text, " \\\n    X({number}, {name}, {kind})").ok();
    }
    text.push('\n');
    text
}

/// The functions that one of cudarc's `sys` modules declares, each on a line `pub unsafe fn NAME(…) -> TYPE {`.
fn functions(source: &str) -> BTreeMap<String, Returns> {
    source
        .lines()
        .filter_map(|line| line.strip_prefix("pub unsafe fn "))
        .filter_map(|rest| {
            let (name, rest) = rest.split_once('(')?;
            let (_, returned) = rest.rsplit_once(") -> ")?;
            // helpers of cudarc's own return these; no C function does
            let is_foreign = !returned.starts_with('&') && !returned.starts_with("bool");
            let is_name = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
            let returns = match returned.starts_with("*const ::core::ffi::c_char") {
                true => Returns::Text,
                false => Returns::Status,
            };
            (is_foreign && is_name).then(|| (name.to_owned(), returns))
        })
        .collect()
}

/// The folder `src` of the `cudarc` that the command line builds with.
fn cudarc_sources() -> Result<PathBuf> {
    let text = stdout_of(&mut cargo(&[
        "metadata",
        "--format-version",
        "1",
        "--locked",
        "--manifest-path",
        "crates/cli/Cargo.toml",
        "--features",
        "cuda",
    ]))?;
    let metadata: Value = serde_json::from_str(&text).context("reading cargo's metadata")?;
    let packages = metadata["packages"]
        .as_array()
        .context("cargo names no packages")?;
    let manifest = packages
        .iter()
        .find(|package| package["name"] == "cudarc")
        .and_then(|package| package["manifest_path"].as_str())
        .context("the command line does not depend on `cudarc`")?;
    Ok(Path::new(manifest).with_file_name("src"))
}

fn fingerprint(toolkit: &Toolkit, headers: &[String]) -> u64 {
    let mut hasher = DefaultHasher::new();
    (LOADER, headers, &toolkit.static_runtime).hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests;
