"""Real series and text that come with installed packages; nothing is downloaded."""

import re
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import pandas as pd

from lstm_guide import _check


def elnino() -> pd.Series:
    """Load the monthly sea-surface temperature off Peru and Ecuador, 1950 to 2010.

    A strong yearly cycle, with El Niño events (warm months in a row) on top. The values are a reconstruction from
    ships, buoys and satellites, made after the fact: a forecaster of the time did not have them.

    Returns:
        732 values in degrees Celsius, oldest first, index monthly periods, name "sea_surface_temperature".

    Raises:
        ImportError: if statsmodels is not installed.

    Examples:
        >>> series = elnino()
        >>> len(series), str(series.index[0]), str(series.index[-1])
        (732, '1950-01', '2010-12')

    Source:
        statsmodels.datasets.elnino (public domain): ERSST v3b, region Niño 1+2 (0 to 10 degrees south, 80 to 90 west),
        United States National Oceanic and Atmospheric Administration.
    """
    from statsmodels.datasets import elnino as source

    table = source.load_pandas().data
    values = table.drop(columns="YEAR").to_numpy(dtype="float64").ravel()
    index = pd.period_range(f"{int(table['YEAR'].iloc[0])}-01", periods=len(values), freq="M", name="month")
    return pd.Series(values, index, name="sea_surface_temperature")


def co2() -> pd.Series:
    """Load the weekly carbon dioxide concentration at Mauna Loa, 1958 to 2001, with its missing weeks.

    A rising trend and a yearly cycle: the series is not stationary.

    Returns:
        2284 values in parts per million by volume, NaN where a week is missing, index the Saturdays, name "co2".

    Raises:
        ImportError: if statsmodels is not installed.

    Examples:
        >>> series = co2()
        >>> len(series), int(series.isna().sum())
        (2284, 59)

    Source:
        statsmodels.datasets.co2 (public domain): Keeling and Whorf (2004), Scripps Institution of Oceanography.
    """
    from statsmodels.datasets import co2 as source

    return source.load_pandas().data["co2"].rename("co2")


def electricity() -> pd.Series:
    """Load the hourly electricity demand of Victoria, Australia, from January to May 2012.

    A daily and a weekly cycle, whose shape changes as summer turns into autumn: the peak moves from the hot afternoon
    to the evening. Hours are as in the file; no temperature comes with it.

    Returns:
        3600 values in megawatt hours, oldest first, index the hours, name "demand".

    Raises:
        ImportError: if statsmodels is not installed, or without the files of its tests.

    Examples:
        >>> series = electricity()
        >>> len(series), str(series.index[0]), str(series.index[-1])
        (3600, '2012-01-01 00:00:00', '2012-05-29 23:00:00')

    Source:
        A file among the tests of statsmodels (BSD licence), from vic_elec of the R package tsibbledata: operational
        demand, Australian Energy Market Operator. The unit is that of tsibbledata's documentation, which says of the
        half-hourly values that they are megawatt hours; an earlier version of it said megawatts.
    """
    root = Path(next(iter(find_spec("statsmodels").submodule_search_locations)))
    path = root / "tsa" / "stl" / "tests" / "results" / "mstl_elec_vic.csv"
    if not path.is_file():
        raise ImportError(
            f"statsmodels must have the files of its tests. Received: an installation without {path.name}; install it "
            "from PyPI with pip, which brings them."
        )
    table = pd.read_csv(path, index_col="ds", parse_dates=["ds"])
    return table["y"].rename("demand").rename_axis("hour")


def english_words(min_length: int = 4, max_length: int = 12) -> list[str]:
    """List the distinct lower-case English words in the documentation text that ships with Python.

    No word in it is another one read backwards (time and emit, level), so that direction is a property of each word.
    The list differs a little from one Python version to the next.

    Args:
        min_length: letters of the shortest word, at least 1.
        max_length: letters of the longest word, at least min_length.

    Returns:
        Words of the letters a to z only, sorted, each once; some thousands by default.

    Raises:
        TypeError: if a length is not a whole number.
        ValueError: if a length is below its minimum.

    Examples:
        >>> words = english_words()
        >>> "sequence" in words, len(words) > 2000
        (True, True)

    Source:
        pydoc_data.topics, the texts behind Python's help().
    """
    from pydoc_data.topics import topics

    min_length = _check.whole_number("min_length", min_length)
    max_length = _check.whole_number("max_length", max_length, minimum=min_length)
    words = re.findall(r"(?<![\w.])[a-z]+(?![\w.(])", " ".join(topics.values()))
    kept = {word for word in words if min_length <= len(word) <= max_length}
    return sorted(word for word in kept if word[::-1] not in kept)


def keras_source(folders: Sequence[str] = ("callbacks", "models", "saving", "trainers", "utils")) -> dict[str, str]:
    """Load source code of Keras itself: Python with English docstrings, the same for every Python version.

    Tests and __init__ files are left out. The few characters that are not ASCII are dropped, so that the alphabet is
    the line break and the 95 printable characters of ASCII.

    Args:
        folders: folders in keras/src, at least one. Those by default hold some 900,000 characters in 70 files and
            repeat themselves less than the layers and optimizers do.

    Returns:
        File to text, sorted by folder as given and by name, such as "callbacks/callback.py".

    Raises:
        TypeError: if folders is no list or tuple of texts.
        ValueError: if folders is empty, or Keras has no such folder with source code in it.

    Examples:
        >>> files = keras_source()
        >>> "models/sequential.py" in files, len(files) > 50
        (True, True)

    Source:
        The installed keras package (Apache License 2.0). It differs from one version of Keras to the next; the guide's
        results belong to the version in constraints.txt.
    """
    _check.instance("folders", folders, list | tuple, "a list of folders")
    if not folders:
        raise ValueError("folders must hold a folder. Received: none; pass ('callbacks',), say.")
    # found, not imported: keras would bring TensorFlow along
    root = Path(next(iter(find_spec("keras").submodule_search_locations))) / "src"
    files = {}
    for folder in folders:
        _check.instance("folders", folder, str, "a list of folders")
        paths = sorted((root / folder).rglob("*.py")) if re.fullmatch(r"[a-z_/]+", folder) else []
        paths = [path for path in paths if path.stem != "__init__" and not path.stem.endswith("_test")]
        if not paths:
            raise ValueError(
                f"folders must be folders of keras/src. Received: folders={_check.brief(folders)}, where {folder!r} "
                "has no source code; pass 'callbacks', say."
            )
        for path in paths:
            text = path.read_text(encoding="utf-8")
            files[path.relative_to(root).as_posix()] = re.sub(r"[^\n -~]", "", text)
    return files
