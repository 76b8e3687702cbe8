"""The estimators and the public Network; scikit-learn is imported here and nowhere else."""
