//! What the built program asks of the machine it will run on, read from its dynamic section.

use crate::command::{command, stdout_of};
use anyhow::{Context as _, Result};
use std::path::Path;

/// Shared libraries without which a program does not start, and the versions it wants of them.
#[derive(Debug, PartialEq)]
pub struct Asks {
    /// As in `libc.so.6`.
    pub libraries: Vec<String>,
    /// The newest glibc whose symbols it uses, as in `2.34`.
    pub glibc: Option<String>,
}

/// Reads what `program` asks for.
pub fn asks(program: &Path) -> Result<Asks> {
    let said =
        stdout_of(command("readelf", &["--wide", "--dynamic", "--version-info"]).arg(program))
            .context(
                "reading the program's dynamic section; `readelf` is in the package binutils",
            )?;
    Ok(parse(&said))
}

fn parse(said: &str) -> Asks {
    let libraries = said
        .lines()
        .filter(|line| line.contains("(NEEDED)"))
        .filter_map(|line| Some(line.split_once('[')?.1.split_once(']')?.0.to_owned()))
        .collect();
    let versions = said.split("Name: GLIBC_").skip(1);
    let versions = versions.filter_map(|rest| rest.split_whitespace().next());
    let glibc = versions
        .max_by_key(|version| parts(version))
        .map(str::to_owned);
    Asks { libraries, glibc }
}

/// `2.34` as numbers, so that 2.4 comes before 2.34.
fn parts(version: &str) -> Vec<u32> {
    version
        .split('.')
        .map(|part| part.parse().unwrap_or(0))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn needed_libraries_and_the_newest_glibc_are_read() {
        let said = "\
 0x0000000000000001 (NEEDED)             Shared library: [libgcc_s.so.1]\n\
 0x0000000000000001 (NEEDED)             Shared library: [libc.so.6]\n\
 0x000000000000000c (INIT)               0x1000\n\
Version needs section '.gnu.version_r' contains 2 entries:\n\
  000000: Version: 1  File: libgcc_s.so.1  Cnt: 1\n\
  0x0010:   Name: GCC_3.0  Flags: none  Version: 9\n\
  0x0020: Version: 1  File: libc.so.6  Cnt: 3\n\
  0x0030:   Name: GLIBC_2.4  Flags: none  Version: 8\n\
  0x0040:   Name: GLIBC_2.34  Flags: none  Version: 7\n\
  0x0050:   Name: GLIBC_2.2.5  Flags: none  Version: 6\n";
        assert_eq!(
            parse(said),
            Asks {
                libraries: vec!["libgcc_s.so.1".to_owned(), "libc.so.6".to_owned()],
                glibc: Some("2.34".to_owned()),
            }
        );
    }
}
