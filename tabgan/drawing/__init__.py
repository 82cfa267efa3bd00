"""Rows of a trained model as they are asked for: under conditions, completed, balanced."""
