"""Pickles of arrays and plain containers, read without calling anything that the pickle names.

A pickle is a program for a stack machine: it names functions and calls them. This is that machine with only the
instructions that data need, run over the list that `pickletools` decodes. The seven names that arrays need are words
here, each with its own check; all others are refused. So nothing is imported, called, hashed or copied at the will of
the file, and memory stays within a small multiple of its size.
Source: the Python library, `pickletools`, for the instructions; numpy's `ndarray.__reduce__` for the names.
"""

import enum
import math
import os
import pathlib
import pickletools
import re
from typing import IO, Any

import numpy as np

from sims.images.datasets.files import opened, reading, refuse_large

CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
NUMBERS = {"INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "FLOAT", "BINFLOAT"}
TEXTS = {"STRING", "BINSTRING", "SHORT_BINSTRING", "UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8"}
BYTES = {"BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8"}
TUPLES = {"EMPTY_TUPLE": 0, "TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}
CODE = re.compile(r"b1|[iu][1248]|f[248]")


class _Word(enum.Enum):
    ENCODE = "_codecs.encode"  # text to bytes, in protocols 0 to 2
    NO_BYTES = "__builtin__.bytes"  # b"" in protocols 0 to 2
    DTYPE = "numpy.dtype"
    NDARRAY = "numpy.ndarray"
    EMPTY = "numpy.core.multiarray._reconstruct"
    SCALAR = "numpy.core.multiarray.scalar"
    FROM_BUFFER = "numpy.core.numeric._frombuffer"


class _Pending:
    """An array (`code` None) or a number type whose state follows, and where the machine has remembered it."""

    def __init__(self, code: str | None = None) -> None:
        self.code = code
        self.slots: list[int] = []


def read_pickle(path: pathlib.Path) -> dict[str, Any]:
    """The dictionary in a pickle of arrays, numbers, text and plain containers; its keys as text, arrays read-only.

    Errors: ValueError, naming the file, when it is missing, damaged, or asks for anything else. Nothing is executed.
    """
    with reading(path, "pickle of arrays and plain containers"), opened(path) as file:
        size = os.fstat(file.fileno()).st_size
        refuse_large(size)
        held = _Machine(size).run(file)
        if file.tell() != size:
            raise ValueError(f"it ends at byte {file.tell()}, the file at {size}")
        if not isinstance(held, dict):
            raise ValueError(f"a dictionary was wanted, it holds a {type(held).__name__}")
        return {key.decode("latin1") if isinstance(key, bytes) else str(key): value for key, value in held.items()}


class _Machine:
    def __init__(self, size: int) -> None:
        self.stack: list[Any] = []
        self.marks: list[int] = []
        self.memory: dict[int, Any] = {}
        self.copies_left = 2 * size  # each text becomes bytes once

    def run(self, file: IO[bytes]) -> Any:
        for instruction, argument, position in pickletools.genops(file):
            if instruction.name == "STOP":
                return self.stack.pop()
            self._step(instruction.name, argument, position)
        raise ValueError("it has no end")

    def _step(self, name: str, argument: Any, position: int | None) -> None:
        stack = self.stack
        if name in CONSTANTS:
            stack.append(CONSTANTS[name])
        elif name in NUMBERS or name in TEXTS or name in BYTES:
            stack.append(argument)
        elif name in TUPLES:
            stack.append(tuple(self._since(len(stack) - TUPLES[name])))
        elif name == "MARK":
            self.marks.append(len(stack))
        elif name == "TUPLE":
            stack.append(tuple(self._since(self.marks.pop())))
        elif name in ("EMPTY_LIST", "LIST"):
            stack.append([] if name == "EMPTY_LIST" else self._since(self.marks.pop()))
        elif name in ("EMPTY_DICT", "DICT"):
            items = [] if name == "EMPTY_DICT" else self._since(self.marks.pop())
            stack.append({})
            self._set(items)
        elif name in ("APPEND", "APPENDS"):
            items = self._since(len(stack) - 1 if name == "APPEND" else self.marks.pop())
            if type(stack[-1]) is not list:
                raise ValueError(f"it appends to a {type(stack[-1]).__name__} at byte {position}")
            stack[-1].extend(items)
        elif name in ("SETITEM", "SETITEMS"):
            self._set(self._since(len(stack) - 2 if name == "SETITEM" else self.marks.pop()))
        elif name in ("PUT", "BINPUT", "LONG_BINPUT", "MEMOIZE"):
            slot = len(self.memory) if name == "MEMOIZE" else argument
            self.memory[slot] = stack[-1]
            if isinstance(stack[-1], _Pending):
                stack[-1].slots.append(slot)
        elif name in ("GET", "BINGET", "LONG_BINGET"):
            stack.append(self.memory[argument])
        elif name in ("GLOBAL", "STACK_GLOBAL"):
            stack.append(_word(argument.split(" ") if name == "GLOBAL" else self._since(len(stack) - 2)))
        elif name == "REDUCE":
            called, arguments = self._since(len(stack) - 2)
            stack.append(self._call(called, arguments))
        elif name == "BUILD":
            pending, state = self._since(len(stack) - 2)
            stack.append(self._build(pending, state))
        elif name not in ("PROTO", "FRAME"):
            raise ValueError(f"instruction {name} at byte {position} is not one that data need")

    def _since(self, start: int) -> list[Any]:
        if start < (self.marks[-1] if self.marks else 0):
            raise ValueError("it takes more than it has")
        items = self.stack[start:]
        del self.stack[start:]
        return items

    def _set(self, items: list[Any]) -> None:
        if type(self.stack[-1]) is not dict or len(items) % 2 or not all(map(_is_key, items[::2])):
            raise ValueError("a dictionary from text or numbers was wanted")
        self.stack[-1].update(zip(items[::2], items[1::2], strict=True))

    def _call(self, word: Any, arguments: tuple[Any, ...]) -> Any:
        if word is _Word.NO_BYTES and arguments == ():
            return b""
        if word is _Word.EMPTY:
            return _Pending()
        if word is _Word.DTYPE:
            if not (isinstance(arguments[0], str) and CODE.fullmatch(arguments[0])):
                raise ValueError("an array holds something else than numbers")
            return _Pending(arguments[0])
        if word is _Word.ENCODE:
            return self._bytes(arguments[0])
        if word is _Word.SCALAR:
            dtype, content = arguments
            return _array(self._bytes(content), dtype, (), "C").item()
        if word is _Word.FROM_BUFFER:
            return _array(*arguments)
        raise ValueError("it calls something else than numpy's constructors")

    def _build(self, pending: Any, state: Any) -> np.ndarray | np.dtype:
        if not isinstance(pending, _Pending):
            raise ValueError("it changes an object")
        if pending.code is not None:
            _, order, *fields = state
            if order not in ("<", ">", "|", "=") or any(part is not None for part in fields[:3]):
                raise ValueError("an array is structured")
            built = np.dtype(order + pending.code)
        else:
            _, shape, dtype, is_fortran, content = state
            built = _array(self._bytes(content), dtype, shape, "F" if is_fortran else "C")
        for slot in pending.slots:
            self.memory[slot] = built
        return built

    def _bytes(self, content: str | bytes) -> bytes:
        """Python 2 wrote bytes as text, which is decoded one to one."""
        if not isinstance(content, str):
            return content
        self.copies_left -= len(content)
        if self.copies_left < 0:
            raise ValueError("it copies more than it holds")
        return content.encode("latin1")


def _is_key(key: Any) -> bool:
    """Whether it hashes at once, a deep tuple may not, and apart from others: large numbers can be made to collide."""
    return type(key) in (str, bytes) or (type(key) is int and abs(key) < 2**31)


def _word(parts: list[Any]) -> _Word:
    name = ".".join(str(part)[:80] if isinstance(part, str) else "?" for part in parts)
    try:
        return _Word(name.replace("numpy._core.", "numpy.core."))  # renamed in numpy 2
    except ValueError:
        raise ValueError(f"it asks for {name}, which is never called") from None


def _array(content: Any, dtype: Any, shape: Any, order: Any) -> np.ndarray:
    if not (isinstance(content, bytes | bytearray) and isinstance(dtype, np.dtype) and isinstance(shape, tuple)):
        raise ValueError("an array is not made of bytes, a number type and a shape")
    wrong = [n for n in shape if type(n) is not int or n < 0]
    if wrong or math.prod(shape) * dtype.itemsize != len(content):
        raise ValueError(f"an array of {dtype} announces other sizes than its {len(content)} bytes have")
    made = np.frombuffer(content, dtype).reshape(shape, order="F" if order == "F" else "C")
    made.flags.writeable = False
    return made
