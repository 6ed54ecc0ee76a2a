#!/usr/bin/env bash
# What the tests need from the machine: a Docker engine of their own, a browser, a Redis.
#
#   test/setup.sh plan              says what `up` would install, and changes nothing
#   test/setup.sh up   STATE_DIR    installs what is missing (root on Debian), starts the engine, writes STATE_DIR/env
#   test/setup.sh down STATE_DIR    stops and removes everything that `up` made, and STATE_DIR
#
# The engine has its own storage, socket, bridge and cgroup parent, and touches no address translation, so that it
# runs beside an engine that is there already without disturbing its networks. Its image is busybox from the
# distribution's own package: nothing is pulled.
#
# STATE_DIR/env exports SAKER_TEST_DOCKER_SOCKET, SAKER_TEST_IMAGE, SAKER_TEST_CHROMIUM and SAKER_TEST_REDIS, each only
# where the piece works; a suite whose variable is absent skips itself. Under CI=true a missing piece is a failure.
set -euo pipefail

readonly image='saker-test/busybox:1'
readonly marker='.saker-test-state'
readonly start_seconds_max=30 stop_seconds_max=20 call_seconds_max=60 bridge_count_max=32
# Sockets may have 107 characters, and the engine puts some well below its folder.
readonly state_path_length_max=50

say() { printf 'setup: %s\n' "$*"; }
die() {
  printf 'setup: %s\n' "$*" >&2
  exit 1
}
has() { case $1 in /*) [ -e "$1" ] ;; *) command -v "$1" >/dev/null 2>&1 ;; esac; }
in_ci() { [ "${CI:-}" = true ]; }

# Each line: the program that we call, or a file that we look for, and the Debian package that has it. The font lets
# screenshots show Chinese.
pieces() {
  cat <<'LIST'
dockerd docker.io
docker docker.io
iptables iptables
busybox busybox-static
chromium chromium
/usr/share/fonts/truetype/wqy/wqy-microhei.ttc fonts-wqy-microhei
redis-server redis-server
ip iproute2
script bsdutils
podman podman
runc runc
ctr containerd
systemd-analyze systemd
LIST
}

missing_packages() {
  local program package
  pieces | while read -r program package; do
    if [ "$program" = busybox ]; then has_static_busybox || echo "$package"; else has "$program" || echo "$package"; fi
  done | sort -u
}

has_static_busybox() { has busybox && ! { has ldd && ldd "$(command -v busybox)" >/dev/null 2>&1; }; }

may_install() { [ "$(id -u)" = 0 ] && has apt-get; }

plan() {
  local missing
  missing=$(missing_packages | paste -sd ' ')
  if [ -z "$missing" ]; then
    say 'installs nothing: docker, a browser and redis are here'
  elif may_install; then
    say "will install with apt-get: $missing"
  else
    say "can not install (needs root and apt-get): $missing; the suites that need them are skipped"
  fi
}

install_missing() {
  local missing package log=$state/apt.log
  mapfile -t missing < <(missing_packages)
  if [ "${#missing[@]}" = 0 ] || ! may_install; then return; fi
  (
    # Packages start their daemons when installed; ours are started here, with folders of their own.
    policy=/usr/sbin/policy-rc.d
    if [ ! -e "$policy" ]; then
      trap 'rm -f "$policy"' EXIT
      printf '#!/bin/sh\nexit 101\n' >"$policy"
      chmod +x "$policy"
    fi
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -q >"$log" 2>&1 </dev/null || say 'apt-get update failed; trying with the lists that are here'
    # One by one, so that a package that this system does not have costs only itself.
    for package in "${missing[@]}"; do
      if ! apt-get install -qy --no-install-recommends "$package" >>"$log" 2>&1 </dev/null; then
        say "could not install $package: $(tail -n 1 "$log")"
      fi
    done
  )
}

export_env() { printf 'export %s=%q\n' "$1" "$2" >>"$state/env"; }

# A missing piece: its suites are skipped, or in CI the whole set-up fails, after the other pieces had their turn.
lacks() {
  say "$1: the suites that need it are skipped"
  failed=yes
}

# A bridge of our own in a network that nothing here routes to. `ip link add` is atomic, so two runs never share one.
make_bridge() {
  local number name
  for ((number = 0; number < bridge_count_max; number++)); do
    name=saker-t$number
    if ip -4 route show | grep -q "^10\.213\.$number\."; then continue; fi
    if ! ip link add "$name" type bridge 2>/dev/null; then continue; fi
    echo "$name" >"$state/bridge"
    ip addr add "10.213.$number.1/24" dev "$name"
    ip link set "$name" up
    # Another engine may have closed forwarding for everybody; open it between our own containers.
    if iptables -w -I FORWARD -i "$name" -o "$name" -j ACCEPT 2>/dev/null; then touch "$state/forward-rule"; fi
    return
  done
  return 1
}

start_engine() {
  local root=$state/docker log=$state/dockerd.log tenths
  cgroup_parent >"$state/cgroup-parent"
  mkdir -p "$root"
  setsid dockerd --data-root "$root/data" --exec-root "$root/exec" --pidfile "$root/pid" \
    --host "unix://$state/docker.sock" --bridge "$(cat "$state/bridge")" --cgroup-parent "$(cat "$state/cgroup-parent")" \
    --iptables=false --ip-masq=false --ip-forward=false >"$log" 2>&1 </dev/null &
  echo $! >"$state/dockerd.launched"
  for ((tenths = 0; tenths < start_seconds_max * 10; tenths++)); do
    if engine version >/dev/null 2>&1; then return; fi
    kill -0 "$(cat "$state/dockerd.launched")" 2>/dev/null || break
    sleep 0.1
  done
  tail -n 15 "$log" >&2
  return 1
}

# A deadline on every call: an engine that hangs must not hang the tear-down.
engine() { timeout "$call_seconds_max" docker --host "unix://$state/docker.sock" "$@"; }

# Named after the folder, so that `down` touches this run's cgroups and no others.
cgroup_parent() { echo "/saker-test-$(printf '%s' "$state" | cksum | cut -d ' ' -f 1)"; }

# The name that `up` noted, or nothing. An empty name would stand for every cgroup of the machine, so it is checked.
noted_cgroup_parent() { grep -xE '/saker-test-[0-9]+' "$state/cgroup-parent" 2>/dev/null; }

make_image() {
  local root=$state/image applet
  mkdir -p "$root"/{bin,dev,etc,proc,root,sys,tmp,var,www}
  cp "$(command -v busybox)" "$root/bin/busybox"
  for applet in $(busybox --list); do
    if [ "$applet" != busybox ]; then ln -s busybox "$root/bin/$applet"; fi
  done
  echo 'root:x:0:0:root:/root:/bin/sh' >"$root/etc/passwd"
  echo 'root:x:0:' >"$root/etc/group"
  tar -C "$root" -c . | engine import --change 'ENV PATH=/bin' --change 'CMD ["/bin/sh"]' - "$image" >/dev/null
  rm -rf "$root"
}

docker_up() {
  if [ "$(id -u)" != 0 ]; then lacks 'no Docker engine: starting one needs root'; return; fi
  local program
  for program in dockerd docker ip; do
    if ! has "$program"; then lacks "no Docker engine: $program is not here"; return; fi
  done
  if ! has_static_busybox; then lacks 'no test image: a static busybox is not here'; return; fi
  if ! make_bridge; then lacks 'no Docker engine: could not make a network bridge'; return; fi
  if ! start_engine; then lacks 'no Docker engine: dockerd did not start'; return; fi
  if ! make_image; then lacks 'no test image: docker import failed'; return; fi
  if ! engine run --rm "$image" true; then lacks 'no Docker engine: it can not run a container'; return; fi
  export_env SAKER_TEST_DOCKER_SOCKET "$state/docker.sock"
  export_env SAKER_TEST_IMAGE "$image"
  say "docker $(engine version --format '{{.Server.Version}}') at unix://$state/docker.sock"
}

program_up() {
  if has "$1"; then export_env "$2" "$(command -v "$1")"; else lacks "$1 is not here"; fi
}

up() {
  if [ -e "$state" ] && [ -n "$(ls -A "$state" 2>/dev/null)" ]; then die "$state is not empty; run: test/setup.sh down $state"; fi
  mkdir -p "$state"
  touch "$state/$marker"
  : >"$state/env"
  failed=no
  plan
  install_missing
  docker_up
  program_up chromium SAKER_TEST_CHROMIUM
  program_up redis-server SAKER_TEST_REDIS
  if [ "$failed" = yes ] && in_ci; then die 'CI=true, and a piece is missing'; fi
}

# Ends the process in a pid file, if it is still the one that belongs to this folder.
stop_process() {
  local pid tenths signal
  pid=$(cat "$1" 2>/dev/null) || return 0
  for signal in TERM KILL; do
    for ((tenths = 0; tenths < stop_seconds_max * 10; tenths++)); do
      if ! tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline" | grep -qF "$state/"; then return 0; fi
      if [ "$tenths" = 0 ]; then kill "-$signal" "$pid" 2>/dev/null || true; fi
      sleep 0.1
    done
  done
}

remove_containers() {
  local containers
  mapfile -t containers < <(engine ps --all --quiet 2>/dev/null)
  if [ "${#containers[@]}" -gt 0 ]; then engine rm --force --volumes "${containers[@]}" >/dev/null 2>&1 || true; fi
}

# An engine that was killed leaves its containers and their keepers behind: the former are the processes of our cgroups,
# the latter name our folder in their command line.
stop_orphans() {
  local parent pid file
  if parent=$(noted_cgroup_parent); then
    find /sys/fs/cgroup -path "*$parent/*" -name cgroup.procs -exec cat {} + 2>/dev/null | sort -u | while read -r pid; do
      kill -KILL "$pid" 2>/dev/null || true
    done
  fi
  for file in /proc/[0-9]*/cmdline; do
    if tr '\0' ' ' 2>/dev/null <"$file" | grep -qF " $state/docker/exec/"; then
      pid=${file#/proc/}
      kill -KILL "${pid%/cmdline}" 2>/dev/null || true
    fi
  done
}

unmount_below() {
  local place
  awk -v prefix="$1/" 'index($2, prefix) == 1 { print $2 }' /proc/self/mounts | sort -r | while read -r place; do
    umount "$place" 2>/dev/null || umount --lazy "$place" 2>/dev/null || true
  done
}

remove_cgroups() {
  local parent tenths
  parent=$(noted_cgroup_parent) || return 0
  # A process that was killed a moment ago may still be on its way out; some hosts nest the
  # same parent below a prefix of their own.
  for ((tenths = 0; tenths < 20; tenths++)); do
    find /sys/fs/cgroup -depth -type d -path "*$parent*" -exec rmdir {} \; 2>/dev/null || true
    if [ -z "$(find /sys/fs/cgroup -type d -path "*$parent*" -print -quit)" ]; then return; fi
    sleep 0.1
  done
}

remove_bridge() {
  local name
  name=$(cat "$state/bridge" 2>/dev/null) || return 0
  if [ -e "$state/forward-rule" ]; then iptables -w -D FORWARD -i "$name" -o "$name" -j ACCEPT 2>/dev/null || true; fi
  ip link delete "$name" 2>/dev/null || true
}

down() {
  if [ ! -e "$state" ]; then return; fi
  if [ ! -e "$state/$marker" ]; then die "$state was not made by test/setup.sh; left as it is"; fi
  if [ -S "$state/docker.sock" ]; then remove_containers; fi
  stop_process "$state/docker/pid"
  stop_process "$state/dockerd.launched"
  # Only there when the engine was killed before it could end its child.
  stop_process "$state/docker/exec/containerd/containerd.pid"
  stop_orphans
  unmount_below "$state"
  remove_cgroups
  remove_bridge
  rm -rf "${state:?}"
}

main() {
  local command=${1:-}
  case $command in
    plan) plan && exit ;;
    up | down) ;;
    *) die 'usage: test/setup.sh plan | up STATE_DIR | down STATE_DIR' ;;
  esac
  state=${2:-}
  # The engine's command line, mount table and sockets all carry this path.
  [[ $state =~ ^/[A-Za-z0-9/._-]+$ ]] || die 'STATE_DIR has to be an absolute path of plain characters'
  [ "${#state}" -le "$state_path_length_max" ] || die "STATE_DIR may have $state_path_length_max characters at most"
  state=${state%/}
  "$command"
}

main "$@"
