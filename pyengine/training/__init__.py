"""Training: the arguments of compile, the step as a Program, the training loops, and the jobs that drive them.

trainer.py    compile, fit, evaluate, predict          entry.py      the two methods of each: blocking, to await
fitting.py    the work of fit                          measuring.py  the work of evaluate and predict
state.py      what a model remembers between calls     preparing.py  where batches come from
compile.py    optimizer, losses, metrics resolved      inputs.py     data made to fit: arrays, checks, weighting
step.py       the step as a graph and a Program        feeding.py    batches into planned steps
loop.py       the loops, as generators                 job.py        who drives them; pacing.py, host.py
reading.py    weights as they were when a predict was begun
"""

from pyengine.training.host import host
from pyengine.training.job import PAUSE, Job
from pyengine.training.trainer import Trainer

__all__ = ["PAUSE", "Job", "Trainer", "host"]
