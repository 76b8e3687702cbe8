#!/usr/bin/env bash
# Runs all fuzzing and the tests of kernels and threads under AddressSanitizer and UndefinedBehaviorSanitizer, once for
# every instruction set of the machine:
#
#     tools/sanitize.sh [arguments of pytest]
#
# KINDS chooses other sanitizers (default: address,undefined), LEVELS instruction sets (default: all), TESTS folders
# (default: tests/fuzz, then tests/kernels, tests/runtime and tests/serving); FASTNN_FUZZ=long fuzzes for longer. Every
# kernel is instrumented: on two free cores the build takes about 15 minutes, though with less optimization, and a level
# of tests 15 more. A level's part ends after LIMIT seconds (default 3600) at the latest, as a failure.
#
# The environment and the wheel stay in build/ and are used again, the wheel until a source changes.
set -euo pipefail

cd "$(dirname "$0")/.."
environment=$PWD/build/sanitize
python=$environment/bin/python

[ -e "$python" ] || "${PYTHON:-python3}" -m venv "$environment"
"$python" -m pip install --quiet "pip>=25.1"
wheel=$(FASTNN_SANITIZE=${KINDS:-address,undefined} FASTNN_EXTRA_CFLAGS=${FASTNN_EXTRA_CFLAGS:--O1} "$python" tools/wheel_once.py --quiet)
"$python" -m pip install --quiet "$wheel" --group test
"$python" -m pip install --quiet --no-deps --force-reinstall "$wheel" # one of the same version, built before, would stay

# The sanitizer must come before everything else; Python itself leaks on purpose and has its own allocator. Tests run on
# what is installed, not on the checkout.
LD_PRELOAD="$(g++ -print-file-name=libasan.so):$(g++ -print-file-name=libstdc++.so)"
if [[ "${KINDS:-address}" == *thread* ]]; then LD_PRELOAD=$(g++ -print-file-name=libtsan.so); fi
export LD_PRELOAD
export ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
export PYTHONMALLOC=malloc PYTHONSAFEPATH=1
unset PYTHONPATH
for level in ${LEVELS:-$("$python" -c 'import fastnn._core as core; print(*core.simd_available())')}; do
  # Fuzzing first: it is the quicker one to find something. Loops of Numba are not instrumented.
  if [ -n "${TESTS:-}" ]; then parts=("$TESTS"); else parts=(tests/fuzz "tests/kernels tests/runtime tests/serving"); fi
  for tests in "${parts[@]}"; do
    echo "=== $level: $tests"
    FASTNN_SIMD=$level timeout "${LIMIT:-3600}" "$python" -m pytest -q -p no:cacheprovider $tests -k "not jit" "$@"
  done
done
