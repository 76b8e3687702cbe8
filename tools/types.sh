#!/usr/bin/env bash
# Types: mypy on the checkout, and the stub of the compiled module against the installed one. Needs an environment in which
# fastnn and the group "types" of pyproject.toml are installed; PYTHON is its interpreter (default: python).
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
python=$(command -v "${PYTHON:-python}")
away=$(mktemp -d)
trap 'rm -rf "$away"' EXIT

cd "$root"
"$python" -m mypy
cd "$away" # where the checkout does not stand before what is installed
"$python" -m mypy.stubtest fastnn._core --allowlist "$root/tools/stubtest_allowlist.txt"
