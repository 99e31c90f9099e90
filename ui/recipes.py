"""How to let another model write: what starts its server, and the lines for `.env`. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Recipe:
    """NAME stands for a model's name as its server has it; a key is written into the file, and nowhere else."""

    start: str
    lines: str


RECIPES = {
    "No model": Recipe("", "ASKPAPERS_LLM=extractive"),
    "Ollama": Recipe("ollama pull qwen3:4b", "ASKPAPERS_LLM=ollama/qwen3:4b"),
    "llama.cpp": Recipe(
        "llama-server -m MODEL.gguf -c 8192 -np 1",
        "ASKPAPERS_LLM=local/NAME\nASKPAPERS_LLM_BASE_URL=http://127.0.0.1:8080/v1\nASKPAPERS_LLM_CONTEXT=8192",
    ),
    "vLLM": Recipe(
        "vllm serve NAME --host 127.0.0.1 --max-model-len 8192",
        "ASKPAPERS_LLM=local/NAME\nASKPAPERS_LLM_BASE_URL=http://127.0.0.1:8000/v1\nASKPAPERS_LLM_CONTEXT=8192",
    ),
    "LM Studio": Recipe(
        "lms server start",
        "ASKPAPERS_LLM=local/NAME\nASKPAPERS_LLM_BASE_URL=http://127.0.0.1:1234/v1",
    ),
    "OpenAI": Recipe("", "ASKPAPERS_LLM=openai/NAME\nOPENAI_API_KEY="),
    "Another host": Recipe(
        "", "ASKPAPERS_LLM=local/NAME\nASKPAPERS_LLM_BASE_URL=https://HOST/v1\nASKPAPERS_LLM_API_KEY="
    ),
}
