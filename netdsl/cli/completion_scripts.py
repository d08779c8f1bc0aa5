"""Completion scripts for bash, zsh and fish, made from the commands' options and arguments."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from netdsl.cli.commands import COMMANDS
from netdsl.cli.common import VALUED
from netdsl.cli.completed import CompletedCommand, CompletedOption, common_options

# --- bash -----------------------------------------------------------------------------------------

_BASH = """\
# bash completion of netdsl, made by `netdsl completion bash`

_netdsl() {{
    local current=${{COMP_WORDS[COMP_CWORD]}} previous=${{COMP_WORDS[COMP_CWORD - 1]}}
    local command='' flags='' words='' files='' i
    COMPREPLY=()
    if [[ $current == '=' ]]; then
        current=''
    elif [[ $previous == '=' ]]; then
        previous=${{COMP_WORDS[COMP_CWORD - 2]}}
    fi
    for ((i = 1; i < COMP_CWORD; i++)); do
        case ${{COMP_WORDS[i]}} in
            {valued}) ((i++)) ;;
            -* | '=') ;;
            *) command=${{COMP_WORDS[i]}}; break ;;
        esac
    done
    case $command in
{cases}
    esac
    if [[ $current == -* && -n $flags ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$flags" -- "$current")
        return
    fi
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
    if [[ -n $files ]]; then
        local found
        mapfile -t found < <(compgen -f -- "$current")
        COMPREPLY+=("${{found[@]}}")
        compopt -o filenames 2>/dev/null
    fi
}}

complete -F _netdsl netdsl
"""


def bash_script(commands: Sequence[CompletedCommand]) -> str:
    """Write the script for bash: a function that knows every command's options and values."""
    before = CompletedCommand("''", "", common_options(), tuple(COMMANDS), False)
    cases = "\n".join(_bash_case(each) for each in (before, *commands))
    return _BASH.format(valued=" | ".join(VALUED), cases=cases)


def _bash_case(command: CompletedCommand) -> str:
    """Write what follows a command: the values of an option, or options, words and files."""
    lines = []
    for option in command.options:
        if option.metavar:
            pattern = " | ".join(option.names)
            lines.append(f"                {pattern}) {_bash_values(option.words, option.files)};;")
    flags = " ".join(name for option in command.options for name in option.names)
    usual = f"flags={_quoted(flags)} {_bash_values(command.words, command.files)}"
    return "\n".join(
        [
            f"        {command.name})",
            "            case $previous in",
            *lines,
            f"                *) {usual};;",
            "            esac ;;",
        ]
    )


def _bash_values(words: Iterable[str], files: bool) -> str:
    parts = {"words": " ".join(words), "files": "1" if files else ""}
    return "".join(f"{name}={_quoted(value)} " for name, value in parts.items() if value)


def _quoted(text: str) -> str:
    """Quote a text for a shell."""
    return "'" + text.replace("'", "'\\''") + "'"


# --- zsh ------------------------------------------------------------------------------------------

_ZSH = """\
#compdef netdsl
# zsh completion of netdsl, made by `netdsl completion zsh`

_netdsl_words_and_files() {{
    compadd -- "$@"
    _files
}}

_netdsl() {{
    local curcontext=$curcontext state line
    typeset -A opt_args
    _arguments -C \\
{common}
        '1:command:->command' \\
        '*::argument:->argument'
    case $state in
        command)
            local -a commands
            commands=(
{commands}
            )
            _describe command commands ;;
        argument)
            curcontext="${{curcontext%:*:*}}:netdsl-$words[1]:"
            case $words[1] in
{cases}
            esac ;;
    esac
}}

if [[ $funcstack[1] == _netdsl ]]; then
    _netdsl "$@"
else
    compdef _netdsl netdsl
fi
"""


def zsh_script(commands: Sequence[CompletedCommand]) -> str:
    """Write the script for zsh, with the help of each option."""
    return _ZSH.format(
        common="\n".join(f"        {_zsh_option(option)} \\" for option in common_options()),
        commands="\n".join(
            f"                {_quoted(f'{each.name}:{each.about}')}" for each in commands
        ),
        cases="\n".join(map(_zsh_case, commands)),
    )


def _zsh_case(command: CompletedCommand) -> str:
    lines = [_zsh_option(option) for option in command.options]
    if command.words or command.files:
        lines.append(_quoted(f"*:argument:{_zsh_values(command.words, command.files)}"))
    body = " \\\n".join(f"                        {line}" for line in lines)
    return f"                {command.name})\n                    _arguments -s \\\n{body} ;;"


def _zsh_option(option: CompletedOption) -> str:
    about = re.sub(r"([\[\]:\\])", r"\\\1", option.about)
    value = ""
    if option.metavar:
        metavar = option.metavar.replace(":", " ")
        value = f":{metavar}:{_zsh_values(option.words, option.files)}"
    several = f"({' '.join(option.names)})" if len(option.names) > 1 else ""
    head = _quoted(several) if several else ""
    names = f"{{{','.join(option.names)}}}" if several else option.names[0]
    return f"{head}{names}{_quoted(f'[{about}]{value}')}"


def _zsh_values(words: Sequence[str], files: bool) -> str:
    """Write the action that completes a value; a space where nothing is known."""
    if words and files:
        return f" _netdsl_words_and_files {' '.join(words)}"
    return f"({' '.join(words)})" if words else "_files" if files else " "


# --- fish -----------------------------------------------------------------------------------------


def fish_script(commands: Sequence[CompletedCommand]) -> str:
    """Write the script for fish, a line for each option."""
    lines = [
        "# fish completion of netdsl, made by `netdsl completion fish`",
        "complete -c netdsl -f",
        *(_fish_option("__fish_use_subcommand", option) for option in common_options()),
    ]
    for each in commands:
        about = _fish_quoted(each.about)
        lines.append(f"complete -c netdsl -n __fish_use_subcommand -a {each.name} -d {about}")
    for each in commands:
        of = f"'__fish_seen_subcommand_from {each.name}'"
        lines += [_fish_option(of, option) for option in each.options]
        if each.words:
            lines.append(f"complete -c netdsl -n {of} -a {_fish_quoted(' '.join(each.words))}")
        if each.files:
            lines.append(f"complete -c netdsl -n {of} -F")
    return "\n".join(lines) + "\n"


def _fish_option(of: str, option: CompletedOption) -> str:
    parts = [f"complete -c netdsl -n {of}"]
    parts += [
        f"-l {name[2:]}" if name.startswith("--") else f"-s {name[1:]}" for name in option.names
    ]
    if option.metavar:
        parts.append("-r -F" if option.files else "-x")
        if option.words:
            parts.append(f"-a {_fish_quoted(' '.join(option.words))}")
    return " ".join([*parts, f"-d {_fish_quoted(option.about)}"])


def _fish_quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


SCRIPTS: Mapping[str, Callable[[Sequence[CompletedCommand]], str]] = {
    "bash": bash_script,
    "zsh": zsh_script,
    "fish": fish_script,
}
"""The function that writes the script of each shell."""
