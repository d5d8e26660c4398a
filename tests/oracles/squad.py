"""Matching of answers as the SQuAD evaluation scripts define it, on cases that bring out where definitions differ.

normalize_answer, f1_score and exact_match_score are those of evaluate-v1.1.py and evaluate-v2.0.py (Rajpurkar et al.
2016 and 2018), which write them alike but for answers without a word: there version 2.0 decides.
Run: python squad.py > fixtures/squad.json
"""

import collections
import json
import random
import re
import string
import sys


def normalize_answer(s):
    def remove_articles(text):
        regex = re.compile(r"\b(a|an|the)\b", re.UNICODE)
        return re.sub(regex, " ", text)

    def white_space_fix(text):
        return " ".join(text.split())

    def remove_punc(text):
        exclude = set(string.punctuation)
        return "".join(ch for ch in text if ch not in exclude)

    def lower(text):
        return text.lower()

    return white_space_fix(remove_articles(remove_punc(lower(s))))


def get_tokens(s):
    return normalize_answer(s).split() if s else []


def compute_exact(a_gold, a_pred):
    return int(normalize_answer(a_gold) == normalize_answer(a_pred))


def compute_f1(a_gold, a_pred):
    gold_toks, pred_toks = get_tokens(a_gold), get_tokens(a_pred)
    common = collections.Counter(gold_toks) & collections.Counter(pred_toks)
    num_same = sum(common.values())
    if len(gold_toks) == 0 or len(pred_toks) == 0:
        return int(gold_toks == pred_toks)
    if num_same == 0:
        return 0
    precision = 1.0 * num_same / len(pred_toks)
    recall = 1.0 * num_same / len(gold_toks)
    return (2 * precision * recall) / (precision + recall)


PAIRS = [
    ("sixty", "Sixty."),
    ("sixty", "about sixty cars"),
    ("the ferry", "ferry"),
    ("the the", ""),
    ("", ""),
    ("a", "an"),
    ("An apple", "the apple, an apple"),
    ("U.S.A.", "usa"),
    ("7:40", "740"),
    ("well-known", "wellknown"),
    ("rock 'n' roll", "rock n roll"),
    ("the_end", "theend"),
    ("éa", "é"),
    ("théâtre", "le théâtre"),
    ("1,000 people", "1000 people"),
    ("“sixty”", "sixty"),
    ("mother-in-law’s car", "mother-in-laws car"),
    ("a\tb\n\nc", "b c"),
    ("b b c", "b c c"),
    ("not in the harbour", "in the harbour"),
    ("六十辆", "六十 辆"),
    ("ÉCOLE", "école"),
    ("$60", "60 dollars"),
    ("the A-team", "a team"),
    ("theatre", "the atre"),
    ("x\u00a0y", "x y"),
]


def main():
    rng = random.Random(1)
    words = ["the", "a", "an", "sixty", "Cars", "cars.", "left", "harbour", "-", "the,", "An!", "7:40", "é", "b"]
    pairs = PAIRS + [
        (" ".join(rng.choices(words, k=rng.randrange(6))), " ".join(rng.choices(words, k=rng.randrange(6))))
        for _ in range(60)
    ]
    cases = [
        {
            "gold": gold,
            "said": said,
            "normalised": normalize_answer(said),
            "exact": compute_exact(gold, said),
            "f1": compute_f1(gold, said),
        }
        for gold, said in pairs
    ]
    json.dump(cases, sys.stdout, ensure_ascii=False, indent=0)
    print()


if __name__ == "__main__":
    main()
