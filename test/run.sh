#!/usr/bin/env bash
# All tests of the project: `npm test`, or `npm test -- PART` for one part of them.
set -euo pipefail

usage() {
  cat <<'TEXT'
usage: npm test [-- PART]

  all           everything, the fast parts first (the default)
  unit          check, build, unit, property and scenario tests; needs nothing but Node
  integration   build, then the tests against real engines (test/integration, test/docker, test/fault)
  e2e           build, then the tests in a real browser (test/e2e)

Docker, a browser and Redis come from test/setup.sh, which installs what is missing where it may (root on Debian)
and removes what it started. Where it may not, the suites that need them are skipped, but under CI=true they fail.
The last line is "N passed, N failed, N skipped"; the exit code is 0 only when nothing failed.
TEXT
}

# vitest runs in the background of this script, so that a signal is acted on at once and not after the suite.
child=''
state=''
reports=''

heading() { printf '\n── %s\n' "$1"; }

# Runs a command in a process group of its own, so that a signal reaches what the tests started as well.
run() {
  local status=0
  set -m
  "$@" </dev/null &
  child=$!
  set +m
  wait "$child" || status=$?
  child=''
  return "$status"
}

fault() { echo "$1" >>"$reports/run.faults"; }

# Runs projects of vitest.config.ts; the report is counted at the end.
suite() {
  local name=$1 projects=() project
  shift
  for project in "$@"; do projects+=(--project "$project"); done
  touch "$reports/$name.expected"
  run node node_modules/vitest/vitest.mjs run "${projects[@]}" --passWithNoTests \
    --reporter=default --reporter=json --outputFile.json="$reports/$name.json" || true
}

check() {
  heading 'check'
  touch "$reports/style.expected"
  run node tools/check.mjs --report "$reports" || true
  if [ ! -e "$reports/check.faults" ]; then fault 'check: ended without a report'; fi
}

build() {
  heading 'build'
  if run node tools/build.mjs; then return; fi
  fault 'build'
  return 1
}

set_up() {
  heading 'set-up'
  state=$(mktemp -d /tmp/saker-test.XXXXXX)
  run test/setup.sh up "$state" || fault 'set-up'
  # shellcheck source=/dev/null
  if [ -e "$state/env" ]; then . "$state/env"; fi
}

tear_down() {
  if [ -n "$child" ]; then
    kill -TERM -- "-$child" 2>/dev/null || true
    wait "$child" 2>/dev/null || true
  fi
  if [ -n "$state" ]; then test/setup.sh down "$state" || true; fi
  if [ -n "$reports" ]; then rm -rf "$reports"; fi
  state='' reports='' child=''
}

interrupted() {
  trap '' INT TERM HUP
  printf '\ninterrupted; cleaning up\n'
  exit "$1"
}

main() {
  local part=${1:-all}
  case $part in
    -h | --help | help) usage && return ;;
    all | unit | integration | e2e) ;;
    *) usage >&2 && return 2 ;;
  esac
  cd "$(dirname "${BASH_SOURCE[0]}")/.."
  if [ ! -e node_modules/vitest/vitest.mjs ]; then
    echo 'node_modules is missing or incomplete. Run: npm ci' >&2
    return 1
  fi
  trap tear_down EXIT
  trap 'interrupted 130' INT
  trap 'interrupted 143' TERM HUP
  reports=$(mktemp -d /tmp/saker-reports.XXXXXX)

  if [ "$part" = unit ]; then echo 'setup: installs nothing for this part'; else test/setup.sh plan; fi
  local is_built=yes
  case $part in all | unit) check ;; esac
  build || is_built=no
  case $part in all | unit)
    heading 'unit, property and scenario tests'
    suite unit unit ui
    ;;
  esac
  if [ "$part" != unit ] && [ "$is_built" = yes ]; then
    set_up
    case $part in all | integration)
      heading 'integration tests'
      suite integration integration
      ;;
    esac
    case $part in all | e2e)
      heading 'end-to-end tests'
      suite e2e e2e
      ;;
    esac
  fi
  heading 'result'
  node tools/tally.mjs "$reports"
}

main "$@"
