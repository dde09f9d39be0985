"""Training: what compile resolves, the step as a Program, the loops, and who drives them.

trainer.py   compile, fit, evaluate, predict
compile.py   optimizer, losses, metrics resolved       inputs.py    data made to fit: arrays.py, checks.py, weighting.py
step.py      the step as a graph and a Program         feeding.py   batches into planned steps
loop.py      the loops, as generators                  job.py       who drives them; pacing.py, host.py
"""

from pyengine.training.host import host
from pyengine.training.job import PAUSE, Job
from pyengine.training.trainer import Trainer

__all__ = ["PAUSE", "Job", "Trainer", "host"]
