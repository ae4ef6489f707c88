"""`meltano-pods plan --diff`.

`baseline` puts the files of a commit into a folder, `compare` holds two sets of plans against each
other, `change` is what comes of it (values), `show` tells people and programs of it.
"""
