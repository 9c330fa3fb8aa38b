"""The shape of a loss: planes, surfaces, curvature. Sees an objective, never a network."""
