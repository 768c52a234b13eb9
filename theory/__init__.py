"""Theory: formulas, written once in sympy (a library for algebra); numbers, code and LaTeX all come from them.

It uses no randomness, no files and no clock, and none of the other packages. Begin with `setting.py` for the data
model, `terms.py` for what each letter and word means, `readings.py` for the choices that the paper leaves open, and
`formula.py` for what a formula can do. JAX, the library that computes with arrays, is imported by `float64.py` alone:
modules with formulas only do not need it, and start quickly.
"""
