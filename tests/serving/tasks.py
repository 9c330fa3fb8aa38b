"""Tasks whose course a test knows, in a module that worker processes find."""

import functools
import gc
import os
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from landscape.serving import own_table


@dataclass
class Counting:
    """A task of a few units, one each chunk, whose result is the list of them."""

    units: int = 3
    name: str = ""
    done: list = field(default_factory=list)

    @property
    def finished(self):
        return len(self.done) == self.units

    @property
    def fraction(self):
        return len(self.done) / self.units

    def advance(self, seconds):
        self.done.append(f"{self.name}{len(self.done)}")

    def partial(self):
        return tuple(self.done)

    def result(self):
        return tuple(self.done)


class Failing(Counting):
    def advance(self, seconds):
        raise ArithmeticError("the loss is no number")


@dataclass
class Looking(Counting):
    """Whether the process in which it runs holds a table of that name, and which process that is."""

    units: int = 1
    digest: str = ""

    def advance(self, seconds):
        gc.collect()
        time.sleep(0.1)
        self.done.append((self.digest in own_table._HELD, os.getpid()))

    def result(self):
        return self.done[0]


@dataclass
class Joined(Counting):
    """A task that takes the results of two others."""

    parts: tuple = ()

    def result(self):
        return self.parts


def joined(*parts):
    return Joined(1, "j", parts=parts)


def task(name="", units=3):
    return functools.partial(Counting, units, name)


class Large(Counting):
    def result(self):
        return (np.zeros(1000),)


@dataclass
class Gated(Counting):
    """A task that goes on until a file is there, and tells in which process each of its chunks was."""

    gate: str = ""

    @property
    def finished(self):
        return Path(self.gate).exists()

    def advance(self, seconds):
        time.sleep(seconds)
        self.done.append(os.getpid())
