"""Data sets from small files of their real form, served as the real ones are; nothing is fetched from outside."""

import functools
import gzip
import hashlib
import http.server
import io
import os
import pickle
import tarfile
import threading

import numpy as np
import pytest

from pyengine import datasets
from pyengine.datasets import cache, cifar10, cifar100, fashion_mnist, imdb, mnist, reuters, safe
from pyengine.errors import ArgumentError, DataError


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A cache folder of its own."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    (tmp_path / "keras" / "datasets").mkdir(parents=True)
    return tmp_path / "keras" / "datasets"


@pytest.fixture
def server(tmp_path):
    """A web server and the folder that it serves."""
    folder = tmp_path / "served"
    folder.mkdir()
    handler = functools.partial(Quiet, directory=folder)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}/", folder
        running.shutdown()


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


def sha256(content):
    return hashlib.sha256(content).hexdigest()


def npz(**arrays):
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


DIGITS = {
    "x_train": np.arange(18).reshape(2, 3, 3),
    "y_train": [1, 2],
    "x_test": np.zeros((1, 3, 3)),
    "y_test": [3],
}


@pytest.fixture
def unchecked(monkeypatch):
    """Small files stand for the real ones, so their checksums are not looked at."""
    monkeypatch.setattr(cache, "check", lambda *_: None)


def test_a_missing_file_is_downloaded_checked_and_kept(home, server, capsys):
    url, folder = server
    content = npz(**DIGITS)
    (folder / "mnist.npz").write_bytes(content)
    place = cache.find("mnist.load_data", "mnist.npz", f"{url}mnist.npz", sha256(content))
    assert place == home / "mnist.npz"
    assert place.read_bytes() == content
    assert "Downloading" in capsys.readouterr().err
    (folder / "mnist.npz").unlink()
    assert cache.find("mnist.load_data", "mnist.npz", f"{url}mnist.npz", sha256(content)) == place


def test_a_download_of_something_else_leaves_nothing_behind(home, server):
    url, folder = server
    (folder / "mnist.npz").write_bytes(b"<html>")
    with pytest.raises(DataError, match="another one") as caught:
        cache.find("mnist.load_data", "mnist.npz", f"{url}mnist.npz", "0" * 64)
    assert "Delete it" in caught.value.fix
    assert list(home.iterdir()) == []


@pytest.mark.parametrize("digest", [hashlib.md5(b"right").hexdigest(), sha256(b"right")])
def test_a_file_that_is_not_the_right_one_is_refused_and_left_alone(home, digest):
    (home / "words.json").write_bytes(b"wrong")
    with pytest.raises(DataError, match="checksum") as caught:
        cache.find("imdb.get_word_index", "words.json", "http://127.0.0.1:9/", digest)
    assert str(home / "words.json") in str(caught.value)
    (home / "words.json").write_bytes(b"right")
    assert (
        cache.find("imdb.get_word_index", "words.json", "http://127.0.0.1:9/", digest) == home / "words.json"
    )


def test_what_cannot_be_downloaded_is_said_with_the_file_and_its_place(home, server):
    url, _ = server
    with pytest.raises(DataError) as caught:
        cache.find("mnist.load_data", "mnist.npz", f"{url}mnist.npz")
    assert caught.value.where == "mnist.load_data"
    assert f"{url}mnist.npz" in caught.value.fix
    assert str(home / "mnist.npz") in str(caught.value)
    assert "404" in str(caught.value)


def test_python_in_a_page_says_where_the_file_belongs(home, monkeypatch):
    monkeypatch.setattr(cache.sys, "platform", "emscripten")
    with pytest.raises(DataError, match="Python in a page downloads nothing") as caught:
        mnist.load_data()
    assert "mnist.npz" in caught.value.fix


def test_a_path_of_ones_own_is_taken(home, tmp_path, unchecked, monkeypatch):
    (tmp_path / "digits.npz").write_bytes(npz(**DIGITS))
    for path in (str(tmp_path / "digits.npz"), "digits.npz"):
        monkeypatch.chdir(tmp_path)
        (x_train, y_train), (x_test, y_test) = mnist.load_data(path)
        np.testing.assert_array_equal(x_train, DIGITS["x_train"])
        assert (y_train.tolist(), x_test.shape, y_test.tolist()) == ([1, 2], (1, 3, 3), [3])


def test_clothes(home, unchecked):
    folder = home / "fashion-mnist"
    folder.mkdir()
    for name, count in (("train", 3), ("t10k", 2)):
        (folder / f"{name}-labels-idx1-ubyte.gz").write_bytes(gzip.compress(bytes(8) + bytes(range(count))))
        pixels = bytes(i % 251 for i in range(count * 784))
        (folder / f"{name}-images-idx3-ubyte.gz").write_bytes(gzip.compress(bytes(16) + pixels))
    (x_train, y_train), (x_test, y_test) = fashion_mnist.load_data()
    assert (x_train.shape, y_train.tolist()) == ((3, 28, 28), [0, 1, 2])
    assert (x_test.shape, y_test.tolist()) == ((2, 28, 28), [0, 1])
    assert x_train[0, 1, 0] == 28


def archive(files):
    """A .tar.gz of pickled objects by name."""
    result = io.BytesIO()
    with tarfile.open(fileobj=result, mode="w:gz") as tar:
        for name, thing in files.items():
            content = pickle.dumps(thing, protocol=2)
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return result.getvalue()


def photographs(count, **labels):
    pixels = np.arange(count * 3072).reshape(count, 3072) % 256
    return {
        b"data": pixels.astype("uint8"),
        **{name.encode(): list(values) for name, values in labels.items()},
    }


def test_photographs_are_unpacked_once(home, unchecked):
    names = [f"data_batch_{number}" for number in range(1, 6)]
    files = {f"cifar-10-batches-py/{name}": photographs(2, labels=[n, 9]) for n, name in enumerate(names)}
    files["cifar-10-batches-py/test_batch"] = photographs(1, labels=[7])
    (home / "cifar-10-python.tar.gz").write_bytes(archive(files))
    for _ in range(2):
        (x_train, y_train), (x_test, y_test) = cifar10.load_data()
        assert (x_train.shape, x_train.dtype) == ((10, 32, 32, 3), "uint8")
        assert y_train[::2, 0].tolist() == [0, 1, 2, 3, 4]
        assert (x_test.shape, y_test.tolist()) == ((1, 32, 32, 3), [[7]])
        np.testing.assert_array_equal(x_test[0, 0, 1], [1, 1025 % 256, 2049 % 256])
        (home / "cifar-10-python.tar.gz").unlink(missing_ok=True)


def test_photographs_in_a_hundred_classes_or_twenty(home, unchecked):
    batch = photographs(2, fine_labels=[50, 99], coarse_labels=[3, 19])
    files = {f"cifar-100-python/{name}": batch for name in ("train", "test")}
    (home / "cifar-100-python.tar.gz").write_bytes(archive(files))
    assert cifar100.load_data()[0][1].tolist() == [[50], [99]]
    assert cifar100.load_data("coarse")[1][1].tolist() == [[3], [19]]
    with pytest.raises(ArgumentError, match="label_mode"):
        cifar100.load_data("medium")


@pytest.mark.parametrize("name", ["boston_housing", "california_housing"])
def test_houses_are_shuffled_as_in_keras_and_split(home, unchecked, name):
    (home / f"{name}.npz").write_bytes(npz(x=np.arange(40).reshape(20, 2), y=np.arange(20.0)))
    module = getattr(datasets, name)
    (x_train, y_train), (x_test, y_test) = module.load_data(test_split=0.25)
    assert (len(x_train), len(x_test)) == (15, 5)
    np.testing.assert_array_equal(x_train[:, 0], 2 * y_train)
    order = np.arange(20)
    np.random.RandomState(113).shuffle(order)
    np.testing.assert_array_equal(np.concatenate([y_train, y_test]), order)
    with pytest.raises(ArgumentError, match="test_split"):
        module.load_data(test_split=1)


def texts(*given):
    result = np.empty(len(given), object)
    result[:] = given
    return result


def test_reviews_keep_the_words_that_are_asked_for(home, unchecked):
    x = texts([1, 2, 3], [4, 5], [6], [1, 9, 1, 9])
    (home / "imdb.npz").write_bytes(npz(x_train=x, y_train=[0, 1, 0, 1], x_test=x, y_test=[1, 1, 0, 0]))

    def first(**settings):
        (x_train, y_train), _ = imdb.load_data(**settings)
        return {tuple(text): int(label) for text, label in zip(x_train, y_train, strict=True)}

    assert (1, 4, 5, 6) in first()  # a start, and each word moved by 3
    assert first()[1, 9] == 0
    assert (1, 4, 2, 4, 2) in first(num_words=10)  # 12 is rare: the number for words left out
    assert (1, 4, 4) in first(num_words=10, oov_char=None)
    assert (1, 2, 3) in first(start_char=None, index_from=0, num_words=99)
    assert sorted(map(len, first(maxlen=4))) == [2, 3]
    with pytest.raises(DataError, match="no text is shorter"):
        imdb.load_data(maxlen=1)
    with pytest.raises(ArgumentError, match="num_words expects"):
        imdb.load_data(num_words="many")


def test_news_are_split_and_topics_have_names(home, unchecked):
    (home / "reuters.npz").write_bytes(npz(x=texts(*([n + 1, n + 2] for n in range(10))), y=np.arange(10)))
    (x_train, y_train), (x_test, y_test) = reuters.load_data()
    assert (len(x_train), len(x_test)) == (8, 2)
    for text, label in zip([*x_train, *x_test], [*y_train, *y_test], strict=True):
        assert text[1] == label + 4 or text[1] == 2
    assert len(reuters.get_label_names()) == 46
    (home / "reuters_word_index.json").write_text('{"the": 1}')
    assert reuters.get_word_index() == {"the": 1}


class Harm:
    def __reduce__(self):
        return os.system, ("true",)


def test_a_file_that_would_run_code_is_refused(tmp_path):
    with pytest.raises(DataError, match="which could run code"):
        safe.load(io.BytesIO(pickle.dumps(Harm())))
    (tmp_path / "harm.npz").write_bytes(npz(x=texts(Harm(), Harm())))
    with pytest.raises(DataError, match=r"posix\.system|nt\.system"):
        safe.arrays_of(tmp_path / "harm.npz")
