"""Singer tap for CSV files.

`cli` starts `tap`, which reads `settings` and makes one `stream` for each set of files. A stream
reads rows from `source`, types them with `kinds`, keeps its place with `bookmark` and writes lines
with `writer`. What can go wrong is in `errors`.
"""
