"""Trainings reported to other programs while they run: a file a program."""
