"""What JSON may come in, and what goes out.

Schemas check shape and know neither the database nor who is calling. The rules on values stand
in `taskapp.domain`; a schema asks them, so that one answer can name every fault.
"""
