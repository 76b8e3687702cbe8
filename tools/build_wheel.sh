#!/usr/bin/env bash
# Builds, repairs and tries a wheel on this machine:
#
#     tools/build_wheel.sh [DIR]        leaves the sdist and the repaired wheel in DIR (default: dist)
#
# The wheel is built from the sdist, so a file that the sdist lacks cannot go unnoticed. A repaired wheel must bundle no
# library and carry no run path: it stands on what every Linux has. PYTHON chooses the interpreter (default: python3).
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
mkdir -p "${1:-$root/dist}"
out=$(cd "${1:-$root/dist}" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() { echo "build_wheel: $*" >&2; exit 1; }

make_venv() {
  "${PYTHON:-python3}" -m venv "$1"
  "$1/bin/python" -m pip install --quiet "pip>=25.1"
}

echo "--- build"
make_venv "$work/tools"
PATH="$work/tools/bin:$PATH"
python -m pip install --quiet --group "$root/pyproject.toml:wheel"
python -m build --outdir "$work/dist" "$root" > "$work/build.log" 2>&1 || { cat "$work/build.log"; fail "the build failed"; }

echo "--- repair"
python -m auditwheel show "$work"/dist/*.whl
python -m auditwheel repair --wheel-dir "$work/repaired" "$work"/dist/*.whl
wheel=$(echo "$work"/repaired/*.whl)

echo "--- inspect $(basename "$wheel")"
python -m zipfile --extract "$wheel" "$work/content"
if libraries=$(ls -d "$work"/content/*.libs/* 2> /dev/null); then fail "the wheel bundles $libraries"; fi
modules=$(find "$work/content" -name '*.so*')
[ -n "$modules" ] || fail "the wheel contains no compiled module"
for module in $modules; do
  dynamic=$(readelf --dynamic --wide "$module")
  if grep -E 'RPATH|RUNPATH' <<< "$dynamic"; then fail "$module carries a run path"; fi
  needed=$(sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' <<< "$dynamic")
  system='^(libc|libm|libpthread|libstdc\+\+|libgcc_s|ld-linux-[a-z0-9-]+)\.so\.[0-9]+$'
  if others=$(grep -Ev "$system" <<< "$needed"); then fail "$module needs $others"; fi
  if readelf --sections --wide "$module" | grep -E '\.(symtab|debug_info)'; then fail "$module is not stripped"; fi
  echo "$(basename "$module"): $(stat --format %s "$module") bytes, needs" $needed
done
for file in py.typed _core.pyi _core.pxd; do
  [ -e "$work/content/fastnn/$file" ] || fail "the wheel lacks fastnn/$file"
done

echo "--- try"
make_venv "$work/user"
"$work/user/bin/python" -m pip install --quiet "$wheel"
(cd "$work" && "$work/user/bin/python" - << 'PYTHON'
import numpy as np

import fastnn
from fastnn import kernels

fastnn.show_config()
rng = np.random.default_rng(0)
x, w, b = rng.normal(size=(33, 17)), rng.normal(size=(17, 9)), rng.normal(size=9)
difference = np.abs(kernels.dense_forward(x, w, b, "relu") - np.maximum(x @ w + b, 0)).max()
assert difference < 1e-13, difference
PYTHON
)

cp "$work"/dist/*.tar.gz "$wheel" "$out"
echo "--- in $out"
ls "$out"
