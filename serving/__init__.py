"""How gunicorn serves here: its start, its log, its worker.

It lies outside the package, since gunicorn's master process imports it: what that one has imported
is never read anew, and a reload is to find new code of taskapp's. So nothing here imports taskapp,
but in a process that is about to end.
"""
