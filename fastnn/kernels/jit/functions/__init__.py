"""Users' own scalar functions, compiled to native code: value and slope in one pass, in whole vectors."""
