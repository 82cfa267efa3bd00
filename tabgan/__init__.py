"""Synthetic tables from a GAN."""
