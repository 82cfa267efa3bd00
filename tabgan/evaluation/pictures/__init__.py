"""Pictures of a training and of what it made; they need the extra ``plots`` (matplotlib)."""
