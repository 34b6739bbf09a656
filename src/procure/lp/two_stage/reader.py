"""What a caller wrote as a two-stage problem, made arrays of the right shape; every fault on the way is kept."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse

from procure.errors import Fault
from procure.languages import Said
from procure.units import Array, Mask

_AN_ARRAY = Said("it is an array of numbers", "数値の配列であること")
_SHAPE = Said("shape {shape}", "形は {shape}")
_ITS_SHAPE, _OR_SHAPE = Said("its shape is {shape}", "形は {shape}"), Said(" or {shape}", "か {shape}")
_A_NUMBER = Said("it is a number", "数値であること")
_FINITE = Said("it is a finite number", "有限の数値であること")
_NO_VALUE = Said("this bound leaves no value", "この限度では値が残らない")
_ABOVE = Said("{low:g} above {where} {high:g}", "{low:g} は {where} の {high:g} より大きい")
_TWO_DIMENSIONS = Said("it has rows and columns", "行と列があること")
_A_MATRIX = Said("it is a matrix of numbers", "数値の行列であること")
_N_COLUMNS = Said("it has {n_columns} columns", "列は {n_columns}")
_NOT_FINITE = Said("not a finite number", "有限の数値ではない")
_ONE_SHAPE = Said("all have one shape", "形はすべて同じ")
_EACH = Said("each is {size}", "形はどれも {size}")
_SHAPES = Said("shapes {shapes}", "形は {shapes}")
_EITHER_SHAPE = Said("its shape is ({words}) or ({count}, {words})", "形は ({words}) か ({count}, {words})")
_A_MASK = Said("it is a mask of {n} trues and falses, one per column", "列ごとの {n} 個の真偽値であること")


class Reader:
    """Turns what the caller wrote into arrays of the right shape and collects every fault on the way."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []

    def array(self, where: str, values: Any, shape: tuple[int, ...], K: int = 0, *, infinite: bool = False) -> Array:
        """One row for all, or with `K` one per scenario; an empty `shape` means any length."""
        try:
            array = np.array(values.toarray() if sparse.issparse(values) else values, dtype=float)
        except (TypeError, ValueError):
            self.faults.append(Fault(where, repr(values)[:60], _AN_ARRAY))
            return np.zeros(shape or (0,))
        if shape and array.ndim == 0:
            array = np.full(shape, array)
        valid = array.ndim == 1 if not shape else array.shape == shape or (K > 0 and array.shape == (K, *shape))
        if not valid:
            rule = _ITS_SHAPE.format(shape=shape or "(n,)") + (
                _OR_SHAPE.format(shape=(K, *shape)) if K and shape else ""
            )
            self.faults.append(Fault(where, _SHAPE.format(shape=array.shape), rule))
            return np.zeros(shape or (0,))
        wrong = np.isnan(array) if infinite else ~np.isfinite(array)
        if wrong.any():
            at = tuple(int(i) for i in np.argwhere(wrong)[0])
            rule = _A_NUMBER if infinite else _FINITE
            self.faults.append(Fault(f"{where}[{', '.join(map(str, at))}]", f"{array[at]}", rule))
        return array

    def bounds(self, where: str, low: Any, where_high: str, high: Any, n: int, K: int = 0) -> tuple[Array, Array]:
        """Lower and upper bounds that leave room."""
        before = len(self.faults)
        lower = self.array(where, low, (n,), K, infinite=True)
        upper = self.array(where_high, high, (n,), K, infinite=True)
        if len(self.faults) == before:
            for name, array, refused in ((where, lower, np.inf), (where_high, upper, -np.inf)):
                if (array == refused).any():
                    at = ", ".join(str(i) for i in np.argwhere(array == refused)[0])
                    self.faults.append(Fault(f"{name}[{at}]", f"{refused}", _NO_VALUE))
            crossed = np.argwhere(lower > upper)
            if len(crossed):
                both = np.broadcast_arrays(lower, upper)
                a, b = (array[tuple(crossed[0])] for array in both)
                key = ", ".join(str(i) for i in crossed[0])
                self.faults.append(
                    Fault(f"{where}[{key}]", _ABOVE.format(low=a, where=where_high, high=b), "lower <= upper")
                )
        return lower, upper

    def matrix(self, where: str, values: Any, n_columns: int | None) -> sparse.csr_matrix:
        """Dense or sparse numbers; none where there is nothing."""
        try:
            if values is None:
                matrix = sparse.csr_matrix((0, n_columns or 0))
            elif sparse.issparse(values):
                matrix = sparse.csr_matrix(values, dtype=float)
            else:
                dense = np.array(values, dtype=float)
                if dense.size == 0 and dense.ndim < 2 and n_columns is not None:
                    dense = dense.reshape(0, n_columns)
                if dense.ndim != 2:
                    self.faults.append(Fault(where, _SHAPE.format(shape=dense.shape), _TWO_DIMENSIONS))
                    return sparse.csr_matrix((0, n_columns or 0))
                matrix = sparse.csr_matrix(dense)
        except (TypeError, ValueError):
            self.faults.append(Fault(where, repr(values)[:60], _A_MATRIX))
            return sparse.csr_matrix((0, n_columns or 0))
        if n_columns is not None and matrix.shape[1] != n_columns:
            self.faults.append(Fault(where, _SHAPE.format(shape=matrix.shape), _N_COLUMNS.format(n_columns=n_columns)))
            matrix = sparse.csr_matrix((matrix.shape[0], n_columns))
        if not np.isfinite(matrix.data).all():
            row, column = (int(part[np.flatnonzero(~np.isfinite(matrix.data))[0]]) for part in matrix.tocoo().coords)
            self.faults.append(Fault(f"{where}[{row}, {column}]", _NOT_FINITE, _FINITE))
        matrix.sum_duplicates()
        matrix.eliminate_zeros()
        return matrix

    def stacked(
        self, where: str, values: Any, K: int, size: tuple[int, int] | None = None
    ) -> tuple[sparse.csr_matrix, int, int]:
        """One matrix, or K of them (dense 3-D, sparse 3-D, or a sequence) on top of each other; and the rows and columns of one.

        Where `size` is given, each has so many rows and columns.
        """
        none = sparse.csr_matrix(size or (0, 0)), *(size or (0, 0))
        if sparse.issparse(values):
            if values.ndim == 3:
                k, i, j = values.tocoo().coords
                shape = values.shape
                parts = sparse.csr_matrix((values.tocoo().data, (k * shape[1] + i, j)), (shape[0] * shape[1], shape[2]))
            else:
                shape, parts = values.shape, values
        else:
            if isinstance(values, list | tuple) and any(sparse.issparse(part) for part in values):
                shapes = {part.shape for part in values}
                if len(shapes) != 1:
                    rule = _ONE_SHAPE if size is None else _EACH.format(size=size)
                    self.faults.append(Fault(where, _SHAPES.format(shapes=sorted(shapes)), rule))
                    return none
                shape, parts = (len(values), *shapes.pop()), sparse.vstack(values, format="csr")
            else:
                try:
                    dense = np.array(values, dtype=float)
                except (TypeError, ValueError):
                    self.faults.append(Fault(where, repr(values)[:60], _A_MATRIX))
                    return none
                shape = dense.shape
                parts = dense.reshape(-1, shape[-1]) if dense.ndim == 3 else dense
        one = tuple(map(int, shape[-2:]))
        if len(shape) not in (2, 3) or (len(shape) == 3 and shape[0] != K) or (size is not None and one != size):
            words = ", ".join(map(str, size or ("m2", "n2")))
            self.faults.append(
                Fault(where, _SHAPE.format(shape=tuple(shape)), _EITHER_SHAPE.format(words=words, count=K))
            )
            return none
        return self.matrix(where, parts, one[1]), one[0], one[1]

    def mask(self, where: str, values: Any, n: int) -> Mask:
        """Which of `n` are chosen; by default none."""
        if values is None:
            return np.zeros(n, dtype=bool)
        array = np.asarray(values)
        if array.shape != (n,) or not np.isin(array, (0, 1)).all():
            rule = _A_MASK.format(n=n)
            self.faults.append(Fault(where, f"{array.tolist()}"[:60], rule))
            return np.zeros(n, dtype=bool)
        return array.astype(bool)
