#!/usr/bin/env bash
# Print an error for the first variable that the targets of a `make` do not know, or nothing:
# `make_variables.sh "TARGETS" NAME...`. A target's variables are those in its line of `make help`. The
# Makefile's own, such as PYTHON, are valid for all targets.
set -euo pipefail
verbs=$1
shift
known=$(sed -nE 's/^([A-Z_]+) *[:?]?=.*/\1/p' Makefile)
names=""
for verb in $verbs; do
  case $verb in *[!a-z-]*) exit 0 ;; esac  # a file
  help=$(sed -nE "s/^$verb:.*## //p" Makefile)
  [ -n "$help" ] || exit 0
  names+=" $(grep -oE '\b[A-Z_]+=' <<<"$help" | tr '\n=' '  ' || true)"
done
for name in "$@"; do
  # An unset variable of a shell, as in `make run DAG=$dag`, would do something else than was meant.
  if [[ $name == *= ]] && [[ " $(echo $names) " == *" ${name%=} "* ]]; then
    echo "make $verbs: $name has no value; give it one, or leave $name out"
    exit 0
  fi
  name=${name%=}
  case " $(echo $known $names) " in *" $name "*) continue ;; esac
  case $name in -* | MAKE* | *[!A-Za-z0-9_-]*) continue ;; esac
  # tools/local_run.py names the DAG that was meant.
  [ "$verbs $name" != "run PROJECT" ] || continue
  near=$(bash tools/make_nearest.sh "$name" $names)
  if [ -n "$near" ]; then
    meant=" Did you mean \`make $verbs $near=...\`?"
  else
    meant=" A variable for the environment goes before the command: \`$name=... make $verbs\`"
  fi
  expected=$(echo $names | sed 's/ /, /g')
  echo "make $verbs: unknown variable \`$name\`; expected one of: ${expected:-none, it takes no variables}.$meant"
  exit 0
done
