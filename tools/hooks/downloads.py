"""Publish each experiment's script beside its page, so that a link to it is checked and downloads it."""

from pathlib import Path

from mkdocs.structure.files import File


def on_files(files, config):
    """Add experiments/*.py to the site's files."""
    root = Path(config.config_file_path).parent
    for script in sorted((root / "experiments").glob("*.py")):
        uri = f"experiments/{script.name}"
        files.append(File.generated(config, uri, abs_src_path=str(script)))
    return files
