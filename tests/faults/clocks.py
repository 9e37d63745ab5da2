"""Clocks that are wrong: a library in front of libc's adds to what a process is told, and the sum can change."""

import os
import shutil
import struct
import subprocess
from pathlib import Path

_VARIABLE = "FAULTS_CLOCK"
_SOURCE = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>

static volatile long long *ahead;
static int (*real)(clockid_t, struct timespec *);

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("FAULTS_CLOCK");
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    void *found = file < 0 ? MAP_FAILED : mmap(0, sizeof *ahead, PROT_READ, MAP_SHARED, file, 0);
    if (found != MAP_FAILED) ahead = found;
}

int clock_gettime(clockid_t id, struct timespec *at) {
    if (!real) real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    int failed = real(id, at);
    if (!failed && ahead && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE)) at->tv_sec += *ahead;
    return failed;
}

int gettimeofday(struct timeval *restrict at, void *restrict zone) {
    struct timespec now;
    (void)zone;
    if (clock_gettime(CLOCK_REALTIME, &now)) return -1;
    at->tv_sec = now.tv_sec;
    at->tv_usec = now.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *at) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (at) *at = now.tv_sec;
    return now.tv_sec;
}
"""


class WrongClocks:
    """One wall clock for each name, right at first. `there` is false where there is no C compiler to make them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._library = folder / "clock.so"
        source = folder / "clock.c"
        source.write_text(_SOURCE)
        compiler = shutil.which("cc")
        command = [compiler or "", "-shared", "-fPIC", "-O1", "-o", str(self._library), str(source), "-ldl"]
        self.there = compiler is not None and subprocess.run(command, check=False, capture_output=True).returncode == 0
        self._names: set[str] = set()

    def environment(self, name: str) -> dict[str, str]:
        """What a process is started with to have this clock."""
        if not self.there:
            return {}
        self.set(name, 0)
        return {"LD_PRELOAD": str(self._library), _VARIABLE: str(self._file(name))}

    def set(self, name: str, seconds: int) -> None:
        """So many seconds ahead of the right time from now on; behind it, where negative."""
        self._names.add(name)
        # In place: processes have mapped this very file.
        descriptor = os.open(self._file(name), os.O_RDWR | os.O_CREAT)
        os.pwrite(descriptor, struct.pack("=q", seconds), 0)
        os.close(descriptor)

    def heal(self) -> None:
        """Every clock is right."""
        for name in self._names:
            self.set(name, 0)

    def _file(self, name: str) -> Path:
        return self._folder / f"{name}.clock"
