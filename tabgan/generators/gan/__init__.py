"""Tensors only: networks, losses, training."""
