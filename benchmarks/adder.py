"""How long two configurations take to add three-digit numbers right, 99 times in 100.

    python benchmarks/adder.py [rounds]

The published configuration is that of addition_rnn on keras.io (https://keras.io/examples/nlp/addition_rnn/): an LSTM
of 128 units, RepeatVector, a second LSTM of 128 units, one dense layer; Adam at its constant default rate, batches of
32, the question reversed. Ours is that of lesson 8: 64 units, batches of 128, a rate that falls from 0.02 to 0,
compiled by XLA, question and answer reversed.

Both train on the same sums, in turn, in one process. After every 45,000 sums each is asked the same 5,000 held-out
ones; it stops as soon as 99 percent of its answers are right as a whole. The clocks count compiling and training, not
the scoring. Beside the seconds that passed there are the seconds that the processor worked, of all threads together:
other work on the machine lengthens the former more than the latter. The goal is a fifth of the time.
"""

import sys
import time
from dataclasses import dataclass
from statistics import median

import keras
import numpy as np

from lstm_guide import models, symbols

DIGITS = "0123456789"
N_TRAIN, N_HELD_OUT = 45_000, 5_000
GOAL = 0.99
MOST_EPOCHS = 60


@dataclass(frozen=True)
class Configuration:
    """What differs between the two."""

    name: str
    units: int
    batch: int
    answer_backwards: bool
    epochs: int | None  # of the falling rate; None for Adam's constant default

    def model(self) -> keras.Model:
        """Build and compile the network."""
        network = models.encoder_decoder(7, 12, n_steps_out=4, n_outputs=11, units=self.units, activation="softmax")
        if self.epochs is None:
            network.compile("adam", loss="sparse_categorical_crossentropy")
            return network
        updates = self.epochs * -(-N_TRAIN // self.batch)
        rate = keras.optimizers.schedules.CosineDecay(0.02, updates)
        network.compile(
            keras.optimizers.Adam(rate, beta_2=0.98), loss="sparse_categorical_crossentropy", jit_compile=True
        )
        return network


OURS = Configuration("ours", units=64, batch=128, answer_backwards=True, epochs=8)
PUBLISHED = Configuration("published", units=128, batch=32, answer_backwards=False, epochs=None)


class Batches(keras.utils.PyDataset):
    """The training sums in batches, in a new order each epoch; fit does not wait for a tf.data pipeline at its end."""

    def __init__(self, x: np.ndarray, y: np.ndarray, batch: int, seed: int) -> None:
        super().__init__()
        self.x, self.y, self.batch = x, y, batch
        self.rng = np.random.default_rng(seed)
        self.on_epoch_end()

    def __len__(self) -> int:
        return len(self.x) // self.batch

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        rows = self.order[index * self.batch : (index + 1) * self.batch]
        return self.x[rows], self.y[rows]

    def on_epoch_end(self) -> None:
        self.order = self.rng.permutation(len(self.x))


def encode(part: symbols.Texts, answer_backwards: bool) -> tuple[np.ndarray, np.ndarray]:
    """Questions reversed, padding first, as one-hot vectors; answers as codes."""
    questions, answers = part
    answers = [answer[::-1] for answer in answers] if answer_backwards else answers
    x = symbols.encode(questions, DIGITS + "+", 7, one_hot=True)[:, ::-1]
    return np.ascontiguousarray(x), symbols.encode(answers, DIGITS, 4)


def exact_match(network: keras.Model, x: np.ndarray, y: np.ndarray) -> float:
    """Share of answers that are right as a whole."""
    return float(np.mean((np.argmax(network(x), axis=2) == y).all(axis=1)))


@dataclass
class Race:
    """How far one configuration has come."""

    seconds: float = 0
    processor_seconds: float = 0
    epochs: int = 0
    exact: float = 0

    def __str__(self) -> str:
        return f"{self.seconds:9.0f} s {self.processor_seconds:9.0f} s {self.epochs:7} {self.exact:8.4f}"


def race_to_goal(configuration: Configuration, seed: int) -> Race:
    """Train until the goal is reached, or the epochs are used up."""
    train, held_out = symbols.written_sums(N_TRAIN, N_HELD_OUT, seed=seed)
    x, y = encode(train, configuration.answer_backwards)
    unseen = encode(held_out, configuration.answer_backwards)
    keras.utils.set_random_seed(seed)
    race = Race()
    start = time.perf_counter(), time.process_time()
    network = configuration.model()
    batches = Batches(x, y, configuration.batch, seed)
    while race.exact < GOAL and race.epochs < (configuration.epochs or MOST_EPOCHS):
        network.fit(batches, verbose=0)
        race.seconds += time.perf_counter() - start[0]
        race.processor_seconds += time.process_time() - start[1]
        race.epochs += 1
        race.exact = exact_match(network, *unseen)
        print(f"{configuration.name:>9} {race}", flush=True)
        start = time.perf_counter(), time.process_time()
    return race


def main() -> None:
    """Print each epoch, and the ratio of the two times in each round."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    print(f"{'':9} {'passed':>11} {'worked':>11} {'epochs':>7} {'exact':>8}")
    passed, worked = [], []
    for seed in range(rounds):
        ours, published = (race_to_goal(configuration, seed) for configuration in (OURS, PUBLISHED))
        passed.append(ours.seconds / published.seconds)
        worked.append(ours.processor_seconds / published.processor_seconds)
        print(f"round {seed}: {passed[-1]:.3f} of the time that passed, {worked[-1]:.3f} of the time worked")
    print(f"ours takes {median(passed):.3f} of the published configuration's time (goal 0.20)")
    print(f"and {median(worked):.3f} of its processor time")


if __name__ == "__main__":
    main()
