"""A pickle of arrays reads back as written; any other is refused in one sentence and nothing in it runs."""

import contextlib
import os
import pathlib
import pickle
import struct
import sys

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sims.images.datasets.pickles import read_pickle

HELD = {
    "data": np.arange(24, dtype=np.uint8).reshape(2, 3, 4),
    "fortran": np.asfortranarray(np.arange(6, dtype=">i4").reshape(2, 3)),
    "none": np.zeros((0, 3), np.float32),
    "labels": [3, -1, 2**40],
    "scalar": np.int64(7),
    "dict": {"cat": [0, 1], "dog": (2.5, None, True)},
    "text": "ä",
    "bytes": b"\x00\xff",
    "same": [np.ones(2)] * 2,
}


def write(folder: pathlib.Path, content: bytes) -> pathlib.Path:
    path = folder / "file.pkl"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("protocol", range(6))
def test_what_pickle_writes_reads_back_in_every_protocol(tmp_path: pathlib.Path, protocol: int):
    read = read_pickle(write(tmp_path, pickle.dumps(HELD, protocol)))
    assert read.keys() == HELD.keys()
    for key in ("data", "fortran", "none"):
        assert read[key].dtype == HELD[key].dtype
        assert np.array_equal(read[key], HELD[key])
    assert {key: read[key] for key in ("labels", "scalar", "dict", "text", "bytes")} == {
        key: HELD[key] for key in ("labels", "scalar", "dict", "text", "bytes")
    }
    assert read["same"][0] is read["same"][1]
    assert read["same"][0].tolist() == [1.0, 1.0]


def test_what_python_2_wrote_is_read(tmp_path: pathlib.Path):
    """Written by hand after CIFAR's files: protocol 2, bytes as SHORT_BINSTRING, numpy.core names."""
    content = (
        b"\x80\x02}q\x01(U\x04dataq\x02cnumpy.core.multiarray\n_reconstruct\nq\x03cnumpy\nndarray\nq\x04K\x00\x85U\x01b\x87Rq\x05"
        b"(K\x01K\x02K\x02\x86cnumpy\ndtype\nq\x06U\x02u1K\x00K\x01\x87Rq\x07(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xff"
        b"K\x00tb\x89U\x04\x00\xff\x80\x01tbU\x06labelsq\x08]q\x09(K\x06K\x09eu."
    )
    assert pickle.loads(content, encoding="latin1")["labels"] == [6, 9]
    read = read_pickle(write(tmp_path, content))
    assert read["data"].tolist() == [[0, 255], [128, 1]]
    assert read["labels"] == [6, 9]


class Runs:
    """Unpickled, it calls `function(*arguments)`."""

    def __init__(self, function: object, *arguments: object) -> None:
        self.called = (function, arguments)

    def __reduce__(self):
        return self.called


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("depth", ["alone", "in a list", "beside an array", "as a dtype", "as a key"])
def test_a_pickle_that_calls_a_function_is_refused_and_calls_nothing(tmp_path: pathlib.Path, protocol: int, depth: str):
    canary = tmp_path / "canary"
    payload = Runs(os.mkdir, str(canary))
    held = {
        "alone": payload,
        "in a list": {"data": [1, payload]},
        "beside an array": {"data": np.zeros(3, np.uint8), "labels": payload},
        "as a dtype": {"data": Runs(np.zeros, 3, payload)},
        "as a key": {payload: 1},
    }[depth]
    path = write(tmp_path, pickle.dumps(held, protocol))
    with pytest.raises(ValueError, match=r"file\.pkl is not a readable pickle .*never called"):
        read_pickle(path)
    assert not canary.exists()
    with contextlib.suppress(TypeError):  # numpy refuses what comes back as a dtype
        pickle.loads(path.read_bytes())
    assert canary.exists(), "the payload works: the plain unpickler runs it"


def by_hand(body: bytes) -> bytes:
    return b"\x80\x04" + body + b"."


EMPTY = b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\nK\x00\x85C\x01btR"
U1 = b"cnumpy\ndtype\n\x8c\x02u1\x85R(K\x03\x8c\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
ROWS = {
    "bytes of something": (b"c__builtin__\nbytes\nK\x05\x85R", "something else"),
    "another numpy function": (b"cnumpy\nload\n\x8c\x01x\x85R", "numpy.load"),
    "builtins": (b"cbuiltins\neval\n\x8c\x011\x85R", "builtins.eval"),
    "a dotted name": (b"\x8c\x05numpy\x8c\x0adtype.type\x93", "dtype.type"),
    "a name of a module's module": (b"cnumpy.core.multiarray\nos\n", "multiarray.os"),
    "a name that is a number": (b"K\x01K\x02\x93", "never called"),
    "a class instance": (b"(ios\nsystem\n", "INST"),
    "a new object": (b"cnumpy\nndarray\n)\x81", "NEWOBJ"),
    "the extension registry": (b"\x82\x01", "EXT1"),
    "a persistent id": (b"K\x01Q", "BINPERSID"),
    "a buffer from elsewhere": (b"\x97", "NEXT_BUFFER"),
    "a call of ndarray": (b"cnumpy\nndarray\nK\x00\x85R", "something else"),
    "a call of a number": (b"K\x01)R", "something else"),
    "a change of a function": (b"cnumpy\ndtype\n}\x8c\x04codeK\x01sb", "changes an object"),
    "a change of a dictionary": (b"}}b", "changes an object"),
    "an array of objects": (b"cnumpy\ndtype\n\x8c\x02O8\x85R", "something else than numbers"),
    "a structured array": (
        b"cnumpy\ndtype\n\x8c\x02u1\x85R(K\x03\x8c\x01|N\x8c\x01a\x85}tb",
        "structured",
    ),
    "negative sizes": (EMPTY + b"(K\x01J\xff\xff\xff\xffJ\xff\xff\xff\xff\x86" + U1 + b"\x89C\x01xtb", "other sizes"),
    "sizes beyond the content": (EMPTY + b"(K\x01J\xff\xff\xff\x7f\x85" + U1 + b"\x89C\x01xtb", "other sizes"),
    "no content": (EMPTY + b"(K\x01K\x01\x85" + U1 + b"\x89Ntb", "not made of bytes"),
    "more from the stack than is there": (b"}\x87", "more than it has"),
    "more than the mark left": (b"}(\x86", "more than it has"),
    "a number appended to": (b"K\x01K\x02a", "appends to a int"),
    "an odd dictionary": (b"(K\x01d", "from text or numbers"),
    "bytes of 2^62": (b"\x8e" + struct.pack("<Q", 2**62), "not a readable pickle"),
    "an entry never kept": (b"h\x07", "not a readable pickle"),
    "a list": (b"]", "holds a list"),
    "an unknown instruction": (b"\xff", "not a readable pickle"),
}


@pytest.mark.wrong_types
@pytest.mark.parametrize("name", ROWS)
def test_a_pickle_that_asks_for_more_than_data_is_refused(tmp_path: pathlib.Path, name: str):
    body, says = ROWS[name]
    with pytest.raises(ValueError, match=says):
        read_pickle(write(tmp_path, by_hand(body)))


def test_deep_and_doubling_nests_neither_end_the_process_nor_take_for_ever(tmp_path: pathlib.Path):
    """As dictionary keys in `pickle` the first overflows the stack and the second takes 2^60 steps."""
    deep = b")" + b"\x85" * 200_000
    doubling = b")" + b"".join(b"q" + bytes([i]) + b"h" + bytes([i]) + b"\x86" for i in range(60))
    for nest in (deep, doubling):
        with pytest.raises(ValueError, match="from text or numbers"):
            read_pickle(write(tmp_path, by_hand(b"}" + nest + b"Ns")))
        assert list(read_pickle(write(tmp_path, by_hand(b"}K\x01" + nest + b"s")))) == ["1"]


def test_a_huge_memory_number_takes_no_memory(tmp_path: pathlib.Path):
    """`pickle` makes a table of twice that many entries."""
    assert read_pickle(write(tmp_path, by_hand(b"}r\xff\xff\xff\xff"))) == {}


def test_keys_that_were_made_to_collide_are_refused_at_once(tmp_path: pathlib.Path):
    """All have one hash: each is compared with every one before."""
    crowd = pickle.dumps({k * (2**61 - 1) + 1: 0 for k in range(2000)})
    with pytest.raises(ValueError, match="a dictionary from text or numbers was wanted"):
        read_pickle(write(tmp_path, crowd))
    for key in (2**31, -(2**31), 2**70):
        with pytest.raises(ValueError, match="a dictionary from text or numbers was wanted"):
            read_pickle(write(tmp_path, pickle.dumps({key: 0})))
    assert read_pickle(write(tmp_path, pickle.dumps({2**31 - 1: 0}))) == {str(2**31 - 1): 0}


def test_what_a_file_asks_for_does_not_steer_the_terminal(tmp_path: pathlib.Path):
    asks = by_hand(b"cos\x1b[31mRED\x1b]0;mine\x07\nsystem\n.")
    with pytest.raises(ValueError, match="asks for os") as told:
        read_pickle(write(tmp_path, asks))
    assert str(told.value).isprintable()


def test_one_text_is_not_copied_again_and_again(tmp_path: pathlib.Path):
    text = b"X" + struct.pack("<I", 10_000) + b"a" * 10_000 + b"q\x00"
    again = b"c_codecs\nencode\nq\x01h\x00\x8c\x06latin1\x86R" + b"h\x01h\x00\x8c\x06latin1\x86R" * 1000
    with pytest.raises(ValueError, match="copies more than it holds"):
        read_pickle(write(tmp_path, by_hand(b"](" + text + again + b"e")))


WHOLE = pickle.dumps({"data": np.arange(4, dtype=np.uint8), "labels": [1, 2]}, 4)


@pytest.mark.parametrize("keep", range(len(WHOLE)))
def test_every_cut_is_noticed(tmp_path: pathlib.Path, keep: int):
    with pytest.raises(ValueError, match=r"file\.pkl is not a readable pickle"):
        read_pickle(write(tmp_path, WHOLE[:keep]))


def test_bytes_after_the_end_are_noticed(tmp_path: pathlib.Path):
    with pytest.raises(ValueError, match="ends at byte"):
        read_pickle(write(tmp_path, WHOLE + b"x"))


def outcome(path: pathlib.Path) -> str | dict:
    try:
        return read_pickle(path)
    except ValueError as error:
        return str(error)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_altered_bytes_give_a_dictionary_or_one_sentence_and_import_nothing(tmp_path: pathlib.Path, data):
    content = bytearray(pickle.dumps(HELD, data.draw(st.integers(0, 5))))
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    before = set(sys.modules)
    read = outcome(write(tmp_path, bytes(content)))
    assert isinstance(read, dict) or ("file.pkl is not a readable pickle" in read and "\n" not in read)
    # Python itself loads the codec of protocol 0's text when it first meets some; the file names nothing of it.
    assert {name for name in set(sys.modules) - before if not name.startswith("encodings.")} == set()


def test_a_missing_file_and_a_folder_are_named(tmp_path: pathlib.Path):
    with pytest.raises(ValueError, match=r"gone\.pkl .*No such file"):
        read_pickle(tmp_path / "gone.pkl")
    with pytest.raises(ValueError, match="directory"):
        read_pickle(tmp_path)
