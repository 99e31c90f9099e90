"""How near papers are in topic, exactly, from the stored vectors of their passages: nothing is embedded anew."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rag.edition import Index


def similar(index: Index, paper: str, most: int) -> tuple[str, ...]:
    """Ids of at most `most` papers, nearest first: by the mean cosine of their passages with this one's.

    None where the index does not hold the paper (yet).
    """
    if paper not in index.papers:
        return ()
    own = index.papers.index(paper)
    centre = index.vectors[index.owners == own].astype(np.float32).mean(axis=0)
    cosines = index.cosines(centre, np.arange(len(index.owners)))
    nearness = np.bincount(index.owners, cosines) / np.bincount(index.owners)
    nearness[own] = -np.inf
    order = np.argsort(-nearness, kind="stable")[: min(most, len(index.papers) - 1)]
    return tuple(index.papers[place] for place in order)


def centres(index: Index, papers: Sequence[str]) -> tuple[tuple[str, ...], np.ndarray]:
    """Those of the papers that the index holds, in their order, and the direction of each: (n, d), unit length."""
    places = {paper: place for place, paper in enumerate(index.papers)}
    known = tuple(paper for paper in papers if paper in places)
    row_of = np.full(len(index.papers), -1)
    row_of[[places[paper] for paper in known]] = np.arange(len(known))
    wanted = np.flatnonzero(row_of[index.owners] >= 0)
    sums = np.zeros((len(known), index.vectors.shape[1]), np.float32)
    np.add.at(sums, row_of[index.owners[wanted]], index.vectors[wanted].astype(np.float32))
    return known, sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-12)
