"""Small tokenizers made by hand, each for a rule that trained ones seldom reach, and what the reference makes of texts.

Also hashes of what the normalisers of BERT and XLM-R make of every assigned character (Unicode 14).
"""

import hashlib
import json
import unicodedata
from pathlib import Path

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers

LETTERS = {letter: i for i, letter in enumerate("abcdefghijklmnopqrstuvwxyz 0123456789.,!-▁ABé")}


def bpe(**options) -> Tokenizer:
    vocab = dict(LETTERS)
    for token in ("ab", "abc", "bc", "12", "<unk>", "xyz", "he", "ll", "hell", "hello", "aa", "aaa"):
        vocab[token] = len(vocab)
    merges = [("b", "c"), ("a", "b"), ("ab", "c"), ("1", "2"), ("h", "e"), ("l", "l"), ("he", "ll"), ("hell", "o"), ("a", "a"), ("aa", "a")]
    return Tokenizer(models.BPE(vocab=vocab, merges=merges, **{"unk_token": "<unk>", **options}))


def with_pre(pre, **options) -> Tokenizer:
    tokenizer = bpe(**options)
    tokenizer.pre_tokenizer = pre
    return tokenizer


def edges() -> list[tuple[str, Tokenizer, list[str]]]:
    out = []
    words = ["abc ab aabc", "ab-abc12", "a  b ", " abc", "12 ab12abc 1.2,3!", "xyz", "hello helloab", "aaaaa aaaa", "ab日本c", "日本 語", "٣ab½12", "a.b,c!-a..b"]
    pieces = [("<unk>", 0.0), ("a", -1.0), ("b", -2.0), ("ab", -3.0), ("éa", -14.0), ("bb", -4.0), ("abb", -5.0), ("▁", -1.5), ("𠀀", -2.0), ("▁a", -2.5)]
    out.append(("unigram: ties, and what an unknown costs", Tokenizer(models.Unigram(pieces, unk_id=0, byte_fallback=False)),
                ["ab", "abb", "éab", "éa", "é", "aéb", "xyab", "𠀀x𠀀", "bbb", "▁ab", "<unk>", "a<unk>b"[:1]]))
    low = [("<unk>", 0.0), ("ab", -0.1), ("éa", -14.0), ("b", -5.0)]
    out.append(("unigram: an unknown against two poor pieces", Tokenizer(models.Unigram(low, unk_id=0, byte_fallback=False)), ["éab", "abé", "é", "ééab"]))
    spelled = [("<unk>", 0.0), ("a", -1.0)] + [(f"<0x{byte:02X}>", -2.0) for byte in range(256)]
    out.append(("unigram: bytes", Tokenizer(models.Unigram(spelled, unk_id=0, byte_fallback=True)), ["aéa", "日本", "\x00a"]))
    out.append(("bpe: unknown tokens one by one", bpe(fuse_unk=False), words))
    out.append(("bpe: unknown tokens in one", bpe(fuse_unk=True), words))
    out.append(("bpe: unknown tokens do not fuse across words", with_pre(pre_tokenizers.WhitespaceSplit(), fuse_unk=True), words))
    out.append(("bpe: whole words", with_pre(pre_tokenizers.WhitespaceSplit(), ignore_merges=True), words))
    out.append(("bpe: merges only", with_pre(pre_tokenizers.WhitespaceSplit(), ignore_merges=False), words))
    for behavior in ("removed", "isolated", "merged_with_previous", "merged_with_next", "contiguous"):
        for invert in (False, True):
            pre = pre_tokenizers.Split(Regex("[ab]"), behavior, invert)
            out.append((f"split: {behavior}{', inverted' if invert else ''}", with_pre(pre), words))
        out.append((f"punctuation: {behavior}", with_pre(pre_tokenizers.Punctuation(behavior)), words))
    out.append(("split at a string", with_pre(pre_tokenizers.Split("b.", "merged_with_previous")), ["ab.c", "abxc", "b.b."]))
    out.append(("split before", with_pre(pre_tokenizers.Split(Regex("(?=b)"), "isolated")), words))
    out.append(("digits", with_pre(pre_tokenizers.Digits(individual_digits=False)), words))
    out.append(("whitespace", with_pre(pre_tokenizers.Whitespace()), words))
    for scheme in ("always", "first", "never"):
        out.append((f"metaspace: {scheme}", with_pre(pre_tokenizers.Metaspace(prepend_scheme=scheme)), words))
    gpt2 = pre_tokenizers.ByteLevel(add_prefix_space=True)
    letters = {letter: i for i, letter in enumerate(sorted(pre_tokenizers.ByteLevel.alphabet()))}
    spaced = Tokenizer(models.BPE(vocab=letters, merges=[]))
    spaced.pre_tokenizer, spaced.decoder = gpt2, decoders.ByteLevel()
    out.append(("bytes with a dummy space", spaced, ["ab", " ab", "a b", "\nab", ""]))

    added = bpe()
    added.normalizer = normalizers.Lowercase()
    added.add_tokens([
        AddedToken("<L>", lstrip=True, special=True, normalized=False), AddedToken("<R>", rstrip=True, special=True, normalized=False),
        AddedToken("<B>", lstrip=True, rstrip=True, special=False, normalized=False), AddedToken("ONE", single_word=True, normalized=True),
        AddedToken("Two", normalized=True), AddedToken("<x", normalized=False), AddedToken("<xy>", normalized=False),
        AddedToken("<L><q>", special=True, normalized=False), AddedToken("<q>", normalized=False),
    ])
    out.append(("added tokens", added, [
        "a <L> b", "a  \u3000<L>b", "<L>", " <L>", "a <R> \n b", "<R>", "x <B> y", "<B> <B>  <B>", "a<L> <B> <R> b", "one ONE One aone one.two TWO twoTwo",
        "éone one_ oneé", "<x<xy><xy", "<L><q>", "a<L><q>b<q>", " <R><L> ", "<B>  <L>", "ONE"]))

    normal = bpe()
    normal.normalizer = normalizers.Sequence([
        normalizers.Strip(), normalizers.NFKD(), normalizers.StripAccents(), normalizers.Lowercase(), normalizers.Replace(Regex(" {2,}"), "-"), normalizers.Replace(".", "$&!")])
    out.append(("normalisers", normal, ["  Ábc   d.e\u3000", "ﬁ ½ ｱ", "ΑΣ İ", " \t\u2003a\n ", "A  B", "ÅB é"]))
    left = bpe()
    left.normalizer = normalizers.Sequence([normalizers.Strip(left=True, right=False), normalizers.NFD(), normalizers.NFC(), normalizers.NFKC()])
    out.append(("normalisers, one side", left, ["  ab  ", "e\u0301 \ufb01", "\u212b"]))
    word = Tokenizer(models.WordPiece(vocab={"[UNK]": 0, "ab": 1, "##c": 2, "a": 3, "##bc": 4, "don": 5, "'": 6, "t": 7, ".": 8, "日": 9}, unk_token="[UNK]", max_input_chars_per_word=6))
    word.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    word.decoder = decoders.WordPiece(cleanup=True)
    out.append(("wordpiece: long words are unknown", word, ["abc", "abcccc", "abccccc", "don't.", "日 日日", "𠀀𠀀𠀀𠀀𠀀𠀀𠀀", "ab x c"]))
    strip = bpe()
    strip.decoder = decoders.Sequence([decoders.Replace("a", "  a"), decoders.Fuse(), decoders.Strip(" ", 1, 2), decoders.Metaspace("▁", "always", True)])
    out.append(("decoders", strip, ["ab", "▁a", "ba  ", "b    "]))
    return out


def characters() -> list[str]:
    """All assigned characters, 64 a text, each between letters."""
    every = [chr(code) for code in range(0x110000) if unicodedata.category(chr(code)) not in ("Cn", "Cs", "Co")]
    return ["a" + "a".join(every[at : at + 64]) + "b" for at in range(0, len(every), 64)]


def hashes(texts: list[str]) -> str:
    return "".join(hashlib.sha256(text.encode()).hexdigest()[:4] for text in texts)


def write(out: Path) -> None:
    cases = []
    for name, tokenizer, texts in edges():
        rows = []
        for text in texts:
            tokenizer.encode_special_tokens = True
            plain = tokenizer.encode(text, add_special_tokens=False).ids
            tokenizer.encode_special_tokens = False
            special = tokenizer.encode(text, add_special_tokens=False).ids
            rows.append([text, plain, special, tokenizer.decode(plain, skip_special_tokens=False)])
        cases.append({"name": name, "tokenizer": json.loads(tokenizer.to_str()), "rows": rows})
    (out / "edges.json").write_text(json.dumps(cases, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")

    texts = characters()
    normal = {name: Tokenizer.from_file(str(out / name / "tokenizer.json")) for name in ("bert", "bert-chinese", "xlm-roberta")}
    expected = {name: hashes([t.normalizer.normalize_str(text) for text in texts]) for name, t in normal.items()}
    words = normal["bert"].pre_tokenizer
    expected["words"] = hashes(["\n".join(word for word, _ in words.pre_tokenize_str(text)) for text in texts])
    ranges: list[list[int]] = []
    for code in range(0x110000):
        if unicodedata.category(chr(code)) in ("Cn", "Cs", "Co"):
            continue
        if ranges and ranges[-1][1] == code - 1:
            ranges[-1][1] = code
        else:
            ranges.append([code, code])
    (out / "characters.json").write_text(json.dumps({"assigned": ranges, "normalized": expected}, separators=(",", ":")) + "\n")
