"""Variational autoencoder: an encoder of rows and images to latents, and a decoder back."""
