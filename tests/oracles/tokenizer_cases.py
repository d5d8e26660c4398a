"""Writes fixtures/tokenizer.json: strings and the ids that the reference tokenizer gives them.

Source: the `tokenizers` library, built from GGUF metadata (reference_model.py). The strings are
those of tokenizer_strings.txt, systematic ones (digits, whitespace runs, control characters,
single hanzi) and 200 random ones with a fixed seed. `dropped` marks a string with a byte
that has no token: the reference drops it in silence, and its neighbours merge across it.
"""

import json
import random
import unicodedata
from collections.abc import Iterator
from pathlib import Path

from tokenizers import Tokenizer, pre_tokenizers

SPACES = "\t\n\v\f\r \x85\xa0\u1680\u2000\u2003\u2009\u2028\u2029\u202f\u205f\u3000"
NOT_SPACES = "\x1c\x1d\x1e\x1f\u180e\u200b\u200d\u2060\ufeff"
DIGITS = ["7", "٣", "३", "๔", "²", "½", "Ⅻ", "①", "㊿", "〇", "一", "𝟘", "𐄇", "꠰", "৴"]


def authored() -> Iterator[tuple[str, bool]]:
    heading = ""
    for line in (Path(__file__).parent / "tokenizer_strings.txt").read_text(encoding="utf-8").split("\n")[:-1]:
        if line.startswith("§"):
            heading = line
            continue
        text = json.loads('"' + line.replace('"', '\\"') + '"')
        if heading == "§ special tokens":
            yield text, True
        yield text, False


def systematic() -> Iterator[str]:
    yield ""
    for n in [1, 2, 3, 4, 5, 7, 8, 15, 16, 17, 31, 33, 64]:
        yield " " * n
        yield " " * n + "x"
        yield "x" + " " * n
    for n in [1, 2, 3, 4, 5, 8]:
        yield "\n" * n
        yield "\t" * n
        yield "a" + "\n" * n + "b"
        yield "\n" * n + " b"
        yield "\t" * n + "7"
        yield " " * n + "\n" + " " * n + "y"
    yield from ["\r\n", "\r\n\r\n", " \n", "\n ", " \t ", "\t\n\t", " \r \n ", "a \n b", "x\n \ny"]
    for n in [1, 2, 3, 4, 9, 20]:
        yield "".join(str(i % 10) for i in range(n))
        yield " " * n + "".join(str(9 - i % 10) for i in range(n))
    for digit in DIGITS:
        yield f"{digit}{digit} x{digit} {digit}y"
    for code in [*range(0x00, 0x20), *range(0x7F, 0xA0)]:
        yield f"a{chr(code)}b {chr(code)}{chr(code)}!"
    for space in SPACES + NOT_SPACES:
        yield f"a{space}{space}b {space}7{space}"


def random_string(rng: random.Random, pools: list[str]) -> str:
    chosen = rng.sample(pools, rng.randint(1, 4))
    return "".join(rng.choice(rng.choice(chosen)) for _ in range(rng.randint(1, 24)))


def pools() -> list[str]:
    def assigned(first: int, last: int) -> str:
        codes = map(chr, range(first, last))
        return "".join(c for c in codes if unicodedata.category(c) not in ("Cn", "Cs", "Co"))

    return [
        assigned(0x20, 0x7F),
        "etaoin shrdlu ETAOIN'’",
        " \n\t  " + SPACES,
        "0123456789 .,-" + "".join(DIGITS),
        "'s't're've'm'll'd",
        assigned(0x00, 0x20),
        assigned(0xA0, 0x250),
        assigned(0x300, 0x370) + "aeiou",
        assigned(0x370, 0x530),
        assigned(0x590, 0x700),
        assigned(0x900, 0xE00),
        assigned(0x1100, 0x1200) + assigned(0xAC00, 0xB000),
        assigned(0x2000, 0x2C00),
        assigned(0x3000, 0x3100),
        assigned(0x4E00, 0xA000),
        assigned(0x4E00, 0x4F00) + "的一是不了人我在有他",
        assigned(0x1F300, 0x1F650) + "\u200d\ufe0f🏽",
        assigned(0x10000, 0x10400),
        assigned(0x20000, 0x2A6D0),
        assigned(0xF900, 0x10000) + NOT_SPACES,
    ]


def random_strings(rng: random.Random, pools: list[str]) -> Iterator[str]:
    for _ in range(200):
        yield random_string(rng, pools)
    yield from (chr(rng.randrange(0x4E00, 0xA000)) for _ in range(40))


def write(plain: Tokenizer, parsed: Tokenizer, path: Path) -> None:
    letters = pre_tokenizers.ByteLevel.alphabet()
    vocabulary = plain.get_vocab()
    # Bytes that print are their own letter; the others follow from U+0100 on, in order (GPT-2).
    own = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    letter = {b: chr(b) for b in own} | {b: chr(0x100 + i) for i, b in enumerate(b for b in range(256) if b not in own)}
    assert set(letter.values()) == set(letters)
    missing = {b for b in range(256) if letter[b] not in vocabulary}

    rng = random.Random(20261122)
    texts = [*authored(), *((t, False) for t in systematic()), *((t, False) for t in random_strings(rng, pools()))]
    cases = []
    for text, special in dict.fromkeys(texts):
        tokenizer = parsed if special else plain
        ids = tokenizer.encode(text).ids
        dropped = any(b in missing for b in text.encode())
        assert dropped or tokenizer.decode(ids, skip_special_tokens=False) == text, text
        cases.append({"text": text, "special": special, "dropped": dropped, "ids": ids})
    assert len(cases) >= 560
    lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
    path.write_text(f'{{"bytesWithoutToken":{json.dumps(sorted(missing))},\n"cases":[\n{lines}\n]}}\n')
