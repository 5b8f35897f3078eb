"""What the crash scripts share: results to save, a service, and eyes for what a run has left.

Python 3 alone; nothing is fetched, and only this machine is talked to.
"""

import array
import base64
import hashlib
import json
import math
import os
import random
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
L16 = "audio/L16;codec=pcm;rate=24000"
KEY = "AIzaCANARY000000000000000000000000000000"


def program():
    """The program under test: GEMTTS_BIN, else what was built last in release or in debug mode."""
    given = os.environ.get("GEMTTS_BIN")
    built = [os.path.join(ROOT, "target", kind, "gemtts-tui") for kind in ("release", "debug")]
    found = [given] if given else sorted((path for path in built if os.path.exists(path)), key=os.path.getmtime)
    if not found or not os.path.exists(found[-1]):
        sys.exit("build the program first, or name it in GEMTTS_BIN")
    return os.path.abspath(found[-1])


def tone(seed, samples):
    """Bytes of a voice-like tone of 24 kHz: a steady one would be told as noise, and what is told is written too."""
    pitch = (110 + seed % 97) * math.tau / 24000
    loud = [0.6 + 0.5 * math.sin(math.tau * n / 4800) for n in range(4800)]
    waves = (6000 * math.sin(pitch * n) + 3000 * math.sin(2 * pitch * n) for n in range(4800))
    one = array.array("h", (int(wave * loud[n]) for n, wave in enumerate(waves)))
    if sys.byteorder == "big":
        one.byteswap()
    bytes_ = one.tobytes()
    return (bytes_ * (samples // 4800 + 1))[: 2 * samples]


def row(key, pcm):
    data = base64.b64encode(pcm).decode()
    part = {"inlineData": {"mimeType": L16, "data": data}}
    response = {"candidates": [{"content": {"parts": [part]}, "finishReason": "STOP"}]}
    return json.dumps({"response": response, "key": key}, separators=(",", ":")) + "\n"


def results(path, rows, seed):
    """A results file: short and long rows, bad ones, twins, repeated keys."""
    chance = random.Random(seed)
    with open(path, "w", encoding="utf-8") as file:
        for n in range(rows):
            kind = chance.random()
            samples = chance.randrange(1500, 30000)
            if kind < 0.03:
                samples = chance.randrange(600_000, 1_500_000)
            if kind > 0.97:
                file.write(json.dumps({"key": f"line-{n}", "error": {"code": 13, "message": "internal"}}) + "\n")
            elif kind > 0.95:
                file.write(row(f"ch/{chance.randrange(n + 1):04}", tone(n, samples)))
            elif kind > 0.93:
                file.write(row(chance.choice(["Twin", "twin", "TWIN"]), tone(n, samples)))
            elif kind > 0.92:
                file.write(row(f"odd-{n}", tone(n, samples)[:-1]))
            else:
                file.write(row(f"ch/{n:04}", tone(n, samples)))


class Home:
    """A throwaway home: folders, environment, and the program in it."""

    def __init__(self):
        self.path = tempfile.mkdtemp(prefix="gemtts-crash-")
        self.environment = {
            "HOME": self.path,
            "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
            "LANG": "C.UTF-8",
            "GEMINI_API_KEY": KEY,
            # Without a service nobody listens there.
            "GOOGLE_GEMINI_BASE_URL": "http://127.0.0.1:9",
        }
        self.service = None

    def at(self, *names):
        return os.path.join(self.path, *names)

    def serve(self, scenario):
        """Starts the embedded service; it ends with `close`."""
        with open(self.at("scenario.toml"), "w", encoding="utf-8") as file:
            file.write(scenario)
        words = [program(), "sim", "--listen", "127.0.0.1:0", "--scenario", self.at("scenario.toml")]
        self.service = subprocess.Popen(words, env=self.environment, stdout=subprocess.PIPE, text=True)
        line = self.service.stdout.readline()
        if not line.startswith("listening on "):
            sys.exit(f"the service did not start: {line!r}")
        self.environment["GOOGLE_GEMINI_BASE_URL"] = line.split()[2]

    def start(self, words, prefix=(), cache=None, **more):
        environment = dict(self.environment)
        if cache:
            environment["XDG_CACHE_HOME"] = self.at(cache)
        return subprocess.Popen(
            [*prefix, program(), *words],
            cwd=self.path,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            **more,
        )

    def run(self, words, prefix=(), cache=None, within=600):
        """Runs the program to its end: exit code, or minus the signal, and what it said."""
        child = self.start(words, prefix, cache)
        try:
            _, said = child.communicate(timeout=within)
        except subprocess.TimeoutExpired:
            child.kill()
            child.communicate()
            fail(f"{words} did not end within {within} s")
        said = said.decode(errors="replace")
        # The standard library itself gives up when closing a folder fails, which only an injected fault does.
        gave_up = "panicked" in said and "during closedir" not in said
        if gave_up or "CANARY" in said:
            fail(said)
        return child.returncode, said

    def close(self):
        if self.service:
            self.service.kill()
            self.service.wait()
        shutil.rmtree(self.path, ignore_errors=True)


def fail(what):
    print(f"FAILED: {what}")
    sys.exit(1)


def sha256(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def hashes(folder):
    return {name: sha256(os.path.join(folder, name)) for name in os.listdir(folder) if name.endswith(".wav")}


def hash_of(name, right):
    """What a file of a run that was disturbed must hold: a key whose twin has not come yet has its plain name still."""
    stem = name.removesuffix(".wav")
    slug = f"{stem}-{hashlib.sha256(stem.encode()).hexdigest()[:8]}.wav"
    return right.get(name, right.get(slug))


def half_done(where, folder, right):
    """Whatever a run has left: every file is whole and every record true. Gives the number of files."""
    if not os.path.isdir(folder):
        return 0
    there = set()
    for name in os.listdir(folder):
        if name == "manifest.jsonl" or (name.startswith(".") and name.endswith(".part")):
            continue
        if hash_of(name, right) is None:
            fail(f"{where}: nobody knows {name}")
        if sha256(os.path.join(folder, name)) != hash_of(name, right):
            fail(f"{where}: {name} is not whole")
        there.add(name)
    try:
        with open(os.path.join(folder, "manifest.jsonl"), "rb") as file:
            lines = file.read().split(b"\n")[:-1]
    except FileNotFoundError:
        return len(there)
    for line in lines:
        record = json.loads(line)
        if record["file"] is not None and (record["file"] not in there or record["sha256"] != hash_of(record["file"], right)):
            fail(f"{where}: the manifest says what is not so: {record}")
    return len(there)


def by_line(folder):
    records = {}
    with open(os.path.join(folder, "manifest.jsonl"), encoding="utf-8") as file:
        for line in file:
            record = json.loads(line)
            if record["line"] in records:
                fail(f"{folder}: line {record['line']} stands twice: {record} and {records[record['line']]}")
            records[record["line"]] = record
    return records


def same_as(where, folder, undisturbed):
    """The folder is what an undisturbed run leaves."""
    if hashes(folder) != hashes(undisturbed):
        fail(f"{where}: other files")
    mine, right = by_line(folder), by_line(undisturbed)
    if mine != right:
        wrong = [f"{mine.get(line)}\n  instead of {right.get(line)}" for line in right if mine.get(line) != right[line]]
        fail(f"{where}: {len(wrong)} other records\n  " + "\n  ".join(wrong[:5]))
    parts = [name for name in os.listdir(folder) if name.endswith(".part")]
    if parts:
        fail(f"{where}: {parts} are left")
