"""The same passes written out for time: an appendix. It is entered by its `door` alone."""
