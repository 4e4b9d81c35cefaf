"""The tables, in Markdown."""

import statistics
from collections.abc import Callable, Iterable, Sequence

from benchmarks.compare.measure import Sample
from benchmarks.compare.works import Work


def tables(works: Sequence[Work], samples: Sequence[Sample]) -> str:
    """Ratios with their goals, and the figures that they come from."""
    return "\n\n".join((ratios(works, samples), figures(works, samples)))


def ratios(works: Sequence[Work], samples: Sequence[Sample]) -> str:
    """Ours against the others in the same round, and whether the goals are met."""
    lines = [
        "| work | against | throughput | goal | | server CPU a request | goal | |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for work in works:
        for other in work.make:
            if other == "ours":
                continue
            rates = paired(samples, work.name, other, lambda each: each.count.rate)
            costs = paired(samples, work.name, other, lambda each: each.server_cpu)
            if not rates:
                continue
            goal = work.goals.get(other)
            cells = [work.title, other, spread(rates), "", "", spread(costs), "", ""]
            if goal:
                cells[3:5] = f"≥ {goal.rate:.2f}", verdict(statistics.median(rates) >= goal.rate)
            if goal and goal.cpu:
                cells[6:] = f"≤ {goal.cpu:.2f}", verdict(statistics.median(costs) <= goal.cpu)
            lines.append(row(cells))
    return "\n".join(lines)


def figures(works: Sequence[Work], samples: Sequence[Sample]) -> str:
    """What each system did."""
    lines = [
        "| work | system | requests/s | p50 ms | p99 ms | server CPU, ms a request "
        "| PostgreSQL's CPU, ms a request | processors busy with other things |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for work in works:
        for system in work.make:
            own = [each for each in samples if (each.work, each.system) == (work.name, system)]
            if not own:
                continue
            cells = [
                work.title,
                system,
                spread([each.count.rate for each in own], "{:,.0f}"),
                spread([each.count.p50 for each in own], "{:.1f}"),
                spread([each.count.p99 for each in own], "{:.1f}"),
                spread([each.server_cpu for each in own]),
                spread([each.database_cpu for each in own]),
                spread([each.others for each in own]),
            ]
            lines.append(row(cells))
    return "\n".join(lines)


def paired(
    samples: Iterable[Sample], work: str, other: str, value: Callable[[Sample], float]
) -> list[float]:
    """Ours divided by the other's, for each round."""
    found = {(each.system, each.round): value(each) for each in samples if each.work == work}
    rounds = sorted({number for _, number in found})
    return [found["ours", each] / found[other, each] for each in rounds if (other, each) in found]


def spread(values: Sequence[float], form: str = "{:.2f}") -> str:
    """The median, and the least and the most."""
    median, least, most = (form.format(pick(values)) for pick in (statistics.median, min, max))
    return f"**{median}** ({least}..{most})"


def verdict(met: bool) -> str:
    """Whether a goal is met."""
    return "met" if met else "**missed**"


def row(cells: Iterable[str]) -> str:
    """A line of a table."""
    return f"| {' | '.join(cells)} |"
