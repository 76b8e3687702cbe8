#!/usr/bin/env bash
# Lint of Python, Cython and C++, and spelling, with the group "lint" of pyproject.toml on the path.
set -euo pipefail

cd "$(dirname "$0")/.."
ruff check .
ruff format --check .
find src_ext fastnn \( -name '*.pyx' -o -name '*.pxd' -o -name '*.pxi' \) -exec cython-lint {} +
find src_ext tools \( -name '*.cpp' -o -name '*.hpp' \) -exec clang-format --dry-run --Werror {} +
codespell
