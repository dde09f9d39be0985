"""From a graph to a Program: `order.py` (when), `storage.py` (who shares memory, how long), `arena.py` (where)."""

from pyengine.plan.program import Call, Program, Slot, plan

__all__ = ["Call", "Program", "Slot", "plan"]
