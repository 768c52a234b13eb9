"""The command `dssl` in this process, as tests call it."""

import pytest

from dssl.cli.main import main


def dssl(*arguments: str) -> int:
    """The exit code; what it prints stays with whoever captures it."""
    with pytest.raises(SystemExit) as ended:
        main(list(arguments))
    code = ended.value.code
    assert code is None or isinstance(code, int)
    return code or 0


def answered(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """The exit code, and all that it printed as results and as errors."""
    capsys.readouterr()
    code = dssl(*arguments)
    out, err = capsys.readouterr()
    return code, out, err
