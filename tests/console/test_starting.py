"""Ctrl-C is heard, wherever it comes."""

import os
import signal
from threading import Event

import pytest

from console.starting import until_stopped


class Interrupted:
    """Its end is interrupted: Python tells of the exception and goes on."""

    def __del__(self) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        for _ in range(1000):
            pass


def test_ctrl_c_ends_the_block_quietly():
    before = signal.getsignal(signal.SIGINT)
    reached = False
    with until_stopped():
        os.kill(os.getpid(), signal.SIGINT)
        signal.pause()
        reached = True
    assert not reached
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_ctrl_c_is_told_though_it_came_while_something_was_cleaned_up():
    told, reached = Event(), False
    with until_stopped(told):
        ending = Interrupted()
        del ending
        reached = True
    assert reached
    assert told.is_set()
