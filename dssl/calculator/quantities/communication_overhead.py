"""Bytes that the embeddings of a batch add to sending a model."""

from dataclasses import dataclass

from dssl.calculator.quantities import Answer
from theory.alignment_term.weight_schedule import EMBEDDING_BYTES, MODEL_BYTES

TITLE = "Bytes of one batch of embeddings and of one model in float32, and their ratio (A.5)"


@dataclass(frozen=True, kw_only=True)
class Query:
    """`visible_tokens` of an image (49 of ViT-B/16 at a mask ratio of 3/4), each `width` wide; images in a `batch`."""

    visible_tokens: int
    width: int
    batch: int
    model_parameters: int

    def __post_init__(self) -> None:
        for name in ("visible_tokens", "width", "batch", "model_parameters"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be a whole number from 1; got {name}={getattr(self, name)}.")


def answer(query: Query) -> Answer:
    """One upload of embeddings and of the model; Algorithm 1 sends the average down as well, once more as much."""
    embeddings = int(EMBEDDING_BYTES.exact(tokens=query.visible_tokens, token_dim=query.width, batch=query.batch))
    model = int(MODEL_BYTES.exact(parameters=query.model_parameters))
    return Answer(
        value={"embedding_bytes": embeddings, "model_bytes": model, "ratio": embeddings / model},
        units=f"{EMBEDDING_BYTES.units}; the ratio is dimensionless",
        source=str(EMBEDDING_BYTES.source),
        latex=EMBEDDING_BYTES.latex,
    )
