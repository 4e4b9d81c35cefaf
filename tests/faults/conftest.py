"""What the tests of faults may ask for, and the table of what they saw.

They take minutes, and want the machine for themselves: `make faults` runs them one by one.
"""

from collections.abc import Callable

import pytest

from .load import Load

_ROWS = pytest.StashKey[list[str]]()
Figures = Callable[..., None]


def pytest_configure(config: pytest.Config) -> None:
    """Begin the table."""
    config.stash[_ROWS] = []


@pytest.fixture
def figures(request: pytest.FixtureRequest) -> Figures:
    """Adds a row to the table: the fault, what came of the load, and other figures by name."""
    rows = request.config.stash[_ROWS]

    def add(fault: str, seen: Load | None = None, **more: object) -> None:
        kinds = ", ".join(f"{n} x {kind}" for kind, n in seen.kinds.most_common()) if seen else ""
        longest = f"{seen.longest:.2f} s" if seen else ""
        rest = ", ".join(f"{name.replace('_', ' ')}: {value}" for name, value in more.items())
        rows.append(f"| {fault} | {kinds} | {longest} | {rest} |")

    return add


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Print the table, ready to be put into docs/reliability.md."""
    if rows := config.stash[_ROWS]:
        terminalreporter.section("figures")
        terminalreporter.write_line("| fault | replies | longest wait | besides |")
        terminalreporter.write_line("|---|---|---|---|")
        for row in rows:
            terminalreporter.write_line(row)
