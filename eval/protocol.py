"""The JSON of OpenAI's /v1, as a server writes it."""

from __future__ import annotations

import base64
import json
import random
import sys
from array import array
from collections.abc import Iterator, Sequence
from http.client import responses
from typing import Any

from eval.replies import Body, Reply

MODEL = "scripted"
DONE = b"data: [DONE]\n\n"


def whole(path: str, body: Body, reply: Reply, dimension: int) -> dict[str, Any]:
    """The body of a reply that is not streamed; vectors are of that dimension, unless another is asked for."""
    if reply.status >= 400:
        text = "".join(reply.pieces) or responses.get(reply.status, "scripted")
        return {"error": {"message": text, "type": "scripted", "code": reply.status}}
    if path == "/v1/models":
        return {"object": "list", "data": [{"id": MODEL, "object": "model", "created": 0, "owned_by": "eval"}]}
    return _embeddings(body, dimension) if path == "/v1/embeddings" else _completion(body, reply)


def vector(text: str, dimension: int) -> list[float]:
    """Of length 1, and always the same for the same text."""
    rng = random.Random(text)
    values = [rng.gauss(0, 1) for _ in range(dimension)]
    length = sum(value * value for value in values) ** 0.5
    return [value / length for value in values]


def deltas(reply: Reply) -> Iterator[dict[str, str]]:
    """What each event of a stream adds."""
    yield from ({"reasoning_content": piece} for piece in reply.reasoning)
    yield from ({"content": piece} for piece in reply.pieces)


def event(delta: dict[str, str], finish: str | None = None, **more: object) -> bytes:
    """One event of a stream, as it is sent."""
    chunk = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 0, "model": MODEL}
    choices = [{"index": 0, "delta": delta, "finish_reason": finish}]
    return b"data: %b\n\n" % json.dumps(chunk | {"choices": choices} | more).encode()


def ending(body: Body, reply: Reply) -> Iterator[bytes]:
    """The last events of a stream: why it ended, the usage if it was asked for."""
    if reply.finish is not None:
        yield event({}, reply.finish)
    if (body.get("stream_options") or {}).get("include_usage") and reply.usage:
        yield event({}, choices=[], usage=_usage(body, reply))
    yield DONE


def _completion(body: Body, reply: Reply) -> dict[str, Any]:
    message = {"role": "assistant", "content": "".join(reply.pieces)}
    if reply.reasoning:
        message["reasoning_content"] = "".join(reply.reasoning)
    choices = [{"index": 0, "message": message, "finish_reason": reply.finish}]
    whole = {"id": "chatcmpl-1", "object": "chat.completion", "created": 0, "model": MODEL, "choices": choices}
    return whole | ({"usage": _usage(body, reply)} if reply.usage else {})


def _usage(body: Body, reply: Reply) -> dict[str, int]:
    """Counted at four characters a token, unless the script knows better."""
    if isinstance(reply.usage, tuple):
        prompt, completion = reply.usage
    else:
        prompt = sum(len(str(turn["content"])) for turn in body["messages"]) // 4
        completion = (sum(map(len, reply.pieces)) + sum(map(len, reply.reasoning))) // 4
    return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}


def _embeddings(body: Body, dimension: int) -> dict[str, Any]:
    texts = [body["input"]] if isinstance(body["input"], str) else body["input"]
    vectors = [vector(text, body.get("dimensions", dimension)) for text in texts]
    packed = [_packed(values) for values in vectors] if body.get("encoding_format") == "base64" else vectors
    data = [{"object": "embedding", "index": place, "embedding": values} for place, values in enumerate(packed)]
    tokens = sum(map(len, texts)) // 4
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    return {"object": "list", "model": MODEL, "data": data, "usage": usage}


def _packed(values: Sequence[float]) -> str:
    """32-bit floats, little-endian, in base 64."""
    numbers = array("f", values)
    if sys.byteorder == "big":
        numbers.byteswap()
    return base64.b64encode(numbers.tobytes()).decode()
