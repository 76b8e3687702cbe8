"""The estimators and the public Network; scikit-learn is imported here and nowhere else."""

from fastnn._threadpool import enable_threadpoolctl

enable_threadpoolctl()  # scikit-learn, which every estimator needs, brings threadpoolctl
