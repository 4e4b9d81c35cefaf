"""Rounds, in which each system does the same work right after the other."""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from benchmarks.compare.data import LOGGING_IN
from benchmarks.compare.load import Count, Failed, Load
from benchmarks.compare.processes import busy_seconds, cpu_seconds, memory
from benchmarks.compare.systems import System
from benchmarks.compare.works import WORKS, Desk, Work, log_in

CONNECTIONS = 16
# A server is at rest when it takes less than this part of a processor.
REST = 0.1
REST_SECONDS = 0.2
READING = next(work for work in WORKS if work.name == "get")
Item = TypeVar("Item")


@dataclass(frozen=True)
class Plan:
    """How long it may take; where requests may be kept; and PostgreSQL's process, if there is."""

    rounds: int
    seconds: int
    warm: float
    deadline: float
    folder: Path
    database: int | None = None


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


@dataclass(frozen=True)
class Waiting:
    """The p99 of reads, in milliseconds: by themselves, and beside people who log in."""

    system: str
    round: int
    alone: float
    beside: float
    logins: float


@dataclass(frozen=True)
class Memory:
    """Mebibytes of each worker: all that it has, and its part."""

    system: str
    round: int
    workers: Sequence[tuple[float, float]]

    @property
    def largest(self) -> float:
        """Of the worker that has most."""
        return max(rss for rss, _ in self.workers)


@dataclass
class Findings:
    """What was seen in so many rounds."""

    rounds: int = 0
    samples: list[Sample] = field(default_factory=list)
    waiting: list[Waiting] = field(default_factory=list)
    memory: list[Memory] = field(default_factory=list)


def measure(
    works: Sequence[Work], desks: Mapping[str, Desk], plan: Plan, *, logins: bool
) -> Findings:
    """What whole rounds showed, as many as there is time for."""
    found = Findings()
    _warm_all(works, desks, plan)
    for number in range(plan.rounds if works or logins else 0):
        begun = time.monotonic()
        for place, work in enumerate(works):
            for desk in _desks(work, desks, number + place):
                found.samples.append(sample(work, desk, number, plan))
        if logins:
            people = [desk for desk in _desks(READING, desks, number) if desk.tokens]
            found.waiting += [wait_beside_logins(desk, number, plan) for desk in people]
        found.memory += [memory_of(desk.system, number) for desk in desks.values() if desk.tokens]
        found.rounds, took = number + 1, time.monotonic() - begun
        print(f"round {number + 1} of {plan.rounds}: {took:.0f} s", flush=True)
        if time.monotonic() + took > plan.deadline:
            break
    return found


def _desks(work: Work, desks: Mapping[str, Desk], turn: int) -> list[Desk]:
    return turned([desks[name] for name in work.make if name in desks], turn)


def turned(items: Sequence[Item], by: int) -> list[Item]:
    """The same in another order, so that none is always the first."""
    by %= len(items)
    return [*items[by:], *items[:by]]


def sample(work: Work, desk: Desk, number: int, plan: Plan) -> Sample:
    """Warm one system up, and measure it."""
    system = desk.system
    warmed = _warm(work, desk, number, plan)
    load = Load(plan.folder, system.url, work.make[system.name](desk, f"{number}"))
    readings: tuple[Callable[[], float], ...] = (
        lambda: cpu_seconds(system.pid),
        lambda: cpu_seconds(plan.database) if plan.database else 0.0,
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


def _warm_all(works: Sequence[Work], desks: Mapping[str, Desk], plan: Plan) -> None:
    """Connections are opened, statements prepared and templates read once."""
    for work in works:
        for desk in _desks(work, desks, 0):
            _warm(work, desk, -1, plan)


def _warm(work: Work, desk: Desk, number: int, plan: Plan) -> Count:
    name = desk.system.name
    requests = work.make[name](desk, f"{number}, warm")
    count = Load(plan.folder, desk.system.url, requests).warm(CONNECTIONS, plan.warm)
    if set(count.statuses) - {work.status_of(name)}:
        raise Failed(f"{work.title}: {name} answered {count.statuses}")
    return count


def wait_beside_logins(desk: Desk, number: int, plan: Plan) -> Waiting:
    """Let people read, and the same while others log in without pause."""
    system = desk.system
    reads = Load(plan.folder, system.url, READING.make[system.name](desk, ""))
    logins = Load(plan.folder, system.url, [log_in(user) for user in LOGGING_IN], "logins")
    waits: dict[str, float] = {}
    counts: list[Count] = []
    for kind in turned(("alone", "beside"), number):
        if kind == "alone":
            reads.warm(CONNECTIONS, plan.warm)
            waits[kind] = reads.run(CONNECTIONS, plan.seconds).p99
        else:
            with logins.meanwhile(len(LOGGING_IN)) as counts:
                reads.warm(CONNECTIONS, plan.warm)
                waits[kind] = reads.run(CONNECTIONS, plan.seconds).p99
        come_to_rest(system)
    return Waiting(system.name, number, logins=counts[0].rate, **waits)


def come_to_rest(system: System, patience: float = 5) -> None:
    """Wait until a server is done with what clients that are gone had asked for."""
    deadline, before = time.monotonic() + patience, cpu_seconds(system.pid)
    while time.monotonic() < deadline:
        time.sleep(REST_SECONDS)
        after = cpu_seconds(system.pid)
        if after - before < REST * REST_SECONDS:
            return
        before = after


def memory_of(system: System, number: int) -> Memory:
    """What its workers have now."""
    return Memory(system.name, number, [memory(pid) for pid in system.workers()])
