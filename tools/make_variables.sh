#!/usr/bin/env bash
# Print what is wrong with the first variable that the verbs of a `make` do not know; nothing if all are known:
# `make_variables.sh "VERBS" NAME...`. A verb's variables are those in its line of `make help`; the
# Makefile's own, such as PYTHON, hold for all.
set -euo pipefail
verbs=$1
shift
known=$(sed -nE 's/^([A-Z_]+) *[:?]?=.*/\1/p' Makefile)
names=""
for verb in $verbs; do
  case $verb in *[!a-z-]*) exit 0 ;; esac  # a file, and not a verb
  help=$(sed -nE "s/^$verb:.*## //p" Makefile)
  [ -n "$help" ] || exit 0
  names+=" $(grep -oE '\b[A-Z_]+=' <<<"$help" | tr '\n=' '  ' || true)"
done
for name in "$@"; do
  case " $(echo $known $names) " in *" $name "*) continue ;; esac
  case $name in -* | MAKE* | *[!A-Za-z0-9_-]*) continue ;; esac
  # tools/local_run.py names the DAG that was meant.
  [ "$verbs $name" != "run PROJECT" ] || continue
  upper=$(tr '[:lower:]-' '[:upper:]_' <<<"$name")
  case " $(echo $names) " in
    *" $upper "*) meant=" Did you mean \`make $verbs $upper=...\`?" ;;
    *) meant=" A variable for the environment goes before the command: \`$name=... make $verbs\`." ;;
  esac
  expected=$(echo $names | sed 's/ /, /g')
  echo "make $verbs: unknown variable \`$name\`; expected one of: ${expected:-none, it takes no variables}.$meant"
  exit 0
done
