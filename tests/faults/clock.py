"""A host whose clock is wrong: a folder for PYTHONPATH, which shifts the time of a whole process.

Python runs `sitecustomize` before anything else, so that all that is imported afterwards sees the
shifted clock, and nothing of it is ours. The monotonic clocks stay as they are, as on a real host.
"""

from pathlib import Path

SHIFT = """\
import datetime
import time

APART = {seconds}
real, true_time, true_time_ns = datetime.datetime, time.time, time.time_ns


class Meta(type):
    def __instancecheck__(cls, thing):
        return isinstance(thing, real)

    def __subclasscheck__(cls, kind):
        return issubclass(kind, real)


class Shifted(real, metaclass=Meta):
    def __new__(cls, *args, **kwargs):
        return real(*args, **kwargs)

    @classmethod
    def now(cls, tz=None):
        return real.now(tz) + datetime.timedelta(seconds=APART)

    @classmethod
    def utcnow(cls):
        return real.utcnow() + datetime.timedelta(seconds=APART)

    @classmethod
    def fromtimestamp(cls, moment, tz=None):
        return real.fromtimestamp(moment, tz)

    @classmethod
    def utcfromtimestamp(cls, moment):
        return real.utcfromtimestamp(moment)

    @classmethod
    def fromisoformat(cls, text):
        return real.fromisoformat(text)

    @classmethod
    def strptime(cls, text, form):
        return real.strptime(text, form)

    @classmethod
    def combine(cls, *args, **kwargs):
        return real.combine(*args, **kwargs)


datetime.datetime = Shifted
time.time = lambda: true_time() + APART
time.time_ns = lambda: true_time_ns() + APART * 1_000_000_000
"""


def shifted(folder: Path, seconds: int) -> str:
    """What PYTHONPATH has to be for a process whose clock is so many seconds ahead."""
    (folder / "sitecustomize.py").write_text(SHIFT.format(seconds=seconds))
    return str(folder)
