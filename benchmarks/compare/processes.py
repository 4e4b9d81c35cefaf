"""What a server and all that it has started take of the machine."""

import os
import time
from collections import defaultdict
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(root: int) -> float:
    """User and system time of a process and of all below it, those that have ended included."""
    below: dict[int, list[int]] = defaultdict(list)
    seconds: dict[int, float] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        pid = int(stat.parent.name)
        try:
            # The name stands in brackets, and may hold anything.
            words = stat.read_text().rpartition(")")[2].split()
            ended = (int(words[13]) + int(words[14])) / TICKS
            seconds[pid] = time.clock_gettime(_clock(pid)) + ended
        except OSError:
            continue
        below[int(words[1])].append(pid)
    total, open_ = 0.0, [root]
    while open_:
        pid = open_.pop()
        total += seconds.get(pid, 0)
        open_ += below[pid]
    return total


def _clock(pid: int) -> int:
    """Linux's clock of a process's CPU time: in nanoseconds, where /proc has hundredths."""
    return (~pid << 3) | 2


def busy_seconds() -> float:
    """What all processors of the machine have worked for processes since it started."""
    words = Path("/proc/stat").read_text().split("\n", 1)[0].split()
    return sum(map(int, words[1:4])) / TICKS


def memory(pid: int) -> tuple[float, float]:
    """Mebibytes of a process: all that it has in memory; and its part, what is shared divided."""
    found = {}
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]:
        name, value = line.split()[:2]
        found[name] = int(value) / 1024
    return found["Rss:"], found["Pss:"]
