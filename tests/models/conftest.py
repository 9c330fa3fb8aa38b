"""What the tests of the models share: the same random numbers in each test, whatever ran before."""

import pytest
import torch


@pytest.fixture(autouse=True)
def _seed():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield
