"""The program in a pseudo-terminal: what it writes and when, what it costs, and how it ends.

Python 3 alone. Output is stamped by a thread of its own when it comes; a wait ends when what it waits for is there.
"""

import fcntl
import os
import re
import select
import signal
import struct
import subprocess
import termios
import threading
import time

FRAME_BEGINS = b"\x1b[?2026h"
FRAME_ENDS = b"\x1b[?2026l"
# Longer than any pause within what belongs together.
QUIET = 0.3
DEADLINE = 60


class Terminal:
    def __init__(self, words, environment, folder, size=(80, 24), ignore_hangup=False, read=True):
        self.master, slave = os.openpty()
        self.resize(*size)

        def child():
            os.setsid()
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)
            if ignore_hangup:
                signal.signal(signal.SIGHUP, signal.SIG_IGN)

        self.began = time.monotonic()
        self.process = subprocess.Popen(words, cwd=folder, env={"TERM": "xterm-256color", **environment}, stdin=slave,
                                        stdout=slave, stderr=slave, preexec_fn=child)
        os.close(slave)
        self.pid = self.process.pid
        self.output = bytearray()
        self.pieces = []
        self.changed = threading.Condition()
        self.is_closed = False
        # Something to read there ends the reading: a terminal that somebody still reads cannot vanish.
        self.stop_reading, self.stop = os.pipe()
        self.reader = threading.Thread(target=self.read, daemon=True) if read else None
        if self.reader:
            self.reader.start()

    def read(self):
        while True:
            ready, _, _ = select.select([self.master, self.stop_reading], [], [])
            if self.stop_reading in ready:
                return
            try:
                piece = os.read(self.master, 1 << 16)
            except OSError:
                piece = b""
            with self.changed:
                if piece:
                    self.pieces.append((time.monotonic(), len(piece)))
                    self.output += piece
                else:
                    self.is_closed = True
                self.changed.notify_all()
            if not piece:
                return

    def resize(self, columns, rows):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def send(self, keys):
        os.write(self.master, keys.encode())

    def written(self, since=0):
        """What was written since then, in bytes."""
        with self.changed:
            return bytes(self.output[since:])

    def wait(self, what, since=0, within=DEADLINE):
        """Waits until a pattern stands in what was written; gives the moment at which its last byte came."""
        pattern = what if isinstance(what, re.Pattern) else re.compile(re.escape(what.encode()))
        until = time.monotonic() + within
        with self.changed:
            while not pattern.search(plain(self.output[since:])):
                left = until - time.monotonic()
                if left <= 0 or self.is_closed:
                    raise AssertionError(f"waited for {what!r}; there is {plain(self.output[since:])[-600:]!r}")
                self.changed.wait(left)
            return self.pieces[-1][0] if self.pieces else time.monotonic()

    def frame(self, since, within=DEADLINE):
        """Waits for the end of the first frame since then; `None` when there is none in time."""
        until = time.monotonic() + within
        with self.changed:
            while FRAME_ENDS not in self.output[since:]:
                left = until - time.monotonic()
                if left <= 0 or self.is_closed:
                    return None
                self.changed.wait(left)
            return self.pieces[-1][0]

    def settle(self, quiet=QUIET, within=DEADLINE):
        """Waits until nothing was written for a while."""
        until = time.monotonic() + within
        with self.changed:
            while time.monotonic() < until and not self.is_closed:
                before = len(self.output)
                if not self.changed.wait_for(lambda: len(self.output) != before or self.is_closed, quiet):
                    return len(self.output)
        raise AssertionError("it never stops writing")

    def processor_seconds(self):
        """What all threads have used so far; the kernel counts it in nanoseconds."""
        total = 0
        for thread in os.listdir(f"/proc/{self.pid}/task"):
            try:
                with open(f"/proc/{self.pid}/task/{thread}/schedstat", encoding="ascii") as file:
                    total += int(file.read().split()[0])
            except OSError:
                pass
        return total / 1e9

    def end(self, since=None, within=DEADLINE):
        """Waits for the end: exit code, seconds that it took since then, and the processor time of its whole life."""
        began = since or time.monotonic()
        killer = threading.Timer(within, os.kill, (self.pid, signal.SIGKILL))
        killer.start()
        _, status, usage = os.wait4(self.pid, 0)
        killer.cancel()
        self.process.returncode = os.waitstatus_to_exitcode(status)
        return self.process.returncode, time.monotonic() - began, usage.ru_utime + usage.ru_stime

    def hang_up(self):
        os.write(self.stop, b".")
        if self.reader:
            self.reader.join()
        for end in (self.stop, self.stop_reading, self.master):
            os.close(end)
        self.master = None

    def close(self):
        if self.process.returncode is None:
            self.process.kill()
            self.process.wait()
        if self.master is not None:
            self.hang_up()


ESCAPE = re.compile(rb"\x1b\[[0-9;?<>=]*[ -/]*[@-~]|\x1b[()].|\x1b[=>78]")


def plain(written):
    """The text without what moves and colours it."""
    return ESCAPE.sub(b"", bytes(written))
