"""Base classes and helpers of all parts: errors, checks, files, random streams, row layout."""
