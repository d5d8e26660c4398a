"""Writes fixtures/embedders.json: embeddings of a few texts by the encoders that Isoglyph knows by name.

MiniLM by transformers in float32; bge-small-zh by onnxruntime, which rounds its states to bytes on the way.
Usage: python embedders.py MINILM_FOLDER BGE.onnx BGE_TOKENIZER.json
"""

import json
import pathlib
import sys

import numpy
import onnxruntime
import torch
from tokenizers import Tokenizer
from transformers import AutoModel, AutoTokenizer

minilm_folder, bge, bge_tokenizer = sys.argv[1:]
ENGLISH = [
    "The quick brown fox jumps over the lazy dog.",
    "A fast brown fox leaps over a lazy dog.",
    "Interest rates rose by a quarter of a point in March, didn't they?",
    "Café",
]
CHINESE = ["今天天气很好。", "今天的天气非常不错。", "股票价格大幅下跌。", "他在图书馆学习 Python 编程。"]

tokenizer, model = AutoTokenizer.from_pretrained(minilm_folder), AutoModel.from_pretrained(minilm_folder).eval()


def minilm(text):
    inputs = tokenizer(text, return_tensors="pt")
    with torch.no_grad():
        mean = model(**inputs).last_hidden_state[0].mean(0)
    return (mean / mean.norm()).tolist()


session, chinese = onnxruntime.InferenceSession(bge), Tokenizer.from_file(bge_tokenizer)


def bge_small_zh(text):
    ids = numpy.array([chinese.encode(text).ids], dtype=numpy.int64)
    feeds = {"input_ids": ids, "attention_mask": numpy.ones_like(ids), "token_type_ids": numpy.zeros_like(ids)}
    first = session.run(None, feeds)[0][0, 0]
    return (first / numpy.linalg.norm(first)).astype(float).tolist()


rounded = lambda vectors: [[round(value, 7) for value in vector] for vector in vectors]
pathlib.Path(__file__).with_name("fixtures").joinpath("embedders.json").write_text(
    json.dumps(
        {
            "minilm": {"texts": ENGLISH, "vectors": rounded(map(minilm, ENGLISH))},
            "bge-small-zh": {"texts": CHINESE, "vectors": rounded(map(bge_small_zh, CHINESE))},
        },
        ensure_ascii=False,
    )
    + "\n"
)
