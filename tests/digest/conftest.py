"""Hypothesis without a deadline: the machine is shared, and a slow example says nothing about the code."""

from hypothesis import settings

settings.register_profile("shared-machine", deadline=None)
settings.load_profile("shared-machine")
