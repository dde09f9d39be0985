"""Make the PyTorch golden file: `python make_torch.py`."""

from makers.torch_ops import make_torch

if __name__ == "__main__":
    make_torch()
