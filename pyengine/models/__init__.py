"""Models: networks of layers that can be trained.

network.py   which layers lie between inputs and outputs      model.py        Model: any network
summary.py   a model as a table                               sequential.py   Sequential: a stack
config.py    a model as plain maps, and back
"""

from pyengine.models.model import Model
from pyengine.models.sequential import Sequential

__all__ = ["Model", "Sequential"]
