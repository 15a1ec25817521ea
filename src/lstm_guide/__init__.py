"""Building blocks of the LSTM guide: data, framing, scoring and plots, one module a stage.

Importing this package imports neither Keras nor TensorFlow; a module that needs Keras imports it.
Data flows one way through the modules, and none imports a later one:

    problems, symbols, videos, datasets  ->  prepare  ->  models  ->  ngrams  ->  generate  ->
        evaluate  ->  tune  ->  finalize  ->  service  ->  plots  ->  report
"""

from importlib.metadata import version

__version__ = version("lstm-guide")
