#!/usr/bin/env bash
# Print the candidate that a mistyped name is nearest to, or nothing: `make_nearest.sh NAME CANDIDATE...`.
set -euo pipefail
printf '%s\n' "$@" | awk '
  function least(a, b) { return a < b ? a : b }
  # The number of letters that were added, left out or changed, without regard to case.
  function distance(s, t,    i, j, d) {
    for (i = 0; i <= length(s); i++) d[i, 0] = i
    for (j = 0; j <= length(t); j++) d[0, j] = j
    for (i = 1; i <= length(s); i++)
      for (j = 1; j <= length(t); j++)
        d[i, j] = least(least(d[i-1, j], d[i, j-1]) + 1, d[i-1, j-1] + (substr(s, i, 1) != substr(t, j, 1)))
    return d[length(s), length(t)]
  }
  NR == 1 { name = tolower($0); gsub("-", "_", name); next }
  {
    other = tolower($0); gsub("-", "_", other)
    far = distance(name, other)
    if (far <= length(other) / 3 && (best == "" || far < nearest)) { best = $0; nearest = far }
  }
  END { if (best != "") print best }'
