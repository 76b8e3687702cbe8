"""Fixtures that all tests share."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from pathlib import Path

import numpy as np
import pytest
from available import BACKENDS, LEFT_OUT, OF_USERS, left_out_files
from data_folder import data_folder

collect_ignore = left_out_files()


def pytest_configure() -> None:
    """Take Ctrl-C as usual, and get teams as large as asked for, in tests and in the processes that they start.

    A background job of a shell starts with the signal ignored. Teams larger than the machine, and in a crowd, are what
    tests of bits need; those of the limits take the variable away again. Users' functions are kept in a new folder.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ["FASTNN_KEEP_TEAMS"] = "1"
    os.environ["FASTNN_CACHE_DIR"] = tempfile.mkdtemp(prefix="fastnn-tests-")


def pytest_unconfigure() -> None:
    """Remove the folder of users' functions."""
    shutil.rmtree(os.environ.pop("FASTNN_CACHE_DIR"), ignore_errors=True)


def pytest_report_header() -> list[str]:
    """Which tests are not collected, and why."""
    return [f"no tests of {mark}: {reason}" for mark, reason in LEFT_OUT.items()]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the tests of what is not there, and let pytest count them as such."""
    left_out = [item for item in items if any(item.get_closest_marker(mark) for mark in LEFT_OUT)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> str:
    """Every backend in turn that is available."""
    name: str = request.param
    return name


@pytest.fixture(params=OF_USERS)
def users_backend(request: pytest.FixtureRequest) -> str:
    """Every backend in turn that can run users' own functions here."""
    name: str = request.param
    return name


@pytest.fixture(params=[np.float32, np.float64], ids=["float32", "float64"])
def dtype(request: pytest.FixtureRequest) -> type[np.floating]:
    """Both dtypes in turn."""
    kind: type[np.floating] = request.param
    return kind


@pytest.fixture
def rng(request: pytest.FixtureRequest) -> np.random.Generator:
    """Random numbers that a test's name fixes."""
    return np.random.default_rng(list(request.node.name.encode()))


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of the real data, or of the stand-ins for them."""
    return data_folder()
