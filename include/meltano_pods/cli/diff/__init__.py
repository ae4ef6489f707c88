"""`meltano-pods plan --diff`.

`checkout` copies the files of a commit to a folder, `compare` compares two sets of plans, `change`
defines the result as values, and `show` prints it.
"""
