"""The same passes written out for time."""
