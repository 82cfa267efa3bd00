"""The lectures' empirical rule for the latent size: try several and compare metrics."""
