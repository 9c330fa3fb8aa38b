"""Inside a network: its activations and gradients, layer by layer."""
