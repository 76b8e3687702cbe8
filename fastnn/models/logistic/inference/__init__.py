"""What a fitted logistic regression says of the population: standard errors, tests, separation."""
