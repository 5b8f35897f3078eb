"""Speaks sentences with espeak-ng, damages some of them, saves them all with the program, and counts the verdicts."""

import array
import base64
import json
import math
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

# Voice of espeak-ng, and sentences in its language, from one word to a paragraph.
SENTENCES = {
    "en-gb": [
        "Yes.",
        "Good morning!",
        "The corridor was longer than it had looked from the door, and much colder.",
        "She sells sea shells on the sea shore; the shells she sells are surely sea shells.",
        "Press one for tickets, two for lost property, or stay on the line to speak to somebody.",
        "Nobody had told them, of course. They found out on Thursday, when the letter came, and even then it took a while "
        "until anybody said aloud what all of them were thinking: the house would have to be sold.",
    ],
    "en-us": ["Hush!", "Fifty-six thousand two hundred and nineteen.", "What is the weather like in Chicago today?"],
    "de": [
        "Nein.",
        "Ja, sechzehn Schiffe zischen.",
        "Willkommen bei der Bahn. Bitte bleiben Sie in der Leitung, der nächste freie Platz ist für Sie reserviert.",
        "Es war einmal ein Müller, der war arm, aber er hatte eine schöne Tochter.",
    ],
    "fr-fr": ["Oui.", "Il était une fois une petite fille de village, la plus jolie qu'on eût su voir.", "Où est la gare ?"],
    "es": ["Sí.", "En un lugar de la Mancha, de cuyo nombre no quiero acordarme.", "¿Cuánto cuesta este billete?"],
    "it": ["Va bene.", "Nel mezzo del cammin di nostra vita mi ritrovai per una selva oscura."],
    "pt-br": ["Bom dia, tudo bem?", "O trem para o centro sai da plataforma nove em quinze minutos."],
    "nl": ["Goedemorgen.", "De kat krabt de krullen van de trap, en de trap kraakt."],
    "sv": ["Sju sjösjuka sjömän sköttes av sju sköna sjuksköterskor.", "Tack så mycket."],
    "pl": ["W Szczebrzeszynie chrząszcz brzmi w trzcinie.", "Dziękuję bardzo, do widzenia."],
    "ru": ["Здравствуйте.", "Все счастливые семьи похожи друг на друга, каждая несчастливая семья несчастлива по-своему."],
    "tr": ["Merhaba.", "Bir varmış, bir yokmuş, evvel zaman içinde, kalbur saman içinde."],
    "hi": ["नमस्ते, आप कैसे हैं?", "यह रेलगाड़ी कल सुबह आठ बजे दिल्ली पहुँचेगी।"],
    "cmn": ["你好。", "从前有一座山，山上有一座庙，庙里有一个老和尚在讲故事。"],
    "fi": ["Hyvää huomenta.", "Vesihiisi sihisi hississä."],
}
MANNERS = [(175, 50, 22_050), (130, 35, 24_000), (240, 80, 24_000), (300, 50, 22_050), (100, 65, 24_000), (175, 10, 24_000), (200, 95, 22_050)]

MOST_FALSE_ALARMS = 0.01
LEAST_FOUND = 0.99


def speak(voice, text, speed, pitch):
    """Samples of a sentence, as 16-bit little-endian bytes."""
    said = subprocess.run(
        ["espeak-ng", "-v", voice, "-s", str(speed), "-p", str(pitch), "--stdout", text], capture_output=True, check=True
    ).stdout
    # A stream has no length in its header: all behind it is samples.
    return said[44 : 44 + (len(said) - 44) // 2 * 2]


def amplified(pcm, decibels):
    samples, times = array.array("h", pcm), 10 ** (decibels / 20)
    return array.array("h", [max(-32768, min(32767, round(sample * times))) for sample in samples]).tobytes()


def swapped(pcm):
    samples = array.array("h", pcm)
    samples.byteswap()
    return samples.tobytes()


DAMAGES = {
    "cut": (lambda pcm: pcm[: len(pcm) * 6 // 10 // 2 * 2], {"truncated"}),
    "silence": (lambda pcm: bytes(len(pcm)), {"silent"}),
    "swapped": (swapped, {"noise"}),
    "shifted": (lambda pcm: pcm[1:-1], {"noise"}),
    "soft": (lambda pcm: amplified(pcm, -50), {"silent", "quiet"}),
    "clipped": (lambda pcm: amplified(pcm, 30), {"clipped"}),
    "tail": (lambda pcm: pcm + bytes(2 * 24_000 * 15), {"runaway"}),
}


def line(key, pcm, rate, billed):
    """A result line; the tokens are those of the whole clip."""
    part = {"inlineData": {"mimeType": f"audio/L16;codec=pcm;rate={rate}", "data": base64.b64encode(pcm).decode()}}
    response = {
        "candidates": [{"content": {"parts": [part], "role": "model"}, "finishReason": "STOP", "index": 0}],
        "usageMetadata": {"candidatesTokensDetails": [{"modality": "AUDIO", "tokenCount": billed}]},
        "modelVersion": "gemini-2.5-flash-preview-tts",
    }
    return json.dumps({"response": response, "key": key}) + "\n"


def main():
    program, work = sys.argv[1], Path(sys.argv[2])
    jobs = [(voice, text, *manner) for voice, texts in SENTENCES.items() for text in texts for manner in MANNERS]
    with ThreadPoolExecutor(2) as pool:
        spoken = list(pool.map(lambda job: speak(*job[:4]), jobs))
    expected = {}
    with open(work / "results.jsonl", "w", encoding="utf-8") as results:
        for number, (job, pcm) in enumerate(zip(jobs, spoken)):
            rate = job[4]
            billed = max(1, math.ceil(len(pcm) / 2 / rate * 25))
            expected[f"good-{number}"] = ("good", {"ok"}, job)
            results.write(line(f"good-{number}", pcm, rate, billed))
            if len(pcm) / 2 / rate < 1.0:
                # A third of a second less than billed is within what tokens tell.
                continue
            for damage, (spoil, verdicts) in list(DAMAGES.items())[number % 2 :: 2]:
                damaged = spoil(pcm)
                tokens = max(billed, math.ceil(len(damaged) / 2 / rate * 25))
                expected[f"{damage}-{number}"] = (damage, verdicts, job)
                results.write(line(f"{damage}-{number}", damaged, rate, tokens))
    home = work / "home"
    home.mkdir()
    environment = {"PATH": os.environ["PATH"], "HOME": str(home)}
    command = [program, "save", str(work / "results.jsonl"), "--out", str(work / "out"), "--json"]
    saved = subprocess.run(command, capture_output=True, text=True, env=environment)
    told = [json.loads(row) for row in saved.stdout.splitlines()]
    verdicts = {row["key"]: row["verdict"] for row in told if row.get("key")}
    if set(verdicts) != set(expected):
        sys.exit(f"speech: {len(verdicts)} of {len(expected)} results were told (exit {saved.returncode}): {saved.stderr[-2000:]}")
    failed = False
    for kind in ["good", *DAMAGES]:
        keys = [key for key in expected if expected[key][0] == kind]
        right = [key for key in keys if verdicts[key] in expected[key][1]]
        for key in sorted(set(keys) - set(right))[:10]:
            print(f"  {key}: {verdicts[key]}: {expected[key][2]}")
        if kind == "good":
            wrong = len(keys) - len(right)
            print(f"speech: {wrong} false alarms on {len(keys)} good clips ({100 * wrong / len(keys):.2f} %)")
            failed |= wrong > MOST_FALSE_ALARMS * len(keys)
        else:
            print(f"speech: {kind}: {len(right)} of {len(keys)} found")
            failed |= len(right) < LEAST_FOUND * len(keys)
    sys.exit(1 if failed else 0)


main()
