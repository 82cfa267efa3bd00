"""Boosted trees that sample encoded rows column by column, each given those before it."""
