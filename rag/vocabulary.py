"""Words of fixed meaning by which statements and quotes are compared: numbers, units, negations, opposites."""

from __future__ import annotations

# Number words, in order of their value.
SMALL = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
)
TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
ORDINALS = "first second third fourth fifth sixth seventh eighth ninth tenth"
MULTIPLES = (
    "",
    "",
    "twice double doubles doubled doubling twofold",
    "thrice triple triples tripled tripling threefold",
    "quadruple quadruples quadrupled quadrupling fourfold",
)
# A scale and its power of ten.
SCALES = {
    **dict.fromkeys(("hundred",), 2),
    **dict.fromkeys(("thousand", "k"), 3),
    **dict.fromkeys(("million", "mn", "m"), 6),
    **dict.fromkeys(("billion", "bn", "b"), 9),
    **dict.fromkeys(("trillion", "tn", "t"), 12),
}
# A unit and the ways to write it, a plural's s apart; "~" stands for a space.
UNITS = {
    "%": "% percent per~cent pct",
    "percentage points": "percentage~point percent~point %~point pp",
    "points": "point pt",
    "times": "times fold x",
    "ms": "ms msec millisecond",
    "us": "us microsecond",
    "s": "s sec second",
    "minutes": "min minute",
    "hours": "h hr hour",
    "days": "day",
    "weeks": "week",
    "months": "month",
    "years": "year yr",
    "KB": "kb kib kilobyte",
    "MB": "mb mib megabyte",
    "GB": "gb gib gigabyte",
    "TB": "tb tib terabyte",
    "FPS": "fps frames~per~second frames/s",
    "Hz": "hz hertz",
    "kHz": "khz kilohertz",
    "MHz": "mhz megahertz",
    "GHz": "ghz gigahertz",
    "dB": "db decibel",
    "mg": "mg milligram",
    "kg": "kg kilogram",
    "mm": "mm millimeter millimetre",
    "cm": "cm centimeter centimetre",
    "km": "km kilometer kilometre",
}
# Scores that follow a number as a unit does ("9.3 BLEU"), but may stand elsewhere in the quote.
METRICS = {
    "AP": "ap",
    "AUC": "auc auroc",
    "BLEU": "bleu",
    "CIDEr": "cider",
    "F1": "f1 f_1 f-1",
    "FID": "fid",
    "IoU": "iou",
    "METEOR": "meteor",
    "PSNR": "psnr",
    "RMSE": "rmse",
    "ROUGE": "rouge",
    "SSIM": "ssim",
    "WER": "wer",
    "mAP": "map",
    "mIoU": "miou",
}
# What is short for a word of the field, and who makes or keeps things: named in passing, and seldom what is asked for.
TERMS = (
    "AI API BERT-like CNN CNNs CPU CPUs CT CV DNN DNNs EU FLOP FLOPs FP16 GAN GB GPU GPUs HTML ICL ID IDs INT8 JSON "
    "LLM LLMs LM LMs LSTM MB ML MLLM MLLMs MLP MRI NLP NLU PDF PLM PLMs PTM PTMs RAG RGB RNN SGD SOTA SSL TPU TPUs UK "
    "URL US VLM VLMs VLP ViT ViTs 2D 3D"
)
MAKERS = "Alibaba Amazon Apple Baidu DeepMind Face Facebook GitHub Google Hugging Meta Microsoft NVIDIA OpenAI"
IN_PASSING = frozenset(f"{TERMS} {MAKERS}".split())

# Negations: whole words, beginnings of words, two words; and pairs that look like one and are none.
NOT = (
    "not no never without cannot nor neither none nothing hardly rarely seldom scarcely barely lack lacks lacked "
    "lacking fail fails failed failing failure unable inability impossible absence devoid doubtful "
    "questionable unlikely"
)
NOT_BEGINNINGS = "avoid eliminat sidestep circumvent obviat neglect ignor overlook omit"
NOT_PAIRS = "instead of|rather than|free of|free from|far from"
NO_NEGATION = "not only|not just|not merely|no matter|nothing but|none but"
CLAUSE_BREAKS = "but while whereas although though however because which yet"

# Words of direction and their opposites, a row a scale.
OPPOSITES = (
    (
        "increase raise grow rise higher more larger greater bigger gain >",
        "decrease reduce lower drop decline diminish cut shrink less fewer smaller save <",
    ),
    (
        "better improve enhance outperform surpass exceed superior boost benefit helpful beat",
        "worse worsen hurt harm degrade underperform inferior deteriorate impair behind lag",
    ),
    ("faster fast quick accelerate", "slower slow slowly"),
    ("long longer", "short shorter"),
    ("easy easily easier simple simpler", "hard harder difficult challenging complex complicated"),
    ("high large big abundant", "low small tiny scarce"),
    ("strong stronger", "weak weaker"),
    ("cheap cheaper inexpensive", "expensive costly"),
    ("always", "sometimes occasionally"),
    ("many multiple several numerous", "single sole"),
    ("often frequently commonly widely", "rarely seldom"),
    ("explicit", "implicit"),
    ("positive", "negative"),
    ("promote activate induce stimulate enable allow", "inhibit suppress prevent block impair"),
    ("upregulate", "downregulate"),
    ("provide preserve retain maintain keep", "sacrifice sacrificing forfeit"),
    ("same similar identical", "different dissimilar"),
)
