"""symbols: texts survive the way to codes and back; written dates say what they stand for; nothing held out is seen."""

import datetime
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstm_guide import symbols

ALPHABET = "0123456789+ -/abc"
TEXTS = st.lists(st.text(ALPHABET, max_size=9), min_size=1, max_size=8)


@given(TEXTS, st.integers(0, 4), st.booleans())
def test_decode_undoes_encode(texts, more, one_hot):
    length = max(1, *map(len, texts)) + more
    codes = symbols.encode(texts, ALPHABET, length, one_hot)
    assert codes.shape[:2] == (len(texts), length)
    assert symbols.decode(codes, ALPHABET) == texts


@given(TEXTS)
def test_padding_comes_last_and_is_zero(texts):
    codes = symbols.encode(texts, ALPHABET)
    assert codes.shape == (len(texts), max(1, *map(len, texts)))
    for row, text in zip(codes, texts, strict=True):
        assert [ALPHABET[code - 1] for code in row[: len(text)]] == list(text)
        assert not row[len(text) :].any()


def test_one_hot_has_one_place_for_padding_and_one_for_each_character():
    x = symbols.encode(["ab", ""], "abc", length=3, one_hot=True)
    assert x.dtype == "float32"
    np.testing.assert_array_equal(x.argmax(axis=2), symbols.encode(["ab", ""], "abc", length=3))
    np.testing.assert_array_equal(x.sum(axis=2), 1)


def test_a_text_ends_at_its_first_padding():
    assert symbols.decode([[1, 0, 2], [0, 1, 2], [1, 2, 2]], "ab") == ["a", "", "abb"]


def test_the_largest_number_of_a_symbol_counts_whatever_its_scale():
    logits = np.array([[[-5.0, -1.0, -2.0], [3.0, 1.0, 2.0]]])
    assert symbols.decode(logits, "ab") == ["a"]


@pytest.mark.parametrize(("n_train", "n_held_out", "n_digits"), [(20_000, 2_000, 3), (1_000, 1_500, 2), (20, 7, 1)])
def test_no_pair_of_a_held_out_sum_is_in_training_in_either_order(n_train, n_held_out, n_digits):
    parts = symbols.written_sums(n_train, n_held_out, n_digits, seed=1)
    pairs = []
    for (questions, answers), n in zip(parts, (n_train, n_held_out), strict=True):
        assert len(questions) == len(answers) == n
        for question, answer in zip(questions, answers, strict=True):
            a, b = map(int, question.split("+"))
            assert (question, answer) == (f"{a}+{b}", f"{a + b}")
            assert max(a, b) < 10**n_digits
            pairs.append(frozenset((a, b)))
    assert len(set(pairs)) == n_train + n_held_out


def test_written_sums_have_all_lengths_in_both_parts_and_both_orders():
    for questions, _ in symbols.written_sums(20_000, 5_000, seed=0):
        lengths = np.array([[len(number) for number in question.split("+")] for question in questions])
        # drawn in one of nine cases, and more of them where the shorter ones have run out
        assert {tuple(row) for row in lengths.tolist()} == {(a, b) for a in (1, 2, 3) for b in (1, 2, 3)}
        assert np.mean((lengths == (3, 3)).all(axis=1)) == pytest.approx(0.19, abs=0.03)
        a, b = np.array([question.split("+") for question in questions], dtype=int).T
        assert np.mean(a > b) == pytest.approx(0.5, abs=0.03)


def test_written_sums_are_seeded():
    assert symbols.written_sums(50, 20, seed=3) == symbols.written_sums(50, 20, seed=3)
    assert symbols.written_sums(50, 20, seed=3) != symbols.written_sums(50, 20, seed=4)


EVERY_FORM = symbols.FORMS | symbols.NEW_FORMS
MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
ROMAN = ["i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii"]
TENS = {"twentieth": 20, "thirtieth": 30, "twenty": 20, "thirty": 30}
ORDINALS = {word: day for day, word in enumerate(symbols.NINE + symbols.TEENS + ["eighteenth", "nineteenth"], 1)} | TENS


def read_date(text):
    """An independent rule: take the words and numbers apart, and say by their looks what each is."""
    year = month = day = None
    if re.fullmatch(r"\d{8}", text):  # only the order of its digits tells
        return f"{text[:4]}-{text[4:6]}-{text[6:]}"
    tokens = re.findall(r"\d+(?:st|nd|rd|th)?|[a-z]+", text.lower())
    numbers = [token for token in tokens if token.isdigit()]
    two_digit_years = "'" in text or not any(len(number) == 4 for number in numbers)
    if two_digit_years:
        short = int(numbers.pop())
        year = 1900 + short if short > 68 else 2000 + short
    else:
        (year,) = (int(number) for number in numbers if len(number) == 4)
    rest = [int(number) for number in numbers if len(number) < 4]
    words = [token for token in tokens if token.isalpha()]
    for token in words:
        if token in ROMAN:
            month = ROMAN.index(token) + 1
        elif token in ORDINALS:
            day = (day or 0) + ORDINALS[token]
        elif token[:3] in MONTHS:
            month = MONTHS.index(token[:3]) + 1
    rest += [int(token[:-2]) for token in tokens if token[-2:] in ("st", "nd", "rd", "th") and token[0].isdigit()]
    if month is None and len(rest) == 2:  # the year first, and so the month before the day; or the other way round
        month, day = rest if text[:4].isdigit() else rest[::-1]
    elif rest:
        (day,) = rest
    return "-".join([f"{year:04}"] + [f"{part:02}" for part in (month, day) if part])


@pytest.mark.parametrize("held_out", [False, True])
@pytest.mark.parametrize("form", EVERY_FORM)
def test_every_form_says_its_date(form, held_out):
    texts, dates = symbols.written_dates(400, seed=1, held_out=held_out, forms={form: EVERY_FORM[form]})
    assert [read_date(text) for text in texts] == dates


@pytest.mark.parametrize(("form", "pattern"), EVERY_FORM.items())
def test_a_forms_name_is_the_third_of_march_2024_in_it(form, pattern):
    assert pattern.format(**symbols._fields(datetime.date(2024, 3, 3))) == form


def test_every_date_is_a_real_one_in_the_hundred_years():
    _, dates = symbols.written_dates(20_000, seed=1)
    days = [datetime.date.fromisoformat(date) for date in dates if len(date) == 10]
    assert symbols.FIRST_DAY <= min(days) < max(days) <= symbols.LAST_DAY
    assert {day.year for day in days if (day.month, day.day) == (2, 29)} <= set(range(1972, 2069, 4))
    assert {len(date) for date in dates} == {10, 7, 4}


def test_weekdays_are_those_of_the_date():
    for field, written in {"wday": "%a", "weekday": "%A"}.items():
        pattern = "{" + field + "} {day} {month} {year}"
        for text, date in zip(*symbols.written_dates(300, seed=1, forms={"form": pattern}), strict=True):
            assert text.split()[0].lower() == datetime.date.fromisoformat(date).strftime(written).lower()


def test_no_date_is_in_both_parts_whatever_the_seed_and_the_form():
    known = set(symbols.written_dates(40_000, seed=1)[1])
    for seed, forms in [(2, symbols.FORMS), (3, symbols.NEW_FORMS)]:
        assert known.isdisjoint(symbols.written_dates(10_000, seed, held_out=True, forms=forms)[1])


def test_the_parts_are_all_dates_four_to_one():
    both = [symbols.written_dates(4_000, seed=1, held_out=part, forms={"y": "{year}"})[1] for part in (False, True)]
    known, held_out = map(set, both)
    assert (len(known), len(held_out), len(known | held_out)) == (80, 20, 100)


def test_forms_and_cases_are_drawn_alike():
    texts, _ = symbols.written_dates(20_000, seed=1, forms={"form": "{month} {year}", "other": "the year {year}"})
    named = np.array([text.lower().startswith("the year") for text in texts])
    assert named.mean() == pytest.approx(0.5, abs=0.02)
    assert np.mean([text.isupper() for text in texts]) == pytest.approx(0.25, abs=0.02)
    # "the year" has no capital of its own, so as it is and in lower case are one
    assert np.mean([text.islower() for text in texts]) == pytest.approx(0.5, abs=0.02)


def test_written_dates_are_seeded():
    assert symbols.written_dates(50, seed=3) == symbols.written_dates(50, seed=3)
    assert symbols.written_dates(50, seed=3) != symbols.written_dates(50, seed=4)


@given(st.integers(2, 7), st.integers(1, 3), st.integers(0, 99))
def test_rectangles_end_where_they_began_and_none_is_in_both_parts(longest, n_held_out, seed):
    drawings, held_out = symbols.rectangles(longest, n_held_out, seed)
    assert len(held_out) == n_held_out
    assert len({*drawings, *held_out}) == len(drawings) + len(held_out) == longest**2
    for text in drawings + held_out:
        assert text.count("R") == text.count("L")
        assert text.count("D") == text.count("U")
        assert re.fullmatch("R+D+L+U+", text)
        assert max(text.count("R"), text.count("D")) <= longest
