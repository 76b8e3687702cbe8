"""Proximal Newton methods, for penalties with a kink at zero."""
