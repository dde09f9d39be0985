"""What each golden file is made of: one module a file; `make_keras.py` and `make_torch.py` run them."""
