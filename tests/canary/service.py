"""A service that fails, and says back the key that it was sent in every way there is.

Python 3 alone, on loopback. Each fault is a function of a request; it fails all calls, or only those of one kind while the
others answer as a service does.
"""

import base64
import gzip
import json
import re
import socket
import struct
import threading
import urllib.parse

TYPE = "type.googleapis.com/google.ai.generativelanguage.v1main.GenerateContentBatch"
TONE = base64.b64encode(bytes((n * 37 + n // 7) % 251 for n in range(4800))).decode()


class Request:
    def __init__(self, method, target, headers, body):
        self.method, self.target, self.headers, self.body = method, target, headers, body
        self.path = target.split("?")[0]
        self.key = headers.get("x-goog-api-key", "")

    def call(self):
        """The kind of call, as in the matrix of faults."""
        if "/upload" in self.path:
            return "US" if self.headers.get("x-goog-upload-command") == "start" else "UP"
        if self.path.endswith(":download"):
            return "DL"
        if self.path.endswith(":batchGenerateContent"):
            return "C"
        if self.path.endswith(":cancel"):
            return "X"
        if self.path.startswith("/v1beta/batches"):
            if self.method == "DELETE":
                return "DB"
            return "LB" if self.path == "/v1beta/batches" else "GB"
        if self.path.startswith("/v1beta/files"):
            return "DF" if self.method == "DELETE" else "FG"
        return "M"


def answer(status, body, headers=()):
    body = body if isinstance(body, bytes) else body.encode()
    head = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}", "Connection: close"]
    head += [f"{name}: {value}" for name, value in headers]
    return ("\r\n".join(head) + "\r\n\r\n").encode("utf-8", "surrogateescape") + body


def as_json(status, value, headers=()):
    return answer(status, json.dumps(value), [("Content-Type", "application/json"), *headers])


def job(name, state, said=""):
    """A job in whose every text the key may stand."""
    output = {"responsesFile": "files/batch-res"}
    made = {
        "name": f"batches/{name}",
        "metadata": {
            "@type": TYPE, "model": f"models/gemini-2.5-flash-preview-tts{said}", "displayName": f"{name} {said}",
            "inputConfig": {"fileName": "files/in"}, "createTime": "2026-07-02T14:40:59.019821594Z",
            "updateTime": "2026-07-02T14:41:31Z", "state": state, "name": f"batches/{name}",
            "batchStats": {"requestCount": "2", "successfulRequestCount": "2"}, "unheardOf": said,
        },
    }
    if state.endswith("SUCCEEDED"):
        made["metadata"]["output"] = output
        made.update(done=True, response={"@type": TYPE + "Output", **output})
    if state.endswith("FAILED"):
        made.update(done=True, error={"code": 13, "message": f"it broke {said}", "details": [{"reason": said}]})
    return made


def jobs(said=""):
    all_ = [job("done", "BATCH_STATE_SUCCEEDED", said), job("open", "BATCH_STATE_RUNNING", said),
            job("bad", "BATCH_STATE_FAILED", said)]
    if said:
        all_ += [job(said, "BATCH_STATE_SUCCEEDED", said), job("odd", f"BATCH_STATE_{said}", said)]
    return all_


def rows(said=""):
    def spoken(key, extra=()):
        part = {"inlineData": {"mimeType": "audio/L16;codec=pcm;rate=24000", "data": TONE}}
        response = {"candidates": [{"content": {"parts": [part]}, "finishReason": "STOP"}], **dict(extra)}
        return json.dumps({"response": response, "key": key})
    lines = [spoken("a"), spoken("b", {"modelVersion": said, "unheardOf": said}.items())]
    if said:
        lines += [
            spoken(said), spoken(f"../{said}"),
            json.dumps({"key": "c", "error": {"code": 13, "message": f"no {said}", "status": said}}),
            json.dumps({"key": "d", "response": {"candidates": [{"finishReason": said}]}}),
            json.dumps({"key": "e", "response": {"candidates": [{"content": {"parts": [{"text": said}]}}]}}),
            f"no json {said}",
        ]
    return "\n".join(lines) + "\n"


def plausible(request, said="", origin=""):
    """What a service answers; with the key in every text if it is given."""
    call, tail = request.call(), request.path.rsplit("/", 1)[-1]
    file = {"name": "files/up", "displayName": f"x {said}", "mimeType": f"application/jsonl{said}", "sizeBytes": "10",
            "createTime": "2026-07-02T14:40:59Z", "expirationTime": "2126-07-04T14:40:59Z", "state": "ACTIVE",
            "uri": f"https://h/?key={said}", "source": "UPLOADED"}
    headers = [("X-Said", said), ("ETag", f'"{said}"'), ("Set-Cookie", f"k={said}")] if said else []
    if call == "LB":
        return as_json(200, {"operations": jobs(said)}, headers)
    if call == "GB":
        named = [job_ for job_ in jobs(said) if job_["name"] == f"batches/{tail}"]
        return as_json(200, named[0] if named else job(tail, "BATCH_STATE_PENDING", said), headers)
    if call == "US":
        where = f"{origin}/upload/session?upload_id=abc{said}"
        return answer(200, "", [("X-Goog-Upload-Status", "active"), ("X-Goog-Upload-URL", where), *headers])
    if call == "UP":
        return as_json(200, {"file": file}, [("X-Goog-Upload-Status", "final"), *headers])
    if call == "C":
        return as_json(200, job("new", "BATCH_STATE_PENDING", said), headers)
    if call in ("X", "DB", "DF"):
        return as_json(200, {}, headers)
    if call == "FG":
        return as_json(200, {"files": [file, {**file, "name": f"files/{said or 'two'}"}]}
                       if tail == "files" else file, headers)
    if call == "DL":
        return answer(200, rows(said), headers)
    if tail == "voices":
        voice = {"name": f"voices/{said or 'Kore'}", "displayName": said or "Kore", "description": said}
        return as_json(200, {"voices": [voice]}, headers)
    model = {"name": f"models/gemini-2.5-flash-preview-tts{said}", "displayName": f"tts {said}", "version": said,
             "inputTokenLimit": 8192, "supportedGenerationMethods": ["batchGenerateContent", said]}
    return as_json(200, {"models": [model]}, headers)


def refusal(status, word, key, **more):
    details = [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": key, "metadata": {"key": key}}]
    details += more.get("details", [])
    return {"error": {"code": status, "message": f"bad key {key} in https://h/x?key={key}&y=1", "status": word,
                      "details": details}}


def refused(status, word, **more):
    return lambda request, _: as_json(status, refusal(status, word, request.key, **more), [("X-Said", request.key)])


def page(status):
    return lambda request, _: answer(
        status, f"<html><head><title>{status}</title></head><body><h1>{request.key}</h1>{'<b>' * 1360}{request.key}",
        [("Content-Type", "text/html"), ("Server", request.key)])


def redirect(status, where):
    def fault(request, origin):
        key, quoted = request.key, urllib.parse.quote(request.key, safe="")
        return answer(status, key, [("Location", where.format(key=key, quoted=quoted, origin=origin))])
    return fault


def cut(request, _):
    """An answer that ends within the key."""
    body = f'{{"operations":[],"x":"{request.key[:len(request.key) - 7]}'.encode()
    return answer(200, body).replace(f"Content-Length: {len(body)}".encode(), b"Content-Length: 9999")


def cut_without_length(request, _):
    return f"HTTP/1.1 200 X\r\nConnection: close\r\n\r\n{{\"x\":\"{request.key[:-7]}".encode()


def odd_chunks(request, _):
    key = request.key.encode()
    return b"HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\n" + b"".join(
        b"1\r\n" + key[n:n + 1] + b"\r\n" for n in range(len(key))) + key + b"\r\n"


def encoded(request, _):
    """The key as others write it: escaped for an address, in base64, as a pair of a header."""
    key = request.key
    forms = [urllib.parse.quote(key, safe=""), base64.b64encode(key.encode()).decode(),
             base64.urlsafe_b64encode(key.encode()).decode(), json.dumps(key)]
    value = refusal(400, "INVALID_ARGUMENT", " ".join(forms))
    return as_json(400, value, [("X-Said", " ".join(forms))])


def twice(request, _):
    return as_json(200, {"operations": [job("done", "BATCH_STATE_SUCCEEDED")], "nextPageToken": request.key})


def elsewhere(request, origin):
    if request.call() != "US":
        return plausible(request, "", origin)
    where = f"https://evil.invalid/{request.key}?key={request.key}"
    return answer(200, "", [("X-Goog-Upload-Status", "active"), ("X-Goog-Upload-URL", where)])


SILENT, GONE, RESET = "silent", "gone", "reset"

FAULTS = {
    "answers well": lambda request, origin: plausible(request, "", origin),
    "says the key in every text": lambda request, origin: plausible(request, request.key, origin),
    "silence": lambda *_: SILENT,
    "an end without an answer": lambda *_: GONE,
    "a reset": lambda *_: RESET,
    "400": refused(400, "INVALID_ARGUMENT"),
    "400 in odd words": lambda request, _: as_json(400, {"error": request.key}),
    "400 in other forms": encoded,
    "401": refused(401, "UNAUTHENTICATED"),
    "403": refused(403, "PERMISSION_DENIED"),
    "404": refused(404, "NOT_FOUND"),
    "409": refused(409, "ALREADY_EXISTS"),
    "412": refused(412, "FAILED_PRECONDITION"),
    "413": refused(413, "X"),
    "429 with a wait": refused(429, "RESOURCE_EXHAUSTED", details=[{"retryDelay": "0.05s"}]),
    "429 of the day": refused(429, "RESOURCE_EXHAUSTED", details=[{"violations": [{"quotaId": "PerDay", "quotaValue": "1"}]}]),
    "408": refused(408, "X"),
    "500": refused(500, "INTERNAL"),
    "500 in a page": page(500),
    "502 in a page": page(502),
    "503": refused(503, "UNAVAILABLE"),
    "504 in a list": lambda request, _: as_json(504, [refusal(504, "DEADLINE", request.key)]),
    "200 with an error": lambda request, _: as_json(200, refusal(429, "RESOURCE_EXHAUSTED", request.key)),
    "200 with a page": page(200),
    "200 with nothing": lambda *_: answer(200, ""),
    "200 with gzip": lambda request, _: answer(200, gzip.compress(request.key.encode()), [("Content-Encoding", "gzip")]),
    "200 with the key as its encoding": lambda request, _: answer(200, "{}", [("Content-Encoding", request.key)]),
    "200 that is cut": cut,
    "200 that is cut without a length": cut_without_length,
    "200 in odd chunks": odd_chunks,
    "200 that is too large": lambda request, _: answer(200, '{"x":"' + request.key + " " * (17 << 20) + '"}'),
    "301 elsewhere": redirect(301, "https://evil.invalid/{key}?key={key}"),
    "302 to a user": redirect(302, "https://{quoted}@evil.invalid/"),
    "307 elsewhere": redirect(307, "http://{key}.invalid/?key={quoted}"),
    "307 to the key": redirect(307, "{origin}/{quoted}?key={key}"),
    "308 to nowhere": redirect(308, "//{key}/"),
    "a greeting of its own": lambda request, _: f"{request.key} 200 {request.key}\r\n{request.key}\r\n\r\n".encode(),
    "a status of its own": lambda request, _: f"HTTP/1.1 {request.key}\r\n\r\n".encode(),
    "a wait of its own": lambda request, _: as_json(503, {}, [("Retry-After", request.key), ("Date", request.key)]),
    "one page again and again": twice,
    "an upload address elsewhere": elsewhere,
}


class Service:
    """Listens until the program ends; every connection has a thread of its own."""

    def __init__(self, fault, only=None):
        self.fault, self.only, self.held = FAULTS[fault], only, []
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.origin = f"http://127.0.0.1:{self.socket.getsockname()[1]}"
        self.asked = 0
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=[connection], daemon=True).start()

    def serve(self, connection):
        try:
            connection.settimeout(60)
            request = read(connection)
            if request is None:
                return connection.close()
            self.asked += 1
            is_hit = self.only is None or request.call() == self.only
            said = self.fault(request, self.origin) if is_hit else plausible(request, "", self.origin)
            if said is SILENT:
                return self.held.append(connection)
            if said is RESET:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            elif said is not GONE:
                connection.sendall(said)
            connection.close()
        except OSError:
            connection.close()

    def close(self):
        self.socket.close()
        for connection in self.held:
            connection.close()


def read(connection):
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(65536)
        if not more:
            return None
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    method, target, _ = lines[0].split(" ", 2)
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
    length = int(re.sub(r"\D", "", headers.get("content-length", "0")) or 0)
    while len(body) < length:
        more = connection.recv(65536)
        if not more:
            break
        body += more
    return Request(method, target, headers, body)
