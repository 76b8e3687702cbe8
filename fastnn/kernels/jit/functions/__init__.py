"""Users' scalar functions, compiled to object code of tile functions."""
