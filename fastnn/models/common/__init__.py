"""What the estimators share: arrays, targets, parameters, callbacks, saving."""
