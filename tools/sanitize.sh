#!/usr/bin/env bash
# Runs the kernel and thread tests under AddressSanitizer and UndefinedBehaviorSanitizer, in an environment of its own.
# Arguments are pytest's. The build takes minutes, though with less optimization: every kernel is instrumented.
set -euo pipefail

cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet "pip>=25.1"
git ls-files -z --cached --others --exclude-standard | xargs -0 cp --parents -t "$work/venv"
cd "$work/venv"
FASTNN_SANITIZE=address,undefined FASTNN_EXTRA_CFLAGS=-O1 bin/python -m pip install --quiet . --group test

# The sanitizer must come before everything else; Python itself leaks on purpose and has its own allocator.
export LD_PRELOAD="$(g++ -print-file-name=libasan.so):$(g++ -print-file-name=libstdc++.so)"
export ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
export PYTHONMALLOC=malloc PYTHONSAFEPATH=1
for level in $(bin/python -c 'import fastnn._core as core; print(*core.simd_available())'); do
  echo "=== $level"
  FASTNN_SIMD=$level bin/python -m pytest -q -p no:cacheprovider tests/kernels tests/runtime -k "not jit" "$@"
done
