//! The command line must run where there is no window system: it links no window library.

use super::Problem;
use crate::command::{command, stdout_of};
use crate::programs;
use anyhow::Result;

/// Starts of library names that belong to windows.
const FORBIDDEN: [&str; 11] = [
    "libgtk",
    "libgdk",
    "libwebkit",
    "libjavascriptcore",
    "libX11",
    "libXext",
    "libxcb",
    "libwayland",
    "libGL",
    "libEGL",
    "libOpenGL",
];

/// Looks at the command line as last built.
pub fn check() -> Result<Vec<Problem>> {
    let callout = programs::callout()?;
    let place = callout.display().to_string();
    let listed = stdout_of(command("ldd", &[]).arg(&callout))?;
    Ok(window_libraries(&listed)
        .into_iter()
        .map(|library| problem_of(&place, library))
        .collect())
}

/// The libraries in ldd's answer that belong to windows.
fn window_libraries(listed: &str) -> Vec<&str> {
    let names = listed
        .lines()
        .filter_map(|line| line.split_whitespace().next());
    names
        .filter(|name| FORBIDDEN.iter().any(|start| name.starts_with(start)))
        .collect()
}

fn problem_of(place: &str, library: &str) -> Problem {
    Problem {
        place: place.to_owned(),
        what: format!("the command line links {library}"),
        remedy: "find who brings it with `cargo tree --package cli`, and move that into the desk"
            .to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn window_libraries_are_seen() {
        let listed = "\tlinux-vdso.so.1 (0x00007ffd)\n\
             \tlibgtk-3.so.0 => /lib/x86_64-linux-gnu/libgtk-3.so.0 (0x00007f)\n\
             \tlibGLX.so.0 => not found\n\
             \tlibgcc_s.so.1 => /lib/x86_64-linux-gnu/libgcc_s.so.1 (0x00007f)\n\
             \tlibglib-2.0.so.0 => /lib/x86_64-linux-gnu/libglib-2.0.so.0 (0x00007f)\n";
        assert_eq!(window_libraries(listed), ["libgtk-3.so.0", "libGLX.so.0"]);
    }

    #[test]
    fn a_plain_program_has_none() {
        assert_eq!(
            window_libraries("\tlibc.so.6 => /lib/libc.so.6\n\tlibm.so.6 => /lib/libm.so.6\n"),
            [""; 0]
        );
        assert_eq!(window_libraries("\tstatically linked\n"), [""; 0]);
    }
}
