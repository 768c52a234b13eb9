"""The tools of the claims about MAR and its code, held against something else."""

from fractions import Fraction

import networkx as nx

from claims.alignment_term.sec_mar_overhead import autoencoder_parameters, released_tokens
from claims.released_code.sec_released_code import CLIENT, COMMANDS, MAIN, both_know, rejected
from claims.released_code.sec_released_networks import tree_weights


def test_parameters_are_those_of_the_layers_one_by_one():
    width, blocks, small, patch = 320, 2, 128, 14

    def dense(inputs, outputs):
        return inputs * outputs + outputs

    def block(size):
        attention = dense(size, 3 * size) + dense(size, size)
        return attention + dense(size, 4 * size) + dense(4 * size, size) + 2 * 2 * size

    layers = [dense(3 * patch * patch, width), width, blocks * block(width), 2 * width]  # patches, class token, norm
    layers += [dense(width, small), small, block(small), 2 * small, dense(small, 3 * patch * patch)]  # mask token, norm
    assert autoencoder_parameters(width, blocks, small, 1, patch) == sum(layers)


def test_sixty_four_visible_patches_and_the_class_token_are_sent():
    assert released_tokens() == 65


def test_recursive_trees_have_all_the_chance_and_are_six():
    chances = tree_weights()
    assert len(chances) == 4 ** (4 - 2)
    assert sum(chances.values()) == 1
    assert sorted(set(chances.values())) == [0, Fraction(1, 6)]
    # Nobody but the first two clients can be the centre of a star.
    stars = [chances[tuple(sorted((min(c, i), max(c, i)) for i in range(4) if i != c))] for c in range(4)]
    assert [bool(s) for s in stars] == [True, True, False, False]
    assert all(nx.is_tree(nx.Graph(list(edges))) for edges in chances)


def test_commands_differ_in_what_the_first_parser_rejects():
    assert [bool(rejected(MAIN, c.split())) for c in COMMANDS] == [True, False, True]
    assert rejected(MAIN, COMMANDS[0].split()) == ["-alpha", "0.1", "-gamma", "1e-3"]
    assert not rejected(CLIENT, ["--seed", "1"])
    assert both_know() == ["--save_interval", "--seed"]
