"""GANs on tensors: networks, losses, penalties, stabilizers, training."""
