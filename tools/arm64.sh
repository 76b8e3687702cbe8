#!/usr/bin/env bash
# Builds the wheel for 64-bit ARM with a cross compiler, and tests it under an emulator:
#
#     tools/arm64.sh [arguments of pytest]     default: a fit of each estimator, and quick files of tests/kernels
#
# Everything it fetches stays in build/arm64 and is used again, and so is the wheel, until a source changes. Needs Debian
# 12 (its Python is 3.11, whose packages for arm64 come from the same mirror), a Python 3.11 with venv as PYTHON, and
#
#     apt-get install g++-aarch64-linux-gnu qemu-user-static
#
# An emulated kernel takes about 20 times as long, importing scikit-learn a minute: what is run is chosen by name.
set -euo pipefail

cd "$(dirname "$0")/.."
PYTHON=${PYTHON:-python3.11}
here=$PWD/build/arm64 root=$PWD/build/arm64/root site=$PWD/build/arm64/site
host=$here/venv/bin/python
# The files that tell most in the least time; fit_epoch, the fuzzing and Numba's loops take hours.
QUICK=(tests/kernels/test_{ulp,special_values,dense,loss,activation,optimizer,network,network_predict}.py
  tests/kernels/test_{workspace,neuron_epoch,all_finite,clip,permutation}.py -k "not jit")
# What Python and the wheels of NumPy and SciPy load, by Debian's names.
PACKAGES=(libc6 libstdc++6 libgcc-s1 libgomp1 libssl3 zlib1g libffi8 libexpat1 libbz2-1.0 liblzma5 libsqlite3-0 libuuid1
  libreadline8 libtinfo6 libncursesw6 libdb5.3 libcrypt1 libnsl2 libtirpc3 media-types
  python3.11-minimal libpython3.11-minimal libpython3.11-stdlib libpython3.11-dev)

fail() { echo "arm64: $*" >&2; exit 1; }

check() {
  for program in aarch64-linux-gnu-g++ qemu-aarch64-static dpkg apt-get; do
    command -v "$program" > /dev/null || fail "no $program: apt-get install g++-aarch64-linux-gnu qemu-user-static"
  done
  (. /etc/os-release && [ "${VERSION_CODENAME:-}" = bookworm ]) || fail "this is not Debian 12, whose packages are taken"
  "$PYTHON" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || fail "PYTHON=$PYTHON is not Python 3.11"
}

make_root() { # Debian's Python for arm64, unpacked; nothing is installed
  if [ -e "$root.done" ]; then return; fi
  mkdir -p "$root" "$here/lists/partial" "$here/packages"
  local apt=(-q -oAPT::Architecture=arm64 -oAPT::Architectures=arm64 -oDir::State::Lists="$here/lists"
    -oDir::Cache::pkgcache= -oDir::Cache::srcpkgcache= -oAPT::Sandbox::User=root)
  apt-get "${apt[@]}" update > "$here/apt.log" 2>&1 || fail "apt-get update failed, see $here/apt.log"
  (cd "$here/packages" && apt-get "${apt[@]}" download "${PACKAGES[@]}" >> "$here/apt.log" 2>&1) ||
    fail "a package is missing, see $here/apt.log"
  for package in "$here"/packages/*.deb; do dpkg -x "$package" "$root"; done
  touch "$root.done"
}

make_host() { # what builds, and pip
  [ -e "$host" ] || "$PYTHON" -m venv "$here/venv"
  "$host" -m pip install --quiet "pip>=25.1" "setuptools>=77" "Cython>=3.1.6" "numpy>=2"
}

build() { # Python's own description of how it was built, with paths into the root folder, makes setuptools cross-compile
  mkdir -p "$here/config"
  sed "s|/usr/include|$root/usr/include|g; s|/usr/lib|$root/usr/lib|g" \
    "$root"/usr/lib/python3.11/_sysconfigdata__aarch64-linux-gnu.py > "$here/config/_sysconfigdata__aarch64-linux-gnu.py"
  wheel=$(_PYTHON_SYSCONFIGDATA_NAME=_sysconfigdata__aarch64-linux-gnu _PYTHON_HOST_PLATFORM=linux-aarch64 \
    PYTHONPATH="$here/config" CXX=aarch64-linux-gnu-g++ FASTNN_EXTRA_CFLAGS="-isystem $root/usr/include" FASTNN_WERROR=1 \
    "$host" tools/wheel_once.py --quiet --no-build-isolation)
  [[ "$wheel" == *-linux_aarch64.whl ]] || fail "this is no wheel for ARM: $wheel"
}

make_site() { # the wheel and what it and the tests need, for arm64
  local platform target=(--target "$site" --upgrade --only-binary :all: --python-version 3.11 --implementation cp)
  for platform in manylinux_2_28 manylinux_2_27 manylinux2014 manylinux_2_17 linux; do
    target+=(--platform "${platform}_aarch64")
  done
  target+=(--abi cp311 --abi abi3 --abi none)
  "$host" -m pip install --quiet "${target[@]}" --group test-wheel "$wheel"
  printf '%s\n' '#!/bin/sh' "exec qemu-aarch64-static -L '$root' '$root/usr/bin/python3.11' \"\$@\"" > "$here/python"
  chmod +x "$here/python"
  # Tests start Python again: the kernel cannot run that of the root folder without its emulator.
  echo "import sys; sys.executable = '$here/python'" > "$site/sitecustomize.py"
}

check
make_root
make_host
build
make_site
export PYTHONPATH=$site PYTHONSAFEPATH=1 PYTHONDONTWRITEBYTECODE=1
python=$here/python
if [ $# -gt 0 ]; then exec "$python" -m pytest -p no:cacheprovider "$@"; fi
"$python" -c 'import fastnn; fastnn.show_config()'
echo "--- a fit of each estimator"
"$python" -m pytest -q -p no:cacheprovider tests/models/common/test_fits.py
echo "--- kernel tests"
exec "$python" -m pytest -q -p no:cacheprovider "${QUICK[@]}"
