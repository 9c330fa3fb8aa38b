"""What all tests share: one thread for torch, so that tests beside each other do not fight for the cores."""

import torch

torch.set_num_threads(1)
