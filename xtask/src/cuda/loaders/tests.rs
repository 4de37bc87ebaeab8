//! Loaders are tried for real: a program linked against one runs with and without the library.

use super::*;

const DECLARED: &str = "\
pub unsafe fn fakeSum(a: i64, b: i64, c: i64, d: i64, e: i64, f: i64, g: i64, x: f64, y: f64) -> fakeStatus_t {
        extern \"C\" {
            fn fakeSum(a: i64) -> fakeStatus_t;
pub unsafe fn fakeName(status: fakeStatus_t) -> *const ::core::ffi::c_char {
pub unsafe fn fakeAbsent() -> fakeStatus_t {
pub unsafe fn is_culib_present() -> bool {
pub unsafe fn culib() -> &'static ::libloading::Library {
";

#[test]
fn declared_functions_are_found() {
    let wanted = [
        ("fakeAbsent", Returns::Status),
        ("fakeName", Returns::Text),
        ("fakeSum", Returns::Status),
    ]
    .map(|(name, returns)| (name.to_owned(), returns));
    assert_eq!(functions(DECLARED), BTreeMap::from(wanted));
}

#[test]
fn libraries_are_looked_for_by_the_names_they_have_on_gpu_machines() {
    assert_eq!(
        sonames(13),
        [
            "libcuda.so.1",
            "libcublas.so.13",
            "libcublasLt.so.13",
            "libcurand.so.10",
            "libnvrtc.so.13"
        ]
    );
}

#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
#[test]
fn a_program_starts_without_the_library_and_calls_it_where_it_is() {
    let folder = std::env::temp_dir().join(format!("callout-loader-{}", std::process::id()));
    std::fs::create_dir_all(folder.join("lib")).unwrap();
    let header = header("libfake.so.9", 203, true, &functions(DECLARED));
    archive(&folder, &header, &folder, "fake").unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.join(name), text).unwrap();
    write("fake.c", FAKE_LIBRARY);
    write("main.c", PROGRAM);
    let cc = |args: &[&str]| show(command("cc", args).current_dir(&folder)).unwrap();
    cc(&[
        "-shared",
        "-fPIC",
        "-O2",
        "-o",
        "lib/libfake.so.9",
        "fake.c",
    ]);
    cc(&[
        "-O2",
        "-o",
        "main",
        "main.c",
        "-L.",
        "-Wl,-Bdynamic",
        "-lfake",
    ]);
    let program = folder.join("main");
    let said = |libraries: &Path| {
        let mut run = command(&program.to_string_lossy(), &[]);
        stdout_of(run.env("LD_LIBRARY_PATH", libraries)).unwrap()
    };
    let (without, with) = (said(&folder.join("nowhere")), said(&folder.join("lib")));
    std::fs::remove_dir_all(&folder).unwrap();
    let none = "203 203 libfake.so.9 is not on this machine 203\n";
    assert_eq!(without, none);
    assert_eq!(with, "1234569 1234569 fake 203\n");
}

const FAKE_LIBRARY: &str = r#"
/* each argument has a digit of its own: one that is lost or swapped is seen */
int fakeSum(long a, long b, long c, long d, long e, long f, long g, double x, double y) {
    return (int)(a * 1000000 + b * 100000 + c * 10000 + d * 1000 + e * 100 + f * 10 + g + (x - 2 * y));
}
/* runs while the library is opened, and leaves nothing in the registers of floating-point arguments */
__attribute__((constructor)) static void clobber(void) {
    __asm__ volatile("xorps %%xmm0, %%xmm0\n xorps %%xmm1, %%xmm1" ::: "xmm0", "xmm1");
}
const char *fakeName(int status) { return status == 7 ? "fake" : "wrong"; }
"#;

const PROGRAM: &str = r#"
#include <stdio.h>
int fakeSum(long, long, long, long, long, long, long, double, double);
const char *fakeName(int);
int fakeAbsent(void);
int main(void) {
    int first = fakeSum(1, 2, 3, 4, 5, 6, 7, 5.0, 1.5);
    int again = fakeSum(1, 2, 3, 4, 5, 6, 7, 5.0, 1.5);
    printf("%d %d %s %d\n", first, again, fakeName(7), fakeAbsent());
    return 0;
}
"#;
