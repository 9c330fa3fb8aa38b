"""From parameters to losses: what a network, or anybody's module, makes of fixed data."""
