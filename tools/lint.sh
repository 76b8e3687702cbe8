#!/usr/bin/env bash
# Lint of Python and Cython, and spelling, with the group "lint" of pyproject.toml on the path.
set -euo pipefail

cd "$(dirname "$0")/.."
ruff check .
ruff format --check .
find src_ext fastnn \( -name '*.pyx' -o -name '*.pxd' -o -name '*.pxi' \) -exec cython-lint {} +
codespell
