"""Use-cases: the only code that changes data.

Each is a verb: `tasks.create(actor, ...)`. What it reads and writes is the actor's own, by the
query itself. It returns a model or a row, or raises one of `taskapp.domain.errors`.
"""
