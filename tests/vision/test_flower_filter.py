import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vision import flower_filter as ff


def new_row(ray: tuple[float, float], s0: float, rho: float = 2.2, rho_std: float = 0.6) -> ff.Floats:
    row = np.zeros((1, ff.COLUMNS))
    row[0, [ff.S0, ff.A, ff.B, ff.RHO]] = s0, *ray, rho
    row[0, [ff.VAR_A, ff.VAR_B, ff.VAR_RHO]] = 4e-6, 4e-6, rho_std**2
    return row


def seen_from(row: ff.Floats, place: ff.Floats, camera_s: float, noise: ff.Floats) -> ff.Floats:
    ray = np.array([[(place[0] - camera_s) / place[2], place[1] / place[2]]]) + noise
    return ff.corrected(row, ray, np.array([camera_s]), np.array([4e-6]), np.array([4e-6]))


@given(
    depth=st.floats(0.2, 3.0),
    ahead=st.floats(-0.5, 0.5),
    height=st.floats(-0.3, 0.3),
    speed=st.sampled_from([-0.02, -0.01, 0.01, 0.02]),
    start=st.floats(-2.0, 160.0),
)
def test_exact_views_find_the_place_from_any_start(
    depth: float, ahead: float, height: float, speed: float, start: float
) -> None:
    place = np.array([start + ahead, height, depth])
    row = new_row((ahead / depth, height / depth), start)
    for k in range(1, 40):
        row = seen_from(row, place, start + k * speed, np.zeros((1, 2)))
    found = ff.positions(row, 0.0, 0.0)[0]
    assert found[:2] == pytest.approx(place[:2], abs=0.02 * depth)
    assert found[2] == pytest.approx(depth, rel=0.02)


def test_the_covariance_tells_the_spread_of_the_error() -> None:
    rng = np.random.default_rng(1)
    place = np.array([10.1, 0.05, 0.45])
    surprises = []
    for _ in range(400):
        noise = rng.normal(0, 0.002, (12, 1, 2))
        row = new_row((0.1 / 0.45 + noise[0, 0, 0], 0.05 / 0.45 + noise[0, 0, 1]), 10.0)
        for k in range(1, 12):
            row = seen_from(row, place, 10.0 + 0.015 * k, noise[k])
        error = ff.positions(row, 0.0, 0.0)[0] - place
        surprises.append(float(error @ np.linalg.solve(ff.covariances(row)[0], error)))
    assert np.mean(surprises) == pytest.approx(3.0, rel=0.15)


def test_a_standing_cart_learns_no_depth() -> None:
    row = new_row((0.2, 0.1), 10.0)
    for _ in range(100):
        row = seen_from(row, np.array([10.09, 0.045, 0.45]), 10.0, np.zeros((1, 2)))
    assert row[0, ff.VAR_RHO] == pytest.approx(0.36)
    assert row[0, ff.RHO] == 2.2


def test_a_flowers_place_grows_vague_while_it_is_not_seen_up_to_a_limit() -> None:
    row = new_row((0.2, 0.1), 10.0, rho_std=0.01)
    soon, late = ff.drifted(row, 4.0, 0.001, 0.015), ff.drifted(row, 1e6, 0.001, 0.015)
    assert soon[0, ff.VAR_B] == pytest.approx(4e-6 + 4e-6 * 2.2**2)
    assert late[0, ff.VAR_B] == pytest.approx(4e-6 + 0.015**2 * 2.2**2)
    assert np.sqrt(ff.covariances(late)[0, 2, 2]) == pytest.approx(0.015, rel=0.02)


def test_the_covariance_is_the_derivative_of_the_place() -> None:
    row = new_row((0.3, -0.2), 10.0)
    row[0, [ff.COV_A_RHO, ff.VAR_RHO]] = 3e-4, 0.04
    columns = [ff.A, ff.B, ff.RHO]
    jacobian = np.empty((3, 3))
    for j, column in enumerate(columns):
        step = np.zeros_like(row)
        step[0, column] = 1e-6
        moved = ff.positions(row + step, 1.0, 0.0) - ff.positions(row - step, 1.0, 0.0)
        jacobian[:, j] = moved[0] / 2e-6
    state = np.array([[4e-6, 0, 3e-4], [0, 4e-6, 0], [3e-4, 0, 0.04]])
    np.testing.assert_allclose(ff.covariances(row)[0], jacobian @ state @ jacobian.T, rtol=1e-5)
