"""Programs for developers: benchmarks, evaluation, chaos, fuzzing, simulation, documentation.

`make help` lists them. They may import `shared` and `local`; nothing but tests imports them.
`support` holds what they share with the tests.
"""
