"""Data for training: in-memory arrays (`ArrayData`) and streams of any length (`Dataset`).

To add a source or a transformation: 1. its async generator in `sources.py` or `stages.py` 2. a method in
`dataset.py` 3. a row in `tests/data/test_dataset.py`.
"""

from pyengine.data.arrays import ArrayData
from pyengine.data.dataset import Dataset
from pyengine.data.driving import complete
from pyengine.data.pydataset import PyDataset
from pyengine.data.streams import stream_of

__all__ = ["ArrayData", "Dataset", "PyDataset", "complete", "stream_of"]
