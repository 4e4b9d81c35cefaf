"""The tables, in Markdown."""

import statistics
from collections.abc import Callable, Iterable, Sequence

from benchmarks.compare.measure import CONNECTIONS, Findings, Memory, Sample
from benchmarks.compare.once import THREADS, Once
from benchmarks.compare.single import MOST_MS, Taken
from benchmarks.compare.works import Work

# What must hold of what has no other system beside it.
WAITING_MOST = 2.0
HELD_SECONDS_MOST = 1.5
REST_MIB_MOST = 90.0
GROWTH_MOST = 1.1
START_SECONDS_MOST = 1.5
COMMAND_SECONDS_MOST = 0.5
# So much of a processor taken by others disturbs.
DISTURBED = 0.3

Samples = Sequence[Sample]
Value = Callable[[Sample], float]
Row = Sequence[str]
# What, which system, the figure, the goal, and whether it is met.
Line = tuple[str, str, str, str, str]


def heading(found: Findings) -> str:
    """How many rounds there were, and whether the machine was left alone."""
    if not found.samples:
        return ""
    busy = statistics.median(each.others for each in found.samples)
    said = f"Medians of {found.rounds} rounds (least..most), {CONNECTIONS} connections."
    if busy > DISTURBED:
        said += (
            f" Other work kept {busy:.1f} processors busy meanwhile: the throughput says little, "
            "and ratios of processor time are good to a fifth."
        )
    return said


def ratios(works: Sequence[Work], samples: Samples) -> str:
    """Ours against the others in the same round, and whether the goals are met."""
    lines = []
    for work in works:
        for other in work.make:
            rates = paired(samples, work.name, other, lambda each: each.count.rate)
            costs = paired(samples, work.name, other, lambda each: each.server_cpu)
            if other == "ours" or not rates:
                continue
            goal = work.goals.get(other)
            least, most = (goal.rate, goal.cpu) if goal else (None, None)
            cells = (work.title, other, spread(rates), *judge(rates, least=least))
            lines.append((*cells, spread(costs), *judge(costs, most=most)))
    heads = ("work", "against", "throughput", "goal", "", "server CPU a request", "goal", "")
    return table("Ours divided by the others' in the same round", heads, lines)


def figures(works: Sequence[Work], samples: Samples) -> str:
    """What each system did."""
    columns: Sequence[tuple[str, Value, str]] = (
        ("requests/s", lambda each: each.count.rate, "{:,.0f}"),
        ("p50 ms", lambda each: each.count.p50, "{:.1f}"),
        ("p99 ms", lambda each: each.count.p99, "{:.1f}"),
        ("server CPU, ms a request", lambda each: each.server_cpu, "{:.2f}"),
        ("PostgreSQL's, ms a request", lambda each: each.database_cpu, "{:.2f}"),
        ("processors busy with other things", lambda each: each.others, "{:.2f}"),
    )
    lines = []
    for work in works:
        for system in work.make:
            if own := [each for each in samples if (each.work, each.system) == (work.name, system)]:
                cells = (spread([value(each) for each in own], form) for _, value, form in columns)
                lines.append((work.title, system, *cells))
    heads = ("work", "system", *(name for name, _, _ in columns))
    return table("What each did", heads, lines)


def others(found: Findings, once: Once, *, goals: bool) -> str:
    """What has no other system beside it; with its goals, if there are any."""
    lines = [*waiting(found)]
    if once.held:
        name = f"one worker, {THREADS} threads, {THREADS} queries of a second at once: s"
        lines.append((name, "ours", spread(once.held), *judge(once.held, HELD_SECONDS_MOST)))
    for system, memory in once.rest.items():
        judged = judge([memory.largest], ours(system, REST_MIB_MOST), "{:.0f}")
        lines.append(("a worker at rest: MiB", system, told(memory), *judged))
    for system, memory in once.used.items():
        what = "a worker after one login and one list: MiB"
        lines.append((what, system, told(memory), "", ""))
    lines += growth(found.memory)
    for system, starts in once.starts.items():
        judged = judge(starts, ours(system, START_SECONDS_MOST))
        lines.append(("start to first answer: s", system, spread(starts), *judged))
    for name, seconds in once.commands.items():
        judged = judge(seconds, COMMAND_SECONDS_MOST)
        lines.append((f"{name}: s", "ours", spread(seconds), *judged))
    if not goals:
        lines = [(*line[:3], "", "") for line in lines]
    return table("By themselves", ("what", "system", "", "goal", ""), lines)


def ours(system: str, goal: float) -> float | None:
    """A goal that others do not have."""
    return goal if system == "ours" else None


def waiting(found: Findings) -> list[Line]:
    """Reads beside logins."""
    lines: list[Line] = []
    for system in dict.fromkeys(each.system for each in found.waiting):
        own = [each for each in found.waiting if each.system == system]
        alone, beside = [each.alone for each in own], [each.beside for each in own]
        logins = spread([each.logins for each in own], "{:.1f}")
        parts = [each.beside / each.alone for each in own]
        said = (
            f"{spread(parts)}: {spread(beside, '{:.0f}')} ms beside {logins} logins a second, "
            f"{spread(alone, '{:.0f}')} ms without"
        )
        name = "p99 of reads while 4 log in without pause, against without"
        lines.append((name, system, said, *judge(parts, ours(system, WAITING_MOST))))
    return lines


def growth(memory: Sequence[Memory]) -> list[Line]:
    """Workers after the last round and after the first."""
    lines: list[Line] = []
    for system in dict.fromkeys(each.system for each in memory):
        own = [each for each in memory if each.system == system]
        grown = [own[-1].largest / own[0].largest]
        said = f"{told(own[-1])}; **{grown[0]:.2f}** of what it was after the first round"
        judged = judge(grown, ours(system, GROWTH_MOST))
        lines.append(("a worker after the last round: MiB", system, said, *judged))
    return lines


def told(memory: Memory) -> str:
    """What a worker has in memory, of those that have most."""
    part = max(pss for _, pss in memory.workers)
    return f"**{memory.largest:.0f}** (its part of what is shared: {part:.0f})"


def single(taken: Sequence[Taken], size: int) -> str:
    """One person alone on the server."""
    lines = []
    for each in taken:
        verdicts = (judge([value], MOST_MS, "{:.0f}")[1] for value in (each.p50, each.p99))
        p50, p99 = f"**{each.p50:.1f}**", f"{each.p99:.1f}"
        cells = [cell for pair in zip((p50, p99), verdicts, strict=True) for cell in pair]
        lines.append((each.title, *cells, f"{each.cpu:.1f}"))
    title = f"One person with {size:,} tasks, one request after the other, within {MOST_MS} ms"
    return table(title, ("", "p50 ms", "", "p99 ms", "", "server CPU, ms a request"), lines)


def paired(samples: Samples, work: str, other: str, value: Value) -> list[float]:
    """Ours divided by the other's, for each round."""
    found = {(each.system, each.round): value(each) for each in samples if each.work == work}
    rounds = sorted({number for _, number in found})
    return [found["ours", each] / found[other, each] for each in rounds if (other, each) in found]


def spread(values: Sequence[float], form: str = "{:.2f}") -> str:
    """The median, and the least and the most."""
    median, least, most = (form.format(pick(values)) for pick in (statistics.median, min, max))
    return f"**{median}** ({least}..{most})" if len(values) > 1 else f"**{median}**"


def judge(
    values: Sequence[float],
    most: float | None = None,
    form: str = "{:.2f}",
    *,
    least: float | None = None,
) -> tuple[str, str]:
    """The goal, and whether the median meets it."""
    median = statistics.median(values)
    if least is not None:
        return f"≥ {form.format(least)}", "met" if median >= least else "**missed**"
    if most is not None:
        return f"≤ {form.format(most)}", "met" if median <= most else "**missed**"
    return "", ""


def table(title: str, heads: Row, lines: Iterable[Row]) -> str:
    """A table with a title; nothing if it has no lines."""
    rows = [f"| {' | '.join(cells)} |" for cells in (heads, ["---"] * len(heads), *lines)]
    return "\n".join([f"{title}:", "", *rows]) if len(rows) > 2 else ""
