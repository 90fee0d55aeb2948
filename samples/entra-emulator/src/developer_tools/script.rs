//! The program that stands in a tool's place.

use std::{fs, io, path::Path};

/// Uses nothing but bash itself, because a test may leave nothing else on the `PATH`.
///
/// The arguments go as they are, each ended by a NUL. The answer's first line is the exit code; of the others the first
/// character says to which stream they go.
const SCRIPT: &str = r#"#!/bin/bash
# PROGRAM of the emulator: it answers for this tool.
LC_ALL=C
length=0
for word in "$@"; do length=$((length + ${#word} + 1)); done
exec 3<>/dev/tcp/127.0.0.1/PORT || exit 127
{
    printf 'POST /_emulator/tools/PROGRAM HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\n'
    printf 'Connection: close\r\nContent-Length: %d\r\n\r\n' "$length"
    [ $# -eq 0 ] || printf '%s\0' "$@"
} >&3
while IFS= read -r line <&3; do [ "$line" = $'\r' ] && break; done
IFS= read -r code <&3 || exit 127
while IFS= read -r line <&3 || [ -n "$line" ]; do
    case $line in
        1*) printf '%s\n' "${line#1}" ;;
        2*) printf '%s\n' "${line#2}" >&2 ;;
    esac
done
exit "$code"
"#;

/// Writes it aside and moves it, so that nobody runs half of one.
pub(super) fn write(path: &Path, program: &str, port: u16) -> io::Result<()> {
    let next = path.with_extension("next");
    fs::write(&next, SCRIPT.replace("PROGRAM", program).replace("PORT", &port.to_string()))?;
    make_executable(&next)?;
    fs::rename(&next, path)
}

#[cfg(unix)]
fn make_executable(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;

    fs::set_permissions(path, fs::Permissions::from_mode(0o755))
}

#[cfg(not(unix))]
fn make_executable(_: &Path) -> io::Result<()> {
    Err(io::Error::new(io::ErrorKind::Unsupported, "the stand-ins are scripts for bash"))
}
