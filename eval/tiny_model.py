"""A language model of half a megabyte with random weights, for a real llama.cpp server: nonsense, but really served.

Run: python eval/tiny_model.py CONTEXT [PORT [SLOTS]]; it prints its address, and serves until its standard input ends.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import gguf
import numpy as np

NAME = "tiny"
WIDTH, HEADS, LAYERS, HIDDEN, TRAINED_ON = 48, 4, 2, 96, 16_384
MOST_AT_ONCE = 2048
SPECIAL = ("<unk>", "<s>", "</s>")
BYTES = tuple(f"<0x{value:02X}>" for value in range(256))
LETTERS = ("▁", *"abcdefghijklmnopqrstuvwxyz", "▁the", "▁model", "▁[1]")
TOKENS = (*SPECIAL, *BYTES, *LETTERS)
UNKNOWN, CONTROL, BYTE, WORD = 2, 3, 6, 1
MATRICES = {
    "attn_q": (WIDTH, WIDTH), "attn_k": (WIDTH, WIDTH), "attn_v": (WIDTH, WIDTH), "attn_output": (WIDTH, WIDTH),
    "ffn_gate": (HIDDEN, WIDTH), "ffn_up": (HIDDEN, WIDTH), "ffn_down": (WIDTH, HIDDEN),
}  # fmt: skip


def write(path: Path) -> None:
    """Llama's architecture; a token a byte, where no word of ours fits."""
    writer = gguf.GGUFWriter(str(path), "llama")
    _describe(writer)
    for name, weights in _weights():
        writer.add_tensor(name, weights)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _describe(writer: gguf.GGUFWriter) -> None:
    writer.add_name(NAME)
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)
    writer.add_context_length(TRAINED_ON)
    writer.add_embedding_length(WIDTH)
    writer.add_feed_forward_length(HIDDEN)
    writer.add_block_count(LAYERS)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(HEADS)
    writer.add_rope_dimension_count(WIDTH // HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_tokenizer_model("llama")
    writer.add_vocab_size(len(TOKENS))
    writer.add_token_list([token.encode() for token in TOKENS])
    writer.add_token_scores([0.0] * len(TOKENS))
    writer.add_token_types([UNKNOWN, CONTROL, CONTROL, *[BYTE] * len(BYTES), *[WORD] * len(LETTERS)])
    for place, add in enumerate((writer.add_unk_token_id, writer.add_bos_token_id, writer.add_eos_token_id)):
        add(place)


def _weights() -> list[tuple[str, np.ndarray]]:
    chance = np.random.default_rng(7)

    def random(shape: tuple[int, int]) -> np.ndarray:
        return chance.normal(0, 0.05, shape).astype(np.float32)

    ones = np.ones(WIDTH, np.float32)
    weights = [("token_embd.weight", random((len(TOKENS), WIDTH))), ("output.weight", random((len(TOKENS), WIDTH)))]
    weights += [("output_norm.weight", ones)]
    for layer in range(LAYERS):
        weights += [(f"blk.{layer}.{name}_norm.weight", ones) for name in ("attn", "ffn")]
        weights += [(f"blk.{layer}.{name}.weight", random(shape)) for name, shape in MATRICES.items()]
    return weights


def serve(context: int, port: int = 0, slots: int = 1) -> None:
    """llama.cpp's own server, on a port of this machine; each of `slots` answers at once, with a `context` of its own.

    It makes embeddings too: the mean of what the model thinks of each token.
    """
    import xllamacpp

    with tempfile.TemporaryDirectory() as folder:
        model = Path(folder) / f"{NAME}.gguf"
        write(model)
        options = xllamacpp.CommonParams()
        options.model.path, options.model_alias = str(model), {NAME}
        options.hostnames, options.port = ["127.0.0.1"], port
        options.n_ctx, options.n_parallel, options.cpuparams.n_threads = context * slots, slots, 1
        options.endpoint_slots, options.warmup = True, False
        options.embedding, options.pooling_type = True, xllamacpp.llama_pooling_type.LLAMA_POOLING_TYPE_MEAN
        options.n_batch = options.n_ubatch = MOST_AT_ONCE  # tokens: one text of an embedding
        server = xllamacpp.Server(options)
        print(server.listening_address, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    serve(*map(int, sys.argv[1:]))
