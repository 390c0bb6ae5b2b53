import numpy as np
import pytest

from shared.imaging.pyramid import Pyramid

PIXELS = 128


@pytest.mark.parametrize("share", [1.25, 1, 0.4, 0.1])
@pytest.mark.parametrize("size", [(300, 200), (1600, 1200), (40, 3000), (3000, 2)])
def test_canvases_show_all_of_the_image_at_one_scale(share: float, size: tuple[int, int]) -> None:
    """Each pixel says where it lies in the image."""
    width, height = size
    x, y = np.meshgrid(np.linspace(0, 255, width), np.linspace(0, 255, height))
    image = np.dstack([x, y, np.zeros_like(x)]).round().astype(np.uint8)
    covered = np.zeros((height, width), bool)
    for canvas in Pyramid.of(image).canvases(share * max(size), PIXELS, 16, 512):
        tall, wide = canvas.picture.shape[:2]
        step = share * max(size) / PIXELS
        assert min(tall, wide) >= PIXELS
        assert max(tall, wide) <= 512
        assert tall % 16 == wide % 16 == 0
        (left, top), (right, bottom) = canvas.to_image(np.array([(0, 0), (wide, tall)], np.float32))
        assert (right - left) / wide == pytest.approx(step, rel=0.05 if min(size) > 50 else 1)
        covered[max(0, round(top)) : round(bottom), max(0, round(left)) : round(right)] = True
        middle = np.array([(wide / 2, tall / 2)], np.float32)
        ((across, down),) = canvas.to_image(middle) / size
        if 0 < across < 1 and 0 < down < 1:
            shown = canvas.picture[tall // 2, wide // 2, :2] / 255
            assert shown == pytest.approx((across, down), abs=0.02 + step / min(size))
    assert covered.all()


def test_a_thread_of_pixels_is_not_blown_up() -> None:
    assert list(Pyramid.of(np.zeros((2, 900_000, 3), np.uint8)).canvases(8, PIXELS, 16, 512)) == []
