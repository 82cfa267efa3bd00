"""Databases of several tables: keys between them, a model of all tables, and its evaluation."""
