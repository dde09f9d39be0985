"""Times of one step, and what they mean. The rows of the table are `Result`s."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from web.tools.bench.workloads import AGREEMENT, Workload

BLOCKS = 7
BLOCK_SECONDS = 0.3


@dataclass(frozen=True)
class Result:
    """How one workload ran in one place.

    losses: of the first five steps; milliseconds: of one step, one value a block; limit: GFLOP/s of NumPy's
    matrix product there.
    """

    place: str
    workload: Workload
    losses: Sequence[float]
    milliseconds: Sequence[float]
    limit: float

    @property
    def disagreement(self) -> float:
        """The largest difference from the reference losses."""
        pairs = zip(self.losses, self.workload.losses, strict=True)
        return max(abs(ours - reference) for ours, reference in pairs)

    @property
    def agrees(self) -> bool:
        """False also for NaN."""
        return self.disagreement <= AGREEMENT

    def __str__(self) -> str:
        if not self.agrees:
            came = ", ".join(f"{loss:.6f}" for loss in self.losses)
            expected = ", ".join(f"{loss:.6f}" for loss in self.workload.losses)
            return f"{self.place:<8} {self.workload.name:<9} WRONG: losses {came}; PyTorch's are {expected}"
        middle = statistics.median(self.milliseconds)
        low, _, high = statistics.quantiles(self.milliseconds, n=4)
        samples = 1000 * self.workload.batch / middle
        rate = self.workload.operations() / middle / 1e6
        return (
            f"{self.place:<8} {self.workload.name:<9} ok {self.disagreement:.0e} · "
            f"{middle:8.3f} ms ± {(high - low) / 2:.3f} · {samples:9,.0f} samples/s · "
            f"{rate:6.2f} GFLOP/s · {rate / self.limit:4.0%} of NumPy's matrix product"
        )
