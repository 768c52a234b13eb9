"""The types of the part of scikit-learn that is used here, arrays left without shapes.

What the checker guesses from its source costs it a dozen seconds. What is missing here is an error of the type checker:
add it. `tests/test_typings.py` asks the installed scikit-learn for every name.
"""
