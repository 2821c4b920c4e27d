"""Everything that differs between operating systems, and nothing else; every call is guarded and says what it did.

Linux is what is tried. macOS and Windows take the branches written for them here.
"""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum
from pathlib import Path

import platformdirs

_APP = "ear-engine"
_SESSION = "ear-engine-session-"
_REMEMBERED = "ear-engine-memory-"
_MEMORY = Path("/dev/shm")
_CURRENT, _FUTURE, _ON_FAULT = 1, 2, 4  # of mlockall (asm-generic/mman.h): pages that are there, and those to come
_QUOTA = Path("/sys/fs/cgroup/cpu.max")


class Urgency(IntEnum):
    """Who goes before whom, and all of these before everything else: priorities in real time, of 1 to 99."""

    ANSWERS = 1
    FEEDS = 3
    SOUNDS = 5  # as JACK's clients, below JACK's own


def session_parent(room: int = 512 << 20, memory: Path = _MEMORY) -> Path:
    """Folder for session folders: a file system in memory where there is one, else the temporary folder.

    Args:
        room: bytes that must be free in memory: the longest loops take up to 256 MB, their WAV files 96 MB, and what is
            being written or about to sound 110 MB.
        memory: the file system in memory to try; containers often have one of 64 MB only.
    """
    if memory.is_dir() and os.access(memory, os.W_OK | os.X_OK) and shutil.disk_usage(memory).free >= room:
        return memory
    return Path(tempfile.gettempdir())


def new_session(parent: Path | None = None) -> Path:
    """Create a session folder with its ``loops/``, open to this user only.

    Args:
        parent: where; :func:`session_parent` if None.
    """
    session = Path(tempfile.mkdtemp(prefix=_SESSION, dir=session_parent() if parent is None else parent))
    (session / "loops").mkdir()
    return session


def session_folders(parent: Path | None = None) -> list[Path]:
    """This user's session folders, the newest first: the running ones, and those a killed engine has left behind."""
    parent = session_parent() if parent is None else parent
    return sorted(
        (path for path in parent.glob(f"{_SESSION}*") if os.access(path, os.W_OK)),
        key=lambda path: path.stat().st_mtime,
        reverse=True,
    )


def lower_priority(by: int = 10) -> bool:
    """Let everything else on this machine go first; return whether the system does that."""
    usual_priority()
    return _nice(by)


def usual_priority() -> None:
    """Be no more urgent than others, though the process that started this one is."""
    if sys.platform.startswith("linux") and os.sched_getscheduler(0) != os.SCHED_OTHER:
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))


def raise_priority(urgency: Urgency, by: int = 10) -> bool:
    """Let this process, which sleeps most of the time, go before everything else on this machine: the thread that calls
    it, and threads and processes that it starts from then on.

    In real time if the system allows that (Linux; root, or the group of audio), so that nobody computes who is less
    urgent; else by its priority. Beside a dream, a viewer and four clients on two cores, a thread of high priority that
    was due still had to wait for up to 25 ms (measured).

    Returns:
        Whether the system allows any of it.
    """
    return _in_real_time(urgency) or _nice(-by)


def raise_thread_priority(by: int = 10) -> bool:
    """Let this thread, which sleeps but for moments, be as urgent as what sounds; return whether the system allows it,
    or else a higher priority."""
    if not sys.platform.startswith("linux"):  # the priority is that of the whole process
        return False
    return raise_priority(Urgency.SOUNDS, by)


def real_time_allowed() -> bool | None:
    """Whether this user's processes may run in real time; None if the system has no such thing or does not tell."""
    if not sys.platform.startswith("linux"):
        return None
    import resource

    allowed = resource.getrlimit(resource.RLIMIT_RTPRIO)[0]
    return os.geteuid() == 0 or allowed == resource.RLIM_INFINITY or allowed >= Urgency.SOUNDS


def _in_real_time(urgency: Urgency) -> bool:
    if not sys.platform.startswith("linux"):
        return False
    try:
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(urgency))
    except OSError:  # not allowed: a limit on this machine, not a fault
        return False
    return True


def lock_memory() -> bool:
    """Keep in memory whatever this process touches from now on, so that it never waits for a disk; return whether the
    system does that (Linux; root, or a user without a limit ``memlock``)."""
    if not sys.platform.startswith("linux"):
        return False
    import ctypes
    import resource

    unlimited = resource.getrlimit(resource.RLIMIT_MEMLOCK)[0] == resource.RLIM_INFINITY
    if not (unlimited or os.geteuid() == 0):
        return False  # under a limit, what is mapped later would be refused
    return bool(ctypes.CDLL(None).mlockall(_CURRENT | _FUTURE | _ON_FAULT) == 0)


def cores(quota: Path = _QUOTA) -> int:
    """Processor cores that this process may use, at least 1.

    They are those it is bound to (Linux), and no more than the time that a container is given (control groups, version
    2); elsewhere all there are.

    Args:
        quota: the file that says how many microseconds of how many a container may compute: ``150000 100000``.
    """
    if hasattr(os, "sched_getaffinity"):
        count = len(os.sched_getaffinity(0))
    else:
        count = os.cpu_count() or 1
    try:
        given, period = map(int, quota.read_text().split())
    except (OSError, ValueError):  # no control groups, or ``max 100000``: no limit
        return count
    return max(1, min(count, -(-given // max(1, period))))


def _nice(by: int) -> bool:
    if not hasattr(os, "nice"):
        return False
    try:
        os.nice(by)
    except OSError:  # not allowed: a limit on this machine, not a fault
        return False
    return True


def ignore_interrupt() -> None:
    """Leave Ctrl-C to the parent: the terminal sends it to every process, and the parent ends them in order."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def yield_cores() -> None:
    """Let idle OpenMP threads spin for a shorter while; call it before torch is imported, here or in a child.

    Dream steps a second on two cores, at a middle and the top layer: alone 69 and 31 with libgomp's default, 72 and 32
    with this, 35 and 18 without spinning (``OMP_WAIT_POLICY=PASSIVE``); beside three busy processes 1 and 0.8 with the
    default, 19 and 10 without spinning; beside one, 20 and 4 with this, 40 and 17 without. Whoever plays on a busy
    machine sets ``OMP_WAIT_POLICY=PASSIVE``, which is left alone here.
    """
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ.setdefault("GOMP_SPINCOUNT", "100000")


def reuse_memory() -> bool:
    """Keep freed memory for the next tensor instead of giving it back and faulting it in again (glibc only).

    Measured on a training step: 0.87 s before, 0.72 s after.
    """
    if not sys.platform.startswith("linux"):
        return False
    import ctypes

    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # musl has none
    if mallopt is None:
        return False
    trim_threshold, top_pad, mmap_max = -1, -2, -4
    values = ((mmap_max, 0), (trim_threshold, 1 << 30), (top_pad, 64 << 20))
    return all(mallopt(option, value) == 1 for option, value in values)


def return_memory() -> bool:
    """Give the system what :func:`reuse_memory` has kept (glibc only); return whether it took any."""
    if not sys.platform.startswith("linux"):
        return False
    import ctypes

    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # musl has none
    return trim is not None and trim(0) == 1


@contextmanager
def shielding_children() -> Iterator[None]:
    """Processes started meanwhile never see Ctrl-C, not even before they can call :func:`ignore_interrupt`.

    The signal is only held back from this thread, so none is lost. Windows has nothing of the kind.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    from multiprocessing import resource_tracker

    resource_tracker.ensure_running()  # the first start would do so, and let the signal through again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def parent_alive() -> bool:
    """Whether the process that started this one (with :mod:`multiprocessing`) still runs; True if none did."""
    parent = multiprocessing.parent_process()
    return parent is None or parent.is_alive()


def process_alive(pid: int) -> bool:
    """Whether process ``pid`` runs; one that has ended but is not yet waited for does not."""
    if pid <= 0:
        return False
    if sys.platform == "win32":
        import ctypes

        synchronize, running = 0x00100000, 0x00000102  # os.kill(pid, 0) would send Ctrl-C there
        handle = ctypes.windll.kernel32.OpenProcess(synchronize, False, pid)
        if not handle:
            return False
        try:
            return bool(ctypes.windll.kernel32.WaitForSingleObject(handle, 0) == running)
        finally:
            ctypes.windll.kernel32.CloseHandle(handle)
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # another user's, but there
        return True
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except OSError:  # no /proc (macOS), or it has ended just now
        return not Path("/proc/self").exists()
    return status.rpartition(")")[2].split()[0] not in ("Z", "X")


def user_config_dir() -> Path:
    """Folder of the user's settings; may not exist yet."""
    return platformdirs.user_config_path(_APP, appauthor=False)


def user_clip_dir() -> Path:
    """Folder of the user's own source loops, found by name; may not exist yet."""
    return platformdirs.user_data_path(_APP, appauthor=False) / "clips"


def user_ear_dir() -> Path:
    """Folder of the user's own trained ears, found by name; may not exist yet."""
    return platformdirs.user_data_path(_APP, appauthor=False) / "ears"


def user_preset_dir() -> Path:
    """Folder of the user's own presets, found by name; may not exist yet."""
    return platformdirs.user_data_path(_APP, appauthor=False) / "presets"


def user_midi_dir() -> Path:
    """Folder of the user's own maps of MIDI controllers, found by name; may not exist yet."""
    return platformdirs.user_data_path(_APP, appauthor=False) / "midi"


def user_album_dir() -> Path:
    """Folder of the user's albums of kept loops; may not exist yet."""
    return platformdirs.user_data_path(_APP, appauthor=False) / "albums"


def memory_folder(session: Path, parent: Path | None = None) -> Path:
    """Folder for the loops that ``session`` remembers, on the disk where the session itself is in memory.

    Args:
        session: the session folder.
        parent: where; the temporary folder if None.
    """
    parent = Path(tempfile.gettempdir()) if parent is None else parent
    return parent / (_REMEMBERED + session.name.removeprefix(_SESSION))


def memory_folders(parent: Path | None = None) -> list[tuple[Path, bool]]:
    """This user's folders of remembered loops, each with whether its session is still there."""
    parent = Path(tempfile.gettempdir()) if parent is None else parent
    sessions = {path.name for home in {session_parent(room=0), parent} for path in home.glob(f"{_SESSION}*")}
    found = [path for path in parent.glob(f"{_REMEMBERED}*") if os.access(path, os.W_OK)]
    return [(path, _SESSION + path.name.removeprefix(_REMEMBERED) in sessions) for path in found]


def user_recording_dir() -> Path:
    """Folder of the user's performances that were kept, found by name; may not exist yet."""
    return platformdirs.user_data_path(_APP, appauthor=False) / "recordings"


def user_set_dir() -> Path:
    """Folder of the user's own sets, found by name; may not exist yet."""
    return platformdirs.user_data_path(_APP, appauthor=False) / "sets"


def user_state_dir() -> Path:
    """Folder of what engines leave when they end, or die; may not exist yet."""
    return platformdirs.user_state_path(_APP, appauthor=False)


def user_cache_dir() -> Path:
    """Folder of what can be computed again; may not exist yet."""
    return platformdirs.user_cache_path(_APP, appauthor=False)


def user_patch_dir() -> Path:
    """Folder for patches of programs that open them from anywhere; may not exist yet."""
    return platformdirs.user_documents_path() / _APP


def supercollider_extensions() -> Path:
    """``Platform.userExtensionDir`` of SuperCollider; may not exist yet."""
    return platformdirs.user_data_path("SuperCollider", appauthor=False) / "Extensions"


def puredata_externals() -> Path:
    """Folder in which Pd looks for a user's libraries; may not exist yet."""
    if sys.platform == "darwin":
        return platformdirs.user_documents_path() / "Pd" / "externals"
    if sys.platform == "win32":
        return platformdirs.user_data_path("Pd", appauthor=False, roaming=True)
    return Path.home() / ".local" / "lib" / "pd" / "extra"


def max_packages() -> Path:
    """Folder of a user's Max packages, of the newest Max that has one; may not exist yet."""
    documents = platformdirs.user_documents_path()
    there = [documents / name / "Packages" for name in ("Max 9", "Max 8")]
    return next((path for path in there if path.parent.is_dir()), there[0])
