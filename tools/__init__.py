"""Programs for developers: benchmarks, evaluation, chaos, fuzzing, simulation, documentation.

`make help` lists them. They may import `shared` and `local`; only tests import them. `support` has
the helpers that they share with the tests.
"""
