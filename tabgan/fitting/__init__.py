"""From a table and the estimator's options to a model: the stages of a fit."""
