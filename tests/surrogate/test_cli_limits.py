"""`--limit` and `--sandboxed-includes`: on every command that reads C, with the exit code of a rejected program."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import surrogate
from cprograms import ProgramError
from surrogate.cli import main

LONG = "int f(int x) {\n" + "x = x * 3 + 1;\n" * 20_000 + "return x; }"


@pytest.mark.parametrize("command", [["inspect"], ["compile"], ["compile", "--target", "anc"]])
def test_a_file_that_takes_longer_than_the_limit(
    command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "f.c").write_text(LONG)
    assert main([*command, "f.c", "--limit", "0.3", "--json"]) == 1
    (found,) = json.loads(capsys.readouterr().out)["diagnostics"]
    assert found["message"] == "reading this program takes more than 0.3 s of processor time"
    assert found["file"] == "f.c"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["f.c"]
    assert main([*command, "f.c", "--limit", "0"]) == 2


@pytest.mark.parametrize("command", [["inspect"], ["compile"], ["compile", "--target", "anc"]])
def test_an_include_from_outside(
    command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "f.c").write_text('#include "/etc/passwd"\nint f(int x) { return x; }')
    assert main([*command, "f.c", "--sandboxed-includes"]) == (1 if "anc" in command else 0)
    out, errors = capsys.readouterr()
    assert "anc" in command or "f.c:1:10: warning: '/etc/passwd' was not found" in errors
    assert "root:" not in out + errors


@pytest.mark.parametrize("target", ["mlp", "anc"])
def test_compile_takes_both_as_parameters(target: str):
    for source, options in ((LONG, {"limit": 0.3}), ('#include "a.h"\n', {"sandboxed_includes": True})):
        with pytest.raises(ProgramError):
            surrogate.compile(source=source, target=target, **options)
