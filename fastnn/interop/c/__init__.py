"""A model as one header of C99 that needs nothing but math.h."""
