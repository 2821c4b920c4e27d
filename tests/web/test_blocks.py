"""Arrays with a line that says what they are."""

from __future__ import annotations

import numpy as np
import pytest

from ear_engine.web.blocks import read_block, write_block


@pytest.mark.parametrize("kind", [np.uint8, np.float32])
def test_a_block_comes_back(kind: type) -> None:
    for shape in ((3, 5), (0, 7), (1, 1)):
        values = (np.arange(np.prod(shape)) % 7).astype(kind).reshape(shape)
        data = write_block({"loop": 3, "name": "béat\n"}, values)
        assert (data.index(b"\n") + 1) % 64 == 0
        about, back = read_block(data)
        assert np.array_equal(back, values) and back.dtype == kind and back.shape == shape
        assert (about["loop"], about["name"], about["bytes"]) == (3, "béat\n", values.nbytes)


def test_what_is_no_block_is_refused() -> None:
    whole = write_block({}, np.zeros((3, 5), np.uint8))
    lines = [
        b"",
        b"no line",
        whole[:-1],
        whole + b"\0",
        b"[]\n",
        b"{}\n",
        b"\xff\xfe\n",
        b'{"shape":[3,5],"dtype":"object","bytes":15}\n' + bytes(15),
        b'{"shape":[15],"dtype":"uint8","bytes":15}\n' + bytes(15),
        b'{"shape":[-3,-5],"dtype":"uint8","bytes":15}\n' + bytes(15),
        b'{"shape":[3,5.0],"dtype":"uint8","bytes":15}\n' + bytes(15),
        b'{"shape":[true,15],"dtype":"uint8","bytes":15}\n' + bytes(15),
        b'{"shape":[99999999999,99999999999],"dtype":"<f4","bytes":15}\n' + bytes(15),
        b'{"shape":[3,5],"dtype":"uint8","bytes":16}\n' + bytes(15),
        b" " * 70_000 + b"\n",
    ]
    for data in lines:
        with pytest.raises(ValueError):
            read_block(data)
