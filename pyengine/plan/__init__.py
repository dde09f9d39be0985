"""The memory planner: `order.py` (schedule), `storage.py` (sharing and lifetimes), `arena.py` (offsets)."""

from pyengine.plan.program import Call, Program, Slot, plan

__all__ = ["Call", "Program", "Slot", "plan"]
