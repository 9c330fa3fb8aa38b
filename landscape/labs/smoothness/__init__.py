"""Is the loss really smoother with BatchNorm?"""
