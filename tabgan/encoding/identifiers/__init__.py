"""Identifiers and personal data: made by pattern or in the words of a locale, never learned."""
