"""Benchmarks for airspeed velocity, one file per kernel family; peers.py compares with other libraries."""
