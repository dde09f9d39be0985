"""Φ⁻¹, the quantile of the normal distribution, with the same bits on every machine.

`log`, `sin` and `exp` differ between platforms in their last bits. This file needs none of them: everything
is addition, subtraction, multiplication, division, square root and the splitting of a float into fraction and
exponent, each of which IEEE 754 defines exactly.

Source: Wichura, "Algorithm AS 241: the percentage points of the normal distribution", Applied Statistics 37
(1988), routine PPND16.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

# Coefficients with the highest power first; each pair is numerator and denominator.
_CENTRE = (
    [
        *(2509.0809287301226727, 33430.575583588128105, 67265.770927008700853, 45921.953931549871457),
        *(13731.693765509461125, 1971.5909503065514427, 133.14166789178437745, 3.387132872796366608),
    ],
    [
        *(5226.495278852545925, 28729.085735721942674, 39307.89580009271061, 21213.794301586595867),
        *(5394.1960214247511077, 687.1870074920579083, 42.313330701600911252, 1.0),
    ],
)
_SIDE = (
    [
        *(7.7454501427834140764e-4, 0.0227238449892691845833, 0.24178072517745061177, 1.27045825245236838258),
        *(3.64784832476320460504, 5.7694972214606914055, 4.6303378461565452959, 1.42343711074968357734),
    ],
    [
        *(
            1.05075007164441684324e-9,
            5.475938084995344946e-4,
            0.0151986665636164571966,
            0.14810397642748007459,
        ),
        *(0.68976733498510000455, 1.6763848301838038494, 2.05319162663775882187, 1.0),
    ],
)
_SIDE_FROM = 0.425  # distance from 1/2 beyond which the side formula takes over
_LN_2 = 0.6931471805599453


def normal_quantile(probability: np.ndarray) -> np.ndarray:
    """How many standard deviations from the mean a share p of the normal distribution lies below.

    Shapes: float64 in, the same out; e⁻²⁵ < p < 1 - e⁻²⁵.

    >>> normal_quantile(np.array([0.5, 0.975])).round(6)
    array([0.      , 1.959964])
    """
    centred = probability - 0.5
    result = _rational(_CENTRE, _SIDE_FROM**2 - centred * centred)
    result *= centred
    side = np.flatnonzero(np.abs(centred) > _SIDE_FROM)
    p = probability[side]
    depth = np.sqrt(-_logarithm(np.minimum(p, 1 - p)))
    result[side] = np.copysign(_rational(_SIDE, depth - 1.6), centred[side])
    return result


def _rational(coefficients: tuple[list[float], list[float]], x: np.ndarray) -> np.ndarray:
    numerator, denominator = (_polynomial(row, x) for row in coefficients)
    return np.divide(numerator, denominator, out=numerator)


def _polynomial(coefficients: Sequence[float], x: np.ndarray) -> np.ndarray:
    """Horner's scheme, highest power first."""
    result = np.full_like(x, coefficients[0])
    for coefficient in coefficients[1:]:
        result *= x
        result += coefficient
    return result


def _logarithm(x: np.ndarray) -> np.ndarray:
    """ln x for x > 0: with x = m · 2ᵉ, ln m = 2 artanh((m - 1) / (m + 1)), eleven terms of its series."""
    fraction, exponent = np.frexp(x)
    small = fraction < math.sqrt(0.5)
    fraction = np.where(small, fraction * 2, fraction)
    exponent = np.where(small, exponent - 1, exponent)
    ratio = (fraction - 1) / (fraction + 1)
    series = _polynomial([2 / (2 * n + 1) for n in reversed(range(11))], ratio * ratio)
    return ratio * series + exponent * _LN_2
