"""pyengine: neural-network training in NumPy, the same wheel in CPython and in a browser tab."""
