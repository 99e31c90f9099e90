"""How to let another model write: what starts its server, and the lines for `.env`. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from rag.config import Settings


@dataclass(frozen=True, slots=True)
class Recipe:
    """NAME stands for a model's name as its server has it; a key is written into the file, and nowhere else."""

    start: str
    lines: str


RECIPES = {
    "No model": Recipe("", "ASKPAPERS_LLM=extractive"),
    "Ollama": Recipe(
        "OLLAMA_CONTEXT_LENGTH=8192 ollama serve\nollama pull qwen3:4b",
        "ASKPAPERS_LLM=ollama/qwen3:4b\nASKPAPERS_LLM_CONTEXT=8192",
    ),
    "llama.cpp": Recipe(
        "llama-server -m MODEL.gguf -c 8192 -np 1 --port 8080",
        "ASKPAPERS_LLM=local/NAME\nASKPAPERS_LLM_BASE_URL=http://127.0.0.1:8080/v1\nASKPAPERS_LLM_CONTEXT=8192",
    ),
    "vLLM": Recipe(
        "vllm serve NAME --host 127.0.0.1 --max-model-len 8192",
        "ASKPAPERS_LLM=local/NAME\nASKPAPERS_LLM_BASE_URL=http://127.0.0.1:8000/v1\nASKPAPERS_LLM_CONTEXT=8192",
    ),
    "LM Studio": Recipe(
        "lms server start --port 1234\nlms load NAME --context-length 8192",
        "ASKPAPERS_LLM=local/NAME\nASKPAPERS_LLM_BASE_URL=http://127.0.0.1:1234/v1\nASKPAPERS_LLM_CONTEXT=8192",
    ),
    "OpenAI": Recipe("", "ASKPAPERS_LLM=openai/NAME\nOPENAI_API_KEY="),
    "Another host": Recipe(
        "", "ASKPAPERS_LLM=local/NAME\nASKPAPERS_LLM_BASE_URL=https://HOST/v1\nASKPAPERS_LLM_API_KEY="
    ),
}


def kind_of(settings: Settings) -> str:
    """Which of them is in use: by the vendor, then by the port that is its server's where nothing else is said."""
    vendor = settings.llm.partition("/")[0]
    named = {"extractive": "No model", "ollama": "Ollama", "openai": "OpenAI"}
    if vendor in named:
        return named[vendor]
    local = (kind for kind, recipe in RECIPES.items() if recipe.start and kind != "Ollama")
    address = re.search(r"//(?:127\.0\.0\.1|localhost)(:\d+)", settings.llm_base_url or "")
    return next((kind for kind in local if address and f"{address[1]}/" in RECIPES[kind].lines), "Another host")
