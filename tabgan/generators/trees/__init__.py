"""Rows column by column, each drawn by boosted trees given those before it; arrays only."""
