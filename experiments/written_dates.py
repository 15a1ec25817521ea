# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Written dates into ISO dates
#
# An encoder-decoder reads a date as people write it, character by character, and writes it in ISO form. How often is
# the whole answer right: on dates that it never saw, in forms that it never saw, and with typing errors? Can it
# tell when a text is no date? And what do rules make of the same texts?
#
# To run it yourself, install the guide's package as its readme says. Then run `lstm-guide run written-dates` in a
# terminal, or this notebook in Jupyter.

# %%
import datetime
import difflib
import inspect
import json
import re
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

import keras
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from dateutil import parser
from keras import layers

from lstm_guide import datasets, evaluate, models, plots, report, symbols

plots.use_style()
warnings.simplefilter("ignore")  # dateutil warns of words that might be time zones
SEEDS = range(report.first_seed(), report.first_seed() + 3)
N_TRAIN, N_TEST = 20_000, 1_000

# %% [markdown]
# ## The data
#
# Sixteen forms. A form without a day stands for a month, one with nothing but a year for a year, so the answers have
# three lengths. A fifth of all dates never occurs in training, in any form.

# %%
texts, dates = symbols.written_dates(N_TRAIN, seed=SEEDS[0])
print(pd.DataFrame({"written": texts[:8], "ISO": dates[:8]}).to_string(index=False))
unseen = set(symbols.written_dates(N_TEST, seed=10_000, held_out=True)[1])
assert unseen.isdisjoint(dates)

# %% [markdown]
# In: the characters of the text in lower case, for case tells nothing here. Out: the characters of the ISO date between
# a start and a stop symbol. Both are padded with 0 at the end.

# %%
READ, WRITTEN = " '+,-./0123456789abcdefghijklmnopqrstuvwxyz", "<>0123456789-"
N_READ, N_WRITTEN = 22, 12  # the longest text, the longest answer
START, STOP = symbols.encode(["<>"], WRITTEN)[0]


def codes(texts, dates):
    """Encode texts in lower case, and dates with start and stop."""
    longest = max(N_READ, max(map(len, texts)))
    x = symbols.encode([text.lower() for text in texts], READ, longest)
    y = symbols.encode([f"<{date}>" for date in dates], WRITTEN, N_WRITTEN)
    return x.astype("int32"), y.astype("int32")


# %% [markdown]
# ## The model
#
# The encoder's two states after the last character are all that the decoder gets of the text.


# %%
def translator(units=96, width=16):
    """Encoder and decoder in one model for training, uncompiled."""
    text = keras.Input(shape=(None,), dtype="int32", name="text")
    embed = layers.Embedding(
        len(READ) + 1, width, mask_zero=True, name="read_embedding"
    )
    _, h, c = layers.LSTM(units, return_state=True, name="encoder")(embed(text))
    shifted = keras.Input(shape=(None,), dtype="int32", name="shifted")
    embed = layers.Embedding(len(WRITTEN) + 1, width, name="written_embedding")
    decoder = layers.LSTM(
        units, return_sequences=True, return_state=True, name="decoder"
    )
    steps, _, _ = decoder(embed(shifted), initial_state=[h, c])
    logits = layers.Dense(len(WRITTEN) + 1, name="logits")(steps)
    return keras.Model([text, shifted], logits)


def inference_models(model):
    """The same layers as two models: the encoder, and one step of the decoder."""
    layer = model.get_layer
    encoder = keras.Model(model.inputs[0], layer("encoder").output[1:])
    units = layer("decoder").units
    symbol = keras.Input(shape=(1,), dtype="int32")
    states = [keras.Input(shape=(units,)), keras.Input(shape=(units,))]
    steps, h, c = layer("decoder")(
        layer("written_embedding")(symbol), initial_state=states
    )
    return encoder, keras.Model([symbol, *states], [layer("logits")(steps), h, c])


def translate(parts, x):
    """Read a batch once, then write symbol by symbol: the codes, and the probability of each answer."""
    encoder, decoder = parts
    states = encoder(x)
    symbol = np.full((len(x), 1), START, dtype="int32")
    going = np.ones(len(x), bool)
    probability = np.ones(len(x))
    written = np.zeros((len(x), N_WRITTEN - 1), int)
    for step in range(N_WRITTEN - 1):
        logits, *states = decoder([keras.ops.convert_to_tensor(symbol), *states])
        chances = keras.ops.convert_to_numpy(keras.ops.softmax(logits[:, 0]))
        best = chances.argmax(axis=1)
        written[:, step] = np.where(going, best, 0)
        probability[going] *= chances.max(axis=1)[going]
        going &= best != STOP
        if not going.any():
            break
        symbol = best[:, None].astype("int32")
    return written, probability


STEPS, BATCH = 800, 64
model = translator()
rate = keras.optimizers.schedules.CosineDecay(0.015, STEPS)
model.compile(
    keras.optimizers.Adam(rate, clipnorm=1.0),
    loss=keras.losses.SparseCategoricalCrossentropy(
        from_logits=True, ignore_class=0
    ),
    jit_compile=True,
)
parts = inference_models(model)
report.value("parameters", model.count_params(), tolerance=0)
report.value("batches", STEPS, tolerance=0)

# %% [markdown]
# ## Training, and three scores on the way
#
# - **teacher-forced**: each next symbol, after the *true* symbols before it. Per character, and the share of answers in
#   which all are right.
# - **free-running**: the same after the symbols that the model wrote itself. This is what you get.


# %%
def right_symbols(x, y):
    """Which symbols are right, teacher-forced and free-running; and which places hold a symbol."""
    forced = np.argmax(model([x, y[:, :-1]]), axis=2)
    free, _ = translate(parts, x)
    return forced == y[:, 1:], free == y[:, 1:], y[:, 1:] > 0


def three_scores(x, y):
    """Per character and exact match, both ways."""
    forced, free, real = right_symbols(x, y)
    return {
        "per character, teacher-forced": forced[real].mean(),
        "per character, free-running": free[real].mean(),
        "exact, teacher-forced": (forced | ~real).all(axis=1).mean(),
        "exact, free-running": (free | ~real).all(axis=1).mean(),
    }


LOOKS = [50, 100, 200, 400, 800]
AFTER = 200  # where to look at what comes after the first wrong symbol
weights, course, after_error = {}, {}, {}
seconds = time.process_time()
for seed in SEEDS:
    models.start_again(model, seed)
    x, y = codes(*symbols.written_dates(N_TRAIN, seed))
    x_unseen, y_unseen = codes(
        *symbols.written_dates(300, 10_000 + seed, held_out=True)
    )
    rng = np.random.default_rng(seed)
    for step in range(1, STEPS + 1):
        rows = rng.integers(N_TRAIN, size=BATCH)
        model.train_on_batch([x[rows], y[rows, :-1]], y[rows, 1:])
        if step in LOOKS:
            course[seed, step] = three_scores(x_unseen, y_unseen)
        if step == AFTER:
            forced, free, real = right_symbols(x_unseen, y_unseen)
            before = np.cumsum(~forced & real, axis=1) - (~forced & real)
            later = real & (before > 0)  # places after the first wrong symbol
            after_error[seed] = forced[later].mean(), free[later].mean()
    weights[seed] = model.get_weights()
seconds = time.process_time() - seconds
print(f"{seconds:.0f} seconds of CPU for {len(SEEDS)} runs")

# %%
course = pd.DataFrame(course).T.rename_axis(["seed", "batches"])
mean_course = course.groupby("batches").mean()
print(mean_course.round(3).to_string())
figure, axes = plt.subplots(figsize=(4.8, 3.4))
for colour, name, label in [
    (0, "per character, teacher-forced", "per character, teacher-forced"),
    (1, "per character, free-running", "per character, free-running"),
    (2, "exact, free-running", "whole answers"),
]:
    line = {"color": plots.PALETTE[colour], "marker": "o", "markersize": 4}
    axes.plot(mean_course.index, mean_course[name], label=label, **line)
axes.set_xscale("log")
axes.set_xticks(LOOKS, LOOKS)
axes.minorticks_off()
axes.set_ylim(0, 1.03)
axes.set_xlabel("batches of 64")
axes.set_ylabel("share right, unseen dates")
figure.legend(loc="outside upper left", ncols=1)
report.figure(
    "course",
    figure,
    alt="Three scores over the training. Teacher-forced per character is highest from the start, free-running per "
    "character lies below it, whole answers stay near 0 for 100 batches and then climb; all three meet near 1",
)

# An answer is right as a whole teacher-forced exactly when it is right as a whole free-running
assert (course["exact, teacher-forced"] == course["exact, free-running"]).all()
# Per character the two differ while there are many errors: teacher-forced looks better, in every run
early = course.xs(AFTER, level="batches")
assert (
    early["per character, teacher-forced"] > early["per character, free-running"]
).all()
assert all(forced > free for forced, free in after_error.values())
at = mean_course.loc[AFTER]
report.value("early_forced", at["per character, teacher-forced"], tolerance=0.15)
report.value("early_free", at["per character, free-running"], tolerance=0.2)
report.value("early_exact", at["exact, free-running"], tolerance=0.3)
report.value("early_batches", AFTER, tolerance=0)
forced, free = np.mean(list(after_error.values()), axis=0)
report.value("after_error_forced", forced, tolerance=0.2)
report.value("after_error_free", free, tolerance=0.2)

# %% [markdown]
# ## Rules for the same texts
#
# - **strptime**: a format for each of the sixteen forms, written after looking at them.
# - **dateutil**: `dateutil.parser.parse`, told that the day comes first unless the text begins with a year. What it was
#   not told (a day, a month) it fills in from a default; asked twice with two defaults, it shows what it filled in.
# - **strptime, mended**: where no format fits, letters after a number are dropped and other words replaced by the
#   nearest that dates have (difflib); then the formats once more.

# %%
FORMATS = {
    10: [
        "%d %B %Y",
        "%d %b %Y",
        "%d-%b-%Y",
        "%d %b '%y",
        "%d of %B %Y",
        "%a, %d %b %Y",
        "%B %d, %Y",
        "%b %d, %Y",
        "%d.%m.%Y",
        "%Y/%m/%d",
        "%Y%m%d",
    ],
    7: ["%B %Y", "%b '%y"],
    4: ["%Y", "the year %Y"],
}
ROMAN = {f".{roman}.": f".{m}." for m, roman in enumerate(symbols.ROMAN, 1)}
SHORT = [month[:3] for month in symbols.MONTHS]
KNOWN = ["the", "year", "of", *[name.lower() for name in symbols.MONTHS + SHORT]]
KNOWN += [name[:3].lower() for name in symbols.WEEKDAYS]


def by_strptime(text):
    """Try each format; None if none fits."""
    text = re.sub(r"(?<=\d)(st|nd|rd|th)\b", "", text.lower())
    text = re.sub(r"\.[ivx]+\.", lambda found: ROMAN.get(found[0], found[0]), text)
    for size, formats in FORMATS.items():
        for form in formats:
            try:
                return (
                    datetime.datetime.strptime(text, form).date().isoformat()[:size]
                )
            except ValueError:
                pass
    return None


def by_dateutil(text):
    """Let dateutil guess; None if it gives up."""
    year_first = text[:4].isdigit()
    defaults = datetime.datetime(2000, 1, 1), datetime.datetime(2001, 2, 2)
    try:
        first, second = (
            parser.parse(
                text, dayfirst=not year_first, yearfirst=year_first, default=default
            ).date()
            for default in defaults
        )
    except (ValueError, OverflowError):
        return None
    if first == second:
        return first.isoformat()
    return first.isoformat()[: 7 if first.month == second.month else 4]


def mended(text):
    """Drop letters after a number, and replace each other word by the nearest that dates have."""
    text = re.sub(r"(?<=\d)[a-z]{1,2}\b", "", text.lower())
    return re.sub(
        r"(?<![\d.])[a-z]+",
        lambda word: (
            difflib.get_close_matches(word[0], KNOWN, n=1, cutoff=0.5) or [word[0]]
        )[0],
        text,
    )


RULES = {
    "strptime": by_strptime,
    "strptime, mended": lambda text: by_strptime(text) or by_strptime(mended(text)),
    "dateutil": by_dateutil,
}


def by_network(texts):
    """Answers and their probabilities."""
    x = symbols.encode(
        [text.lower() for text in texts],
        READ,
        max(N_READ, max(map(len, texts))),
    )
    written, probability = translate(parts, x.astype("int32"))
    answers = [text.removesuffix(">") for text in symbols.decode(written, WRITTEN)]
    return np.array(answers), probability


def exact(answers, dates):
    """Which answers are right as a whole."""
    return np.array(
        [answer == date for answer, date in zip(answers, dates, strict=True)]
    )


# %% [markdown]
# ## Unseen dates, typing errors, unseen forms
#
# A typing error is one letter of the text that is missing or another. Digits are left alone: with a wrong digit it is
# another date. Texts without letters stay out of that row.


# %%
def mistyped(text, rng):
    """Leave out a letter or put another in its place."""
    place = rng.choice(
        [i for i, character in enumerate(text) if character.isalpha()]
    )
    other = "abcdefghijklmnopqrstuvwxyz".replace(text[place].lower(), "")
    letter = "" if rng.random() < 0.5 else other[rng.integers(25)]
    return text[:place] + letter + text[place + 1 :]


scores, form_scores, speed = {}, {}, {}
for seed in SEEDS:
    model.set_weights(weights[seed])
    rng = np.random.default_rng(seed)
    texts, dates = symbols.written_dates(N_TEST, 20_000 + seed, held_out=True)
    letters = [
        (mistyped(text, rng), date)
        for text, date in zip(texts, dates, strict=True)
        if any(character.isalpha() for character in text)
    ]
    sets = {
        "unseen dates": (texts, dates),
        "one typing error": tuple(zip(*letters, strict=True)),
    }
    for name, (written, truth) in sets.items():
        began = time.perf_counter()
        scores[name, "LSTM", seed] = exact(by_network(written)[0], truth).mean()
        speed["LSTM"] = len(written) / (time.perf_counter() - began)
        for rule, answer in RULES.items():
            began = time.perf_counter()
            answers = [answer(text) for text in written]
            speed[rule] = len(written) / (time.perf_counter() - began)
            scores[name, rule, seed] = exact(answers, truth).mean()
    written, truth, form = [], [], []
    for name, pattern in (symbols.FORMS | symbols.NEW_FORMS).items():
        pairs = symbols.written_dates(
            100, 30_000 + seed, held_out=True, forms={name: pattern}
        )
        written, truth = written + pairs[0], truth + pairs[1]
        form += [name] * 100
    answers = {"LSTM": by_network(written)[0]}
    for rule in ("strptime", "dateutil"):
        answers[rule] = [RULES[rule](text) for text in written]
    # The formats know no form that they were not written for, and say so
    new = np.isin(form, list(symbols.NEW_FORMS))
    assert set(np.array(answers["strptime"], dtype=object)[new]) == {None}
    for method, given in answers.items():
        right = pd.Series(exact(given, truth)).groupby(form, sort=False).mean()
        for name, share in right.items():
            form_scores[name, method, seed] = share
scores = pd.Series(scores).unstack().T
lstm = evaluate.mean_interval(scores["unseen dates", "LSTM"])
scores.round(4)

# %%
METHODS = ["LSTM", *RULES]
table = pd.DataFrame(
    {
        name: [scores[name, method].mean() for method in METHODS]
        for name in ("unseen dates", "one typing error")
    },
    index=pd.Index(METHODS, name="method"),
)
report.table("exact_match", table, tolerance=0.2)
print({method: f"{texts:,.0f} texts a second" for method, texts in speed.items()})
report.value("lstm_exact", lstm[0], tolerance=0.03)
report.value("lstm_exact_plus", lstm[2] - lstm[0], tolerance=0.06)
report.value(
    "lstm_exact_worst", scores["unseen dates", "LSTM"].min(), tolerance=0.05
)
dirty = scores["one typing error"].mean()
report.value("lstm_dirty", dirty["LSTM"], tolerance=0.12)
report.value("strptime_dirty", dirty["strptime"], tolerance=0.05)
report.value("mended_dirty", dirty["strptime, mended"], tolerance=0.05)
report.value("mended_speed", speed["strptime, mended"], 3 * speed["LSTM"])
report.value("dateutil_dirty", dirty["dateutil"], tolerance=0.05)
report.value("dateutil_exact", scores["unseen dates", "dateutil"].mean(), 0.03)
report.value("lstm_speed", speed["LSTM"], tolerance=3 * speed["LSTM"])
report.value("strptime_speed", speed["strptime"], tolerance=3 * speed["strptime"])

clean = scores["unseen dates"]
# The rules that were written for the forms are always right; the network nearly
assert (clean["strptime"] == 1).all()
assert (clean["LSTM"] > 0.9).all()
assert (clean["LSTM"] > clean["dateutil"]).all()
# With a typing error the network is far ahead of rules that do not expect any
typed = scores["one typing error"]
assert (typed["LSTM"] > typed[["strptime", "dateutil"]].max(axis=1) + 0.2).all()
# and behind rules that mend the spelling first
assert typed["strptime, mended"].mean() > typed["LSTM"].mean()

# %%
by_form = pd.Series(form_scores).groupby(level=[0, 1], sort=False).mean().unstack()
by_form = by_form[["LSTM", "strptime", "dateutil"]]
table = by_form.loc[list(symbols.NEW_FORMS)].rename_axis("form never trained on")
report.table("new_forms", table, tolerance=0.6, floatfmt=".2f")
print(by_form.loc[list(symbols.FORMS)].round(3).to_string())
new = by_form["LSTM"].loc[list(symbols.NEW_FORMS)]
report.value("new_forms_mean", new.mean(), tolerance=0.15)
report.value("new_forms_best", new.max(), tolerance=0.1)
report.value("new_forms_worst", new.min(), tolerance=0.05)
report.value(
    "form_worst", by_form["LSTM"].loc[list(symbols.FORMS)].min(), tolerance=0.2
)
# Known parts in a new order can work; a word that was never seen cannot; and nothing tells beforehand which
assert new["the 3rd of Mar 2024"] > 0.6
assert new["Sun, March 3, 2024"] > 0.6
assert new["the third of March 2024"] < 0.2
assert new["03.03.24"] < 0.5
assert new["2024.03.03"] < 0.5
assert new.mean() < 0.7

# %% [markdown]
# ## Saved, and loaded in a new process
#
# The new process gets the file, the two functions for inference, and nothing else of what happened here.

# %%
HEAD = f"""
import json
import sys
import keras
import numpy as np
from lstm_guide import symbols
START, STOP, N_WRITTEN = {START}, {STOP}, {N_WRITTEN}
"""
TAIL = f"""
parts = inference_models(keras.models.load_model(sys.argv[1]))
texts = json.loads(sys.stdin.read())
x = symbols.encode([text.lower() for text in texts], {READ!r}, {N_READ})
written, probability = translate(parts, x.astype("int32"))
print(json.dumps([symbols.decode(written, {WRITTEN!r}), probability.tolist()]))
"""
model.set_weights(weights[SEEDS[0]])
texts, _ = symbols.written_dates(200, 60_000 + SEEDS[0], held_out=True)
answers, probability = by_network(texts)
with tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / "dates.keras"
    model.save(path)
    functions = inspect.getsource(inference_models) + inspect.getsource(translate)
    run = subprocess.run(
        [sys.executable, "-c", HEAD + functions + TAIL, path],
        input=json.dumps(texts),
        capture_output=True,
        text=True,
        check=True,
    )
loaded, loaded_probability = json.loads(run.stdout.splitlines()[-1])
assert [text.removesuffix(">") for text in loaded] == list(answers)
np.testing.assert_allclose(loaded_probability, probability, rtol=1e-4)
print(f"{len(texts)} answers are the same, and their probabilities")

# %% [markdown]
# ## Texts that are no date
#
# The decoder writes digits whatever it has read. Two checks on the answer: is it a date at all, and how sure was
# the network, as the product of the probabilities of the symbols that it wrote? The threshold is set on texts of known
# dates, so that 2 percent of them fall below it; then both checks are tried on other texts.

# %%
words = datasets.english_words(3, 12)


def is_date(answer):
    """Whether an answer of 10, 7 or 4 characters is a date, a month or a year."""
    try:
        datetime.date.fromisoformat((answer + "-01-01")[:10])
    except ValueError:
        return False
    return len(answer) in (4, 7, 10)


def rubbish(kind, n, rng):
    """Texts of one kind that stand for no date."""
    if kind == "words":
        return [" ".join(rng.choice(words, rng.integers(1, 4))) for _ in range(n)]
    if kind == "numbers":
        return [
            "".join(rng.choice(list("0123456789 -./"), rng.integers(3, 16)))
            for _ in range(n)
        ]
    texts, _ = symbols.written_dates(n, int(rng.integers(1_000_000)), held_out=True)
    if kind == "dates, shuffled":
        return ["".join(rng.permutation(list(text))) for text in texts]
    day = {
        "30 February": (30, 2),
        "31 of a short month": (31, 4),
        "day 32 to 99": 0,
    }
    impossible = []
    for _ in range(n):
        number, month = list(day.values())[rng.integers(3)] or (
            rng.integers(32, 100),
            rng.integers(1, 13),
        )
        year = rng.integers(1969, 2069)
        name = symbols.MONTHS[month - 1]
        impossible.append(
            [
                f"{number} {name} {year}",
                f"{name[:3]} {number}th, {year}",
                f"{number}.{month}.{year}",
                f"{year}/{month:02}/{number}",
            ][rng.integers(4)]
        )
    return impossible


KINDS = ["words", "numbers", "dates, shuffled", "impossible dates"]
caught = {}
for seed in SEEDS:
    model.set_weights(weights[seed])
    rng = np.random.default_rng(40_000 + seed)
    known, _ = symbols.written_dates(1_000, 40_000 + seed)
    threshold = np.quantile(by_network(known)[1], 0.02)
    good, truth = symbols.written_dates(1_000, 50_000 + seed, held_out=True)
    new, new_truth = symbols.written_dates(
        1_000, 50_000 + seed, held_out=True, forms=symbols.NEW_FORMS
    )
    sets = {"good dates": good}
    new_right = exact(by_network(new)[0], new_truth)
    sets["new forms, right answer"] = np.array(new)[new_right].tolist()
    sets["new forms, wrong answer"] = np.array(new)[~new_right].tolist()
    sets |= {kind: rubbish(kind, 300, rng) for kind in KINDS}
    for kind, texts in sets.items():
        answers, probability = by_network(texts)
        invalid = ~np.array([is_date(answer) for answer in answers])
        unsure = probability < threshold
        caught[kind, seed] = {
            "no date": invalid.mean(),
            "not sure": unsure.mean(),
            "either": (invalid | unsure).mean(),
        }
        if seed == SEEDS[0]:
            print(f"{kind}: {texts[0]!r} -> {answers[0]}, {probability[0]:.3f}")
caught = pd.DataFrame(caught).T
table = caught.groupby(level=0, sort=False).mean().rename_axis("rejected")
report.table("rejected", table, tolerance=0.8, floatfmt=".2f")
either = caught["either"].unstack()
for kind, name in {
    "good dates": "good",
    "words": "words",
    "numbers": "numbers",
    "dates, shuffled": "shuffled",
    "impossible dates": "impossible",
    "new forms, right answer": "new_right",
    "new forms, wrong answer": "new_wrong",
}.items():
    report.value(f"rejected_{name}", either.loc[kind].mean(), tolerance=0.2)
# Nearly all good dates are kept
assert (either.loc["good dates"] < 0.08).all()
# Words are caught by both checks together; numbers pass as dates, and are caught by the probability
assert (either.loc["words"] > 0.8).all()
assert table["no date"].loc["numbers"] < 0.4
assert table["not sure"].loc["numbers"] > table["no date"].loc["numbers"]
# What looks like a date and is none gets through more often than words, and so do wrong answers to new forms
assert (either.loc["impossible dates"] < either.loc["words"]).all()
assert (either.loc["new forms, wrong answer"] < either.loc["words"]).all()

# %% [markdown]
# A few single texts, the first run.

# %%
model.set_weights(weights[SEEDS[0]])
odd = ["hello", "", "30 February 2024", "31.4.2024", "12345", "3 Mar 2024 or so"]
odd += ["3 maart 2024", "3 March 1850", "tomorrow", "99 bottles of beer"]
answers, probability = by_network(odd)
single = pd.DataFrame(
    {
        "answer": answers,
        "is a date": ["yes" if is_date(answer) else "no" for answer in answers],
        "probability": probability,
    },
    index=pd.Index([text or "(empty)" for text in odd], name="text"),
)
report.table("rubbish", single, tolerance=100, floatfmt=".3f")
