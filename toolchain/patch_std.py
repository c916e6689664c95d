#!/usr/bin/env python3
"""Copies Rust's library sources and teaches them `target_os = "solana"`.

usage: patch_std.py LIBRARY DESTINATION BUILTINS
  LIBRARY      the `library` folder of the Rust version named in versions.env
  DESTINATION  the patched copy, made anew
  BUILTINS     the unpacked solana-compiler-builtins crate

Every patch names the text that it replaces. Text that is no longer there ends the run: other sources than the ones these
patches were written for could miscompile silently.
"""

import pathlib
import re
import shutil
import sys

HERE = pathlib.Path(__file__).resolve().parent


class Library:
    """A copy of the library sources under patch."""

    def __init__(self, source, destination):
        if destination.exists():
            shutil.rmtree(destination)
        shutil.copytree(source, destination, symlinks=False)
        self.root = destination

    def replace(self, path, old, new, everywhere=False):
        """Replaces the first (or every) occurrence of `old` in the file."""
        file = self.root / path
        text = file.read_text()
        if old not in text:
            sys.exit(f"error: library/{path} no longer contains the text that patch_std.py replaces:\n{old}")
        file.write_text(text.replace(old, new) if everywhere else text.replace(old, new, 1))


def patch_platform(lib):
    # Not a "restricted" std: programs need no feature flag to use it.
    lib.replace("std/build.rs", '|| target_os == "zkvm"', '|| target_os == "zkvm"\n        || target_os == "solana"')
    # A bump allocator over the 32 KiB heap; used only without #[global_allocator].
    lib.replace("std/src/sys/alloc/mod.rs", '    target_arch = "x86_64",\n', '    target_arch = "x86_64",\n    target_arch = "bpf",\n')
    lib.replace(
        "std/src/sys/alloc/mod.rs",
        '    target_os = "zkvm" => {',
        '    target_os = "solana" => {\n        mod solana;\n    }\n    target_os = "zkvm" => {',
    )
    shutil.copy(HERE / "std/alloc_solana.rs", lib.root / "std/src/sys/alloc/solana.rs")
    # One thread: thread locals are plain statics.
    lib.replace("std/src/sys/thread_local/mod.rs", 'target_os = "zkvm",', 'target_os = "zkvm",\n        target_os = "solana",', everywhere=True)
    lib.replace("std/src/sys/io/error/mod.rs", 'target_os = "zkvm",', 'target_os = "zkvm",\n        target_os = "solana",')
    # `abort` is a syscall that never returns.
    lib.replace(
        "std/src/sys/pal/unsupported/common.rs",
        "    core::intrinsics::abort();",
        """    #[cfg(target_os = "solana")]
    {
        unsafe extern "C" {
            fn abort() -> !;
        }
        // SAFETY: the `abort` syscall never returns.
        unsafe { abort() }
    }
    #[cfg(not(target_os = "solana"))]
    core::intrinsics::abort();""",
    )


def patch_randomness(lib):
    # There is none on chain: hash maps get fixed keys, and no per-thread cache (the loader refuses writable .data and .bss).
    lib.replace(
        "std/src/sys/random/mod.rs",
        '        target_os = "xous",\n        target_os = "vexos",\n    ) => {',
        '        target_os = "xous",\n        target_os = "vexos",\n        target_os = "solana",\n    ) => {',
    )
    lib.replace("std/src/sys/random/mod.rs", '    target_os = "vexos",\n)))]', '    target_os = "vexos",\n    target_os = "solana",\n)))]')
    lib.replace(
        "std/src/hash/random.rs",
        "        thread_local!(static KEYS",
        '        #[cfg(target_os = "solana")]\n'
        "        return RandomState { k0: 0x5bd1_e995_9e37_79b9, k1: 0x27d4_eb2f_1656_67c5 };\n"
        '        #[cfg(not(target_os = "solana"))]\n'
        "        thread_local!(static KEYS",
    )
    lib.replace("std/src/hash/random.rs", "        KEYS.with(|keys| {", '        #[cfg(not(target_os = "solana"))]\n        KEYS.with(|keys| {')


def patch_panics(lib):
    # A panic tells its place and nothing else: the machine has a syscall for that, which ends the program and names file, line and column
    # as the reason. Messages, and with them most of formatting, are what the library already leaves out where a panic aborts at once.
    abort_at_once = 'panic = "immediate-abort"'
    changed = 0
    for crate in ["core", "alloc"]:
        for file in sorted((lib.root / crate / "src").rglob("*.rs")):
            text = file.read_text()
            if abort_at_once in text:
                changed += text.count(abort_at_once)
                file.write_text(text.replace(abort_at_once, f'any({abort_at_once}, target_os = "solana")'))
    if changed <= 50:
        sys.exit(f"error: only {changed} places found where core and alloc leave out the messages of panics, more than 50 expected")
    path = "core/src/panicking.rs"
    lib.replace(
        path,
        "        super::intrinsics::abort()\n",
        """        #[cfg(target_os = "solana")]
        panic_at(Location::caller());
        #[cfg(not(target_os = "solana"))]
        super::intrinsics::abort()
""",
        everywhere=True,
    )
    lib.replace(
        path,
        "// First we define the two main entry points",
        """/// Ends the program and tells where.
#[cfg(target_os = "solana")]
#[inline(never)]
#[cold]
fn panic_at(location: &Location<'_>) -> ! {
    unsafe extern "C" {
        fn sol_panic_(file: *const u8, len: u64, line: u64, column: u64) -> !;
    }
    let file = location.file();
    // SAFETY: the `sol_panic_` syscall reads the file's name and never returns.
    unsafe { sol_panic_(file.as_ptr(), file.len() as u64, location.line() as u64, location.column() as u64) }
}

// First we define the two main entry points""",
    )
    # As its counterpart with a message: the place is the caller's.
    lib.replace(
        "core/src/str/mod.rs",
        "const fn slice_error_fail(s: &str, begin: usize, end: usize) -> ! {\n    slice_error_fail_ct",
        "#[inline]\n#[track_caller]\nconst fn slice_error_fail(s: &str, begin: usize, end: usize) -> ! {\n    slice_error_fail_ct",
    )
    # std's own part counts panics in writable statics, which the loader refuses, and would hand them to hooks. What comes here
    # goes the same way.
    path = "std/src/panicking.rs"
    lib.replace(
        path,
        '#[cfg(panic = "immediate-abort")]\n#[unstable(feature = "update_panic_count"',
        '#[cfg(any(panic = "immediate-abort", target_os = "solana"))]\n#[unstable(feature = "update_panic_count"',
    )
    lib.replace(
        path,
        '#[cfg(not(panic = "immediate-abort"))]\n#[unstable(feature = "update_panic_count"',
        '#[cfg(not(any(panic = "immediate-abort", target_os = "solana")))]\n#[unstable(feature = "update_panic_count"',
    )
    head = "pub fn panic_handler(info: &core::panic::PanicInfo<'_>) -> ! {\n"
    lib.replace(path, head, head + '    #[cfg(target_os = "solana")]\n    crate::sys::abort_internal();\n    #[allow(unreachable_code)]\n    {\n')
    file = lib.root / path
    text = file.read_text()
    end = text.index("\n}\n", text.index("pub fn panic_handler("))
    file.write_text(text[:end] + "\n    }" + text[end:])
    lib.replace(
        path,
        "#[used(compiler)]\npub static EMPTY_PANIC",
        '#[used(compiler)]\n#[cfg(not(target_os = "solana"))]\npub static EMPTY_PANIC',
    )
    head = """    if cfg!(panic = "immediate-abort") {
        intrinsics::abort()
    }
"""
    lib.replace(
        path,
        head + "\n    struct Payload<A> {",
        head
        + """    #[cfg(target_os = "solana")]
    core::panicking::panic("");

    #[allow(unreachable_code)]
    struct Payload<A> {""",
    )
    count = "    let must_abort = panic_count::increase(true);\n"
    lib.replace(path, count, '    #[cfg(target_os = "solana")]\n    crate::sys::abort_internal();\n    #[allow(unreachable_code)]\n' + count)


def patch_strings(lib):
    # A literal that becomes a String, or is written into one, is almost always the name or the message of an error. In line it is an allocation
    # and a store of every eight bytes; as a call that is known to be rare it is its address and length, and what surrounds it is known to
    # be rare too.
    rare = '    #[cfg_attr(not(target_os = "solana"), inline)]\n    #[cfg_attr(target_os = "solana", cold, inline(never))]\n'
    for path, function in [
        ("alloc/src/str.rs", "    fn to_owned(&self) -> String {"),
        ("alloc/src/string.rs", "    fn write_str(&mut self, s: &str) -> fmt::Result {"),
    ]:
        lib.replace(path, "    #[inline]\n" + function, rare + function)


def patch_formatting(lib):
    # What formats a value is reached through tables, so it is in every program that makes one value of that kind, used or not. An error made
    # of text, as borsh makes them, would bring the escaping of text for its Debug: it shows the text as it is.
    lib.replace(
        "alloc/src/boxed/convert.rs",
        "                fmt::Debug::fmt(&self.0, f)\n",
        """                #[cfg(target_os = "solana")]
                return fmt::Display::fmt(&self.0, f);
                #[cfg(not(target_os = "solana"))]
                fmt::Debug::fmt(&self.0, f)
""",
    )
    # A log is lines: `{:#?}` prints on one, as `{:?}`.
    lib.replace(
        "core/src/fmt/builders.rs",
        "        self.fmt.alternate()\n",
        '        cfg!(not(target_os = "solana")) && self.fmt.alternate()\n',
        everywhere=True,
    )


def patch_builtins(lib, builtins):
    # The trap that miscompiles silently: rustc 1.96 returns i128 through a hidden pointer on bpf, LLVM 23's calls to the
    # helpers want it in r0:r2. `extern "unadjusted"` makes rustc emit plain `i128 @f(i128, i128)`, which LLVM lowers the same
    # way as its own calls.
    changed = 0
    for file in (lib.root / "compiler-builtins/compiler-builtins/src").rglob("*.rs"):
        text, n = re.subn(
            r'extern "C" fn (__\w*ti\w*|__rust_[iu]128_\w+)\(', r'extern "unadjusted" fn \1(', file.read_text()
        )
        if n:
            file.write_text(text)
            changed += n
    if changed <= 15:
        sys.exit(f"error: only {changed} 128-bit helpers found in compiler-builtins, more than 15 expected")

    # solana-compiler-builtins: memcpy, memset, u128 and f64 routines made for this machine, linked into every program through core.
    folder = lib.root / "core/src/solana_builtins"
    folder.mkdir()
    text = (builtins / "src/lib.rs").read_text()
    text = re.sub(r"^#!\[cfg_attr.*\]\n", "", text, flags=re.M)
    text = re.sub(
        r"^pub unsafe fn (__(?:multi3|udivti3|umodti3))\(", r'pub unsafe extern "unadjusted" fn \1(', text, flags=re.M
    )
    # In line, a comparison of two keys is forty instructions, with a loop that finds which byte is the smaller. Left as a call until code
    # is generated, it becomes four comparisons of eight bytes, or stays a call where the length is unknown.
    text, kept_as_calls = re.subn(r'^pub unsafe extern "C" fn (memcmp|bcmp)\(', r'#[inline(never)]\n\g<0>', text, flags=re.M)
    if kept_as_calls != 2:
        sys.exit("error: solana-compiler-builtins no longer defines memcmp and bcmp the way patch_std.py expects")
    if text.count('extern "unadjusted" fn') != 3:
        sys.exit("error: solana-compiler-builtins no longer defines __multi3, __udivti3 and __umodti3 the way patch_std.py expects")
    # In line twice and three times, these two are half of the division. As calls they cost a few units each, which the table gives back.
    for name, in_line in [("divlu_norm", r"\(un32: u64, un10: u64, v: u64\) -> \(u64, u64\)"), ("clz64", r"\(mut x: u64\) -> u32")]:
        text, found = re.subn(rf"(?:^///[^\n]*\n)*#\[cfg\(target_arch = \"bpf\"\)\]\n#\[inline\(always\)\]\nfn {name}{in_line} \{{\n.*?^\}}\n", "", text, flags=re.M | re.S)
        if found != 1:
            sys.exit(f"error: solana-compiler-builtins no longer defines {name} the way patch_std.py expects")
    text += (HERE / "std/division.rs").read_text()
    (folder / "mod.rs").write_text(text.replace("unsafe { core::mem", "unsafe { crate::mem"))
    shutil.copy(builtins / "src/fp.rs", folder / "fp.rs")
    core = lib.root / "core/src/lib.rs"
    core.write_text(
        core.read_text()
        + """
#[cfg(target_os = "solana")]
#[allow(missing_docs, unsafe_op_in_unsafe_fn, unused, unexpected_cfgs, unreachable_pub, integer_to_ptr_transmutes)]
#[allow(clippy::all)]
#[unstable(feature = "solana_builtins", issue = "none")]
#[doc(hidden)]
mod solana_builtins;
"""
    )


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    source, destination, builtins = map(pathlib.Path, sys.argv[1:])
    lib = Library(source, destination)
    patch_platform(lib)
    patch_randomness(lib)
    patch_panics(lib)
    patch_strings(lib)
    patch_formatting(lib)
    patch_builtins(lib, builtins)


if __name__ == "__main__":
    main()
