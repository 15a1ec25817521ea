"""Problems written as text for encoder-decoder networks, and the way from text to numbers and back."""

import datetime
from collections.abc import Mapping
from string import Formatter

import numpy as np
from numpy.typing import ArrayLike

from lstm_guide import _check

Texts = tuple[list[str], list[str]]

# How a date is written: 3 March 2024 in this form, and the pattern
FORMS = {
    "3 March 2024": "{day} {month} {year}",
    "3 Mar 2024": "{day} {mon} {year}",
    "03-Mar-2024": "{dd}-{mon}-{year}",
    "3 Mar '24": "{day} {mon} '{yy}",
    "3rd of March 2024": "{dayth} of {month} {year}",
    "Sun, 3 Mar 2024": "{wday}, {day} {mon} {year}",
    "March 3, 2024": "{month} {day}, {year}",
    "Mar 3rd, 2024": "{mon} {dayth}, {year}",
    "3.3.2024": "{day}.{m}.{year}",
    "3.iii.2024": "{day}.{roman}.{year}",
    "2024/03/03": "{year}/{mm}/{dd}",
    "20240303": "{year}{mm}{dd}",
    "March 2024": "{month} {year}",
    "Mar '24": "{mon} '{yy}",
    "2024": "{year}",
    "the year 2024": "the year {year}",
}
# Others, to see what a network makes of forms that it was not trained on
NEW_FORMS = {
    "Sun, March 3, 2024": "{wday}, {month} {day}, {year}",
    "the 3rd of Mar 2024": "the {dayth} of {mon} {year}",
    "3-Mar-24": "{day}-{mon}-{yy}",
    "03.03.24": "{dd}.{mm}.{yy}",
    "2024.03.03": "{year}.{mm}.{dd}",
    "2024 March 3": "{year} {month} {day}",
    "Sunday, 3 March 2024": "{weekday}, {day} {month} {year}",
    "the third of March 2024": "the {dayword} of {month} {year}",
    "March of 2024": "{month} of {year}",
    "in 2024": "in {year}",
}
MONTHS = ["January", "February", "March", "April", "May", "June"]
MONTHS += ["July", "August", "September", "October", "November", "December"]
ROMAN = ["i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii"]
WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
NINE = ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth"]
TEENS = ["tenth", "eleventh", "twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth"]
DAYS = [*NINE, *TEENS, "eighteenth", "nineteenth", "twentieth", *(f"twenty-{word}" for word in NINE)]
DAYS += ["thirtieth", "thirty-first"]
FIRST_DAY, LAST_DAY = datetime.date(1969, 1, 1), datetime.date(2068, 12, 31)
DAY_FIELDS = {"day", "dd", "dayth", "dayword"}
MONTH_FIELDS = {"month", "mon", "m", "mm", "roman"}
YEAR_FIELDS = {"year", "yy"}
FIELDS = {*DAY_FIELDS, *MONTH_FIELDS, *YEAR_FIELDS, "weekday", "wday"}


def encode(texts: list[str], alphabet: str, length: int | None = None, one_hot: bool = False) -> np.ndarray:
    """Turn texts into codes of one length, padded at the end; decode undoes it.

    The first character of the alphabet has the code 1; the code 0 is padding, so an Embedding with mask_zero=True masks
    it. To let a network read backwards, padding first, turn the codes round: codes[:, ::-1].

    Args:
        texts: the texts, a list of at least one; they may be empty.
        alphabet: every character that may occur, each once.
        length: characters that each text is padded to, at least that of the longest text; None takes that.
        one_hot: give each code as a vector with a 1 at its place, for a network without an embedding.

    Returns:
        Codes of shape (len(texts), length), int64, 0 to len(alphabet); or, with one_hot, shape
        (len(texts), length, len(alphabet) + 1), float32.

    Raises:
        TypeError: if texts is no list of texts, alphabet no text, length no whole number or one_hot not True or False.
        ValueError: if there are no texts, the alphabet is empty or holds a character twice, a text holds a character
            that is not in it, or a text is longer than length.

    Examples:
        >>> encode(["7+5", "12"], alphabet="0123456789+")
        array([[ 8, 11,  6],
               [ 2,  3,  0]])
        >>> encode(["7+5", "12"], alphabet="0123456789+", length=4, one_hot=True).shape
        (2, 4, 12)
    """
    _check.instance("texts", texts, list | tuple, "a list of texts")
    code = _codes(alphabet)
    if not texts:
        raise ValueError("texts must hold a text. Received: none; pass one at least.")
    for text in texts:
        _check.instance("texts", text, str, "a list of texts")
        unknown = sorted(set(text) - code.keys())
        if unknown:
            raise ValueError(
                f"texts must be written in the alphabet. Received: {_check.brief(text)} with the unknown characters "
                f"{_check.brief(''.join(unknown))}; add them to the alphabet."
            )
    longest = max(map(len, texts))
    length = max(longest, 1) if length is None else _check.whole_number("length", length)
    if longest > length:
        raise ValueError(
            f"length must be that of the longest text at least. Received: length={length} for a text of {longest} "
            "characters; pass more, or None."
        )
    _check.instance("one_hot", one_hot, bool, "True or False")
    codes = np.zeros((len(texts), length), dtype="int64")
    for row, text in zip(codes, texts, strict=True):
        row[: len(text)] = [code[character] for character in text]
    return np.eye(len(alphabet) + 1, dtype="float32")[codes] if one_hot else codes


def decode(codes: ArrayLike, alphabet: str) -> list[str]:
    """Turn codes back into texts; what a network says about each symbol will do, too.

    A text ends at its first padding, whatever comes after.

    Args:
        codes: integer codes of shape (texts, length), 0 for padding; or one number for each symbol, such as one-hot
            vectors, probabilities or logits, of shape (texts, length, len(alphabet) + 1), of which the largest counts.
        alphabet: the one that the texts were encoded with.

    Returns:
        The texts, a list.

    Raises:
        TypeError: if codes is not numeric, or alphabet is no text.
        ValueError: if codes has other axes, is empty, holds NaN, infinite or broken numbers or a code that the alphabet
            does not have, or the last of three axes does not fit the alphabet; or if the alphabet is empty or holds a
            character twice.

    Examples:
        >>> decode([[8, 11, 6], [2, 3, 0]], alphabet="0123456789+")
        ['7+5', '12']
    """
    _codes(alphabet)
    array = _check.finite_array("codes", codes, (2, 3))
    if array.ndim == 3:
        if array.shape[2] != len(alphabet) + 1:
            raise ValueError(
                f"codes must have {len(alphabet) + 1} numbers for each symbol, one for padding and one for each "
                f"character of the alphabet. Received: codes of shape {array.shape}; pass the alphabet of encode."
            )
        array = array.argmax(axis=2)
    elif (array != np.round(array)).any() or array.min() < 0 or array.max() > len(alphabet):
        raise ValueError(
            f"codes must be whole numbers that the alphabet has, 0 to {len(alphabet)}. Received: codes from "
            f"{array.min():g} to {array.max():g}; pass the alphabet of encode, or three axes for probabilities."
        )
    symbol = np.array(["", *alphabet])
    ended = np.cumsum(array == 0, axis=1) > 0
    rows = symbol[np.where(ended, 0, array).astype(int)]
    return ["".join(row) for row in rows]


def written_sums(n_train: int, n_held_out: int, n_digits: int = 3, seed: int | None = None) -> tuple[Texts, Texts]:
    """Write additions as text, such as "57+685" and "742", in a training part and a held-out part.

    Each of the two numbers is drawn with 1 to n_digits digits, with equal chances, so short ones are not rare. But a
    pair of numbers occurs once at most, in one of its two orders, and the pairs of short numbers run out. So no pair of
    the held-out part was seen in training in either order.

    Args:
        n_train: sums to train on, at least 1.
        n_held_out: sums to score on, at least 1; both together at most half of all the pairs there are.
        n_digits: most digits of a number, 1 to 9.
        seed: seed of the random generator; None draws a fresh one.

    Returns:
        (questions, answers) to train on and (questions, answers) held out, four lists of texts. Questions have at most
        2 * n_digits + 1 characters, answers at most n_digits + 1.

    Raises:
        TypeError: if a size or the seed is not a whole number.
        ValueError: if a size or the seed is below its minimum, n_digits is above 9, or there are not twice as many
            pairs as sums are wanted.

    Examples:
        >>> (questions, answers), held_out = written_sums(3, 2, seed=1)
        >>> [f"{question}={answer}" for question, answer in zip(questions, answers)]
        ['345+844=1189', '679+594=1273', '88+48=136']
    """
    n_train = _check.whole_number("n_train", n_train)
    n_held_out = _check.whole_number("n_held_out", n_held_out)
    n_digits = _check.whole_number("n_digits", n_digits)
    if n_digits > 9:
        raise ValueError(f"n_digits must be at most 9. Received: n_digits={n_digits}; pass fewer.")
    n = n_train + n_held_out
    there_are = 10**n_digits * (10**n_digits + 1) // 2
    if 2 * n > there_are:
        raise ValueError(
            f"n_train and n_held_out must be at most half of all pairs. Received: n_train={n_train}, "
            f"n_held_out={n_held_out}, of {there_are} pairs; pass fewer, or more digits."
        )
    rng = np.random.default_rng(_check.seed(seed))
    pairs: dict[tuple[int, int], tuple[int, int]] = {}  # the pair in order of size, to the pair as it is written
    while len(pairs) < n:
        digits = rng.integers(1, n_digits + 1, size=(n, 2))
        smallest = np.where(digits == 1, 0, 10 ** (digits - 1))
        for a, b in rng.integers(smallest, 10**digits).tolist():
            pairs.setdefault((min(a, b), max(a, b)), (a, b))
    written = list(pairs.values())[:n]
    rng.shuffle(written)  # pairs of short numbers run out, so they came first
    questions = [f"{a}+{b}" for a, b in written]
    answers = [f"{a + b}" for a, b in written]
    return (questions[:n_train], answers[:n_train]), (questions[n_train:], answers[n_train:])


def rectangles(longest: int = 8, n_held_out: int = 16, seed: int | None = None) -> tuple[list[str], list[str]]:
    """Draw rectangles as moves of a pen, such as "RRRDLLLU": right, down, left, up, back to where it began.

    Args:
        longest: the longest side, at least 2; each side is 1 to longest moves, so there are longest**2 sizes.
        n_held_out: sizes that are kept out of the training part, at least 1 and below longest**2.
        seed: seed of the random generator that picks them; None draws a fresh one.

    Returns:
        The drawings to train on and those held out, each size once, texts of 4 to 4 * longest letters
        R, D, L, U.

    Raises:
        TypeError: if a number is not whole.
        ValueError: if a number is below its minimum, or there are not more sizes than n_held_out.

    Examples:
        >>> drawings, held_out = rectangles(longest=2, n_held_out=1, seed=1)
        >>> drawings, held_out
        (['RDDLUU', 'RRDLLU', 'RRDDLLUU'], ['RDLU'])
    """
    longest = _check.whole_number("longest", longest, minimum=2)
    n_held_out = _check.whole_number("n_held_out", n_held_out)
    if n_held_out >= longest**2:
        raise ValueError(
            f"n_held_out must leave a size to train on. Received: n_held_out={n_held_out} of {longest**2} sizes; hold "
            "back fewer."
        )
    sides = range(1, longest + 1)
    sizes = ["R" * wide + "D" * high + "L" * wide + "U" * high for wide in sides for high in sides]
    picked = np.random.default_rng(_check.seed(seed)).permutation(len(sizes))[:n_held_out]
    held_out = [sizes[place] for place in sorted(picked)]
    return [size for size in sizes if size not in held_out], held_out


def written_dates(n: int, seed: int | None = None, held_out: bool = False, forms: Mapping[str, str] = FORMS) -> Texts:
    """Write dates as people do, such as "Mar 3rd, 2024", and in ISO form, "2024-03-03".

    The form is drawn first, all alike, then the date, from 1 January 1969 to 31 December 2068: in these hundred years a
    year of two digits has one meaning, the one that strptime gives it. A form without a day stands for its month,
    "2024-03", one with a year alone for "2024", so the answers have 10, 7 or 4 characters. Half of the texts stay as
    the form has them, a quarter is in lower case, a quarter in upper case.

    With dots between numbers the day comes first, "3.4.2024"; between slashes the year, "2024/04/03". There is no
    "3/4/2024", for what it means depends on who wrote it.

    A fifth of all days, of all months and of all years is held out: with held_out only these are drawn, else only
    the others. Which ones they are is the same for every seed and all forms.

    Args:
        n: pairs of texts, at least 1.
        seed: seed of the random generator; None draws a fresh one.
        held_out: draw from the dates that are held out.
        forms: name to pattern, at least one; FORMS and NEW_FORMS are two sets of them. A pattern is a text with fields
            in braces: day, dd, dayth, dayword for 3, 03, 3rd, third; month, mon, m, mm, roman for March, Mar, 3, 03,
            iii; year, yy for 2024, 24; weekday, wday for Sunday, Sun.

    Returns:
        The written dates and the ISO dates, two lists of n texts.

    Raises:
        TypeError: if n or the seed is not a whole number, held_out is not True or False, or forms is no mapping of
            texts.
        ValueError: if n or the seed is below its minimum, there are no forms, a pattern cannot be read, holds another
            field, or has no year, or a day or a weekday without what it hangs on.

    Examples:
        >>> texts, dates = written_dates(3, seed=2)
        >>> list(zip(texts, dates))
        [("AUG '27", '2027-08'), ('22nd of August 1972', '1972-08-22'), ('9 Feb 2046', '2046-02-09')]
    """
    n = _check.whole_number("n", n)
    _check.instance("held_out", held_out, bool, "True or False")
    _check.instance("forms", forms, Mapping, "a mapping from names to patterns")
    if not forms:
        raise ValueError("forms must hold a form. Received: none; pass FORMS, say.")
    # what the answer keeps of "2024-03-03", and the days that stand for all such answers
    kept = [_characters_known(pattern) for pattern in forms.values()]
    days = [FIRST_DAY + datetime.timedelta(i) for i in range((LAST_DAY - FIRST_DAY).days + 1)]
    firsts = [day for day in days if day.day == 1]
    januaries = [day for day in firsts if day.month == 1]
    pools = {size: _part(pool, held_out) for size, pool in ((10, days), (7, firsts), (4, januaries))}
    rng = np.random.default_rng(_check.seed(seed))
    patterns, texts, dates = list(forms.values()), [], []
    for form, place, case in zip(rng.integers(len(forms), size=n), rng.random(n), rng.integers(4, size=n), strict=True):
        pool = pools[kept[form]]
        day = pool[int(place * len(pool))]
        text = patterns[form].format(**_fields(day))
        texts.append(text.lower() if case == 0 else text.upper() if case == 1 else text)
        dates.append(day.isoformat()[: kept[form]])
    return texts, dates


def _characters_known(pattern: str) -> int:
    """Return how much of an ISO date a pattern tells: 10 characters with a day, 7 with a month, 4 with a year alone."""
    _check.instance("forms", pattern, str, "a mapping from names to texts")
    try:
        used = {field for _, field, _, _ in Formatter().parse(pattern) if field is not None}
    except ValueError as error:
        raise ValueError(
            f"forms must hold patterns with fields in braces. Received: {_check.brief(pattern)}; close each brace."
        ) from error
    day, month = bool(used & DAY_FIELDS), bool(used & MONTH_FIELDS)
    whole = used & YEAR_FIELDS and (month or not day) and (day or not used & {"weekday", "wday"})
    if used - FIELDS or not whole:
        raise ValueError(
            "forms must hold patterns with a year, a month where there is a day, a day where there is a weekday, and "
            f"no other fields. Received: {_check.brief(pattern)}; the fields are {', '.join(sorted(FIELDS))}."
        )
    return 10 if day else 7 if month else 4


def _part(pool: list[datetime.date], held_out: bool) -> list[datetime.date]:
    """Return the fifth of the dates that is held out, or the rest."""
    order = np.random.default_rng(1969).permutation(len(pool))
    size = len(pool) // 5
    return [pool[i] for i in (order[:size] if held_out else order[size:])]


def _fields(day: datetime.date) -> dict[str, str | int]:
    """Return all that a pattern can say of a day."""
    ending = "th" if 10 < day.day < 14 else {1: "st", 2: "nd", 3: "rd"}.get(day.day % 10, "th")
    month, weekday = MONTHS[day.month - 1], WEEKDAYS[day.weekday()]
    return {
        "day": day.day,
        "dd": f"{day.day:02}",
        "dayth": f"{day.day}{ending}",
        "dayword": DAYS[day.day - 1],
        "month": month,
        "mon": month[:3],
        "m": day.month,
        "mm": f"{day.month:02}",
        "roman": ROMAN[day.month - 1],
        "year": day.year,
        "yy": f"{day.year % 100:02}",
        "weekday": weekday,
        "wday": weekday[:3],
    }


def _codes(alphabet: str) -> dict[str, int]:
    """Return the code of each character, or raise if the alphabet gives one of them two."""
    _check.instance("alphabet", alphabet, str, "a text of all characters")
    if not alphabet or len(set(alphabet)) < len(alphabet):
        raise ValueError(
            f"alphabet must hold each character once, and one at least. Received: alphabet={_check.brief(alphabet)}; "
            "drop those that are there twice."
        )
    return {character: place for place, character in enumerate(alphabet, 1)}
