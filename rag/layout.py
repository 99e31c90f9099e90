"""Places in the plane for vectors, so that neighbours stay neighbours: UMAP (McInnes and others 2018), in NumPy.

Nearness is 1 / (1 + d^2) here. Deterministic: it starts from the two main axes, and chance is drawn from a fixed seed.
"""

from __future__ import annotations

import numpy as np

NEIGHBOURS = 12
STEPS = 200
TURNS = 30  # until the main axes lie still
APART = 5  # papers from which each is pushed away at a step, a neighbour
FARTHEST = 0.8  # that a paper moves at a step


def layout(vectors: np.ndarray) -> np.ndarray:
    """Of n unit vectors (n, d): places (n, 2), the longer side of their frame from 0 to 1."""
    if len(vectors) < 3:
        return np.array([[0.5 * place, 0.5] for place in range(len(vectors))], float).reshape(-1, 2)
    heads, tails, weights = _graph(vectors)
    places = 10 * _axes(vectors)
    chance = np.random.default_rng(0)
    for step in range(STEPS):
        pulls = _pulled(places, heads, tails, weights)
        pushes = _pushed(places, heads, weights, chance)
        places = places + (1 - step / STEPS) * np.clip(pulls + pushes, -FARTHEST, FARTHEST)
    return _framed(places)


def _graph(vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Edges both ways and their weights in 0..1: nearness by each paper's own measure, either sufficing."""
    n, most = len(vectors), min(NEIGHBOURS, len(vectors) - 1)
    weights = np.zeros((n, n), np.float32)
    for start in range(0, n, 1000):
        distances = np.maximum(1 - vectors[start : start + 1000] @ vectors.T, 0)
        rows = np.arange(len(distances))
        distances[rows, start + rows] = np.inf
        near = np.argpartition(distances, most - 1, axis=1)[:, :most]
        found = np.take_along_axis(distances, near, axis=1)
        beyond = found - found.min(axis=1, keepdims=True)
        np.put_along_axis(weights[start : start + 1000], near, np.exp(-beyond / _widths(beyond)), axis=1)
    either = weights + weights.T - weights * weights.T
    heads, tails = np.nonzero(either)
    return heads, tails, either[heads, tails].astype(float)


def _widths(beyond: np.ndarray) -> np.ndarray:
    """For each row the width at which its weights sum to log2 of their number, found by halving: (n, 1)."""
    low, high = np.full((len(beyond), 1), 1e-6), np.full((len(beyond), 1), 2.0)
    for _ in range(30):
        middle = (low + high) / 2
        wide = np.exp(-beyond / middle).sum(axis=1, keepdims=True) > np.log2(beyond.shape[1] + 1)
        low, high = np.where(wide, low, middle), np.where(wide, middle, high)
    return high


def _axes(vectors: np.ndarray) -> np.ndarray:
    """On the two main axes, found by orthogonal iteration and scaled to -1..1: (n, 2)."""
    centred = (vectors - vectors.mean(axis=0)).astype(float)
    axes = np.random.default_rng(0).standard_normal((vectors.shape[1], 2))
    for _ in range(TURNS):
        axes = np.linalg.qr(centred.T @ (centred @ axes))[0]
    found: np.ndarray = centred @ axes
    return found / (np.abs(found).max() or 1.0)


def _pulled(places: np.ndarray, heads: np.ndarray, tails: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Each towards its neighbours."""
    apart = places[heads] - places[tails]
    squares = (apart**2).sum(axis=1)
    return _summed(heads, -2 * weights / (1 + squares), apart, len(places))


def _pushed(places: np.ndarray, heads: np.ndarray, weights: np.ndarray, chance: np.random.Generator) -> np.ndarray:
    """Each from `APART` others an edge, drawn by chance."""
    heads, weights = np.tile(heads, APART), np.tile(weights, APART)
    apart = places[heads] - places[chance.integers(len(places), size=len(heads))]
    squares = (apart**2).sum(axis=1)
    return _summed(heads, 2 * weights / ((0.001 + squares) * (1 + squares)), apart, len(places))


def _summed(heads: np.ndarray, forces: np.ndarray, apart: np.ndarray, n: int) -> np.ndarray:
    """What moves each paper: (n, 2)."""
    return np.stack([np.bincount(heads, np.clip(forces * apart[:, axis], -4, 4), n) for axis in range(2)], axis=1)


def _framed(places: np.ndarray) -> np.ndarray:
    low, high = places.min(axis=0), places.max(axis=0)
    framed: np.ndarray = (places - low) / ((high - low).max() or 1.0)
    return framed
