"""Privacy of the rows that a model is learned from."""
