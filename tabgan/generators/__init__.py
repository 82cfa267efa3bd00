"""The learners: tensors only, no table."""
