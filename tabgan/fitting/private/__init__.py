"""Differential privacy: models learned from noisy sums over the rows alone."""
