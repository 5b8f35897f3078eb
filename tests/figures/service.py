"""Services for figures: one that counts what goes through to another, and one whose lists and results have any size.

Python 3 alone, on the loopback interface.
"""

import base64
import collections
import json
import re
import socket
import threading
import time

import bench

JOB = "batches/o6k1fq34vm2ou69wy5w72wqw56qjigbln6yy"
FILE = "files/batch-o6k1fq34vm2ou69wy5w72wqw56qjigbln6yy"
HEAD = b'{"response":{"candidates":[{"content":{"parts":[{"inlineData":{"mimeType":"' + bench.L16.encode() + b'","data":"'
TAIL = b'"}}]},"finishReason":"STOP"}]},"key":"%s"}\n'


class Counting:
    """Passes everything on, and counts the creates of each token on the way."""

    CREATE = re.compile(rb"POST \S*:(?:b|asyncB)atchGenerateContent.*?~gt-([0-9A-Z]{26})", re.S)

    def __init__(self, to):
        self.to = to
        self.creates = collections.Counter()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(self.to)
            except OSError:
                client.close()
                continue
            threading.Thread(target=self.pass_on, args=(client, server, True), daemon=True).start()
            threading.Thread(target=self.pass_on, args=(server, client, False), daemon=True).start()

    def pass_on(self, one, other, is_asked):
        asked = b""
        try:
            while piece := one.recv(1 << 16):
                if is_asked:
                    # Counted before it goes on: what is killed now has been sent.
                    asked += piece
                    while found := self.CREATE.search(asked):
                        self.creates[found[1].decode()] += 1
                        asked = asked[found.end():]
                    asked = asked[-(1 << 16):]
                other.sendall(piece)
        except OSError:
            pass
        for end in (one, other):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def close(self):
        self.listener.close()


class Site:
    """Lists of jobs, and one job whose results are made while they are sent."""

    def __init__(self, jobs=1, alternating=False, results=None, rows=1, wait=None):
        self.jobs, self.alternating = jobs, alternating
        self.results, self.wait = results, wait
        self.rows = rows
        self.asked = collections.Counter()
        self.walks = 0
        self.pages = [self.make_pages(half) for half in (False, True)] if jobs > 1 else None
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self.accept, daemon=True).start()

    def make_pages(self, half):
        """All jobs as the bodies of pages, made beforehand so that this process does not count much."""
        pages = []
        for begin in range(0, self.jobs, 100):
            operations = []
            for number in range(begin, min(begin + 100, self.jobs)):
                state = "RUNNING" if self.alternating else "SUCCEEDED"
                done = number % 50 + (1 if half else 0)
                minutes = number % (48 * 60)
                time_ = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 60 * minutes))
                operations.append({"name": f"batches/job{number:06}", "metadata": {
                    "displayName": f"a job of many {number}", "model": "models/gemini-2.5-flash-preview-tts",
                    "state": f"BATCH_STATE_{state}", "createTime": time_, "updateTime": time_,
                    "batchStats": {"requestCount": "100", "successfulRequestCount": str(done),
                                   "pendingRequestCount": str(100 - done)}}})
            page = {"operations": operations}
            if begin + 100 < self.jobs:
                page["nextPageToken"] = str(begin // 100 + 1)
            pages.append(json.dumps(page).encode())
        return pages

    def job(self):
        ended = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 3600))
        return {"name": JOB, "done": True, "response": {"responsesFile": FILE}, "metadata": {
            "displayName": "results-of-figures", "model": "models/gemini-2.5-flash-preview-tts",
            "state": "BATCH_STATE_SUCCEEDED", "createTime": ended, "endTime": ended, "updateTime": ended,
            "inputConfig": {"fileName": "files/input"}, "output": {"responsesFile": FILE},
            "batchStats": {"requestCount": str(self.rows), "successfulRequestCount": str(self.rows)}}}

    def accept(self):
        while True:
            try:
                stream, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.talk, args=(stream,), daemon=True).start()

    def talk(self, stream):
        stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        lines = stream.makefile("rb")
        try:
            while first := lines.readline():
                headers = {}
                while (line := lines.readline().strip()):
                    name, _, value = line.partition(b":")
                    headers[name.lower()] = value.strip()
                self.answer(stream, first.split()[1].decode(), headers)
        except OSError:
            pass
        finally:
            stream.close()

    def answer(self, stream, target, headers):
        path, _, query = target.partition("?")
        self.asked[path] += 1
        if path.endswith(":download"):
            stream.sendall(b"HTTP/1.1 200 OK\r\ncontent-type: application/jsonl\r\nconnection: close\r\n\r\n")
            for piece in self.results():
                stream.sendall(piece)
            stream.shutdown(socket.SHUT_RDWR)
        elif path == "/v1beta/batches" and self.pages:
            token = re.search(r"pageToken=(\d+)", query)
            page = int(token[1]) if token else 0
            self.walks += page == 0
            self.send(stream, self.pages[self.walks % 2][page])
        elif path == "/v1beta/batches":
            self.send(stream, json.dumps({"operations": [self.job()]}).encode())
        elif path == f"/v1beta/{JOB}":
            self.send(stream, json.dumps(self.job()).encode())
        elif path in ("/v1beta/models", "/v1beta/files"):
            self.send(stream, b"{}")
        else:
            self.send(stream, b'{"error":{"code":404,"status":"NOT_FOUND"}}', "404 Not Found")

    def send(self, stream, body, status="200 OK"):
        date = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime())
        head = f"HTTP/1.1 {status}\r\ncontent-type: application/json\r\ndate: {date}\r\ncontent-length: {len(body)}\r\n\r\n"
        stream.sendall(head.encode() + body)

    def close(self):
        self.listener.close()


def speech(encoded_bytes):
    """Base64 of so many bytes, whole groups of four, of something that sounds."""
    block = base64.b64encode(bench.tone(7, 384 * 1024))
    return (block * (encoded_bytes // len(block) + 1))[: encoded_bytes // 8 * 8]


def rows(number, encoded_bytes):
    """Rows of that much base64 each, as pieces of about a megabyte."""
    data = speech(encoded_bytes)

    def send():
        pieces, length = [], 0
        for n in range(number):
            pieces += [HEAD, data, TAIL % b"row-%06d" % n]
            length += len(data)
            if length > 1 << 20:
                yield b"".join(pieces)
                pieces, length = [], 0
        yield b"".join(pieces)

    return send


def line_without_end(length):
    """A row whose audio never ends, cut off after so many bytes."""
    block = speech(1 << 20)

    def send():
        yield HEAD
        for _ in range(length // len(block)):
            yield block

    return send
