"""Theory: formulas, written once in sympy; numbers, compiled functions and LaTeX all come from them.

It uses no randomness, no files and no clock, and none of the other packages. Begin with `setting.py` for the data
model, `terms.py` for what each letter and word means, and `formula.py` for what a formula can do. Importing this
package does not import JAX: `float64.py` does, for whoever computes with arrays.
"""
