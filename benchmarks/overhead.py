"""What a call from Python costs beside the kernel, and what importing costs."""

from __future__ import annotations

import numpy as np

from fastnn import kernels

from .cases import generator


class CallOverhead:
    """A layer so small that its kernel takes a few nanoseconds."""

    def setup(self) -> None:
        rng = generator()
        self.x, self.w, self.b = (rng.normal(size=shape) for shape in ((1, 4), (4, 4), 4))
        self.out = np.full((1, 4), np.nan)
        self.time_dense_forward_out()
        np.testing.assert_allclose(self.out, np.maximum(self.x @ self.w + self.b, 0))

    def time_dense_forward_out(self) -> None:
        kernels.dense_forward(self.x, self.w, self.b, "relu", out=self.out)

    def time_dense_forward_allocating(self) -> None:
        kernels.dense_forward(self.x, self.w, self.b, "relu")


class Import:
    """Each in a fresh interpreter; the difference of the two is what fastnn adds."""

    def timeraw_import_numpy(self) -> str:
        return "import numpy"

    def timeraw_import_fastnn(self) -> str:
        return "import numpy, fastnn"
