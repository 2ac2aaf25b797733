"""Texts in, unit vectors out: the same text gives the same bytes, and foreign weights are refused."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from assistant import embed, index
from assistant.errors import ModelError

if TYPE_CHECKING:
    from assistant.pack import Pack


@pytest.fixture(scope="module")
def encoder(azure: Pack, home: Path) -> embed.Encoder:
    index.ensure(azure, home)
    return embed.Encoder(index.places(azure, home)[1])


def test_vectors_have_length_one(encoder: embed.Encoder) -> None:
    for text in ("Can MARS back up Linux?", "", "x", "日本語", "word " * 3000):
        assert float(np.linalg.norm(encoder.encode(text))) == pytest.approx(1.0, abs=1e-5)


def test_the_same_text_gives_the_same_bytes(encoder: embed.Encoder) -> None:
    first = encoder.encode("Where are the backups kept?")
    encoder.encode("something else in between")
    assert encoder.encode("Where are the backups kept?").tobytes() == first.tobytes()


def test_a_paraphrase_is_nearer_than_another_subject(encoder: embed.Encoder) -> None:
    asked, near, far = map(
        encoder.encode, ("Where are backups stored?", "The place in which backups are kept.", "A recipe for bread.")
    )
    assert float(asked @ near) > float(asked @ far) + 0.3


def test_a_text_is_cut_at_the_models_limit(encoder: embed.Encoder) -> None:
    assert encoder.encode("word " * 300).tobytes() == encoder.encode("word " * 3000).tobytes()


def test_a_lone_surrogate_is_read_as_a_question_mark(encoder: embed.Encoder) -> None:
    assert encoder.encode("back\ud800up").tobytes() == encoder.encode("back?up").tobytes()


def test_a_folder_that_is_no_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="not a sentence-transformers model"):
        embed.source(str(tmp_path))


def test_a_folder_that_is_a_model_is_taken(tmp_path: Path) -> None:
    (tmp_path / "modules.json").write_text("[]")
    assert embed.source(str(tmp_path)) == tmp_path


def test_weights_that_could_carry_code_are_refused(tmp_path: Path) -> None:
    (tmp_path / "pytorch_model.bin").write_bytes(b"pickle")
    with pytest.raises(ModelError, match=r"no \.safetensors weights"):
        embed.export(tmp_path, tmp_path)


def test_shipped_weights_with_another_checksum_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / embed.SHIPPED
    shutil.copytree(embed.source(), package / "model")
    (package / "__init__.py").touch()
    with (package / "model" / "model.safetensors").open("r+b") as file:
        file.seek(1_000_000)
        file.write(b"\xff\x00")
    monkeypatch.delitem(sys.modules, embed.SHIPPED, raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    assert embed.source() == package / "model"
    with pytest.raises(ModelError, match=r"SHA-256 is .* expected 53aa51172d14…; reinstall"):
        embed.export(embed.source(), tmp_path)


def test_other_weights_have_another_key(tmp_path: Path) -> None:
    keys = []
    for content in (b"one", b"two"):
        (tmp_path / "model.safetensors").write_bytes(content)
        keys.append(embed.key(tmp_path))
    assert len(set(keys)) == 2


def test_the_pin_is_the_checksum_of_the_shipped_weights() -> None:
    pinned = embed.source() / "model.safetensors"
    assert embed.checksum(pinned).startswith("53aa51172d14")


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="nothing-here: cannot be read: No such file"):
        embed.checksum(tmp_path / "nothing-here")
