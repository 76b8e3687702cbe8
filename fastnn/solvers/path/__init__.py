"""Optima along a row of penalties, each from the one before."""
