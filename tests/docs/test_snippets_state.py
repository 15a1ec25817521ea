"""Every block starts clean: for each kind of state, one block dirties it and the next looks.

The same pages run a second time without the plugin; there, every look must find the dirt, so no check
here passes because it looks at the wrong place.
"""

import pytest
from block_state import DEFAULT_SEED, clean_state
from runs import run_blocks, write_pages

# Kind of state: a block that dirties it, a block that fails if it sees the dirt.
DIRT = {
    "folder": ("open('left.txt', 'w').close()", "import os\nassert os.listdir() == []"),
    "place": (
        "import os, sys\nos.environ['START'] = os.getcwd()\nsys.start = os.getcwd()",
        "import os, sys\nassert os.getcwd() != sys.start",
    ),
    "environment": ("import os\nos.environ['DIRT'] = '1'", "import os\nassert 'DIRT' not in os.environ"),
    "sys.path": ("import sys\nsys.path.append('dirt')", "import sys\nassert 'dirt' not in sys.path"),
    "module": (
        "open('helper.py', 'w').write('x = 1')\nimport helper\nassert helper.x == 1",
        "import sys\nassert 'helper' not in sys.modules",
    ),
    "argv": ("import sys\nsys.argv.append('dirt')", "import sys\nassert 'dirt' not in sys.argv"),
    "logging": (
        "import logging\nlogging.getLogger().setLevel(7)",
        "import logging\nassert logging.getLogger().level != 7",
    ),
    "random": (
        "import random, sys\nsys.drawn = random.random()",
        "import random, sys\nassert random.random() == sys.drawn",
    ),
    "numpy random": (
        "import numpy as np, sys\nsys.array = np.random.rand()",
        "import numpy as np, sys\nassert np.random.rand() == sys.array",
    ),
    "numpy print": (
        "import numpy as np\nnp.set_printoptions(precision=2)",
        "import numpy as np\nassert np.get_printoptions()['precision'] == 8",
    ),
    "numpy errors": ("import numpy as np\nnp.seterr(all='raise')", "import numpy as np\nnp.ones(1) / 0"),
    "pandas": (
        "import pandas as pd\npd.set_option('display.precision', 2)",
        "import pandas as pd\nassert pd.get_option('display.precision') == 6",
    ),
    "figures": (
        "import matplotlib.pyplot as plt\nplt.figure()",
        "import matplotlib.pyplot as plt\nassert plt.get_fignums() == []",
    ),
    "rcParams": (
        "import matplotlib.pyplot as plt\nplt.rcParams['lines.linewidth'] = 9",
        "import matplotlib.pyplot as plt\nassert plt.rcParams['lines.linewidth'] != 9",
    ),
    "layer names": (
        "import keras\nprint(keras.layers.LSTM(2).name)",
        "import keras\nassert keras.layers.LSTM(2).name == 'lstm'",
    ),
    "custom objects": (
        "import keras\n@keras.saving.register_keras_serializable('dirt')\nclass A(keras.layers.Layer): pass",
        "import keras\nassert 'dirt>A' not in keras.saving.get_custom_objects()",
    ),
    "floatx": (
        "import keras\nkeras.config.set_floatx('float64')",
        "import keras\nassert keras.config.floatx() == 'float32'",
    ),
    "dtype policy": (
        "import keras\nkeras.config.set_dtype_policy('mixed_bfloat16')",
        "import keras\nassert keras.config.dtype_policy().name == 'float32'",
    ),
    "weights": (
        "import keras, sys\nsys.weights = float(keras.random.normal(()))",
        "import keras, sys\nassert float(keras.random.normal(())) == sys.weights",
    ),
}


def pages() -> dict[str, str]:
    return {f"{kind}.md": fence(dirty) + "\n" + fence(look) for kind, (dirty, look) in DIRT.items()}


def fence(code: str) -> str:
    return f"```python\n{code}\n```\n"


@pytest.mark.slow
def test_no_block_sees_what_another_did(tmp_path):
    blocks, done = run_blocks(write_pages(tmp_path, pages()))
    assert len(blocks) == 2 * len(DIRT), done.stdout
    failed = [f"{block['page']}: {block['message']}" for block in blocks if block["outcome"] != "passed"]
    assert not failed, "\n".join(failed)


@pytest.mark.slow
def test_without_the_plugin_every_look_finds_the_dirt(tmp_path):
    blocks, done = run_blocks(write_pages(tmp_path, pages()), clean=False)
    looks = [block for block in blocks if block["line"] > 1]
    blind = {block["page"] for block in looks} - {block["page"] for block in looks if block["outcome"] == "failed"}
    assert len(looks) == len(DIRT), done.stdout
    assert not blind, f"these pass in a dirty process too: {sorted(blind)}"


# A block, and what its failure must say.
FAILURES = {
    "exit.md": ("import sys\nsys.exit()", ["exit.md", "line 1", "SystemExit"]),
    "exit-code.md": ("raise SystemExit(0)", ["SystemExit"]),
    "interrupt.md": ("raise KeyboardInterrupt", ["KeyboardInterrupt"]),
    "skip.md": ("import pytest\npytest.skip('no')", ["Skipped"]),
    "stop.md": ("import pytest\npytest.exit('no')", ["Exit"]),
    "value.md": ("x = 1\n\n\nraise ValueError('as said')", ["line 5", "raise ValueError", "as said"]),
    "syntax.md": ("x = 1\nimport = 2", ["not valid Python", "page line 3"]),
}


def test_a_block_that_leaves_early_fails_and_the_rest_still_runs(tmp_path):
    written = {name: fence(code) for name, (code, _) in FAILURES.items()}
    written["zz.md"] = fence("print(__name__)") + "<!--pytest-codeblocks:expected-output-->\n```text\n__main__\n```\n"
    blocks, done = run_blocks(write_pages(tmp_path, written))
    outcomes = {block["page"]: block for block in blocks}
    assert outcomes.pop("zz.md")["outcome"] == "passed", done.stdout
    assert set(outcomes) == set(FAILURES), done.stdout
    for name, (_, words) in FAILURES.items():
        assert outcomes[name]["outcome"] == "failed"
        assert all(word in outcomes[name]["message"] for word in words), outcomes[name]["message"]


def test_a_glued_block_names_the_page_line_and_the_output_is_shown_as_a_diff(tmp_path):
    glued = "```python\nx = 1\n```\n\ntext\n\n<!--pytest-codeblocks:cont-->\n```python\ny = 2\nx / 0\n```\n"
    wrong = "```python\nprint('a')\nprint('b')\n```\n<!--pytest-codeblocks:expected-output-->\n```text\na\nc\n```\n"
    shell = "```sh\necho said && exit 3\n```\n"
    blocks, _ = run_blocks(write_pages(tmp_path, {"glued.md": glued, "shell.md": shell, "wrong.md": wrong}))
    messages = {block["page"]: block["message"] for block in blocks}
    assert "line 10" in messages["glued.md"] and "x / 0" in messages["glued.md"]
    assert "-c\n+b" in messages["wrong.md"]
    assert "exit code 3" in messages["shell.md"] and "said" in messages["shell.md"]


@pytest.mark.parametrize("options", [[], ["--block-seed", "7"]])
def test_the_seed_is_the_same_for_every_block_and_can_be_changed(tmp_path, options):
    page = "```python\nimport random\nprint(random.random(), file=open('../drawn.txt', 'a'))\n```\n" * 2
    code = page.replace("../drawn.txt", str(tmp_path / "drawn.txt"))
    run_blocks(write_pages(tmp_path, {"a.md": code}), *options)
    drawn = (tmp_path / "drawn.txt").read_text().split()
    assert len(drawn) == 2 and len(set(drawn)) == 1
    assert (drawn[0] == "0.13436424411240122") == (not options)


@pytest.mark.slow
def test_another_seed_moves_the_seed_that_a_block_sets_itself():
    keras = pytest.importorskip("keras")

    def drawn(seed: int, own: int) -> float:
        with clean_state(seed):
            keras.utils.set_random_seed(own)
            return float(keras.random.normal(()))

    assert drawn(DEFAULT_SEED, 5) == drawn(DEFAULT_SEED, 5) == drawn(DEFAULT_SEED + 1, 4)
    assert drawn(DEFAULT_SEED, 5) != drawn(DEFAULT_SEED + 1, 5)
