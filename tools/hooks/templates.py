"""Compile the theme's templates once a process: `mkdocs serve` would compile them for each rebuild."""

from jinja2 import BytecodeCache


class Memory(BytecodeCache):
    """Compiled templates by their source's checksum, so that an edited template is compiled again."""

    def __init__(self):
        self.codes: dict[tuple[str, str], bytes] = {}

    def load_bytecode(self, bucket):
        code = self.codes.get((bucket.key, bucket.checksum))
        if code:
            bucket.bytecode_from_string(code)

    def dump_bytecode(self, bucket):
        self.codes[bucket.key, bucket.checksum] = bucket.bytecode_to_string()


CACHE = Memory()


def on_env(env, config, files):
    """Give the build's template environment the process's cache."""
    env.bytecode_cache = CACHE
    return env
