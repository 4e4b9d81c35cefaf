"""Rounds, in which each system does the same work right after the other."""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from benchmarks.compare.load import Count, Failed, Load
from benchmarks.compare.processes import busy_seconds, cpu_seconds
from benchmarks.compare.works import Desk, Work

CONNECTIONS = 16
Item = TypeVar("Item")


@dataclass(frozen=True)
class Plan:
    """How long it may take."""

    rounds: int
    seconds: int
    warm: float
    deadline: float


@dataclass(frozen=True)
class Sample:
    """What one system did in one round; milliseconds of processor for one request."""

    work: str
    system: str
    round: int
    count: Count
    server_cpu: float
    database_cpu: float
    # Processors that were busy with something else meanwhile.
    others: float


def measure(
    works: Sequence[Work], desks: Mapping[str, Desk], database: int, plan: Plan, folder: Path
) -> list[Sample]:
    """Samples of whole rounds, as many as there is time for."""
    samples: list[Sample] = []
    for number in range(plan.rounds):
        begun = time.monotonic()
        for place, work in enumerate(works):
            for name in turned([each for each in work.make if each in desks], number + place):
                samples.append(sample(work, desks[name], number, database, plan, folder))
        took = time.monotonic() - begun
        print(f"round {number + 1} of {plan.rounds}: {took:.0f} s", flush=True)
        if time.monotonic() + took > plan.deadline:
            break
    return samples


def turned(items: Sequence[Item], by: int) -> list[Item]:
    """The same in another order, so that none is always the first."""
    by %= len(items)
    return [*items[by:], *items[:by]]


def sample(work: Work, desk: Desk, number: int, database: int, plan: Plan, folder: Path) -> Sample:
    """Warm one system up, and measure it."""
    system = desk.system
    make = work.make[system.name]
    warmed = Load(folder, system.url, make(desk, f"{number}, warm")).warm(CONNECTIONS, plan.warm)
    if set(warmed.statuses) - {work.expected(system.name)}:
        raise Failed(f"{work.title}: {system.name} answered {warmed.statuses}")
    load = Load(folder, system.url, make(desk, f"{number}"))
    readings: tuple[Callable[[], float], ...] = (
        lambda: cpu_seconds(system.pid),
        lambda: cpu_seconds(database) if database else 0.0,
        # wrk is a child of this process, and counted here once it has ended.
        lambda: sum(os.times()[:4]),
        busy_seconds,
    )
    before = [read() for read in readings]
    count = load.run(CONNECTIONS, plan.seconds)
    server, stored, client, busy = (
        read() - was for read, was in zip(readings, before, strict=True)
    )
    size = count.bytes / count.requests
    if not 0.8 < size / (warmed.bytes / warmed.requests) < 1.25:
        raise Failed(f"{work.title}: answers of {system.name} have changed to {size:.0f} bytes")
    return Sample(
        work.name,
        system.name,
        number,
        count,
        server_cpu=server / count.requests * 1000,
        database_cpu=stored / count.requests * 1000,
        others=max(0.0, busy - server - stored - client) / count.seconds,
    )
