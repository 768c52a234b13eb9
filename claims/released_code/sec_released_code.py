"""The released code against the paper: who weighs how much, its commands, its optimiser and its model.

What follows from a recipe of the code is computed; what is only a line of it is quoted as a reading.
"""

import argparse
from collections.abc import Mapping, Sequence
from typing import Any

import networkx as nx
import numpy as np
import sympy as sp

from claims.alignment_term.eq_mar_loss import mar_loss, reconstruction, weight
from claims.alignment_term.sec_mar_overhead import autoencoder_parameters
from ledger import parts
from ledger.checks.kinds import ForAll, Identity, Printed
from ledger.reading import read_as
from ledger.statement import Claim, Evidence, Statement, Status
from theory.formula import Source

# Source: chen2026code, options of `main.py`, those of `train_client.py`, which parses the line again, and the readme.
MAIN = """
-rd --rounds, -tc --totalNum_clients, -sc --num_of_Clients, -le --num_of_local_epochs, -ced --client_encoder_depth,
-cdd --client_decoder_depth, -bed --backbone_encoder_depth, -bdd --backbone_decoder_depth, -si --save_interval,
-ri --record_interval, -sp --save_path, -gp --graph_path, -d --dataset, -ra --ratio, -samp --sampling, --alpha,
-bl --baseline, -so --scenario, -mc --avg_connectivity, -gmax --gamma_max, -gmin --gamma_min, -mask --use_align_mask,
-am --agg_mode, -p --phase, -ftd --ft_depth, --seed
"""
CLIENT = """
--batch_size, --epochs, --accum_iter, --model, --input_size, --mask_ratio, --weight_decay, --lr, --blr, --min_lr,
--warmup_epochs, --save_interval, --data_path, --output_dir, --log_dir, --device, --seed, --resume, --start_epoch,
--num_workers, --world_size, --local_rank, --dist_url
"""
COMMANDS = (
    "-p pretrain -d 4 -samp iid -alpha 0.1 -rd 100 -le 2 -tc 100 -sc 5 -bl 0 -so 0 -gamma 1e-3",
    "-p pretrain -d 0 -samp iid -bl 1 -so 0",
    "-p pretrain -d 4 -samp dir -alpha 0.01 -rd 50 -tc 20 -mc 10 -bl 0 -so 1 -gamma 1e-2",
)


def rejected(options: str, words: Sequence[str]) -> list[str]:
    """The words of a command line that a parser with these options does not know; it would stop with status 2."""
    parser = argparse.ArgumentParser(add_help=False)
    for names in options.split(","):
        parser.add_argument(*names.split())
    return parser.parse_known_args(words)[1]


def command_runs(command: str, spoil: float) -> tuple[bool, Mapping[str, Any]]:
    """Whether both parsers know every option of a command line."""
    words = command.split()
    left = {"main": rejected(MAIN, words), "client": rejected(CLIENT, words)}
    return not any(left.values()), {"command": command, "unknown_options": {k: " ".join(v) for k, v in left.items()}}


def shared_option_runs(option: str, spoil: float) -> tuple[bool, Mapping[str, Any]]:
    """Spoiled: under its short or another name."""
    return command_runs(f"{option if spoil == 1 else '-samp'} 1", 1.0)


def both_know() -> list[str]:
    """Options that stand in both parsers."""
    main, client = (set(options.replace(",", " ").split()) for options in (MAIN, CLIENT))
    return sorted(main & client)


def data_size(graph: nx.Graph, *, alike: bool = False) -> tuple[sp.Matrix, sp.Matrix]:
    """The mixing matrix of the code with a symbol for every client's number of samples, and those symbols."""
    n = graph.number_of_nodes()
    sizes = sp.ones(n, 1) if alike else sp.Matrix(sp.symbols(f"n_0:{n}", positive=True))
    members = sp.Matrix(nx.to_numpy_array(graph, nodelist=range(n), dtype=np.dtype(int)).tolist()) + sp.eye(n)
    totals = members * sizes
    return sp.Matrix(n, n, lambda i, j: members[i, j] * sizes[j] / totals[i]), sizes


def uniform(graph: nx.Graph) -> sp.Matrix:
    """The mixing matrix of the code where all clients are of one size: 1/|A_i|."""
    return data_size(graph, alike=True)[0]


def output_weights(graph: nx.Graph, *, alike: bool) -> sp.Matrix:
    """How the code's final model weighs the trained ones: by size, over the models after mixing."""
    mixing, sizes = data_size(graph, alike=alike)
    return mixing.T * sizes / sum(sizes)


def said_parameters() -> sp.Expr:
    """Millions of parameters of the tiny ViT as Table 2 prints them."""
    return sp.Rational(1160, 100)


def parameters(blocks: int) -> sp.Expr:
    """Millions of parameters of the released tiny model, to two digits: width 320, patches of 14, decoder of 128."""
    return sp.Rational(round(autoencoder_parameters(320, blocks, 128, 1, 14) / 10_000), 100)


CLAIM = Claim(
    id="sec-released-code",
    title="The released code against the paper",
    items=("released-code",),
    source=Source("chen2026code", "`main.py`, `train_client.py`, `model_mae.py`, the readme, commit 699256c"),
    statements=(
        Statement(
            "code.decentralised-loss",
            "printed",
            "Decentralised training of the released code, MAE with ViT, uses the MAR loss.",
            Printed(
                Status.VIOLATED,
                "The decentralised call of the training function passes no weight for the alignment term, so the "
                "weight is 0. The next line reads an option that the parser does not define, which stops the run.",
                witness={"file": "main.py", "line": 344, "reads": "args.gamma", "defined": "gamma_max, gamma_min"},
            ),
            reading=read_as(parts.AS_RELEASED),
            instead=("code.decentralised-weight-zero",),
        ),
        Statement(
            "code.decentralised-weight-zero",
            "corrected",
            "With weight 0 decentralised training of the released code, MAE with ViT, minimises the loss of Eq (3).",
            Identity(lambda: reconstruction, lambda: mar_loss().subs(weight, 0), "The weight multiplies the term."),
            reading=read_as(parts.AS_RELEASED),
        ),
        Statement(
            "code.readme-commands",
            "printed",
            "The pretraining commands of the released code's readme run through both parsers.",
            ForAll(
                lambda context: COMMANDS,
                command_runs,
                "No parser knows -alpha and -gamma. The second parser reads the same line again, and knows none "
                "of the short options.",
                Evidence.ENUMERATED,
            ),
            instead=("code.shared-options",),
        ),
        Statement(
            "code.shared-options",
            "corrected",
            "Options that both parsers of the released code know run: --save_interval and --seed.",
            ForAll(
                lambda context: both_know(),
                shared_option_runs,
                "All other options stop the run.",
                Evidence.ENUMERATED,
            ),
        ),
        Statement(
            "code.neighbour-averaging",
            "printed",
            "The released code averages neighbours uniformly, with 1/|A_i|; tried on a path of three clients.",
            Identity(
                lambda: uniform(nx.path_graph(3)),
                lambda: data_size(nx.path_graph(3))[0],
                "The code weighs neighbours by their numbers of samples.",
            ),
            reading=read_as(parts.AS_RELEASED),
            instead=("weights.data-sizes",),
        ),
        Statement(
            "code.output-mean",
            "printed",
            "The output of the released code is the plain mean of the trained models; tried on a path of three "
            "clients.",
            Identity(
                lambda: sp.ones(3, 1) / 3,
                lambda: output_weights(nx.path_graph(3), alike=False),
                "The output is the mean of the models after averaging with neighbours, weighed by numbers of samples.",
            ),
            reading=read_as(parts.AS_RELEASED),
            instead=("code.output-equal-sizes",),
        ),
        Statement(
            "code.output-equal-sizes",
            "corrected",
            "If all clients have equally many samples and neighbours, the output of the released code is the "
            "plain mean of the trained models; tried on a ring of five clients.",
            Identity(
                lambda: sp.ones(5, 1) / 5,
                lambda: output_weights(nx.cycle_graph(5), alike=True),
                "Computed for a ring of five clients.",
            ),
            reading=read_as(parts.AS_RELEASED),
        ),
        Statement(
            "code.optimiser",
            "printed",
            "Local training of the released code uses SGD.",
            Printed(
                Status.VIOLATED,
                "Both ViT baselines use AdamW, both ResNet ones SGD with momentum 0.9; an optimiser is made anew for "
                "every client and round.",
                witness={"file": "train_client.py", "lines": [229, 355, 444, 536]},
            ),
            reading=read_as(parts.AS_RELEASED),
            instead=("code.optimiser-by-encoder",),
        ),
        Statement(
            "code.optimiser-by-encoder",
            "corrected",
            "In the released code ViT baselines take AdamW steps, ResNet ones SGD steps with momentum, both from "
            "a fresh state every round.",
            Printed(Status.HOLDS, "`train_client.py`, lines 229, 355, 444 and 536."),
            reading=read_as(parts.AS_RELEASED),
        ),
        Statement(
            "code.step-size",
            "corrected",
            "The step size of the released code is half the base rate of Table 3, 7.5e-5, in every baseline.",
            Identity(
                lambda: sp.Rational("7.5e-5"),
                lambda: sp.Rational("1.5e-4") * sp.Rational(128, 256),
                "The code takes the base rate times the batch size over 256.",
            ),
            reading=read_as(parts.AS_RELEASED),
        ),
        Statement(
            "code.fresh-masks",
            "expected",
            "Masks and augmentations are drawn afresh for every client and round.",
            Printed(
                Status.VIOLATED,
                "Every call of local training sets the same seed. So masks repeat from client to client and from "
                "round to round.",
                witness={"file": "train_client.py", "lines": [138, 139]},
            ),
            reading=read_as(parts.AS_RELEASED),
            instead=("code.one-seed",),
        ),
        Statement(
            "code.one-seed",
            "corrected",
            "Masks and augmentations of all clients and rounds come from one seed, so their noise is not independent.",
            Printed(Status.HOLDS, "`train_client.py`, lines 138 and 139, run in every call of local training."),
            reading=read_as(parts.AS_RELEASED),
        ),
        Statement(
            "code.weight-schedule",
            "printed",
            "The weight of the alignment term is updated by the count of selections and does not rise.",
            Printed(
                Status.HOLDS, ("The count over floor(C T/N) is cut off at 1. The weight is updated after aggregation.")
            ),
            reading=read_as(parts.AS_RELEASED),
        ),
        Statement(
            "code.vit-five-blocks",
            "printed",
            "The tiny ViT of width 320 has five blocks (Table 3) and 11.60 million parameters (Table 2).",
            Identity(
                said_parameters,
                lambda: parameters(5),
                "Five blocks make 6.67 million parameters. The code's default is nine blocks.",
            ),
            reading=read_as(parts.AS_RELEASED),
            instead=("code.vit-nine-blocks",),
        ),
        Statement(
            "code.vit-nine-blocks",
            "corrected",
            "With nine blocks, the released code's default, the tiny ViT of width 320 has 11.60 million parameters.",
            Identity(
                said_parameters, lambda: parameters(9), ("Counted for an encoder of nine blocks and a decoder of one.")
            ),
            reading=read_as(parts.AS_RELEASED),
        ),
    ),
)
