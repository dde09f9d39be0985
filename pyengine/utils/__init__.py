"""What prepares data for training: class numbers, padding, windows of time series, splits, folders of files.

numerical.py   to_categorical, normalize        timeseries.py   windows over a time series
sequences.py   pad_sequences                    splitting.py    a data set in two parts
"""

from pyengine.data import PyDataset
from pyengine.random import set_random_seed
from pyengine.utils.numerical import normalize, to_categorical
from pyengine.utils.sequences import pad_sequences
from pyengine.utils.splitting import split_dataset
from pyengine.utils.timeseries import timeseries_dataset_from_array

__all__ = [
    "PyDataset",
    "normalize",
    "pad_sequences",
    "set_random_seed",
    "split_dataset",
    "timeseries_dataset_from_array",
    "to_categorical",
]
