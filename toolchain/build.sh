#!/bin/bash
# Puts the SBF toolchain together from Debian packages and crates.io. No root, nothing installed outside the cache folder.
#
#   toolchain/build.sh                      builds what is missing; the last line is "ready: FOLDER"
#   toolchain/build.sh --missing-packages   prints the Debian packages this machine lacks, one a line
#
#   UPSIDE_CACHE                    cache folder (default ~/.cache/upside); the toolchain lives in its toolchain/
#   UPSIDE_DEBIAN_MIRROR            Debian mirror, and
#   UPSIDE_DEBIAN_SECURITY_MIRROR   Debian security mirror (default: those of the machine's own apt sources)
#   UPSIDE_TOOLCHAIN_EXACT=1        refuse Debian packages newer than the pinned ones
#
# Standard output carries "step N/M: ...", "note: ..." and "ready: ..." lines; an error is one sentence on standard error.
#
# Every part lives in a folder named after what it is made of. It is built aside and renamed into place when it is whole, so
# a part that exists is complete, an interrupted run goes on where it was, and checkouts with different versions share a cache.
set -euo pipefail

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=versions.env
source "$HERE/versions.env"
STEPS=5

fail() { echo "error: $*" >&2; exit 1; }
note() { echo "note: $*"; }
step() { echo "step $1/$STEPS: $2"; }
at_least() { [ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n1)" = "$1" ]; } # at_least MINIMUM VERSION

# --- the machine -------------------------------------------------------------------------------------------------------

missing_packages() {
  { command -v cc && [ -e "$(cc -print-file-name=crt1.o)" ]; } >/dev/null 2>&1 || echo gcc libc6-dev
  python3 -c 'import shutil' >/dev/null 2>&1 || echo python3
  command -v flock >/dev/null || echo util-linux
  [ -e "$KEYRING" ] || echo debian-archive-keyring
}

check_machine() {
  [ "$(uname -sm)" = "Linux x86_64" ] ||
    fail "this toolchain is put together from Debian's amd64 packages and this machine is $(uname -sm): install Solana's tools so that \`cargo build-sbf\` is on PATH, it is used instead"
  command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null ||
    fail "this toolchain needs apt-get and dpkg-deb, which this machine lacks: use Debian 12, or install Solana's tools so that \`cargo build-sbf\` is on PATH"
  local missing version
  missing=$(missing_packages | tr '\n' ' ')
  [ -z "$missing" ] || fail "this machine lacks packages that the toolchain needs; run: apt-get install -y ${missing% }"
  command -v cargo >/dev/null && command -v rustc >/dev/null || fail "cargo and rustc are not on PATH: install Rust $HOST_RUSTC_MIN or newer"
  version=$(rustc --version | awk '{print $2}')
  at_least "$HOST_RUSTC_MIN" "$version" || fail "rustc $version is too old: install Rust $HOST_RUSTC_MIN or newer"
}

KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg
case "${1:-}" in
  --missing-packages) missing_packages | tr ' ' '\n'; exit ;;
  "") ;;
  *) sed -n '2,/^set /s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; [ "$1" = --help ] && exit 0; fail "unknown argument $1" ;;
esac

CACHE=${UPSIDE_CACHE:-$HOME/.cache/upside}
case $CACHE in *[[:space:]]*) fail "the cache folder \"$CACHE\" has a space in its name, which compiler flags cannot carry: set UPSIDE_CACHE to another folder" ;; esac
mkdir -p "$CACHE/toolchain" || fail "cannot create the cache folder $CACHE/toolchain: set UPSIDE_CACHE to a folder you can write to"
T=$(cd "$CACHE/toolchain" && pwd)
TMP=$T/tmp

# --- what each part is made of ------------------------------------------------------------------------------------------

digest() { sha256sum | cut -c1-12; }
LLVM=$T/llvm-$({ echo "$LLVM_MAJOR $LLVM_SONAME $SID_DEBS"; } | digest)
RUST=$T/rust-$({ echo "$RUSTC_VERSION $RUSTC_LLVM_SONAME $RUSTC_SUITE $RUSTC_DEBS"; } | digest)
LINKER=$T/linker-$({ echo "${LLVM##*/} $SBPF_LINKER_VERSION $SBPF_LINKER_SHA256"; } | digest)
STD=$T/std-$({ echo "${RUST##*/} $BUILTINS_VERSION $BUILTINS_SHA256"; cat "$HERE/patch_std.py" "$HERE"/std/*; } | digest)
SBF=$T/sbf-$({ echo "${LLVM##*/} ${RUST##*/} ${LINKER##*/} ${STD##*/}"; cat "$HERE"/bin/* "$HERE/sbpf-solana-solana.json"; } | digest)
CRATES=$TMP/crates-$({ echo "$SBPF_LINKER_SHA256 $BUILTINS_SHA256"; } | digest)

# --- Debian packages ----------------------------------------------------------------------------------------------------

# The mirror that the machine's own apt sources use: mirror_of main|security
mirror_of() {
  local codename
  codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
  apt-get indextargets --format '$(REPO_URI) $(RELEASE)' 'Created-By: Packages' 2>/dev/null |
    awk -v want="$1" -v codename="$codename" '
      want == "security" && $2 ~ /-security$/ && !uri { uri = $1 }
      want == "main" && ($2 == codename || $2 ~ /^(oldstable|stable|testing|unstable|sid)$/) && !uri { uri = $1 }
      END { print uri }'
}

# apt with its own sources, lists and package database, so neither root nor an update of the machine's lists is needed.
# An empty database makes it resolve a package down to libc.   apt_ FOLDER COMMAND ARGS...
apt_() {
  local d=$1 command=$2
  shift 2
  "$command" -q -o Dir::State="$d/state" -o Dir::State::lists="$d/state/lists" -o Dir::State::status="$d/status" \
    -o Dir::Cache="$d/cache" -o Dir::Cache::archives="$d/archives" \
    -o Dir::Etc::SourceList="$d/sources.list" -o Dir::Etc::SourceParts=/dev/null \
    -o Dir::Etc::Preferences=/dev/null -o Dir::Etc::PreferencesParts=/dev/null \
    -o APT::Architecture=amd64 -o APT::Sandbox::User=root -o APT::Install-Recommends=false \
    -o Acquire::Languages=none -o Acquire::Retries=3 \
    -o Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false -o Acquire::IndexTargets::deb::CNF::DefaultEnabled=false "$@"
}

# Fresh package lists of the suites.   apt_update FOLDER "URI SUITE"...
apt_update() {
  local d=$1 source
  shift
  mkdir -p "$d/state/lists/partial" "$d/cache" "$d/archives/partial"
  : > "$d/status"
  for source in "$@"; do echo "deb [signed-by=$KEYRING] $source main"; done > "$d/sources.list"
  apt_ "$d" apt-get -o APT::Update::Error-Mode=any update > "$d/log" 2>&1 ||
    fail "the Debian mirror did not deliver its package lists ($(printf '%s; ' "$@")see $d/log): check the network, or name another mirror with UPSIDE_DEBIAN_MIRROR and UPSIDE_DEBIAN_SECURITY_MIRROR"
}

# Compares the downloaded packages with the pins and writes what they are to FILE.   check_debs ARCHIVES PINS FILE
check_debs() {
  local archives=$1 pins=$2 list=$3 deb name version want_version want_sha sha
  : > "$list"
  for deb in "$archives"/*.deb; do
    read -r name version < <(dpkg-deb -W --showformat='${Package} ${Version}\n' "$deb")
    sha=$(sha256sum "$deb" | cut -d' ' -f1)
    echo "$name $version $sha" >> "$list"
    read -r want_version want_sha < <(awk -v n="$name" '$1 == n { print $2, $3; found = 1 } END { if (!found) print "- -" }' <<< "$pins")
    if [ "$want_version" = "$version" ]; then
      [ "$sha" = "$want_sha" ] ||
        fail "checksum of $(basename "$deb") differs: wanted $want_sha, got $sha. Delete $deb and try again; if it stays, do not trust the mirror"
    elif [ "${UPSIDE_TOOLCHAIN_EXACT:-}" = 1 ]; then
      fail "the Debian mirror serves $name $version, toolchain/versions.env pins $want_version and UPSIDE_TOOLCHAIN_EXACT=1 asks for exactly that: unset it, or raise the pin"
    elif [ "$want_version" = - ]; then
      note "Debian now also needs $name $version, which is not pinned"
    else
      note "$name is $version now, pinned was $want_version; taken, its signature is Debian's"
    fi
  done
}

# Writes the same names that apt gave the files, so that leftovers of an earlier day are not mistaken for today's.
keep_only() { # ARCHIVES NAME...
  local archives=$1 deb
  shift
  for deb in "$archives"/*.deb; do
    [ -e "$deb" ] || continue
    case " $* " in *" $(basename "$deb") "*) ;; *) rm -f "$deb" ;; esac
  done
}

uri_names() { sed -n "s/^'[^']*' \([^ ]*\) .*/\1/p"; }

# The files that LLVM and all it needs come in, into LLVM_FILES.   find_llvm FOLDER
find_llvm() {
  LLVM_FILES=$(apt_ "$1" apt-get -y --print-uris install "libllvm$LLVM_MAJOR" 2>> "$1/log" | uri_names | tr '\n' ' ') || true
  [ -n "$LLVM_FILES" ] ||
    fail "Debian sid no longer has libllvm$LLVM_MAJOR: raise LLVM_MAJOR, LLVM_SONAME, SID_DEBS and the sbpf-linker that goes with them in toolchain/versions.env, or copy $T from a machine that has it"
}

# Fails unless the suite still has rustc in the version that the patches are for, and what it needs.   check_rustc FOLDER PACKAGE...
check_rustc() {
  local d=$1 package version
  shift
  for package in "$@"; do
    version=$(apt_ "$d" apt-cache policy "$package" | awk '/Candidate:/ { print $2 }')
    [ "$version" != "(none)" ] || version=
    case $package in *rust*-web*)
      case $version in "$RUSTC_VERSION"[+-]*) ;; *)
        fail "Debian's suite $RUSTC_SUITE no longer has $package $RUSTC_VERSION (it has: ${version:-none}): move RUSTC_VERSION and RUSTC_DEBS in toolchain/versions.env to the version it has and check patch_std.py against those sources, or copy $T from a machine that has it" ;;
      esac ;;
    esac
    [ -n "$version" ] || fail "Debian's suite $RUSTC_SUITE no longer has $package: set RUSTC_DEBS in toolchain/versions.env to what its rustc-web needs now"
  done
}

build_llvm() {
  local d=$TMP/apt-sid out=$TMP/llvm mirror deb
  mirror=${UPSIDE_DEBIAN_MIRROR:-$(mirror_of main)}
  [ -n "$mirror" ] || fail "no Debian mirror found in this machine's apt sources: name one with UPSIDE_DEBIAN_MIRROR"
  apt_update "$d" "$mirror sid"
  find_llvm "$d"
  # shellcheck disable=SC2086
  keep_only "$d/archives" $LLVM_FILES
  apt_ "$d" apt-get -y --download-only install "libllvm$LLVM_MAJOR" >> "$d/log" 2>&1 ||
    fail "the Debian mirror did not deliver libllvm$LLVM_MAJOR and what it needs (see $d/log): try again later"
  rm -rf "$out" "$out-unpacked"
  mkdir -p "$out/lib"
  check_debs "$d/archives" "$SID_DEBS" "$out/packages.txt"
  for deb in "$d/archives"/*.deb; do dpkg-deb -x "$deb" "$out-unpacked"; done
  cp -a "$out-unpacked"/usr/lib/x86_64-linux-gnu/*.so* "$out/lib/"
  [ -e "$out/lib/$LLVM_SONAME" ] ||
    fail "libllvm$LLVM_MAJOR of Debian sid holds $(cd "$out/lib" && echo libLLVM*) and not $LLVM_SONAME: check sbpf-linker with that LLVM, then set LLVM_SONAME and SID_DEBS in toolchain/versions.env"
  [ -e "$out/lib/ld-linux-x86-64.so.2" ] || fail "libc6 of Debian sid has no ld-linux-x86-64.so.2 beside its libraries any more: toolchain/build.sh must learn where it is"
  rm -rf "$LLVM"
  mv "$out" "$LLVM"
  rm -rf "$out-unpacked" "$d"
}

build_rust() {
  local d=$TMP/apt-rustc out=$TMP/rust main security packages deb
  main=${UPSIDE_DEBIAN_MIRROR:-$(mirror_of main)}
  security=${UPSIDE_DEBIAN_SECURITY_MIRROR:-$(mirror_of security)}
  [ -n "$main" ] && [ -n "$security" ] ||
    fail "rustc $RUSTC_VERSION comes from Debian's suite $RUSTC_SUITE and this machine's apt sources name no Debian security mirror: add that suite to them, or name the mirrors with UPSIDE_DEBIAN_MIRROR and UPSIDE_DEBIAN_SECURITY_MIRROR"
  apt_update "$d" "$main ${RUSTC_SUITE%-security}" "$security $RUSTC_SUITE"
  packages=$(awk 'NF { print $1 }' <<< "$RUSTC_DEBS")
  # shellcheck disable=SC2086
  check_rustc "$d" $packages
  # shellcheck disable=SC2046,SC2086
  keep_only "$d/archives" $(apt_ "$d" apt-get --print-uris download $packages | uri_names | tr '\n' ' ')
  # shellcheck disable=SC2086
  (cd "$d/archives" && apt_ "$d" apt-get download $packages >> "$d/log" 2>&1) ||
    fail "the Debian mirror did not deliver rustc-web $RUSTC_VERSION and what it needs (see $d/log): try again later"
  rm -rf "$out" "$out-unpacked"
  mkdir -p "$out"
  check_debs "$d/archives" "$RUSTC_DEBS" "$out/packages.txt"
  for deb in "$d/archives"/*.deb; do dpkg-deb -x "$deb" "$out-unpacked"; done
  mv "$out-unpacked"/usr/src/rustc-*/library "$out/library"
  rm -rf "$out-unpacked/usr/src" "$out-unpacked/usr/share" "$out-unpacked/usr/lib/rustlib/src"
  mv "$out-unpacked/usr" "$out/usr"
  # Debian 12 keeps a few libraries in /lib.
  cp -a "$out-unpacked"/lib/x86_64-linux-gnu/*.so* "$out/usr/lib/x86_64-linux-gnu/"
  [ -e "$out/usr/lib/x86_64-linux-gnu/$RUSTC_LLVM_SONAME" ] ||
    fail "the LLVM that rustc-web of $RUSTC_SUITE uses is not $RUSTC_LLVM_SONAME any more: set RUSTC_LLVM_SONAME and RUSTC_DEBS in toolchain/versions.env"
  LD_LIBRARY_PATH=$out/usr/lib/x86_64-linux-gnu "$out/usr/bin/rustc" --version > "$out/version.txt" 2>> "$d/log" ||
    fail "the unpacked rustc does not start: $(tail -n1 "$d/log")"
  rm -rf "$RUST"
  mv "$out" "$RUST"
  rm -rf "$out-unpacked" "$d"
}

# --- crates -------------------------------------------------------------------------------------------------------------

# Fails unless cargo recorded this checksum for a crate that it downloaded.   check_crate FOLDER NAME SHA256
check_crate() {
  local got
  got=$(sed -n 's/.*"package":"\([0-9a-f]*\)".*/\1/p' "$1/$2/.cargo-checksum.json")
  [ "$got" = "$3" ] ||
    fail "checksum of the crate $2 differs: wanted $3, got ${got:-none}. Do not use it; compare toolchain/versions.env with the registry's record of that version"
}

# Downloads both crates into $CRATES/vendor and checks that they are the pinned ones.
fetch_crates() {
  local d=$TMP/crates
  [ ! -d "$CRATES" ] || return 0
  rm -rf "$d"
  mkdir -p "$d/src"
  : > "$d/src/lib.rs"
  cat > "$d/Cargo.toml" <<TOML
[package]
name = "fetch"
version = "0.1.0"
edition = "2021"
[dependencies]
sbpf-linker = { version = "=$SBPF_LINKER_VERSION", default-features = false }
solana-compiler-builtins = "=$BUILTINS_VERSION"
[workspace]
exclude = ["vendor"]
TOML
  (cd "$d" && cargo vendor -q vendor > /dev/null 2> log) ||
    fail "crates.io did not deliver sbpf-linker $SBPF_LINKER_VERSION and solana-compiler-builtins $BUILTINS_VERSION (see $d/log): check the network, or whether they were yanked"
  check_crate "$d/vendor" sbpf-linker "$SBPF_LINKER_SHA256"
  check_crate "$d/vendor" solana-compiler-builtins "$BUILTINS_SHA256"
  mv "$d" "$CRATES"
}

build_linker() {
  local out=$TMP/linker target=$TMP/target-${LINKER##*/}
  fetch_crates
  rm -rf "$out"
  mkdir -p "$TMP/llvm-prefix/lib"
  ln -sfn "$LLVM/lib/$LLVM_SONAME" "$TMP/llvm-prefix/lib/libLLVM.so"
  # The library's own needs are newer than this machine's libc; they are met when it runs.
  (
    cd "$TMP"
    unset RUSTC RUSTDOC RUSTC_WRAPPER CARGO_ENCODED_RUSTFLAGS CARGO_BUILD_TARGET CARGO_BUILD_RUSTFLAGS
    LLVM_PREFIX=$TMP/llvm-prefix RUSTFLAGS="-Clink-arg=-Wl,--allow-shlib-undefined -Cstrip=symbols" \
      CARGO_PROFILE_RELEASE_OPT_LEVEL=1 CARGO_PROFILE_RELEASE_DEBUG=0 \
      cargo install -q --path "$CRATES/vendor/sbpf-linker" --locked --no-default-features --features "bpf-linker/llvm-$LLVM_MAJOR" \
      --target x86_64-unknown-linux-gnu --root "$out" --target-dir "$target" --no-track --force > "$TMP/linker.log" 2>&1
  ) || { tail -n 20 "$TMP/linker.log" >&2; fail "sbpf-linker $SBPF_LINKER_VERSION did not compile (see $TMP/linker.log)"; }
  "$LLVM/lib/ld-linux-x86-64.so.2" --library-path "$LLVM/lib" "$out/bin/sbpf-linker" --version > "$out/version.txt" 2> "$TMP/linker.log" ||
    fail "sbpf-linker does not start with LLVM $LLVM_MAJOR of Debian sid: $(tail -n1 "$TMP/linker.log")"
  rm -rf "$LINKER"
  mv "$out" "$LINKER"
  rm -rf "$target" "$TMP/llvm-prefix"
}

build_std() {
  local out=$TMP/std
  fetch_crates
  rm -rf "$out"
  mkdir -p "$out"
  python3 "$HERE/patch_std.py" "$RUST/library" "$out/library" "$CRATES/vendor/solana-compiler-builtins" ||
    fail "the library sources of rustc $RUSTC_VERSION are not the ones patch_std.py was written for: look at the message above and update the patch"
  rm -rf "$STD"
  mv "$out" "$STD"
}

build_sbf() {
  local out=$TMP/sbf
  rm -rf "$out"
  mkdir -p "$out/target"
  cp -r "$HERE/bin" "$out/bin"
  cp "$HERE/sbpf-solana-solana.json" "$out/target/"
  ln -s "../${LLVM##*/}" "$out/llvm"
  ln -s "../${RUST##*/}" "$out/rust"
  ln -s "../${LINKER##*/}" "$out/linker"
  ln -s "../${STD##*/}/library" "$out/library"
  rm -rf "$SBF"
  mv "$out" "$SBF"
}

# --- the run ------------------------------------------------------------------------------------------------------------

# Sourced by a test of the functions above: nothing is run.
[ "${BASH_SOURCE[0]}" = "$0" ] || return 0

if [ ! -d "$SBF" ]; then
  step 1 "checking this machine"
  check_machine
  # One run at a time; a run that comes second finds the work done. The lock goes when the last process of a run ends.
  exec 9> "$T/.lock"
  if ! flock -n 9; then
    note "another run is building this toolchain in $T, waiting for it"
    flock 9
  fi
  mkdir -p "$TMP"
  step 2 "LLVM $LLVM_MAJOR from Debian sid"
  [ -d "$LLVM" ] || build_llvm
  step 3 "rustc $RUSTC_VERSION from Debian's $RUSTC_SUITE"
  [ -d "$RUST" ] || build_rust
  step 4 "sbpf-linker $SBPF_LINKER_VERSION"
  [ -d "$LINKER" ] || build_linker
  step 5 "the standard library for Solana"
  [ -d "$STD" ] || build_std
  [ -d "$SBF" ] || build_sbf
  rm -rf "$TMP"
fi
echo "ready: $SBF"
