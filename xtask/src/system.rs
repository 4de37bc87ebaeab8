//! System packages: which are needed, which are missing, and how they are installed.
//! Installs on Debian and its relatives; elsewhere it names the exact command.

use crate::command::{command, show, stdout_of, succeeds};
use crate::steps::Report;
use anyhow::{Result, bail};
use std::io::IsTerminal as _;

/// A reason to need system packages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Compiling and running the desk.
    Desk,
    /// A virtual display, and pictures of what is on it.
    Screen,
    /// Driving the desk from tests.
    Driver,
}

impl Need {
    /// Debian's packages.
    fn packages(self) -> &'static [&'static str] {
        match self {
            Self::Desk => &[
                "build-essential",
                "pkg-config",
                "libwebkit2gtk-4.1-dev",
                "fonts-dejavu-core",
                "fonts-liberation",
                "fonts-noto-cjk",
            ],
            Self::Screen => &[
                "xvfb",
                "xauth",
                "xdotool",
                "imagemagick",
                "dbus",
                "libgl1-mesa-dri",
                "libegl1",
            ],
            Self::Driver => &["webkit2gtk-driver"],
        }
    }

    /// Programs whose absence shows that the need is not met, on any Linux.
    fn programs(self) -> &'static [&'static str] {
        match self {
            Self::Desk => &["cc", "pkg-config"],
            Self::Screen => &["Xvfb", "xdotool", "import"],
            Self::Driver => &["WebKitWebDriver"],
        }
    }
}

/// Systems that need different words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum System {
    Debian,
    Fedora,
    Arch,
    OtherLinux,
    MacOs,
    Windows,
}

/// Installs what is missing, or says how to; fails only if the desk cannot be built without it.
pub fn install(needs: &[Need]) -> Result<Report> {
    let system = System::here();
    if system == System::Debian {
        return install_debian(needs);
    }
    let lacking = lacking(system, needs);
    if lacking.is_empty() {
        return Ok("all present".into());
    }
    go_on_without(system, needs, &lacking, install_line(system, needs))
}

fn install_debian(needs: &[Need]) -> Result<Report> {
    let wanted: Vec<&str> = needs
        .iter()
        .flat_map(|need| need.packages())
        .copied()
        .collect();
    let missing = debian_missing(&wanted);
    if missing.is_empty() {
        return Ok(format!("all {} present", wanted.len()).into());
    }
    let Some(as_root) = as_root() else {
        let line = format!(
            "sudo apt-get update && sudo apt-get install --no-install-recommends {}",
            missing.join(" ")
        );
        return go_on_without(System::Debian, needs, &missing, line);
    };
    println!("    installing {}", missing.join(" "));
    let apt = [
        "env",
        "DEBIAN_FRONTEND=noninteractive",
        "apt-get",
        "-q",
        "-o",
        "DPkg::Lock::Timeout=120",
    ];
    let as_root = [as_root, &apt].concat();
    run_line(&as_root, &["-o", "Acquire::Retries=3", "update"])?;
    run_line(
        &as_root,
        &[
            &[
                "-o",
                "Acquire::Retries=3",
                "-y",
                "--no-install-recommends",
                "install",
            ],
            &missing[..],
        ]
        .concat(),
    )?;
    Ok(format!("installed {} of {}", missing.len(), wanted.len()).into())
}

fn run_line(start: &[&str], rest: &[&str]) -> Result<()> {
    let words = [start, rest].concat();
    show(&mut command(words[0], &words[1..]))
}

/// The words before a command that make it run as root; `None` if nothing does.
fn as_root() -> Option<&'static [&'static str]> {
    let uid = stdout_of(&mut command("id", &["-u"])).unwrap_or_default();
    if uid.trim() == "0" {
        Some(&[])
    } else if !on_path("sudo") {
        None
    } else if std::io::stdin().is_terminal() {
        Some(&["sudo"])
    } else {
        // without a terminal sudo could not ask for a password
        succeeds("sudo", &["-n", "true"]).then_some(&["sudo", "-n"])
    }
}

fn debian_missing<'a>(wanted: &[&'a str]) -> Vec<&'a str> {
    let mut query = command(
        "dpkg-query",
        &[
            "--show",
            "--showformat",
            "${Package} ${db:Status-Status}\\n",
        ],
    );
    // dpkg-query fails when it does not know a package, and still lists the others
    let listed = query
        .args(wanted)
        .output()
        .map(|output| output.stdout)
        .unwrap_or_default();
    not_installed(wanted, &String::from_utf8_lossy(&listed))
}

/// The packages that `dpkg-query`'s answer (`name status` lines) does not call installed.
fn not_installed<'a>(wanted: &[&'a str], listed: &str) -> Vec<&'a str> {
    let is_installed = |package: &str| {
        listed
            .lines()
            .any(|line| line.split_once(' ') == Some((package, "installed")))
    };
    wanted
        .iter()
        .copied()
        .filter(|package| !is_installed(package))
        .collect()
}

/// Prints what is missing and how to get it; an error only if the desk cannot be built.
fn go_on_without(system: System, needs: &[Need], missing: &[&str], line: String) -> Result<Report> {
    println!(
        "    missing: {}\n    install with:\n\n{}\n",
        missing.join(" "),
        indented(&line)
    );
    let blocking = if needs.contains(&Need::Desk) {
        lacking(system, &[Need::Desk])
    } else {
        Vec::new()
    };
    if !blocking.is_empty() {
        bail!(
            "the desk cannot be built without {}; run the command above, then this again",
            blocking.join(", ")
        );
    }
    Ok("something is missing (see above); going on".into())
}

/// What is not there, found by looking for programs and libraries rather than packages.
fn lacking(system: System, needs: &[Need]) -> Vec<&'static str> {
    match system {
        System::MacOs if !succeeds("xcode-select", &["-p"]) => vec!["Xcode command line tools"],
        System::MacOs => Vec::new(),
        // WebView2 is part of Windows 11, and a missing linker stops Rust before this program exists
        System::Windows => Vec::new(),
        _ => {
            let programs = needs.iter().flat_map(|need| need.programs()).copied();
            let mut lacking: Vec<&str> = programs.filter(|program| !on_path(program)).collect();
            if needs.contains(&Need::Desk)
                && !succeeds("pkg-config", &["--exists", "webkit2gtk-4.1"])
            {
                lacking.push("webkit2gtk-4.1");
            }
            lacking
        }
    }
}

/// The command that installs everything for these needs on this system.
fn install_line(system: System, needs: &[Need]) -> String {
    let (prefix, desk, screen, driver) = match system {
        System::Debian | System::OtherLinux => {
            let packages: Vec<&str> = needs
                .iter()
                .flat_map(|need| need.packages())
                .copied()
                .collect();
            let line = format!(
                "apt-get install --no-install-recommends {}",
                packages.join(" ")
            );
            return match system {
                System::Debian => line,
                _ => format!("your package manager; the packages are called in Debian:\n{line}"),
            };
        }
        System::MacOs => return "xcode-select --install\nbrew install node".to_owned(),
        System::Windows => {
            return "winget install Microsoft.EdgeWebView2Runtime OpenJS.NodeJS.LTS\n\
                    winget install Microsoft.VisualStudio.2022.BuildTools --override \
                    \"--wait --passive --add Microsoft.VisualStudio.Workload.VCTools --includeRecommended\""
                .to_owned();
        }
        System::Fedora => (
            "sudo dnf install",
            "gcc gcc-c++ pkgconf-pkg-config webkit2gtk4.1-devel dejavu-sans-fonts liberation-fonts google-noto-sans-cjk-fonts",
            "xorg-x11-server-Xvfb xdotool ImageMagick mesa-dri-drivers",
            "/usr/bin/WebKitWebDriver",
        ),
        System::Arch => (
            "sudo pacman -S --needed",
            "base-devel pkgconf webkit2gtk-4.1 ttf-dejavu ttf-liberation noto-fonts-cjk",
            "xorg-server-xvfb xdotool imagemagick mesa",
            "webkitgtk-6.0",
        ),
    };
    let mut line = prefix.to_owned();
    for need in needs {
        line.push(' ');
        line.push_str(match need {
            Need::Desk => desk,
            Need::Screen => screen,
            Need::Driver => driver,
        });
    }
    line
}

impl System {
    fn here() -> Self {
        if cfg!(target_os = "macos") {
            Self::MacOs
        } else if cfg!(windows) {
            Self::Windows
        } else {
            Self::of_os_release(&std::fs::read_to_string("/etc/os-release").unwrap_or_default())
        }
    }

    /// Reads `/etc/os-release`: the system's own name first, then those it says it is like.
    fn of_os_release(text: &str) -> Self {
        let value_of = |key: &str| {
            let line = text
                .lines()
                .find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
            line.unwrap_or_default().trim_matches('"').to_owned()
        };
        let names = format!("{} {}", value_of("ID"), value_of("ID_LIKE"));
        let known = names.split_whitespace().find_map(|name| match name {
            "debian" | "ubuntu" => Some(Self::Debian),
            "fedora" | "rhel" => Some(Self::Fedora),
            "arch" => Some(Self::Arch),
            _ => None,
        });
        known.unwrap_or(Self::OtherLinux)
    }
}

/// Whether a program of this name is on the search path.
fn on_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

fn indented(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(|line| format!("        {line}")).collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn removed_and_unknown_packages_are_missing() {
        let listed = "xvfb installed\nxauth config-files\ndbus not-installed\n";
        assert_eq!(
            not_installed(&["xvfb", "xauth", "dbus", "xdotool"], listed),
            ["xauth", "dbus", "xdotool"]
        );
        assert_eq!(not_installed(&["xvfb"], listed), [""; 0]);
    }

    #[test]
    fn a_package_is_not_taken_for_another_that_starts_the_same() {
        assert_eq!(not_installed(&["dbus"], "dbus-x11 installed\n"), ["dbus"]);
    }

    #[test]
    fn systems_are_told_apart() {
        let check =
            |text: &str, expected| assert_eq!(System::of_os_release(text), expected, "{text}");
        check(
            "PRETTY_NAME=\"Debian GNU/Linux 12\"\nID=debian\n",
            System::Debian,
        );
        check("ID=linuxmint\nID_LIKE=\"ubuntu debian\"\n", System::Debian);
        check(
            "ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\n",
            System::Fedora,
        );
        check("ID=manjaro\nID_LIKE=arch\n", System::Arch);
        check("ID=nixos\n", System::OtherLinux);
        check("", System::OtherLinux);
    }

    #[test]
    fn every_system_has_its_exact_command() {
        let check = |system, start: &str| {
            let line = install_line(system, &[Need::Desk, Need::Driver]);
            assert!(line.starts_with(start), "{line}");
        };
        check(System::Fedora, "sudo dnf install gcc");
        check(System::Arch, "sudo pacman -S --needed base-devel");
        check(System::MacOs, "xcode-select --install");
        check(
            System::Windows,
            "winget install Microsoft.EdgeWebView2Runtime",
        );
        check(System::OtherLinux, "your package manager");
    }
}
