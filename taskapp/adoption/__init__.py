"""Adopting the database of the earlier system: its tables `user` and `task`, as SQLModel made them.

Law: nothing here changes a row without saying so, and no row is lost. What only an operator can
decide is asked for; everything happens in one transaction, or nothing does.
"""
