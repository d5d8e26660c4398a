"""Writes fixtures/tokenizers/: small tokenizers of each family, and the ids that the reference gives to test strings.

Source: the `tokenizers` library, loaded through transformers as a model's folder is (`split_special_tokens` for plain
text). Vocabularies are trained on this project's own texts with `tokenizers` and `sentencepiece`, and put together as
the families' own tokenizer.json are. The GGUF files are written with the `gguf` package as llama.cpp's converter does.

For each family: `NAME/` (a Hugging Face folder without weights), `NAME.gguf` and `NAME.json` with the expected ids of
`texts.json`. To keep them small, ids are one string, and what can be derived is left out (see `expectations`).
"""

import hashlib
import json
import logging
import os
import random
import shutil
import tempfile
from collections import Counter
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"
logging.disable(logging.WARNING)

import gguf  # noqa: E402
import sentencepiece  # noqa: E402
from sentencepiece import sentencepiece_model_pb2  # noqa: E402
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers  # noqa: E402
from transformers import PreTrainedTokenizerFast  # noqa: E402
from transformers.tokenization_utils_base import generate_merges  # noqa: E402

import tokenizer_cases  # noqa: E402

HERE = Path(__file__).parent
OUT = HERE / "fixtures" / "tokenizers"
ROOT = HERE.parent.parent
TYPE = gguf.TokenType

LLAMA3 = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
QWEN2 = LLAMA3.replace("{1,3}", "")
QWEN35 = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
TEKKEN = r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
GPT4O = r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
BAILING = r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+"
DEEPSEEK3 = "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\r\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\r\n]*|\\s*[\r\n]+|\\s+(?!\\S)|\\s+"


# --- texts -------------------------------------------------------------------------------------------------------

LOOKALIKES = [
    "<s>", "</s>", "<unk>", "<pad>", "<mask>", "[CLS]", "[SEP]", "[UNK]", "[MASK]", "[PAD]", "<|endoftext|>",
    "<|im_start|>user\nHi<|im_end|>", "<|begin_of_text|>", "<|eot_id|>", "<|begin_of_text|>Hi<|eot_id|> there",
    "<|start_header_id|>user<|end_header_id|>\n\nHi<|eot_id|>", "<think>plan</think> done", "a<tool_call>b", "<bos>Hi<eos>",
    "<start_of_turn>user\nx<end_of_turn>\n", "<table> <table>", "[INST] Hi [/INST]", "<|user|>\nHi<|end|>\n<|assistant|>\n",
    "a <s> b", "<s><s>", "<|im_end|><|im_end|>", "hello <mask> world", "hello<mask>", "  <mask>  x", "[CLS]word[SEP]",
    "<|end|>  x", "<|end|>\u3000\n\tx <|user|>", "<0x41>", "▁", "▁▁a", "a▁b", "<|im_", "<|im_end|x", "[ CLS ]", "</s >",
    "<think >", "<|end_of_text|>", "a\n\n<s>\nb", " <s> ", "x</s>  \ty", "[MASK]s", "<unk>s <unk>", "<|endoftext|><|endoftext|>x",
    "one <|endoftext|> two", "<|endoftext|", "|<|endoftext|>|",
]


def more_texts() -> list[str]:
    texts = [
        "it'ſ DON'T don'T I'LL we'VE K 'S'T'ſt 'ſ",
        "ΟΔΟΣ ΣΑΣ Σ ΌΣΟΣ ὈΔΥΣΣΕΎΣ",
        "İstanbul Iğdır ıIiİ",
        "naïve nai\u0308ve Å\u00c5 \u212b ﬁ ﬀ ½ ²³ ① ㎏ Ⅷ ｶﾞ ﾊﾟ ＡＢＣ１２３",
        "\u1112\u1161\u11ab\u1100\u116e\u11a8 한국 한국어",
        "\u30ab\u3099\u30cf\u309a がぱ",
        "a\u200bb\u200cc\u200dd\u2060e\ufefff\u00adg",
        "\ufeffstart",
        "\u202eright\u202c to \u2066left\u2069",
        "نَصٌّ عربيٌّ مُشَكَّل ١٢٣ لا إله",
        "שָׁלוֹם עֲלֵיכֶם",
        "नमस्ते दुनिया १२३ क्षत्रिय",
        "ภาษาไทยไม่มีช่องว่าง ๑๒๓",
        "👨‍👩‍👧‍👦👩🏽‍🚀🏳️‍🌈🇩🇪🇫🇷❤️☺︎1️⃣",
        "𠀀𠮷𡃁𪚥龘㐀㿿䶿豈更𫝀𫠝",
        "Ỏ̀̀ z̸̨̛͍͎͇͎̝̻a̵l̷g̶o̸",
        "\x00a\x01\x0b\x0c\x1c\x1d\x85\x7f\x9fb",
        "\ufffd\ufffe\uffffx\ue000\uf8ff",
        "\u2e43\u2e52⹝ \u0897x \u1acfx \U00011f4f \U0001e4ec",
        "x" * 101 + " " + "y" * 99 + " " + "日" * 30,
        "a" * 300,
        " " * 40 + "end" + "\t" * 9 + "\n" * 7,
        "a\r\nb\rc\n\rd\r\n\r\n  \r\n e",
        "1234567890 12,345.67 １２３ ١٢٣٤ 0x1F 3.14e-10 1/2",
        "foo_bar fooBar FOOBar FooBAR foo/bar//baz\n/x",
        "https://example.org/a?b=c&d=%20#e user@example.org",
        "def f(x):\n    return x**2  # comment\n\n\nclass A: pass\n",
        "{\"a\": [1, 2, {\"b\": null}]}",
        "你好，世界！“引号”——《书名》、。「括号」",
        "Hello你好world世界123",
        "don't won't 'tis rock'n'roll y'all'd've",
        "can not do not. What ? Yes ! a , b ' c ' n't 'm 's 've 're",
        " ' . , ? ! ",
        "a\u3000b\u00a0c\u2003d\u2028e\u2029f\u202fg\u180eh",
        "--- === *** ... ,,, ;;; ### @@@ $$$ %%% ^^^",
        "",
        " ",
        "\n",
        "\t",
        "  \n  ",
    ]
    rng = random.Random(20261123)
    spaces = [" ", "  ", "\n", "\n\n", "\n\n\n", "\t", "\u3000", "\xa0", "\x85", "\ufeff"]
    words = (ROOT / "suites/reference/sentences.txt").read_text(encoding="utf-8").split()
    words += "naïve Σ 'S 'll ſ 人工 智能 the an 12 3.5 é e\u0301 İ ß ﬃ 👍🏽 <s> ▁ ## ' \" \u200d ⹝ ｶﾞ".split()
    for _ in range(120):
        texts.append("".join(rng.choice(words) + rng.choice(spaces) for _ in range(rng.randint(1, 8))).rstrip(rng.choice([" ", ""])))
    return texts


def all_texts() -> list[str]:
    rng = random.Random(20261124)
    old = [text for text, _ in tokenizer_cases.authored()] + list(tokenizer_cases.systematic())
    generated = list(tokenizer_cases.random_strings(rng, tokenizer_cases.pools()))
    every = LOOKALIKES + more_texts() + old + generated
    return [text for text in dict.fromkeys(every) if len(text) < 320]


def corpus() -> list[str]:
    lines = (ROOT / "suites/reference/sentences.txt").read_text(encoding="utf-8").splitlines()
    for line in (ROOT / "suites/everyday/items.jsonl").read_text(encoding="utf-8").splitlines():
        item = json.loads(line)
        lines += [item["original"], *item["paraphrases"], *item["encodings"].values()]
    return lines


# --- tokenizers --------------------------------------------------------------------------------------------------

def special(*contents: str, **options: bool) -> list[AddedToken]:
    return [AddedToken(content, special=True, normalized=False, **options) for content in contents]


def split(pattern: str) -> pre_tokenizers.PreTokenizer:
    return pre_tokenizers.Split(Regex(pattern), "isolated")


def byte_level(*steps: pre_tokenizers.PreTokenizer, regex: bool = False) -> pre_tokenizers.PreTokenizer:
    return pre_tokenizers.Sequence([*steps, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=regex)])


def template(tokenizer: Tokenizer, single: str) -> processors.TemplateProcessing:
    names = [part for part in single.split() if part != "$A"]
    return processors.TemplateProcessing(single=single, special_tokens=[(name, tokenizer.token_to_id(name)) for name in set(names)])


def train_bpe(pre: pre_tokenizers.PreTokenizer, size: int, normalizer=None) -> dict:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre
    if normalizer:
        tokenizer.normalizer = normalizer
    trainer = trainers.BpeTrainer(vocab_size=size, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False)
    tokenizer.train_from_iterator(corpus(), trainer)
    return json.loads(tokenizer.to_str())["model"]


def byte_bpe(model: dict, pre, added: list[AddedToken], normalizer=None, ignore_merges=False) -> Tokenizer:
    merges = [tuple(merge) for merge in model["merges"]]
    tokenizer = Tokenizer(models.BPE(vocab=model["vocab"], merges=merges, ignore_merges=ignore_merges))
    if normalizer:
        tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    tokenizer.add_tokens(added)
    return tokenizer


def train_spm(**options) -> sentencepiece_model_pb2.ModelProto:
    with tempfile.TemporaryDirectory() as folder:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(corpus()), model_prefix=f"{folder}/m", minloglevel=2, num_threads=1, **options
        )
        proto = sentencepiece_model_pb2.ModelProto()
        proto.ParseFromString(Path(f"{folder}/m.model").read_bytes())
        return proto


def spm_bpe(proto: sentencepiece_model_pb2.ModelProto) -> models.BPE:
    vocab = {piece.piece: i for i, piece in enumerate(proto.pieces)}
    scores = {piece.piece: piece.score for piece in proto.pieces}
    skip = [piece.piece for piece in proto.pieces if piece.type in (2, 3, 6)]
    merges = generate_merges(vocab, scores, skip)
    return models.BPE(vocab=vocab, merges=merges, unk_token="<unk>", fuse_unk=True, byte_fallback=True)


LLAMA_STEPS = [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()]
LLAMA_OPTIONS = dict(
    model_type="bpe", vocab_size=900, byte_fallback=True, character_coverage=0.985, normalization_rule_name="identity",
    remove_extra_whitespaces=False, split_digits=True, allow_whitespace_only_pieces=True,
)


def wordpiece_vocabulary(tokenizer: Tokenizer, names: list[str]) -> dict[str, int]:
    """Frequent words, endings and characters; the trainer of `tokenizers` breaks ties at random."""
    words: Counter[str] = Counter()
    for text in corpus():
        words.update(word for word, _ in tokenizer.pre_tokenizer.pre_tokenize_str(tokenizer.normalizer.normalize_str(text)))
    characters, inner, endings = Counter(), Counter(), Counter()
    for word, count in words.items():
        characters.update({word[0]: count})
        for letter in word[1:]:
            inner.update({"##" + letter: count})
        for length in range(2, min(5, len(word))):
            endings.update({"##" + word[-length:]: count})
    def top(counts: Counter[str], limit: int) -> list[str]:
        return sorted(counts, key=lambda token: (-counts[token], token))[:limit]
    tokens = [*names, *top(characters, 500), *top(inner, 80), *top(endings, 200), *top(words, 500)]
    return {token: i for i, token in enumerate(dict.fromkeys(tokens))}


class Family:
    """A tokenizer, how it is written, and how a text that continues another is encoded."""

    def __init__(self, name, tokenizer, gguf_model, *, pre=None, proto=None, config=None, continuing=None, note=None):
        self.name, self.tokenizer, self.gguf_model, self.pre = name, tokenizer, gguf_model, pre
        self.proto, self.config, self.continuing = proto, config or {}, continuing


def families() -> list[Family]:
    out = []
    qwen_pre = byte_level(split(QWEN2))
    model = train_bpe(qwen_pre, 900, normalizers.NFC())
    qwen_added = special("<|endoftext|>", "<|im_start|>", "<|im_end|>") + [
        AddedToken(content, special=False, normalized=False) for content in ("<tool_call>", "<think>", "</think>")
    ]
    qwen = byte_bpe(model, qwen_pre, qwen_added, normalizers.NFC())
    out.append(Family("qwen2", qwen, "gpt2", pre="qwen2", config={
        "add_bos_token": False, "eos_token": "<|im_end|>", "pad_token": "<|endoftext|>"}))

    llama3_pre = byte_level(split(LLAMA3))
    llama3 = byte_bpe(train_bpe(llama3_pre, 900), llama3_pre, special(
        "<|begin_of_text|>", "<|end_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"), ignore_merges=True)
    llama3.post_processor = processors.Sequence(
        [processors.ByteLevel(trim_offsets=False), template(llama3, "<|begin_of_text|> $A")])
    out.append(Family("llama3", llama3, "gpt2", pre="llama-bpe", config={
        "bos_token": "<|begin_of_text|>", "eos_token": "<|eot_id|>"}))

    gpt2_pre = pre_tokenizers.ByteLevel(add_prefix_space=False)
    gpt2 = byte_bpe(train_bpe(gpt2_pre, 800), gpt2_pre, special("<|endoftext|>"))
    out.append(Family("gpt2", gpt2, "gpt2", pre="gpt-2", config={
        "bos_token": "<|endoftext|>", "eos_token": "<|endoftext|>", "unk_token": "<|endoftext|>"}))

    smollm_pre = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)])
    smollm = byte_bpe(train_bpe(smollm_pre, 800), smollm_pre, special("<|endoftext|>", "<|im_start|>", "<|im_end|>"))
    out.append(Family("smollm", smollm, "gpt2", pre="smollm", config={
        "bos_token": "<|im_start|>", "eos_token": "<|im_end|>"}))

    tekken_pre = byte_level(split(TEKKEN))
    tekken = byte_bpe(train_bpe(tekken_pre, 900), tekken_pre, special("<unk>", "<s>", "</s>", "[INST]", "[/INST]"), ignore_merges=True)
    tekken.post_processor = template(tekken, "<s> $A")
    out.append(Family("tekken", tekken, "gpt2", pre="tekken", config={
        "add_bos_token": True, "add_eos_token": False, "bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"}))

    proto = train_spm(**LLAMA_OPTIONS)
    def llama(first: bool, added: list[AddedToken]) -> Tokenizer:
        tokenizer = Tokenizer(spm_bpe(proto))
        steps = [normalizers.Prepend("▁")] if first else []
        tokenizer.normalizer = normalizers.Sequence([*steps, normalizers.Replace(" ", "▁")])
        tokenizer.decoder = decoders.Sequence([*LLAMA_STEPS, decoders.Strip(" ", 1, 0)])
        tokenizer.add_tokens(added)
        tokenizer.post_processor = template(tokenizer, "<s> $A")
        return tokenizer
    sentence = special("<unk>", "<s>", "</s>")
    out.append(Family("llama2", llama(True, sentence), "llama", proto=proto, continuing=llama(False, sentence), config={
        "add_bos_token": True, "add_eos_token": False, "bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"}))

    def mistral(scheme: str) -> Tokenizer:
        tokenizer = Tokenizer(spm_bpe(proto))
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme=scheme, split=False)
        tokenizer.decoder = decoders.Sequence([*LLAMA_STEPS, decoders.Strip(" ", 1, 0)])
        tokenizer.add_tokens(special("<unk>", "<s>", "</s>", "[INST]", "[/INST]"))
        tokenizer.post_processor = template(tokenizer, "<s> $A")
        return tokenizer
    out.append(Family("mistral", mistral("first"), None, continuing=mistral("never"), config={
        "bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"}))

    phi_added = sentence[:2] + [AddedToken("</s>", special=False, normalized=False, rstrip=True)] + special("<|endoftext|>") + special(
        "<|assistant|>", "<|system|>", "<|end|>", "<|user|>", rstrip=True)
    phi3 = llama(True, phi_added)
    phi3.post_processor = template(phi3, "$A")
    out.append(Family("phi3", phi3, "llama", proto=proto, continuing=llama(False, phi_added), config={
        "add_bos_token": False, "add_eos_token": False, "bos_token": "<s>", "eos_token": "<|endoftext|>", "unk_token": "<unk>"}))

    newlines = ["\n" * n for n in range(1, 5)]
    gemma_proto = train_spm(**{**LLAMA_OPTIONS, "vocab_size": 950}, add_dummy_prefix=False, pad_id=0, eos_id=1, bos_id=2, unk_id=3,
                            bos_piece="<bos>", eos_piece="<eos>", control_symbols=["<start_of_turn>", "<end_of_turn>"],
                            user_defined_symbols=newlines + ["▁▁", "▁▁▁", "<table>"])
    gemma = Tokenizer(spm_bpe(gemma_proto))
    gemma.normalizer = normalizers.Replace(" ", "▁")
    gemma.pre_tokenizer = pre_tokenizers.Split(" ", "merged_with_previous")
    gemma.decoder = decoders.Sequence(LLAMA_STEPS)
    gemma.add_tokens(special("<pad>", "<eos>", "<bos>", "<unk>", "<start_of_turn>", "<end_of_turn>") + [
        AddedToken(content, special=False, normalized=False) for content in [*newlines, "▁▁", "▁▁▁", "<table>"]])
    gemma.post_processor = template(gemma, "<bos> $A")
    out.append(Family("gemma", gemma, "llama", proto=gemma_proto, config={
        "add_bos_token": True, "add_eos_token": False, "bos_token": "<bos>", "eos_token": "<eos>", "unk_token": "<unk>", "pad_token": "<pad>"}))

    unigram_proto = train_spm(model_type="unigram", vocab_size=1400, character_coverage=0.995, normalization_rule_name="nmt_nfkc")
    pieces = [("<s>", 0.0), ("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0)]
    pieces += [(piece.piece, piece.score) for piece in unigram_proto.pieces[3:]] + [("<mask>", 0.0)]
    def xlmr(vocabulary) -> Tokenizer:
        tokenizer = Tokenizer(models.Unigram(vocabulary, unk_id=3, byte_fallback=False))
        tokenizer.normalizer = normalizers.Precompiled(unigram_proto.normalizer_spec.precompiled_charsmap)
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace(prepend_scheme="always")])
        tokenizer.decoder = decoders.Metaspace(prepend_scheme="always")
        return tokenizer
    xlm = xlmr(pieces)
    xlm.add_tokens(special("<s>", "<pad>", "</s>", "<unk>") + special("<mask>", lstrip=True))
    xlm.post_processor = template(xlm, "<s> $A </s>")
    family = Family("xlm-roberta", xlm, "t5", proto=unigram_proto, config={
        "bos_token": "<s>", "eos_token": "</s>", "sep_token": "</s>", "cls_token": "<s>", "unk_token": "<unk>", "pad_token": "<pad>",
        "mask_token": {"content": "<mask>", "lstrip": True, "__type": "AddedToken"}})
    # No text becomes a special token by spelling it: the reference's own trie holds them, so theirs are made unspellable.
    family.plain = xlmr([(f"\ue0ff{piece}" if piece in ("<s>", "<pad>", "</s>", "<mask>", "<unk>") else piece, score) for piece, score in pieces])
    out.append(family)

    for name, lower in (("bert", True), ("bert-chinese", False)):
        bert = Tokenizer(models.WordPiece(unk_token="[UNK]"))
        bert.normalizer = normalizers.BertNormalizer(clean_text=True, handle_chinese_chars=True, strip_accents=None, lowercase=lower)
        bert.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
        names = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
        bert.model = models.WordPiece(vocab=wordpiece_vocabulary(bert, names), unk_token="[UNK]")
        bert.add_special_tokens(names)
        bert.decoder = decoders.WordPiece(prefix="##", cleanup=True)
        bert.post_processor = template(bert, "[CLS] $A [SEP]")
        out.append(Family(name, bert, "bert", config={
            "unk_token": "[UNK]", "sep_token": "[SEP]", "pad_token": "[PAD]", "cls_token": "[CLS]", "mask_token": "[MASK]"}))
    return out


# --- GGUF --------------------------------------------------------------------------------------------------------

def write_gguf(family: Family, path: Path) -> None:
    """Metadata as llama.cpp's convert_hf_to_gguf.py writes it (get_vocab_base, _set_vocab_sentencepiece, BertModel)."""
    writer = gguf.GGUFWriter(path, "phi3" if family.name == "phi3" else "llama")
    writer.add_name(family.name)
    tokenizer = family.tokenizer
    added = {i: t for i, t in tokenizer.get_added_tokens_decoder().items()}
    tokens, kinds = [], []
    for i in range(tokenizer.get_vocab_size()):
        token = tokenizer.id_to_token(i)
        kind = TYPE.NORMAL
        if i in added:
            kind = TYPE.CONTROL if added[i].special else TYPE.USER_DEFINED
        if family.gguf_model in ("llama", "t5"):
            if token == "<unk>":
                kind = TYPE.UNKNOWN
            elif token.startswith("<0x") and len(token) == 6:
                kind = TYPE.BYTE
            elif kind == TYPE.USER_DEFINED and token.strip("\n▁") == "":
                kind = TYPE.NORMAL  # the converter asks SentencePiece, which does not tell them apart
        if family.gguf_model == "bert" and kind == TYPE.NORMAL:
            token = token[2:] if token.startswith("##") else "▁" + token
        tokens.append(token)
        kinds.append(kind)
    writer.add_tokenizer_model(family.gguf_model)
    writer.add_tokenizer_pre(family.pre or "default")
    writer.add_token_list(tokens)
    writer.add_token_types(kinds)
    if family.gguf_model == "gpt2":
        merges = json.loads(tokenizer.to_str())["model"]["merges"]
        writer.add_token_merges([" ".join(merge) for merge in merges])
    if family.gguf_model in ("llama", "t5"):
        scores = {piece.piece: piece.score for piece in family.proto.pieces}
        writer.add_token_scores([scores.get(token, 0.0 if family.gguf_model == "t5" else -1000.0) for token in tokens])
    if family.name == "gemma":
        writer.add_add_space_prefix(False)
    if family.gguf_model == "t5":
        writer.add_add_space_prefix(True)
        writer.add_remove_extra_whitespaces(True)
        writer.add_precompiled_charsmap(family.proto.normalizer_spec.precompiled_charsmap)
        writer.add_add_bos_token(True)
        writer.add_add_eos_token(True)
    if family.gguf_model == "bert":
        writer.add_token_type_count(2)
        writer.add_bool("tokenizer.ggml.normalizer.lowercase", family.name == "bert")
    ids = {kind: tokenizer.token_to_id(text["content"] if isinstance(text, dict) else text)
           for kind, text in family.config.items() if kind.endswith("_token") and not kind.startswith("add_")}
    handlers = {"bos_token": writer.add_bos_token_id, "eos_token": writer.add_eos_token_id, "unk_token": writer.add_unk_token_id,
                "sep_token": writer.add_sep_token_id, "pad_token": writer.add_pad_token_id, "mask_token": writer.add_mask_token_id}
    for kind, i in ids.items():
        if kind in handlers:
            handlers[kind](i)
    if family.gguf_model == "bert":
        writer.add_bos_token_id(ids["cls_token"])
    for key, handler in (("add_bos_token", writer.add_add_bos_token), ("add_eos_token", writer.add_add_eos_token)):
        if key in family.config:
            handler(family.config[key])
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()


# --- expectations ------------------------------------------------------------------------------------------------

def continued(family: Family, text: str) -> list[int]:
    """The ids of a text without the dummy space before it."""
    if family.continuing:
        family.continuing.encode_special_tokens = True
        # What follows a token found in the text does not follow other text: it gets its own dummy space.
        at = text.find("</s>") if family.name == "phi3" else -1
        head, tail = (text, "") if at < 0 else (text[:at], text[at:])
        ids = [*family.tokenizer.encode(tail, add_special_tokens=False).ids] if tail else []
        return family.continuing.encode(head, add_special_tokens=False).ids + ids
    if family.name != "xlm-roberta":
        return family.tokenizer.encode(text, add_special_tokens=False).ids
    plain = family.plain
    normal = plain.normalizer.normalize_str(text)
    ids: list[int] = []
    for word, (start, _) in plain.pre_tokenizer.pre_tokenize_str(normal):
        if start == 0 and not normal.startswith("▁"):
            word = word.removeprefix("▁")
        ids += [token.id for token in plain.model.tokenize(word)] if word else []
    return ids


def line(ids: list[int]) -> str:
    return " ".join(map(str, ids))


def write(family: Family, texts: list[str], chats: dict[str, str]) -> None:
    folder = OUT / family.name
    folder.mkdir(parents=True)
    tokenizer = family.tokenizer
    saved = json.loads(tokenizer.to_str())
    (folder / "tokenizer.json").write_text(json.dumps(saved, ensure_ascii=False, separators=(",", ":")), encoding="utf-8")
    config = {"tokenizer_class": "PreTrainedTokenizerFast", **family.config}
    if family.name in chats:
        config["chat_template"] = chats[family.name]
    (folder / "tokenizer_config.json").write_text(json.dumps(config, ensure_ascii=False), encoding="utf-8")
    fast = PreTrainedTokenizerFast.from_pretrained(folder)

    plain, with_special, decoded, following = [], {}, {}, {}
    reference = getattr(family, "plain", None) or tokenizer
    reference.encode_special_tokens = True
    for i, text in enumerate(texts):
        reference.encode_special_tokens = True
        ids = reference.encode(text, add_special_tokens=False).ids
        if reference is tokenizer:
            through = fast(text, add_special_tokens=False, split_special_tokens=True)["input_ids"]
            assert ids == through, (family.name, text, ids, through)
        plain.append(ids)
        special_ids = fast(text, add_special_tokens=False, split_special_tokens=False)["input_ids"]
        if special_ids != ids:
            with_special[i] = line(special_ids)
        back = tokenizer.decode(ids, skip_special_tokens=False)
        assert back == fast.decode(ids, skip_special_tokens=False, clean_up_tokenization_spaces=False)
        if back != text:
            decoded[i] = back
        reference.encode_special_tokens = True
        after = continued(family, text)
        if after != ids:
            following[i] = line(after)
    x = fast("x", add_special_tokens=False)["input_ids"]
    whole = fast("x")["input_ids"]
    at = next(k for k in range(len(whole)) if whole[k : k + len(x)] == x)
    expected = {
        "begin": whole[:at], "finish": whole[at + len(x) :],
        "plain": [line(ids) for ids in plain], "special": with_special, "continues": following, "decoded": decoded,
    }
    lines = ",\n".join(f"{json.dumps(key)}:{json.dumps(value, ensure_ascii=False, separators=(',', ':'))}" for key, value in expected.items())
    (OUT / f"{family.name}.json").write_text("{" + lines + "}\n", encoding="utf-8")
    if family.gguf_model:
        write_gguf(family, OUT / f"{family.name}.gguf")


def write_cuts(texts: list[str]) -> None:
    """How other byte-level families cut text: 8 hexadecimal digits of a hash of the pieces, for each text."""
    digits = [pre_tokenizers.Digits(individual_digits=True)]
    letters = (HERE.parent.parent / "providers/embedded/knownPatterns.ts").read_text(encoding="utf-8")
    letters = next(part for part in letters.split('"') if part.startswith("\\\\s?[A-Za-zµ")).encode("raw_unicode_escape").decode("raw_unicode_escape").replace("\\\\", "\\")
    kana = "[一-龥\u3040-ゟ゠-ヿ]+"
    han = "[一-龥ࠀ-一가-퟿]+"
    rules = {
        "qwen35": [split(QWEN35)], "gpt-4o": [split(GPT4O)], "bailingmoe": [split(BAILING)],
        "deepseek-v3": [split(r"\p{N}{1,3}"), split(kana), split(DEEPSEEK3)],
        "deepseek-llm": [split("[\r\n]"), split(letters), split("\\s?[!-/:-~！-／：-～‘-‟　-。]+"), split(r"\s+$"), split(han), *digits],
        "deepseek-coder": [split("[\r\n]"), split(r"\s?\p{L}+"), split(r"\s?\p{P}+"), split(han), *digits],
    }
    out = {}
    for name, steps in rules.items():
        cut = byte_level(*steps)
        normalizer = normalizers.NFC() if name == "qwen35" else None
        hashes = []
        for text in texts:
            normal = normalizer.normalize_str(text) if normalizer else text
            pieces = [piece for piece, _ in cut.pre_tokenize_str(normal)]
            hashes.append(hashlib.sha256("\n".join(pieces).encode()).hexdigest()[:8])
        out[name] = "".join(hashes)
    (OUT / "cuts.json").write_text(json.dumps(out) + "\n", encoding="utf-8")


def main() -> None:
    import tokenizer_chats
    import tokenizer_edges

    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir(parents=True)
    texts = all_texts()
    (OUT / "texts.json").write_text(json.dumps(texts, ensure_ascii=True, separators=(",", ":")) + "\n")
    for family in families():
        write(family, texts, tokenizer_chats.TEMPLATES)
        print(family.name, family.tokenizer.get_vocab_size())
    write_cuts(texts)
    tokenizer_chats.write(OUT)
    tokenizer_edges.write(OUT)
    print(len(texts), "texts", sum(f.stat().st_size for f in OUT.rglob("*") if f.is_file()), "bytes")


if __name__ == "__main__":
    main()
