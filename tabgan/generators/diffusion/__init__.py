"""Diffusion: rows and images from a network that takes noise away."""
