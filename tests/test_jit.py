"""Kernels on disk: found by what they were made from, and never in the way."""

from __future__ import annotations

import compileall
import copy
import json
import logging
import os
import resource
import runpy
import shutil
import subprocess
import sys
import types
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pytest
from numba.core.runtime import _nrt_python, rtsys

from dedupe_news._kernels import _counting, _jit, _preparing, _store, _types

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "src" / "dedupe_news"
RECORDER = ROOT / "tools" / "record_kernels.py"
SHIPPER = ROOT / "tools" / "ship_kernels.py"

# A kernel of one caller and one callee, that takes a second to compile.
USES_A_KERNEL = """
import numpy as np
from dedupe_news._kernels.text.characters import decode
print(decode(np.frombuffer(b"\\xc3\\xa9", np.uint8).copy(), 0, 2) >> 3)
"""
E_ACUTE = 0xE9


def run(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a program in a process of its own, with the package of this checkout."""
    defaults = {**os.environ, "NUMBA_DISABLE_JIT": "0", "PYTHONPATH": str(PACKAGE.parent)}
    return subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", code],
        env={**defaults, "PYTHONDONTWRITEBYTECODE": "1", **environment},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def decoded(**environment: str) -> int:
    """Return what the kernel makes of an é."""
    done = run(USES_A_KERNEL, **environment)
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


def copied(folder: Path) -> Path:
    """Return the copy of the package in a folder, without its caches."""
    target = folder / "dedupe_news"
    shutil.copytree(PACKAGE, target, ignore=shutil.ignore_patterns("__pycache__"))
    return target


def files(folder: Path) -> list[Path]:
    """Return the files of machine code in a folder."""
    return sorted(folder.rglob("*.nbc"))


STEPS_OUT = """
import numpy as np
from dedupe_news._kernels._jit import kernel
@kernel
def part(values, place):
    return values[place]
@kernel
def outer(values, place):
    return part(values, place)
outer(np.zeros(3, np.uint8), 2)
outer(np.zeros(3, np.uint8), 3)
"""


def test_bounds_are_checked_where_that_is_asked_for(tmp_path: Path) -> None:
    """Also in what a kernel calls: a run with checked bounds that ends well says something."""
    stopped = run(STEPS_OUT, NUMBA_BOUNDSCHECK="1", NUMBA_CACHE_DIR=str(tmp_path))

    assert stopped.stderr.splitlines()[-1] == "IndexError: index is out of bounds"
    assert "line 11" in stopped.stderr


# What a version is: digests of code.


def function(source: str, **names: Any) -> types.FunctionType:
    """Return the function f of a source, with what it reads."""
    namespace = dict(names)
    exec(compile(source, "kernels.py", "exec"), namespace)  # noqa: S102 - our own source
    made: types.FunctionType = namespace["f"]
    return made


def digest(source: str, **names: Any) -> bytes:
    """Return the digest of a function; functions among the names are kernels."""
    kernels = [value for value in names.values() if isinstance(value, types.FunctionType)]
    return _store.digest_of(
        function(source, **names),
        lambda value: value if value in kernels else None,
    )


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"N": 1}, {"N": 2}),
        ({"N": 1}, {"N": 1.0}),
        ({"N": np.uint8(1)}, {"N": np.uint64(1)}),
        ({"N": np.zeros(2)}, {"N": np.ones(2)}),
        ({"N": (1, (2, 3))}, {"N": (1, (2, 4))}),
        ({"N": function("def f(x):\n    return x")}, {"N": function("def f(x):\n    return -x")}),
    ],
    ids=["a number", "its type", "its width", "an array", "a tuple", "a callee"],
)
def test_digest_changes_with_what_a_function_reads(
    first: dict[str, Any], second: dict[str, Any]
) -> None:
    """A constant or a kernel of another module is as much a part of it as its own lines."""
    source = "def f(x):\n    return N(x)"

    assert digest(source, **first) != digest(source, **second)


def test_digest_changes_with_the_code() -> None:
    """Of the function, and of what a callee of its callee does."""
    inner, other = function("def f(x):\n    return x + 1"), function("def f(x):\n    return x + 2")
    middle = [function("def f(x):\n    return g(x)", g=each) for each in (inner, other)]

    assert digest("def f(x):\n    return x") != digest("def f(x):\n    return x * 2")
    versions = [
        _store.digest_of(
            function("def f(x):\n    return h(x)", h=each),
            lambda value: value if isinstance(value, types.FunctionType) else None,
        )
        for each in middle
    ]
    assert versions[0] != versions[1]


def test_digest_does_not_change_with_words() -> None:
    """Docstrings, comments and line numbers make no machine code."""
    plain = "def f(x):\n    return x + 1"
    worded = '# Why.\n\ndef f(x):\n    """Return it."""\n    return x + 1  # one more'

    assert digest(plain) == digest(worded)


def test_digest_of_a_function_that_calls_itself_ends() -> None:
    """Digest of a function that calls itself ends; it is a part of itself."""
    made = function("def f(x):\n    return f(x - 1) if x else 0")

    assert _store.digest_of(made, lambda value: made if value is made else None)


def test_whatever_kernels_read_has_a_digest_that_stays() -> None:
    """The text of an object may hold its address, which would compile it in every process."""
    code = (
        "from dedupe_news._kernels import _jit, _preparing, _types\n"
        "names = {n for rows in _preparing.manifest().values() for n, _ in rows}\n"
        "print(sorted(_types.named(n).cache.versions for n in names))"
    )

    first, second = run(code, PYTHONHASHSEED="1"), run(code, PYTHONHASHSEED="2")

    assert first.stdout.startswith("[['")
    assert first.stdout == second.stdout


# Where files are.


def test_store_returns_what_was_written(tmp_path: Path) -> None:
    """From the first folder that has it; an absent one is no error."""
    store = _store.CodeStore([tmp_path / "none", tmp_path / "other"])

    assert store.read("f-1-2") is None
    store.write("f-1-2", b"code")

    assert store.read("f-1-2") == b"code"
    assert store.names() == {"f-1-2"}
    assert files(tmp_path) == [tmp_path / "none" / "f-1-2.nbc"]
    assert _store.CodeStore([tmp_path / "x", tmp_path / "none"]).read("f-1-2") == b"code"


@pytest.mark.parametrize("content", [b"", b"short", b"x" * 100])
def test_damaged_files_count_as_absent(tmp_path: Path, content: bytes) -> None:
    """After a power cut, or where a worker was killed; they are written anew."""
    store = _store.CodeStore([tmp_path])
    store.write("f-1-2", b"code")
    files(tmp_path)[0].write_bytes(content)

    assert store.read("f-1-2") is None
    store.write("f-1-2", b"code")
    assert store.read("f-1-2") == b"code"


def test_store_that_cannot_be_written_says_so_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A file stands where the folder would be; everything goes on."""
    (tmp_path / "file").touch()
    store = _store.CodeStore([tmp_path / "file", tmp_path / "file" / "deeper"])

    with pytest.warns(RuntimeWarning, match="cannot keep its compiled kernels") as warned:
        store.write("f-1-2", b"code")
    store.write("f-1-2", b"code")
    with store.locked("f"):
        pass

    assert len(warned) == 1
    assert store.writable_folder() is None
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "NUMBA_CACHE_DIR" in caplog.text
    assert "dedupe-news warmup" in caplog.text


def test_outdated_versions_are_removed_after_a_month(tmp_path: Path) -> None:
    """Those that nobody has read since; others' stay."""
    store = _store.CodeStore([tmp_path])
    for name in ("f-old-1", "f-used-1", "g-old-1"):
        store.write(name, b"code")
    for path in files(tmp_path):
        if "old" in path.name:
            os.utime(path, (0, 0))

    store.write("f-new-1", b"code")

    assert store.names() == {"f-used-1", "g-old-1", "f-new-1"}


@pytest.mark.parametrize(
    ("platform", "user"),
    [
        ("linux", Path("caches")),
        ("win32", Path("local")),
        ("darwin", Path("home", "Library", "Caches")),
    ],
)
def test_folders_in_order_of_preference(
    monkeypatch: pytest.MonkeyPatch, platform: str, user: Path
) -> None:
    """Folders are tried in order of preference."""
    monkeypatch.setattr(sys, "platform", platform)
    for name, value in (("XDG_CACHE_HOME", "caches"), ("LOCALAPPDATA", "local"), ("HOME", "home")):
        monkeypatch.setenv(name, value)
    beside = Path("package", "__pycache__", "kernels")

    assert _store.folders("given", "package") == [Path("given", "dedupe_news")]
    assert _store.folders("", "package") == [beside, user / "dedupe_news"]
    assert _store.folders("", None) == [user / "dedupe_news"]


def test_empty_name_of_the_folder_for_caches_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """As the specification has it; a relative path would be one in the working directory."""
    monkeypatch.setenv("XDG_CACHE_HOME", "")
    monkeypatch.setenv("HOME", "home")
    monkeypatch.setattr(sys, "platform", "linux")

    assert _store.folders("", None) == [Path("home", ".cache", "dedupe_news")]


def test_user_without_a_home_has_no_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor does it stand in the way."""

    def fail(_path: Path) -> Path:
        raise RuntimeError

    monkeypatch.setenv("XDG_CACHE_HOME", "")
    monkeypatch.setattr(Path, "expanduser", fail)

    assert _store.folders("", None) == []


# Kernels in processes of their own.


@pytest.mark.usefixtures("compiled")
def test_kernel_is_compiled_once_and_then_loaded(tmp_path: Path) -> None:
    """Kernel is compiled once and then loaded, by the next process."""
    code = USES_A_KERNEL + "from dedupe_news._kernels import _jit\nprint(_jit.n_compilations())"

    outputs = [run(code, NUMBA_CACHE_DIR=str(tmp_path)).stdout.split() for _ in range(2)]

    assert [int(each[0]) for each in outputs] == [E_ACUTE] * 2
    assert int(outputs[0][1]) > 0
    assert int(outputs[1][1]) == 0


@pytest.mark.usefixtures("compiled")
def test_truncated_machine_code_is_made_anew(tmp_path: Path) -> None:
    """All of it was cut to nothing."""
    decoded(NUMBA_CACHE_DIR=str(tmp_path))
    for path in files(tmp_path):
        os.truncate(path, 0)

    assert decoded(NUMBA_CACHE_DIR=str(tmp_path)) == E_ACUTE
    assert all(path.stat().st_size > 0 for path in files(tmp_path))


@pytest.mark.usefixtures("compiled")
def test_another_version_of_a_callee_is_compiled_whatever_its_age(tmp_path: Path) -> None:
    """Installers keep the times of files: a rollback is older than what it replaces."""
    package = copied(tmp_path)
    cache = str(tmp_path / "cache")
    registers = package / "_kernels" / "text" / "registers.py"
    old = registers.read_text(encoding="utf-8")
    os.utime(registers, (1_700_000_000, 1_700_000_000))
    characters = package / "_kernels" / "text" / "characters.py"
    before = decoded(PYTHONPATH=str(tmp_path), NUMBA_CACHE_DIR=cache)

    # A function that decode calls reads another bit; then it is as it was.
    source = characters.read_text(encoding="utf-8")
    changed = source.replace(
        "return int64(text[np.uintp(at)])", "return int64(text[np.uintp(at)]) ^ 1"
    )
    assert changed != source
    for content in (changed, source):
        characters.write_text(content, encoding="utf-8")
        os.utime(characters, (1_700_000_000, 1_700_000_000))
        after = decoded(PYTHONPATH=str(tmp_path), NUMBA_CACHE_DIR=cache)
        assert (after == before) == (content == source)
    assert registers.read_text(encoding="utf-8") == old


INTERRUPTED = """
import sys
import numpy as np
from dedupe_news._kernels.text.characters import decode

def interrupt(frame, event, _):
    if frame.f_code.co_name == "stream_list":
        raise KeyboardInterrupt

sys.settrace(interrupt)
try:
    decode(np.frombuffer(b"a", np.uint8).copy(), 0, 1)
except KeyboardInterrupt:
    pass
sys.settrace(None)
"""


@pytest.mark.usefixtures("compiled")
def test_who_interrupts_the_compiler_can_go_on(tmp_path: Path) -> None:
    """Wherever Ctrl-C meets numba: what it knows of itself would be lost for the whole process."""
    done = run(INTERRUPTED + USES_A_KERNEL, NUMBA_CACHE_DIR=str(tmp_path))

    assert done.returncode == 0, done.stderr
    assert int(done.stdout) == E_ACUTE


@pytest.mark.usefixtures("compiled")
def test_full_disk_costs_the_cache_alone(tmp_path: Path) -> None:
    """No file may be longer than a kilobyte: the kernel works, and one line says what is amiss."""
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
    assert resource.RLIMIT_FSIZE  # of this system too

    done = run(limit + USES_A_KERNEL, NUMBA_CACHE_DIR=str(tmp_path))

    assert int(done.stdout) == E_ACUTE, done.stderr
    assert done.stderr.count("cannot keep its compiled kernels") == 1
    assert files(tmp_path) == []


@pytest.mark.usefixtures("compiled")
@pytest.mark.parametrize("kind", ["zip", "bytecode", "read-only"])
def test_kernels_work_wherever_the_package_is(tmp_path: Path, kind: str) -> None:
    """In a zip, as bytecode without sources, where nothing can be written and nobody has a home."""
    environment = {"HOME": "/nonexistent", "XDG_CACHE_HOME": "", "NUMBA_CACHE_DIR": ""}
    if kind == "zip":
        copied(tmp_path / "sources")
        place = shutil.make_archive(str(tmp_path / "app"), "zip", tmp_path / "sources")
        environment["NUMBA_CACHE_DIR"] = str(tmp_path / "cache")
    elif kind == "bytecode":
        package = copied(tmp_path)
        compileall.compile_dir(package, quiet=1, legacy=True)
        for path in package.rglob("*.py"):
            path.unlink()
        place = str(tmp_path)
    else:
        copied(tmp_path)
        # Files stand where folders would be made: not even root can.
        (tmp_path / "dedupe_news" / "_kernels" / "__pycache__").touch()
        (tmp_path / "home").touch()
        environment["HOME"] = str(tmp_path / "home")
        place = str(tmp_path)

    done = run(USES_A_KERNEL, PYTHONPATH=place, **environment)

    assert int(done.stdout) == E_ACUTE, done.stderr
    said = done.stderr.count("cannot keep its compiled kernels")
    assert said == (1 if kind == "read-only" else 0)
    if kind != "read-only":
        assert files(tmp_path)


@pytest.mark.usefixtures("compiled")
def test_processes_that_start_together_compile_once(tmp_path: Path) -> None:
    """The others wait, and load what the first has made."""
    code = USES_A_KERNEL + "from dedupe_news._kernels import _jit\nprint(_jit.n_compilations())"
    environment = {
        **os.environ,
        "NUMBA_DISABLE_JIT": "0",
        "PYTHONPATH": str(PACKAGE.parent),
        "NUMBA_CACHE_DIR": str(tmp_path),
    }
    processes = [
        subprocess.Popen(  # noqa: S603 - our own interpreter
            [sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE, encoding="utf-8"
        )
        for _ in range(4)
    ]

    outputs = [process.communicate()[0].split() for process in processes]

    assert {each[0] for each in outputs} == {str(E_ACUTE)}
    assert sum(int(each[1]) for each in outputs) == len(files(tmp_path))


@pytest.mark.usefixtures("compiled")
def test_numba_is_quiet_for_who_logs_everything(tmp_path: Path) -> None:
    """Numba is quiet for who logs everything."""
    code = (
        "import logging; logging.basicConfig(level=logging.DEBUG)\n"
        f"{USES_A_KERNEL}"
        "print(logging.getLogger('numba').level)"
    )

    done = run(code, NUMBA_CACHE_DIR=str(tmp_path))

    assert done.stdout.split() == [str(E_ACUTE), str(logging.NOTSET)]
    assert "DEBUG" not in done.stderr


@pytest.mark.usefixtures("compiled")
def test_how_kernels_are_compiled_changes_no_other_function(tmp_path: Path) -> None:
    """Who uses numba has the numba that there was, though kernels are compiled otherwise."""
    code = (
        "import numba\n"
        "from numba.core.registry import cpu_target\n"
        f"{USES_A_KERNEL}"
        "print(cpu_target.target_context.codegen()._library_class.__name__)\n"
        "print('get_call_type' in vars(numba.types.Function))\n"
        "print(numba.njit(lambda n: [min(k, 2) for k in range(n)])(4))"
    )

    done = run(code, NUMBA_CACHE_DIR=str(tmp_path))

    assert done.stdout.splitlines() == [str(E_ACUTE), "JITCodeLibrary", "False", "[0, 1, 2, 2]"]


# Machine code that a wheel brought along.

COUNTS = (
    "import dedupe_news._machine.progress\n"  # which says it
    + USES_A_KERNEL
    + "from dedupe_news._kernels import _jit\nprint(_jit.n_compilations())"
)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the package as a wheel has it, with machine code of one kernel."""
    folder = tmp_path_factory.mktemp("wheel")
    package, cache = copied(folder), folder / "cache"
    shipper = runpy.run_path(str(SHIPPER))
    collect = (
        "import pathlib, runpy\n"
        f"collect = runpy.run_path({str(SHIPPER)!r})['collect']\n"
        f"target = pathlib.Path({str(package)!r}, 'machine_code')\n"
        f"print(collect(pathlib.Path({str(cache)!r}), target))"
    )

    done = run(
        USES_A_KERNEL + collect,
        PYTHONPATH=str(folder),
        **{**shipper["settings"](), "NUMBA_CACHE_DIR": str(cache)},
    )

    assert done.stdout.split() == [str(E_ACUTE), "1"], done.stderr
    shutil.rmtree(cache)
    return folder


@pytest.fixture
def installed(wheel: Path, tmp_path: Path) -> Path:
    """Return the machine code of an installed wheel, to be changed."""
    shutil.copytree(wheel, tmp_path, dirs_exist_ok=True)
    return tmp_path / "dedupe_news" / "machine_code"


def counted(installed: Path) -> tuple[list[int], str]:
    """Return what a kernel of the wheel returns, how many were compiled, and what was said."""
    root = installed.parents[1]
    done = run(COUNTS, PYTHONPATH=str(root), NUMBA_CACHE_DIR=str(root / "cache"))
    return [int(word) for word in done.stdout.split()], done.stderr


@pytest.mark.usefixtures("compiled")
@pytest.mark.parametrize("kind", ["folder", "zip", "nowhere to write"])
def test_shipped_code_is_loaded_wherever_it_is(installed: Path, kind: str) -> None:
    """Nothing is compiled, nothing written, nothing said."""
    root = installed.parents[1]
    cache, place = root / "cache", str(root)
    if kind == "zip":
        place = shutil.make_archive(str(root / "app"), "zip", root, "dedupe_news")
        shutil.rmtree(installed.parent)
    elif kind == "nowhere to write":
        cache.touch()

    done = run(COUNTS, PYTHONPATH=place, NUMBA_CACHE_DIR=str(cache))

    assert (done.stdout.split(), done.stderr) == ([str(E_ACUTE), "0"], "")
    assert cache.is_file() or not files(cache)


@pytest.mark.usefixtures("compiled")
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("python", "cpython-27"),
        ("system", "plan9 mips"),
        ("numba", "0.1"),
        ("llvmlite", "0.1"),
        ("options", "opt=0"),
        ("features", "+telepathy"),
    ],
)
def test_shipped_code_for_another_machine_is_not_run(
    installed: Path, field: str, value: str
) -> None:
    """It is compiled instead, which is said once, with the reason."""
    record = installed / "machine.json"
    machine = json.loads(record.read_text(encoding="utf-8"))
    record.write_text(json.dumps({**machine, field: value}), encoding="utf-8")

    (answer, n_compiled), said = counted(installed)

    assert answer == E_ACUTE
    assert n_compiled > 0
    assert said.count("\n") == 1
    assert "those in the package are for" in said
    assert value.removeprefix("+") in said


@pytest.mark.usefixtures("compiled")
@pytest.mark.parametrize("damaged", ["*.json", "*.nbc"])
@pytest.mark.parametrize("content", [b"", b"[]", b"x" * 100])
def test_damaged_shipped_code_is_compiled(installed: Path, damaged: str, content: bytes) -> None:
    """It is compiled once, and then found in the user's cache."""
    (path,) = installed.glob(damaged)
    path.write_bytes(content)

    (answer, n_compiled), _ = counted(installed)
    again, _ = counted(installed)

    assert answer == E_ACUTE
    assert n_compiled > 0
    assert again == [E_ACUTE, 0]


@pytest.mark.usefixtures("compiled")
def test_shipped_code_of_changed_sources_is_not_run(installed: Path) -> None:
    """Who mends a kernel in an installed package runs what is written there."""
    characters = installed.parent / "_kernels" / "text" / "characters.py"
    source = characters.read_text(encoding="utf-8")
    changed = source.replace(
        "return int64(text[np.uintp(at)])", "return int64(text[np.uintp(at)]) ^ 1"
    )
    characters.write_text(changed, encoding="utf-8")

    (answer, n_compiled), _ = counted(installed)

    assert answer != E_ACUTE
    assert n_compiled > 0


@pytest.mark.usefixtures("compiled")
def test_callees_of_shipped_kernels_are_not_waited_for(installed: Path) -> None:
    """What they call is part of their code, and is not counted as missing."""
    code = (
        "from dedupe_news._kernels import _jit\n"
        "from dedupe_news._kernels.text.characters import decode\n"
        "print(_jit.unprepared([decode]))"
    )
    root = installed.parents[1]
    environment = {"PYTHONPATH": str(root), "NUMBA_CACHE_DIR": str(root / "cache")}

    before = run(code, **environment).stdout
    shutil.rmtree(installed)

    assert int(before) == 0
    assert int(run(code, **environment).stdout) > 1


# Which kernels count references to arrays.


class Halves(NamedTuple):
    """Arrays in a tuple."""

    left: NDArray[np.int64]
    right: NDArray[np.int64]


class Numbers(NamedTuple):
    """None of them an array."""

    one: int
    other: float


@_jit.kernel
def made(n: int) -> NDArray[np.int64]:
    """Return the numbers below n."""
    return np.arange(n)


@_jit.kernel
def made_twice(n: int) -> Halves:
    """Return two arrays."""
    return Halves(made(n), np.arange(n, 2 * n))


@_jit.kernel
def handed(n: int) -> int:
    """Return a sum of arrays that others make."""
    halves = made_twice(n)
    return int(made(n)[-1] + halves.left[-1] + halves.right[-1])


@_jit.kernel
def the_same(values: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return what is given."""
    return values


@_jit.kernel
def left_of(halves: Halves, n: int) -> NDArray[np.int64]:
    """Return a part of what is given."""
    return halves.left[:n]


@_jit.kernel
def handed_back(n: int) -> int:
    """Return a sum of what others return of an array of its own, which stays in use."""
    values = np.arange(n)
    total = 0
    for _ in range(n):
        total += the_same(values)[-1] + left_of(Halves(values, values), 2)[-1]
    return int(total + values[-1])


@_jit.kernel
def first_last(table: NDArray[np.int64]) -> int:
    """Copy the last row to the first; return a sum of it."""
    table[0] = table[-1]
    return int(table[0, 0] + table[0, 1])


@_jit.kernel
def summed(values: NDArray[np.int64]) -> int:
    """Return a sum by functions and operators of numpy."""
    return int(np.cumsum(values)[-1] + (values + values)[0] + values.astype(np.int32)[0])


@_jit.kernel
def taken_out(lists: tuple[list[NDArray[np.int64]], int]) -> int:
    """Return a sum of arrays in a list."""
    return int(lists[0][0][0] + lists[0][1][lists[1]])


@_jit.kernel
def read(halves: Halves, n: int) -> int:
    """Return a sum, with no array made."""
    return int(min(halves.left[n], halves.right[n]) + halves.left.shape[0])


FOUR = np.arange(1, 5)
COUNTED = [
    pytest.param(made_twice, (4,), id="makes arrays"),
    pytest.param(handed, (4,), id="is handed arrays"),
    pytest.param(the_same, (FOUR,), id="returns what is given"),
    pytest.param(left_of, (Halves(FOUR, FOUR), 2), id="returns a part of it"),
    pytest.param(handed_back, (5,), id="is handed its own array"),
    pytest.param(first_last, (np.arange(6).reshape(3, 2),), id="copies rows"),
    pytest.param(summed, (FOUR,), id="calls numpy"),
]


@pytest.fixture
def statistics() -> Iterator[Callable[[], tuple[int, int]]]:
    """Return what says how many blocks of memory were asked for, and given back."""
    was_enabled = _nrt_python.memsys_stats_enabled()
    _nrt_python.memsys_enable_stats()

    def read_statistics() -> tuple[int, int]:
        read = rtsys.get_allocation_stats()
        return read.mi_alloc, read.mi_free

    yield read_statistics
    if not was_enabled:
        _nrt_python.memsys_disable_stats()


@pytest.mark.usefixtures("compiled")
@pytest.mark.parametrize(("counting", "arguments"), COUNTED)
def test_kernels_give_back_what_they_are_handed(
    counting: _jit._Kernel, arguments: tuple[Any, ...], statistics: Callable[[], tuple[int, int]]
) -> None:
    """Once each, whoever made it; the results are those of plain Python."""
    # Arrays that Python holds are made before.
    expected = counting.py_func(*copy.deepcopy(arguments))
    given = copy.deepcopy(arguments)
    np.testing.assert_array_equal(counting(*given), expected)

    before = statistics()
    for _ in range(3):
        counting(*given)
    n_made, n_freed = (after - first for after, first in zip(statistics(), before, strict=True))

    assert n_made == n_freed > 0


@pytest.mark.usefixtures("compiled")
def test_elements_of_lists_are_counted_wherever_the_list_is(
    statistics: Callable[[], tuple[int, int]],
) -> None:
    """Taking one out takes a reference, which is given back with the list."""

    def hand_in() -> None:
        given: Any = _jit.TypedList([np.arange(3)])
        given.append(np.arange(4))
        assert taken_out((given, 2)) == 2

    hand_in()
    before = statistics()
    hand_in()

    n_made, n_freed = (after - first for after, first in zip(statistics(), before, strict=True))
    assert n_made == n_freed > 0


@pytest.mark.usefixtures("compiled")
def test_kernels_without_arrays_of_their_own_count_nothing() -> None:
    """Which takes longer than most of what they do."""
    assert read(Halves(FOUR, FOUR * 2), 2) == read.py_func(Halves(FOUR, FOUR * 2), 2)  # type: ignore[attr-defined]
    assert not read.targetoptions["_nrt"]  # type: ignore[attr-defined]


@pytest.mark.usefixtures("compiled")
def test_kernel_that_is_compiled_anew_with_counts_is_one(tmp_path: Path) -> None:
    """For who shows how many are compiled; the next process loads it."""
    program = tmp_path / "program.py"
    program.write_text(
        "import numpy as np\n"
        "from dedupe_news._kernels import _jit\n"
        "@_jit.kernel\n"
        "def f(table: np.ndarray) -> None:\n"
        "    table[0] = table[1]\n"
        "f(np.arange(4).reshape(2, 2))\n"
        "print(_jit.n_compilations())\n",
        encoding="utf-8",
    )
    code = f"import runpy; runpy.run_path({str(program)!r})"

    outputs = [run(code, NUMBA_CACHE_DIR=str(tmp_path)).stdout for _ in range(2)]

    assert [int(each) for each in outputs] == [1, 0]


@pytest.mark.parametrize(
    ("returned", "is_counted"),
    [
        ("int", False),
        ("tuple[bool, Numbers]", False),
        ("NDArray[np.int64]", True),
        ("tuple[Arrays, Numbers]", True),
        ("Unheard", True),
        (None, True),
    ],
)
def test_annotation_says_whether_a_kernel_returns_arrays(
    returned: str | None, *, is_counted: bool
) -> None:
    """Annotation says whether a kernel returns arrays."""
    called = function("def f(x):\n    return x", Numbers=Numbers, Arrays=Halves)
    called.__annotations__ = {} if returned is None else {"return": returned}
    caller = function("def f(x):\n    return x[0]")
    caller.__annotations__ = {"return": "int"}

    assert _counting.counts(caller, [called]) == is_counted


# What operations need.


@pytest.mark.usefixtures("compiled")
@pytest.mark.parametrize("operation", sorted(_preparing.manifest()))
def test_operations_compile_what_they_prepare_and_nothing_else(operation: str) -> None:
    """`python tools/record_kernels.py` writes the list anew."""
    record = runpy.run_path(str(RECORDER))["record"]

    used = record(operation)

    listed = [[name, *signature] for name, signature in _preparing.manifest()[operation]]
    missing = [row[0] for row in used if row not in listed]
    superfluous = [row[0] for row in listed if row not in used]
    assert (missing, superfluous) == ([], []), "run: python tools/record_kernels.py"


def test_prepared_kernels_are_in_the_sources() -> None:
    """Prepared kernels are in the sources; none of them was renamed."""
    for rows in _preparing.manifest().values():
        for name, _ in rows:
            assert callable(_types.named(name))


@pytest.mark.usefixtures("compiled")
def test_two_processes_prepare_an_operation_together(tmp_path: Path) -> None:
    """The helper begins with the last kernel; afterwards nothing is left."""
    code = (
        "import contextlib, json\n"
        "from dedupe_news._kernels import _jit, _preparing\n"
        "rows = _preparing.manifest()['cluster-similar'][7:9]\n"
        "_preparing.manifest()['cluster-similar'][:] = rows\n"
        "left = []\n"
        "@contextlib.contextmanager\n"
        "def watch(task):\n"
        "    left.append(task.n_left()); yield; left.append(task.n_left())\n"
        "_preparing.prepare('cluster-similar', 2, watch)\n"
        "print(json.dumps(left))"
    )

    done = run(code, NUMBA_CACHE_DIR=str(tmp_path))

    first, last = json.loads(done.stdout)
    assert first > 0
    assert last == 0
