"""Section A.5: the arithmetic of what MAR sends, and what it leaves out."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import sympy as sp

from ledger import parts
from ledger.checks.kinds import ForAll, Identity
from ledger.reading import read_as
from ledger.statement import Claim, Context, Evidence, Statement
from theory.alignment_term.weight_schedule import EMBEDDING_BYTES, MODEL_BYTES, batch
from theory.formula import Source

IMAGE, PATCH, MASK = 224, 16, Fraction(3, 4)
WIDTH, BATCH, PARAMETERS = 768, 256, 86_000_000
MEGA, MEBI = 10**6, 2**20
# Source: chen2026, A.5: batch size: (megabytes printed, percent of the model printed).
SHARES = {256: ("36.8", "11"), 128: ("18", "5"), 64: ("9", "3"), 32: (None, "1")}

BECAUSE_UNIT = "The printed megabytes are units of 2^20 bytes."
BECAUSE_LINES = (
    "Algorithm 1 also sends the averaged embeddings and a weight down, and Algorithm 2 sends to every neighbour."
)


def autoencoder_parameters(width: int, blocks: int, decoder_width: int, decoder_blocks: int, patch: int) -> int:
    """Trained parameters of a masked autoencoder on three colours: what an aggregation averages.

    Blocks have attention, an MLP four times as wide and two norms, with biases; position embeddings are fixed.
    Source: chen2026code, `model_mae.py`, the architecture of He et al. (2022).
    """

    def block(size: int) -> int:
        return 12 * size**2 + 13 * size

    pixels = 3 * patch**2
    encoder = (pixels + 1) * width + width + blocks * block(width) + 2 * width
    to_decoder = (width + 1) * decoder_width + decoder_width
    from_decoder = 2 * decoder_width + (decoder_width + 1) * pixels
    return encoder + to_decoder + decoder_blocks * block(decoder_width) + from_decoder


def visible_tokens() -> sp.Matrix:
    """Patches of an image of 224 pixels, and those that a mask ratio of 3/4 leaves visible."""
    patches = (IMAGE // PATCH) ** 2
    return sp.Matrix([patches, patches * (1 - sp.Rational(str(MASK)))])


def embedding_bytes(size: int) -> Fraction:
    """Bytes of the embeddings of `size` images: 49 visible tokens of 768 float32 numbers each."""
    return Fraction(int(EMBEDDING_BYTES.exact(tokens=49, token_dim=WIDTH, batch=size)))


def model_bytes() -> Fraction:
    """Bytes of the printed 86 million parameters, in float32."""
    return Fraction(int(MODEL_BYTES.exact(parameters=PARAMETERS)))


def rounds_to(value: Fraction, printed: str) -> bool:
    """Does `value` round to the printed decimal, ties accepted either way?"""
    half = Fraction(1, 2 * 10 ** len(printed.partition(".")[2]))
    return abs(value - Fraction(printed)) <= half


def megabytes(unit: int):
    """Whether a size in bytes over `unit`, times `spoil`, rounds to the megabytes printed for it."""

    def predicate(point: tuple[str, Fraction, str], spoil: float) -> tuple[bool, Mapping[str, Any]]:
        what, value, printed = point
        found = value / unit * Fraction(str(spoil))
        return rounds_to(found, printed), {"what": what, "printed": printed, "computed": float(found)}

    return predicate


def sizes(context: Context) -> list[tuple[str, Fraction, str]]:
    """Everything that A.5 prints megabytes for: in words, in bytes as computed, in megabytes as printed."""
    sent = [(f"embeddings, batch {b}", embedding_bytes(b), mb) for b, (mb, _) in SHARES.items() if mb]
    return [*sent, ("model", model_bytes(), "328")]


def in_million(count: int) -> sp.Expr:
    """A count in millions, to the nearest whole one."""
    return sp.Integer(round(count / MEGA))


def share(floats: int, parameters: int) -> sp.Expr:
    """Floats of embeddings over parameters of the model, per thousand."""
    return sp.Integer(round(1000 * floats / parameters))


def released_parameters() -> int:
    """Nine blocks of width 320, a decoder of one block of 128, patches of 14. Source: chen2026code, defaults."""
    return autoencoder_parameters(320, 9, 128, 1, 14)


def released_tokens() -> int:
    """Tokens of an image in the released model: a quarter of 256 patches of 14 x 14 pixels, and the class token."""
    patches = (IMAGE // 14) ** 2
    return int(patches * (1 - MASK)) + 1


def released_floats(size: int) -> int:
    """Floats of the embeddings of `size` images in the released model, whose tokens are 320 wide."""
    return released_tokens() * 320 * size


def in_millions() -> sp.Matrix:
    """Embeddings at the printed batch, and model, in units of 10^6 bytes to one decimal."""
    return sp.Matrix([sp.Rational(round(10 * size / MEGA), 10) for size in (embedding_bytes(BATCH), model_bytes())])


def share_rounds(size: int, spoil: float) -> tuple[bool, Mapping[str, Any]]:
    """Whether the embeddings' share of the model's bytes, times `spoil`, rounds to the printed percentage."""
    share = 100 * embedding_bytes(size) / model_bytes() * Fraction(str(spoil))
    return rounds_to(share, SHARES[size][1]), {
        "batch": size,
        "printed_percent": SHARES[size][1],
        "percent": float(share),
    }


def floats_sent(extra_down: bool, receivers: int) -> int:
    """Floats of embeddings and weights on the links of one client in a round, from the lines of Algorithms 1 and 2."""
    up = 49 * WIDTH * BATCH
    return receivers * up + (up + 1 if extra_down else 0)


def sole_payload(case: tuple[str, bool, int], spoil: float) -> tuple[bool, Mapping[str, Any]]:
    """Whether the links of one client carry, beside models, its own embeddings once, as A.5 counts, and no more."""
    what, extra_down, receivers = case
    sent, said = floats_sent(extra_down, receivers), 49 * WIDTH * BATCH
    return sent == said, {"algorithm": what, "floats_sent": sent, "floats_of_A5": said}


CLAIM = Claim(
    id="sec-mar-overhead",
    title="What MAR adds to the communication",
    items=("section-A.5",),
    source=Source("chen2026", "A.5"),
    statements=(
        Statement(
            "overhead.patches",
            "printed",
            "For ViT-B/16 an image has 196 patches, of which 49 are visible at a mask ratio of 3/4.",
            Identity(lambda: sp.Matrix([196, 49]), visible_tokens, "224 x 224 pixels in patches of 16 x 16."),
        ),
        Statement(
            "overhead.megabytes-binary",
            "printed",
            "The embeddings take 36.8, 18 and 9 MB at batch 256, 128 and 64, and the model 328 MB.",
            ForAll(sizes, megabytes(MEBI), BECAUSE_UNIT, Evidence.ENUMERATED),
            reading=read_as(parts.BINARY_MEGABYTES),
        ),
        Statement(
            "overhead.megabytes-decimal",
            "corrected",
            "In units of 10^6 bytes the embeddings take 38.5 MB at batch 256 and the model 344.0 MB.",
            Identity(
                lambda: sp.Matrix([sp.Rational(385, 10), 344]),
                in_millions,
                BECAUSE_UNIT,
            ),
        ),
        Statement(
            "overhead.percent-256-64-32",
            "printed",
            "The embeddings add 11, 3 and 1 percent to the model's transfer at batch 256, 64 and 32.",
            ForAll(lambda context: (256, 64, 32), share_rounds, "11.2, 2.8 and 1.4 percent.", Evidence.ENUMERATED),
            reading=read_as(parts.NEAREST_PERCENT),
        ),
        Statement(
            "overhead.percent-128",
            "printed",
            "The embeddings add 5 percent to the model's transfer at batch 128.",
            ForAll(lambda context: (128,), share_rounds, "It is 5.6 percent, which rounds to 6.", Evidence.ENUMERATED),
            reading=read_as(parts.NEAREST_PERCENT),
            instead=("overhead.percent-tenths",),
        ),
        Statement(
            "overhead.percent-tenths",
            "corrected",
            "The embeddings add 11.2, 5.6, 2.8 and 1.4 percent to the model's transfer at batch 256, 128, 64 and 32.",
            Identity(
                lambda: sp.Matrix([112, 56, 28, 14]),
                lambda: sp.Matrix([share(49 * WIDTH * size, PARAMETERS) for size in (256, 128, 64, 32)]),
                "Computed per thousand and rounded.",
            ),
        ),
        Statement(
            "overhead.proportional-to-batch",
            "printed",
            "The bytes of the embeddings are proportional to the batch.",
            Identity(
                lambda: EMBEDDING_BYTES.expr.subs(batch, 2 * batch) / 2,
                lambda: EMBEDDING_BYTES.expr,
                "The number of bytes is linear in the batch.",
            ),
        ),
        Statement(
            "overhead.only-payload",
            "printed",
            "In Algorithms 1 and 2 the uploaded embeddings are the only extra payload.",
            ForAll(
                lambda context: (("1, federated", True, 1), ("2, three neighbours", False, 3)),
                sole_payload,
                BECAUSE_LINES,
                Evidence.ENUMERATED,
            ),
            reading=read_as(parts.AS_TYPED),
            instead=("overhead.both-directions",),
        ),
        Statement(
            "overhead.both-directions",
            "corrected",
            "Counting the averaged embeddings sent back, federated MAR at batch 256 adds 22.4 percent of one "
            "model transfer.",
            Identity(
                lambda: sp.Integer(224),
                lambda: sp.floor(1000 * sp.Rational(floats_sent(True, 1), PARAMETERS) + sp.Rational(1, 2)),
                "This counts the upload twice, and one weight.",
            ),
        ),
        Statement(
            "overhead.model-parameters",
            "printed",
            "The model that is sent has 86 million parameters.",
            Identity(
                lambda: sp.Integer(86),
                lambda: in_million(autoencoder_parameters(WIDTH, 12, 512, 8, PATCH)),
                "That is the encoder; the decoder of MAE, which is averaged as well, adds 26 million.",
            ),
            reading=read_as(parts.MASKED_AUTOENCODER),
            instead=("overhead.autoencoder-parameters",),
        ),
        Statement(
            "overhead.autoencoder-parameters",
            "corrected",
            "The masked autoencoder has 112 million parameters, and a batch of 256 adds 8.6 percent of it one way.",
            Identity(
                lambda: sp.Matrix([112, 86]),
                lambda: sp.Matrix(
                    [
                        in_million(autoencoder_parameters(WIDTH, 12, 512, 8, PATCH)),
                        share(49 * WIDTH * BATCH, autoencoder_parameters(WIDTH, 12, 512, 8, PATCH)),
                    ]
                ),
                "Computed per thousand and rounded.",
            ),
            reading=read_as(parts.MASKED_AUTOENCODER),
        ),
        Statement(
            "overhead.released-model",
            "corrected",
            "The released model sends 65 tokens of 320 floats an image: a batch of 128 adds 22.9 percent one way.",
            Identity(
                lambda: sp.Matrix([65, 229]),
                lambda: sp.Matrix([released_tokens(), share(released_floats(128), released_parameters())]),
                "65 tokens are a quarter of 256 patches and the class token. The model has 11.6 million parameters.",
            ),
        ),
    ),
)
