"""The fastest that Python does with its two fastest parsers: one line at a time, and the header by hand.

Called with a results file and a folder. Needs orjson and pybase64.
"""

import struct
import sys

import orjson
import pybase64


def main(results, folder):
    with open(results, "rb") as lines:
        for line in lines:
            row = orjson.loads(line)
            candidates = row.get("response", {}).get("candidates")
            parts = candidates[0].get("content", {}).get("parts", []) if candidates else []
            for part in parts:
                data = part.get("inlineData")
                if data is None:
                    continue
                pcm = pybase64.b64decode(data["data"], validate=True)
                head = struct.pack(
                    "<4sI8sIHHIIHH4sI",
                    *(b"RIFF", 36 + len(pcm), b"WAVEfmt ", 16, 1, 1, 24000, 48000, 2, 16, b"data", len(pcm)),
                )
                with open(f"{folder}/{row['key']}.wav", "wb") as out:
                    out.write(head)
                    out.write(pcm)


main(*sys.argv[1:])
