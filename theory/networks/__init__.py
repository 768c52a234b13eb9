"""Networks: topologies, mixing matrices, their eigenvalues, and which links to add.

A mixing matrix holds the weights with which each client averages the models that it receives. A certificate says which
conditions of theorems a mixing matrix meets, and how to mend it.

May use `theory.data` and the files directly in `theory`. Begin with `mixing.py`; the topologies are the files of the
folder beside it.
"""
