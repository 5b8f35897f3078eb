"""What the guides to batch speech show: everything in memory, the wave module, one file per key.

Called with a results file and a folder.
"""

import base64
import io
import json
import pathlib
import sys
import wave


def wav_of(pcm):
    container = io.BytesIO()
    with wave.open(container, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(24000)
        out.writeframes(pcm)
    return container.getvalue()


def main(results, folder):
    text = pathlib.Path(results).read_bytes().decode("utf-8")
    files = {}
    for line in text.splitlines():
        row = json.loads(line)
        for candidate in row.get("response", {}).get("candidates", [])[:1]:
            for part in candidate.get("content", {}).get("parts", []):
                if "inlineData" in part:
                    files[row["key"]] = wav_of(base64.b64decode(part["inlineData"]["data"]))
    for key, data in files.items():
        (pathlib.Path(folder) / f"{key}.wav").write_bytes(data)


main(*sys.argv[1:])
