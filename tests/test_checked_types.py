"""With `CHECK_TYPES=1` a call that does not fit its annotations fails, shapes of arrays included."""

import jaxtyping
import numpy as np
import pytest

from sims.evaluation.probes import knn
from tests import checked_types
from theory.networks.certificate import certificate

pytestmark = pytest.mark.skipif(not checked_types.IS_ON, reason="types are checked where CHECK_TYPES=1 asks for it")
FEATURES, LABELS = np.zeros((5, 2)), np.arange(5) % 2


def test_a_wrong_shape_a_wrong_type_and_sizes_that_differ_are_noticed():
    assert certificate(np.eye(2)[::-1].copy()) is not None
    with pytest.raises(jaxtyping.TypeCheckError):
        knn(FEATURES, LABELS[:4], FEATURES, LABELS)
    with pytest.raises(jaxtyping.TypeCheckError):
        knn(FEATURES.tolist(), LABELS, FEATURES, LABELS)  # pyright: ignore[reportArgumentType]  # on purpose


@pytest.mark.wrong_types
def test_a_marked_test_may_hand_in_anything():
    with pytest.raises(ValueError, match=r"labels|k=20"):
        knn(FEATURES, LABELS[:4], FEATURES, LABELS)
