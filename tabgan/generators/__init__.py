"""The generators of encoded rows: networks and trees that see tensors, not tables."""
