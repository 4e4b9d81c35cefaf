"""What happens before the first worker is made, and after one has ended."""

import atexit
import fcntl
import gc
import os
import shutil
from contextlib import suppress
from functools import cache
from importlib import import_module
from multiprocessing import get_context
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

METRICS_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
# What takes long to import: imported once, before the workers are made, it is theirs at once.
LIBRARIES = (
    *("email_validator", "flask", "flask_compress", "flask_cors", "flask_jwt_extended"),
    *("flask_limiter", "flask_login", "flask_smorest", "flask_sqlalchemy", "flask_wtf"),
    *("limits.storage", "linkify_it", "lucide", "markdown_it", "marshmallow", "nh3", "orjson"),
    *("passlib.context", "prometheus_client", "sqlalchemy.dialects.postgresql"),
    *("sqlalchemy.dialects.sqlite", "sqlalchemy.orm", "webargs.flaskparser", "wtforms"),
)


def usable_processors() -> int:
    """How many processors this process may use: its own bounds, and those of its container."""
    processors = os.cpu_count() or 1
    with suppress(AttributeError):  # only Linux has it
        processors = len(os.sched_getaffinity(0))
    with suppress(OSError, ValueError):  # no bound is "max", which is no number
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text().split()
        processors = min(processors, round(int(quota) / int(period)))
    return max(1, processors)


@cache
def prepare_metrics() -> None:
    """Give the processes of this server a folder to count in, once; it goes when the server ends.

    A folder that somebody has named is not used: what an earlier server left there would count.
    """
    folder, master = mkdtemp(prefix="taskapp-metrics-"), os.getpid()
    os.environ[METRICS_FOLDER] = folder

    @atexit.register
    def _remove() -> None:
        if os.getpid() == master:  # the workers end by way of their interpreter's end too
            shutil.rmtree(folder, ignore_errors=True)


def import_libraries(database: str, redis: str) -> None:
    """Import what all workers need; taskapp itself each imports for itself, new at a reload.

    What the servers at these two URLs are spoken to with is among it.
    """
    drivers = [("psycopg", database.startswith("postgres")), ("redis", bool(redis))]
    # Nothing of it is garbage: to look for some would take time now, and in the workers it would
    # write to memory that they share.
    gc.disable()
    for library in (*LIBRARIES, *(name for name, is_wanted in drivers if is_wanted)):
        with suppress(ImportError):
            import_module(library)
    gc.enable()
    gc.freeze()


def schema_state(patience: float) -> tuple[str, str]:
    """What taskapp.health says of the database, asked in a process that ends with the answer."""
    context = get_context("fork")
    receiving, sending = context.Pipe(duplex=False)
    asking = context.Process(target=_ask_for_schema, args=(sending,))
    asking.start()
    sending.close()
    try:
        state: tuple[str, str] = receiving.recv() if receiving.poll(patience) else ("", "")
    except EOFError:
        state = ("", "")
    asking.kill()
    asking.join()
    bury(asking.pid or 0)  # it is no worker, and has counted its own connections
    return state if state[0] else ("unreachable", "The database does not answer.")


def _ask_for_schema(sending: Any) -> None:
    # Here, and not above: see the module's law.
    from config import Config  # noqa: PLC0415
    from taskapp.engine import sqlalchemy_url  # noqa: PLC0415
    from taskapp.readiness import SENTENCES, probe  # noqa: PLC0415

    config = Config.from_env()
    state = probe(sqlalchemy_url(config.DATABASE_URL, config.INSTANCE_DIR))
    sending.send((state, SENTENCES[state]))


def bury(pid: int) -> None:
    """Add what a process that has ended counted to what its predecessors did.

    Its files would stay for ever, and there is a new process after so many requests.
    """
    # Not above: it chooses at its import where to count.
    from prometheus_client.mmap_dict import MmapedDict  # noqa: PLC0415
    from prometheus_client.multiprocess import mark_process_dead  # noqa: PLC0415

    files = Path(os.environ[METRICS_FOLDER])
    with (files / "lock").open("w") as lock:  # metrics.expose() reads meanwhile, or waits
        fcntl.flock(lock, fcntl.LOCK_EX)
        mark_process_dead(pid, str(files))  # type: ignore[no-untyped-call]
        for kind in ("counter", "histogram"):
            if not (dead := files / f"{kind}_{pid}.db").exists():
                continue
            total = MmapedDict(str(files / f"{kind}_dead.db"))  # type: ignore[no-untyped-call]
            for key, value, _, _ in MmapedDict.read_all_values_from_file(str(dead)):  # type: ignore[no-untyped-call]
                total.write_value(key, total.read_value(key)[0] + value, 0.0)  # type: ignore[no-untyped-call]
            total.close()  # type: ignore[no-untyped-call]
            dead.unlink()
