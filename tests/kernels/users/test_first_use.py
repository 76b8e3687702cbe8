"""A user's function, used first in a new process: on disk it is found, and otherwise one process compiles it."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from patience import wait_until
from users_process import compilations, finish, start

from fastnn.kernels.users.notice import told_if_slow

pytestmark = pytest.mark.jit


def test_a_new_process_finds_what_another_has_compiled(tmp_path: Path) -> None:
    for _ in range(2):
        printed, errors = finish(start("use(); print('numba' in sys.modules, 'llvmlite' in sys.modules)", tmp_path))
        assert (printed, errors) == ("False True\n", "")
    assert len(compilations(tmp_path)) == 1


def test_of_eight_new_processes_one_compiles(tmp_path: Path) -> None:
    program = """
print("ready", flush=True)
while not os.path.exists(os.environ["COMPILATIONS"] + " may begin"):
    time.sleep(0.01)
use()
"""
    processes = [start(program, tmp_path, SLOWLY="0.5") for _ in range(8)]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    (tmp_path / "compilations may begin").touch()
    for process in processes:
        finish(process)
    assert len(compilations(tmp_path)) == 1


def test_a_process_that_is_killed_while_it_compiles_stops_no_other(tmp_path: Path) -> None:
    killed = start("use()", tmp_path, SLOWLY="1000")
    assert wait_until(lambda: len(compilations(tmp_path)) == 1)
    waiting = start("print('ready', flush=True); use()", tmp_path)
    assert waiting.stdout is not None
    assert waiting.stdout.readline() == "ready\n"
    assert waiting.poll() is None
    assert len(compilations(tmp_path)) == 1
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    finish(waiting)
    assert len(compilations(tmp_path)) == 2
    finish(start("use()", tmp_path))
    assert len(compilations(tmp_path)) == 2


def test_where_no_thread_can_be_started_there_is_no_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def start(timer: threading.Timer) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.delenv("FASTNN_QUIET", raising=False)
    monkeypatch.setattr(threading.Timer, "start", start)
    with told_if_slow("activation 'snake'", is_kept=True):
        pass


DAMAGES = {
    "cut off": lambda code: code[:-1],
    "empty": lambda code: b"",
    "another byte": lambda code: code[:-9] + bytes([code[-9] ^ 1]) + code[-8:],
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_file_is_compiled_anew(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    finish(start("use()", tmp_path))
    (file,) = (tmp_path / "cache").glob("*.code")
    whole = file.read_bytes()
    file.write_bytes(damage(whole))
    finish(start("use()", tmp_path))
    assert file.read_bytes() == whole
    assert len(compilations(tmp_path)) == 2


def test_what_a_function_reads_decides(tmp_path: Path) -> None:
    for k in ("1.5", "2", "1.5", "2"):
        finish(start("use()", tmp_path, K=k))
    assert len(compilations(tmp_path)) == 2


@pytest.mark.parametrize(
    "variables",
    [{"FASTNN_CACHE_DIR": "/dev/null/no/folder"}, {"FASTNN_CACHE_DIR": "", "HOME": "/dev/null", "XDG_CACHE_HOME": ""}],
    ids=["named", "of the user"],
)
def test_without_a_folder_it_is_compiled_in_memory(tmp_path: Path, variables: dict[str, str]) -> None:
    for _ in range(2):
        finish(start("use(); use()", tmp_path, **variables))
    assert len(compilations(tmp_path)) == 2


def test_a_full_disk_is_no_fault(tmp_path: Path) -> None:
    full = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000)); use(); use()"
    finish(start("import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); " + full, tmp_path))
    assert [each.name for each in (tmp_path / "cache").iterdir()] == ["lock"]
    finish(start("use()", tmp_path))
    assert len(compilations(tmp_path)) == 2


def test_threads_compile_once_and_a_fork_meanwhile_is_well(tmp_path: Path) -> None:
    program = """
import threading, warnings
warnings.simplefilter("ignore")  # Python warns of a fork beside threads
threads = [threading.Thread(target=use) for _ in range(8)]
for thread in threads: thread.start()
time.sleep(0.1)
child = os.fork()
use()
if child == 0:
    os._exit(0)
for thread in threads: thread.join()
assert os.waitpid(child, 0)[1] == 0
"""
    finish(start(program, tmp_path, SLOWLY="0.4"))
    assert len({line.split()[0] for line in compilations(tmp_path)}) == len(compilations(tmp_path)) <= 2
    assert len(list((tmp_path / "cache").glob("*.code"))) == 1


def test_it_is_told_what_takes_long(tmp_path: Path) -> None:
    told = "fastnn compiles activation 'snake' for float64: this happens once on this machine"
    _, errors = finish(start("use()", tmp_path, SLOWLY="1.5"))
    assert errors.startswith(told) and errors.count("\n") == 1
    assert finish(start("use()", tmp_path, SLOWLY="1.5"))[1] == ""  # it is on disk
    assert finish(start("use()", tmp_path, SLOWLY="1.5", K="2", FASTNN_QUIET="1"))[1] == ""
    for closed in ("sys.stderr.close()", "sys.stderr = None", "os.close(2)"):
        finish(start(f"{closed}; use()", tmp_path, SLOWLY="1.5", K=str(len(closed))))


def test_a_folder_of_others_is_not_used(tmp_path: Path) -> None:
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache").chmod(0o777)
    warned = "import warnings; warnings.simplefilter('default'); use(); use(); "
    _, errors = finish(start(warned + "use(Activation('s', value=snake.value, slope=snake.slope))", tmp_path))
    assert errors.count("RuntimeWarning") == 1
    assert "can be written by others, so no compiled code is read from it or kept there" in errors
    assert list((tmp_path / "cache").iterdir()) == []
