"""In the tests every transform checks the graph that it makes."""

from pyengine.transforms import checking

checking.enabled = True
