"""The whole life of batch jobs, done by Google's Python SDK against the embedded service.

lifecycle.py WORD: WORD keeps the names of two runs apart. The service is where GOOGLE_GEMINI_BASE_URL says.
"""

import array
import base64
import hashlib
import io
import json
import math
import os
import sys
import tempfile
import time
import traceback
import wave

from google import genai
from google.genai import errors, types

WORD = sys.argv[1]
PRO = "gemini-2.5-pro-preview-tts"
FLASH = "gemini-3.1-flash-tts-preview"
NEW = "gemini-3.8-flash-tts"
TEXTS = {
    "line-1": "The corridor was longer than she remembered, and the lamps had burned down to a dull orange.",
    "line-2": "Nobody had told them, of course, that the door at its end was locked.",
    "line-3": "Would you have tried the handle?",
}
RUNS_FOR_EVER = "batches/runsforeverrunsforeverrunsforever000"
passed, failed = 0, 0


def check(function):
    """Runs a check at once and counts it."""
    global passed, failed
    try:
        function()
        passed += 1
        print(f"ok   {WORD} {function.__name__}")
    except Exception:
        failed += 1
        print(f"FAIL {WORD} {function.__name__}")
        traceback.print_exc(limit=4)


def refused(code, part, call):
    """Expects an error of the service."""
    try:
        call()
    except errors.APIError as error:
        assert error.code == code, (error.code, str(error))
        assert part in str(error), str(error)
        return error
    raise AssertionError(f"not refused: expected {code} {part}")


def request(text, voice="Kore"):
    return {
        "contents": [{"parts": [{"text": text}], "role": "user"}],
        "generationConfig": {
            "responseModalities": ["AUDIO"],
            "speechConfig": {"voiceConfig": {"prebuiltVoiceConfig": {"voiceName": voice}}},
        },
    }


def samples_of(data, mime):
    """16-bit samples and their rate, from whichever form the service chose."""
    if data[:4] == b"RIFF":
        with wave.open(io.BytesIO(data)) as reader:
            assert reader.getnchannels() == 1 and reader.getsampwidth() == 2
            return array.array("h", reader.readframes(reader.getnframes())), reader.getframerate()
    assert mime.lower().startswith("audio/l16"), mime
    rate = int(mime.lower().split("rate=")[1].split(";")[0])
    return array.array("h", data), rate


def sounds_right(text, data, mime, tokens):
    samples, rate = samples_of(data, mime)
    seconds = len(samples) / rate
    level = 20 * math.log10(math.sqrt(sum(s * s for s in samples) / len(samples)) / 32768 + 1e-9)
    assert -30 < level < -10, f"level {level}"
    assert abs(seconds - tokens / 25) < 0.01, (seconds, tokens)
    assert 0.6 < seconds / (len(text) / 14) < 1.8, (seconds, len(text))


def wait(client, name, *states):
    for _ in range(100):
        job = client.batches.get(name=name)
        if job.state.name in states:
            return job
        time.sleep(0.1)
    raise AssertionError(f"{name} is {job.state.name}")


def write(text):
    handle = tempfile.NamedTemporaryFile("w", suffix=".jsonl", delete=False)
    with handle:
        handle.write(text)
    return handle.name


client = genai.Client(api_key="any-key")
kept = {}
print(f"{WORD}: google-genai {genai.__version__}")


@check
def upload_get_and_list_a_file():
    text = "".join(json.dumps({"key": key, "request": request(said)}) + "\n" for key, said in TEXTS.items())
    path = write(text)
    file = client.files.upload(
        file=path, config=types.UploadFileConfig(display_name=f"{WORD}-input", mime_type="jsonl")
    )
    os.unlink(path)
    assert file.state.name == "ACTIVE" and file.size_bytes == len(text.encode()), file
    assert base64.b64decode(file.sha256_hash).decode() == hashlib.sha256(text.encode()).hexdigest()
    assert client.files.get(name=file.name).display_name == f"{WORD}-input"
    assert file.name in [other.name for other in client.files.list(config={"page_size": 2})]
    kept["file"] = file


@check
def upload_in_several_chunks():
    size = 9_500_000
    path = write("x" * size)
    file = client.files.upload(file=path, config={"mime_type": "text/plain", "name": f"files/{WORD}-big"})
    assert file.name == f"files/{WORD}-big" and file.size_bytes == size
    refused(409, "ALREADY_EXISTS", lambda: client.files.upload(
        file=path, config={"mime_type": "text/plain", "name": f"files/{WORD}-big"}))
    os.unlink(path)
    client.files.delete(name=file.name)
    refused(403, "PERMISSION_DENIED", lambda: client.files.get(name=file.name))


@check
def create_from_a_file_follow_and_download():
    job = client.batches.create(model=PRO, src=kept["file"].name, config={"display_name": f"{WORD}-file"})
    assert job.name.startswith("batches/") and len(job.name) == 8 + 36
    assert job.state.name == "JOB_STATE_PENDING", job.state
    job = wait(client, job.name, "JOB_STATE_SUCCEEDED")
    assert job.display_name == f"{WORD}-file" and job.model == f"models/{PRO}"
    for _ in range(50):
        if job.dest and job.dest.file_name:
            break
        time.sleep(0.1)
        job = client.batches.get(name=job.name)
    lines = client.files.download(file=job.dest.file_name).decode().splitlines()
    assert len(lines) == len(TEXTS)
    for line in map(json.loads, lines):
        candidate = line["response"]["candidates"][0]
        part = candidate["content"]["parts"][0]["inlineData"]
        tokens = line["response"]["usageMetadata"]["candidatesTokenCount"]
        assert candidate["finishReason"] == "STOP"
        sounds_right(TEXTS[line["key"]], base64.b64decode(part["data"]), part["mimeType"], tokens)
    kept["output"] = job.dest.file_name
    kept["job"] = job.name


@check
def the_output_file_is_too_long_for_get_and_delete():
    refused(400, "cannot be more than 40 characters", lambda: client.files.get(name=kept["output"]))
    refused(400, "cannot be more than 40 characters", lambda: client.files.delete(name=kept["output"]))


@check
def create_inline_with_a_voice():
    for model in (FLASH, NEW):
        said = list(TEXTS.values())
        speech = {"voice_config": {"prebuilt_voice_config": {"voice_name": "Puck"}}}
        source = [
            {
                "contents": [{"parts": [{"text": text}], "role": "user"}],
                "config": {"response_modalities": ["AUDIO"], "speech_config": speech},
            }
            for text in said
        ]
        job = client.batches.create(model=model, src=source, config={"display_name": f"{WORD}-inline"})
        job = wait(client, job.name, "JOB_STATE_SUCCEEDED")
        for _ in range(50):
            if job.dest and job.dest.inlined_responses:
                break
            time.sleep(0.1)
            job = client.batches.get(name=job.name)
        items = job.dest.inlined_responses
        assert len(items) == len(said)
        for text, item in zip(said, items):
            part = item.response.candidates[0].content.parts[0].inline_data
            tokens = item.response.usage_metadata.candidates_token_count
            sounds_right(text, part.data, part.mime_type, tokens)


@check
def inline_errors_come_in_their_place():
    job = client.batches.get(name="batches/inlinemixedinlinemixedinlinemixed000")
    kinds = ["error" if item.error else "response" for item in job.dest.inlined_responses]
    assert kinds == ["response", "error", "response"], kinds
    assert job.dest.inlined_responses[1].error.code == 13


@check
def list_in_pages_newest_first():
    pager = client.batches.list(config={"page_size": 3})
    assert len(pager.page) == 3
    names = [job.name for job in pager]
    assert len(names) == len(set(names)) >= 12, len(names)
    assert kept["job"] in names and RUNS_FOR_EVER in names
    times = [client.batches.get(name=name).create_time for name in names]
    assert times == sorted(times, reverse=True)


@check
def cancel_takes_effect_later():
    path = write("".join(json.dumps({"key": str(n), "request": request("Again.")}) + "\n" for n in range(50)))
    file = client.files.upload(file=path, config={"mime_type": "application/jsonl"})
    job = client.batches.create(model=FLASH, src=file.name, config={"display_name": f"{WORD}-cancel"})
    client.batches.cancel(name=job.name)
    assert client.batches.get(name=job.name).state.name in ("JOB_STATE_PENDING", "JOB_STATE_RUNNING")
    job = wait(client, job.name, "JOB_STATE_CANCELLED")
    # The SDKs drop the `error` of the operation, so its end is all that can be seen through them.
    assert job.end_time is not None
    refused(400, "FAILED_PRECONDITION", lambda: client.batches.cancel(name=job.name))


@check
def delete_is_final():
    client.batches.delete(name=kept["job"])
    assert kept["job"] not in [job.name for job in client.batches.list(config={"page_size": 50})]
    refused(400, "Could not parse the batch name", lambda: client.batches.get(name=kept["job"]))
    client.files.delete(name=kept["file"].name)
    refused(404, "Requested entity was not found.", lambda: client.batches.create(model=PRO, src=kept["file"].name))


@check
def embeddings_in_a_batch():
    source = {"inlined_requests": {"contents": [{"parts": [{"text": "A coin of no king"}]}]}}
    job = client.batches.create_embeddings(
        model="gemini-embedding-001", src=source, config={"display_name": f"{WORD}-embed"}
    )
    job = wait(client, job.name, "JOB_STATE_SUCCEEDED")
    for _ in range(50):
        if job.dest and job.dest.inlined_embed_content_responses:
            break
        time.sleep(0.1)
        job = client.batches.get(name=job.name)
    values = job.dest.inlined_embed_content_responses[0].response.embedding.values
    assert len(values) == 16 and any(values)


@check
def models_tokens_and_speech_at_once():
    models = {model.name: model.supported_actions for model in client.models.list(config={"page_size": 3})}
    assert "batchGenerateContent" in models[f"models/{PRO}"]
    assert "batchGenerateContent" not in models["models/gemini-2.5-flash-preview-tts"]
    assert client.models.count_tokens(model="gemini-3.5-flash", contents="What is 1+1?").total_tokens > 0
    text = "Have a wonderful day!"
    answer = client.models.generate_content(
        model="gemini-2.5-flash-preview-tts",
        contents=text,
        config=types.GenerateContentConfig(
            response_modalities=["AUDIO"],
            speech_config=types.SpeechConfig(
                voice_config=types.VoiceConfig(
                    prebuilt_voice_config=types.PrebuiltVoiceConfig(voice_name="Leda")
                )
            ),
        ),
    )
    part = answer.candidates[0].content.parts[0].inline_data
    sounds_right(text, part.data, part.mime_type, answer.usage_metadata.candidates_token_count)


@check
def refusals_are_those_of_the_service():
    stranger = genai.Client(api_key="bad")
    error = refused(400, "API key not valid", lambda: stranger.batches.get(name=RUNS_FOR_EVER))
    reasons = [detail.get("reason") for detail in error.details["error"]["details"]]
    assert "API_KEY_INVALID" in reasons
    refused(400, "Could not parse the batch name", lambda: client.batches.get(name="batches/nosuch"))
    refused(403, "You do not have permission to access the File nosuch", lambda: client.files.get(name="files/nosuch"))
    refused(404, "is not supported for batchGenerateContent", lambda: client.batches.create(
        model="gemini-2.5-flash-preview-tts", src="files/nosuch"))


print(f"RESULT {passed} {failed}")
sys.exit(1 if failed else 0)
