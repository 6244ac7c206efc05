"""Voice notes read by espeak-ng, a little song on plucked strings, and the sound of the videos."""

import subprocess
import sys
import tempfile

import numpy as np
from scipy.io import wavfile
from scipy.signal import butter, lfilter

from paths import OUT

RATE = 48_000
VOICES = {
    "voice-en": (
        "en-gb+f3",
        158,
        "Hi, it's Maya. Small change of plan: I'm stuck at work until seven, so could my brother collect the mugs instead? His name is Daniel, and he should be with you around half past four. I'll send you his number. Thanks so much, bye!",
    ),
    "voice-es": (
        "es+f2",
        165,
        "Hola, soy Lucía. He abierto la caja y el jarrón está bien, pero un plato se ha roto por la mitad. ¿Podéis enviarme otro esta semana? Es para un cumpleaños. ¡Muchas gracias!",
    ),
    "voice-de": (
        "de+m3",
        150,
        "Guten Tag, hier ist Jürgen Weiß. Der Hocker ist ungefähr sechzig Jahre alt und aus Buche. Das Bein ist direkt unter der Sitzfläche gebrochen. Bis zu achtzig Euro wäre mir die Reparatur wert. Vielen Dank und auf Wiederhören.",
    ),
    "voice-ar": (
        "ar+f2",
        140,
        "صباح الخير، معكم ليلى حداد. أريد أن أسأل عن موعد التسليم. هل يمكن أن تصل الفناجين قبل نهاية الشهر؟ شكرا جزيلا لكم.",
    ),
    "voice-hi": (
        "hi+f2",
        145,
        "नमस्ते, मुझे नीले रंग का सेट चाहिए। अगले हफ़्ते मेरी बहन की शादी है, इसलिए शुक्रवार तक चाहिए। क्या यह हो सकता है?",
    ),
}


def run(*command):
    subprocess.run(command, check=True)


def room(seconds, level, seed):
    """The hush behind a phone's microphone."""
    hiss = np.random.default_rng(seed).normal(size=round(seconds * RATE))
    low, high = lfilter(*butter(2, 220, fs=RATE), hiss), lfilter(*butter(1, [300, 3500], "band", fs=RATE), hiss)
    return level * (3 * low + 0.5 * high)


def voices():
    for seed, (name, (voice, speed, words)) in enumerate(VOICES.items()):
        with tempfile.TemporaryDirectory() as folder:
            raw, mixed = f"{folder}/raw.wav", f"{folder}/mixed.wav"
            run("espeak-ng", "-v", voice, "-s", str(speed), "-g", "2", "-w", raw, words)
            run(
                "ffmpeg",
                "-v",
                "error",
                "-y",
                "-i",
                raw,
                "-af",
                "adelay=300,apad=pad_dur=0.5,highpass=f=110,lowpass=f=6500,aecho=0.8:0.5:23|37:0.18|0.1,acompressor",
                "-ar",
                str(RATE),
                "-ac",
                "1",
                mixed,
            )
            sound = wavfile.read(mixed)[1].astype(float) / 32768
            sound = 0.75 * sound / np.abs(sound).max() + room(len(sound) / RATE, 0.003, seed)
            write(mixed, sound)
            run(
                "ffmpeg",
                "-v",
                "error",
                "-y",
                "-i",
                mixed,
                "-c:a",
                "libopus",
                "-b:a",
                "20k",
                "-application",
                "voip",
                "-map_metadata",
                "-1",
                "-fflags",
                "+bitexact",
                str(OUT / f"{name}.ogg"),
            )


def write(path, sound):
    wavfile.write(path, RATE, (np.clip(sound, -1, 1) * 32767).astype(np.int16))


def pluck(pitch, seconds, seed, dull=0.5):
    """A plucked string: a burst of noise going round a loop that softens it."""
    period = int(RATE / pitch)
    out = np.zeros(int(seconds * RATE))
    out[:period] = np.random.default_rng(seed).uniform(-1, 1, period)
    feedback = np.zeros(period + 2)
    feedback[0], feedback[period], feedback[period + 1] = 1, -0.996 * (1 - dull), -0.996 * dull
    return lfilter([1], feedback, out) * 0.3


def bell(pitch, seconds):
    """A toy piano's bar."""
    t = np.arange(int(seconds * RATE)) / RATE
    return sum(
        weight * np.sin(2 * np.pi * pitch * ratio * t) * np.exp(-t * fall)
        for ratio, weight, fall in [(1, 0.5, 3), (2.76, 0.14, 7), (5.4, 0.05, 12)]
    )


def note(name):
    """The pitch of a note such as A4 or F#3."""
    step = {"C": -9, "D": -7, "E": -5, "F": -4, "G": -2, "A": 0, "B": 2}[name[0]] + ("#" in name)
    return 440 * 2 ** ((step + 12 * (int(name[-1]) - 4)) / 12)


def play(score, beat, voice, seconds):
    """Mixes (beat, note name, length in beats) with `voice`."""
    out = np.zeros(int(seconds * RATE))
    for n, (start, name, length) in enumerate(score):
        at = int(start * beat * RATE)
        sound = voice(note(name), length * beat + 0.7, n)[: max(0, len(out) - at)]
        out[at : at + len(sound)] += sound
    return out


def jingle():
    """Eight bars in G for a party."""
    chords = [("G3", "B3", "D4"), ("E3", "G3", "B3"), ("C3", "E3", "G3"), ("D3", "F#3", "A3")] * 2
    tune = [
        "D4",
        "G4",
        "B4",
        "A4",
        "G4",
        "E4",
        "G4",
        "B4",
        "C5",
        "B4",
        "A4",
        "G4",
        "A4",
        "F#4",
        "D4",
        "F#4",
        "G4",
        "B4",
        "D5",
        "B4",
        "E4",
        "G4",
        "B4",
        "G4",
        "C5",
        "A4",
        "E4",
        "A4",
        "D5",
        "C5",
        "A4",
        "F#4",
    ]
    score = [(2 * n * 2 / 4 + 0.0, name, 1) for n, name in enumerate(tune)]
    for bar, chord in enumerate(chords):
        score += [(4 * bar + 2 * half + 0.05 * n, name, 2) for half in (0, 1) for n, name in enumerate(chord)]
    score += [(32 + 0.05 * n, name, 3) for n, name in enumerate(("G3", "B3", "D4", "G4"))]
    sound = play(score, 0.36, lambda pitch, length, n: pluck(pitch, length, n), 14.0)
    sound *= np.minimum(1, (14.0 - np.arange(len(sound)) / RATE) / 1.2)
    with tempfile.TemporaryDirectory() as folder:
        write(f"{folder}/song.wav", 0.8 * sound / np.abs(sound).max())
        run(
            "ffmpeg",
            "-v",
            "error",
            "-y",
            "-i",
            f"{folder}/song.wav",
            "-c:a",
            "libmp3lame",
            "-b:a",
            "64k",
            "-ac",
            "1",
            "-metadata",
            "title=Party song",
            str(OUT / "jingle.mp3"),
        )


def birthday(path, seconds):
    """The birthday tune on a toy piano, in a room with people in it."""
    tune = [
        (0, "C4", 0.75),
        (0.75, "C4", 0.25),
        (1, "D4", 1),
        (2, "C4", 1),
        (3, "F4", 1),
        (4, "E4", 2),
        (6, "C4", 0.75),
        (6.75, "C4", 0.25),
        (7, "D4", 1),
        (8, "C4", 1),
        (9, "G4", 1),
        (10, "F4", 2),
    ]
    sound = play(tune, 0.52, lambda pitch, length, n: bell(2 * pitch, length), seconds)
    write(path, 0.5 * sound / np.abs(sound).max() + room(seconds, 0.006, 3))


def ticking(path, seconds, turns):
    """A wheel: the freewheel's ticks, the rim brushing a brake pad once a turn."""
    t = np.arange(int(seconds * RATE)) / RATE
    out = room(seconds, 0.010, 5)
    tick = np.exp(-np.arange(900) / 90) * np.sin(np.arange(900) * 0.42)
    for n in range(int(seconds * turns * 18)):
        at = int((n + 0.1 * np.sin(n * 1.7)) / (turns * 18) * RATE)
        out[at : at + 900] += 0.10 * tick[: len(out) - at]
    brush = lfilter(*butter(2, [900, 4200], "band", fs=RATE), np.random.default_rng(8).normal(size=len(t)))
    write(path, out + 0.35 * brush * np.clip(np.sin(2 * np.pi * turns * t), 0, 1) ** 12)


if __name__ == "__main__":
    for name in sys.argv[1:] or ["voices", "jingle"]:
        globals()[name]()
