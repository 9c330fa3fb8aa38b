"""The kit of the figures: from arrays to panels, pure, in the colours of the page."""
