"""Computations beside the page, shared by all who ask: tasks, jobs, workers, devices, the store."""
