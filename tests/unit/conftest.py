"""Hypothesis without its deadline: on a busy machine an example takes long for no fault of its own."""

from hypothesis import settings

settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")
