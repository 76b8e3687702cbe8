#!/usr/bin/env bash
# Runs the kernel and thread tests and all fuzzing under AddressSanitizer and UndefinedBehaviorSanitizer, once for every
# instruction set of the machine, in an environment of its own. Arguments are pytest's; FASTNN_FUZZ=long fuzzes for longer.
# Every kernel is instrumented: on two free cores the build takes about 15 minutes, though with less optimization, and a
# level of tests 15 more. A level ends after LIMIT seconds (default 3600) at the latest, as a failure.
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
  # Fuzzing first: it is the quicker one to find something. Loops of Numba are not instrumented.
  for tests in tests/fuzz "tests/kernels tests/runtime"; do
    FASTNN_SIMD=$level timeout "${LIMIT:-3600}" bin/python -m pytest -q -p no:cacheprovider $tests -k "not jit" "$@"
  done
done
