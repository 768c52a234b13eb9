"""Completion for shells: `source <(dssl --completion bash)`, or zsh, or `dssl --completion fish | source`."""

import dataclasses
from collections.abc import Mapping

from dssl.calculator import compute
from dssl.cli.main import COMMANDS
from runtime.usage import unknown

SHELLS = ("bash", "zsh", "fish")
# Words that a command may begin with.
_WORDS = {
    "compute": tuple(compute.names()),
    "plot": (*compute.names(), "phase_diagram", "tightness", "spectrum", "network"),
    "simulate": ("linear",),
}
_BASH = """_dssl() {{
  local word="${{COMP_WORDS[COMP_CWORD]}}" words=""
  if [ "$COMP_CWORD" -eq 1 ]; then
    words="{commands}"
  else
    case "${{COMP_WORDS[1]}}" in
{cases}
    esac
  fi
  COMPREPLY=($(compgen -W "$words" -f -- "$word"))
}}
complete -F _dssl dssl
"""


def script(shell: str) -> str:
    """What a shell reads to complete commands, quantities and options. Errors: UsageError for another shell."""
    if shell not in SHELLS:
        raise unknown("shell", shell, SHELLS, f"Completion is written for {', '.join(SHELLS)}.")
    words = {listed.name: _words(listed.name, listed.load()) for listed in COMMANDS}
    if shell == "fish":
        return _fish(words)
    cases = "\n".join(f'      {name}) words="{" ".join(found)}" ;;' for name, found in words.items())
    begin = "autoload -U +X bashcompinit && bashcompinit\n" if shell == "zsh" else ""
    return begin + _BASH.format(commands=" ".join([*words, "--help", "--version"]), cases=cases)


def _words(name: str, command: type) -> tuple[str, ...]:
    positional = {"query", "what", "name", "model", "key"}
    fields = [field.name for field in dataclasses.fields(command) if field.name not in positional]
    return (*_WORDS.get(name, ()), "--help", *(f"--{field.replace('_', '-')}" for field in fields))


def _fish(words: Mapping[str, tuple[str, ...]]) -> str:
    does = {listed.name: listed.does for listed in COMMANDS}
    lines = []
    for name, found in words.items():
        lines.append(f"complete -c dssl -n __fish_use_subcommand -a {name} -d {_quoted(does[name])}")
        lines += [f"complete -c dssl -n '__fish_seen_subcommand_from {name}' {_option(word)}" for word in found]
    return "\n".join(lines) + "\n"


def _option(word: str) -> str:
    return f"-l {word.removeprefix('--')}" if word.startswith("--") else f"-a {word}"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "\\'") + "'"
