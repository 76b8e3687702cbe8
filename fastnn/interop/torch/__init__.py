"""torch.nn.Sequential as a Network, and models as one."""
