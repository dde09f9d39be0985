"""See the package's docstring."""

from __future__ import annotations

import os

from web.tools.bench import cpython, page
from web.tools.bench.workloads import WORKLOADS
from web.tools.failure import StepFailed, step

PLACES = {"cpython": cpython.results, "browser": page.results}


def chosen(variable: str, known: list[str]) -> list[str]:
    """The names that an environment variable lists; all if it lists none."""
    names = os.environ.get(variable, "").split() or known
    if unknown := [name for name in names if name not in known]:
        raise StepFailed(
            f"names for {variable}",
            happened=f"{variable}={' '.join(unknown)}",
            remedy=f"Known are: {', '.join(known)}.",
        )
    return names


@step
def main() -> int:
    workloads = [WORKLOADS[name] for name in chosen("ONLY", list(WORKLOADS))]
    found = [row for place in chosen("WHERE", list(PLACES)) for row in PLACES[place](workloads)]
    return 0 if all(row.agrees for row in found) else 1


if __name__ == "__main__":
    main()
