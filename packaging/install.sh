#!/bin/sh
# Installs the collector on this host, from a Saker server and nothing else.
#
#   curl -fsSO http://SERVER:7070/install/install.sh && sudo sh install.sh --server http://SERVER:7070
#
# It needs Node 20.20 or newer and, of the host, what every Linux has. The bundle that it fetches must have the
# SHA-256 that stands below, which was written here when the server was built. Run it again to upgrade.
set -eu

sha256='@SHA256@'
server='' token_file='' name='' root='' user=saker action=install docker=auto

usage() {
  cat <<'TEXT'
usage: sh install.sh --server URL [flags]       installs or upgrades the collector, and starts it
       sh install.sh --uninstall                stops and removes it; /etc/saker and /var/lib/saker stay

  --server URL        the server, as this host reaches it, e.g. http://10.0.0.1:7070
  --token-file FILE   file with a collector's token of that server ("-": standard input; asked for if left out)
  --name NAME         what this host is called (its host name)
  --without-docker    no right to Docker's socket, which is as good as root: containers are then found by their
                      cgroups, and called by their ids
  --root DIR          put the files below DIR and start nothing, e.g. for an image of a machine
TEXT
}

say() { printf 'saker: %s\n' "$*"; }
die() {
  printf 'saker: %s\n' "$*" >&2
  exit 1
}
has() { command -v "$1" >/dev/null 2>&1; }

parse() {
  while [ $# -gt 0 ]; do
    case $1 in
      --server | --token-file | --name | --root)
        if [ -z "${2:-}" ]; then usage >&2 && die "$1 needs a value"; fi
        case $1 in
          --server) server=${2%/} ;;
          --token-file) token_file=$2 ;;
          --name) name=$2 ;;
          --root) root=${2%/} ;;
        esac
        shift 2
        ;;
      --without-docker) docker=no && shift ;;
      --uninstall) action=uninstall && shift ;;
      -h | --help) usage && exit 0 ;;
      *) usage >&2; die "unknown flag $1" ;;
    esac
  done
}

check() {
  case $server in
    *[!A-Za-z0-9.:/_-]*) die "--server has a character that no address has: $server" ;;
    http://?* | https://?*) ;;
    *) usage >&2 && die '--server takes an address like http://10.0.0.1:7070' ;;
  esac
  case $name in *[!A-Za-z0-9._-]*) die '--name takes letters, digits, ".", "_" and "-"' ;; esac
}

find_node() {
  has node || die 'Node is not here: install Node 20.20 or newer (https://nodejs.org, or your distribution), then run this again'
  node=$(readlink -f "$(command -v node)")
  "$node" -e 'const [a, b] = process.versions.node.split("."); process.exit(+a > 20 || (+a == 20 && +b >= 20) ? 0 : 1)' ||
    die "Node is $("$node" --version) ($node); Saker needs 20.20 or newer"
}

# To a file in the temporary folder, or it ends here.
fetch() {
  if has curl; then
    curl -fsS --retry 2 --max-time 60 -o "$work/$1" "$server/install/$1" || die "could not fetch $server/install/$1"
  elif has wget; then
    wget -q -T 60 -O "$work/$1" "$server/install/$1" || die "could not fetch $server/install/$1"
  else
    die 'neither curl nor wget is here: install one of them'
  fi
}

verify() {
  printf '%s  %s\n' "$sha256" "$work/saker.mjs" | sha256sum -c - >/dev/null 2>&1 ||
    die 'the bundle does not have the checksum of this script: the server was upgraded meanwhile (fetch install.sh again), or somebody changed the bundle. Nothing was installed'
}

read_token() {
  if [ "$token_file" = - ]; then
    IFS= read -r token || true
  elif [ -n "$token_file" ]; then
    [ -r "$token_file" ] || die "$token_file can not be read"
    token=$(cat "$token_file")
  elif [ -s "$root/etc/saker/collector.token" ]; then
    return 0
  elif [ -t 0 ]; then
    printf 'Token of this host (scope collector; it is not shown): '
    stty -echo
    IFS= read -r token || true
    stty echo
    printf '\n'
  else
    die 'there is no token: give --token-file FILE'
  fi
  case $token in saker_*_*) ;; *) die 'this is no token: it begins with saker_ and is made on the server, with scope collector' ;; esac
  (umask 077 && printf '%s\n' "$token" >"$root/etc/saker/collector.token")
}

make_user() {
  if id "$user" >/dev/null 2>&1; then return; fi
  if has useradd; then
    useradd --system --no-create-home --home-dir /var/lib/saker --shell /usr/sbin/nologin "$user"
  elif has adduser; then
    adduser -S -D -H -h /var/lib/saker -s /sbin/nologin "$user"
  else
    die "could not make the user $user: neither useradd nor adduser is here"
  fi
}

# Settings that are there are kept: an upgrade changes the program, and what its flags say.
write_settings() {
  file=$root/etc/saker/collector.env
  if [ ! -e "$file" ]; then
    {
      echo '# Read by saker-collector.service. systemctl restart saker-collector after a change.'
      echo '# More flags (saker collector --help) go into SAKER_OPTIONS, such as --config /etc/saker/collector.yaml'
      echo 'SAKER_SERVER='
      echo 'SAKER_OPTIONS='
    } >"$file"
  fi
  # Nothing that sed would act on is in them: `check` has seen to that.
  sed -i "s|^SAKER_SERVER=.*|SAKER_SERVER=$(websocket_address)|" "$file"
  if [ -n "$name" ]; then sed -i "s|^SAKER_OPTIONS=.*|SAKER_OPTIONS=--name $name|" "$file"; fi
}

websocket_address() { printf '%s' "$server" | sed 's/^http/ws/'; }

install_files() {
  mkdir -p "$root/usr/local/lib/saker" "$root/usr/local/bin" "$root/etc/saker" "$root/var/lib/saker"
  # Beside the old one and then in its place: a collector that starts meanwhile finds one of them, whole.
  cp "$work/saker.mjs" "$root/usr/local/lib/saker/saker.mjs.new"
  chmod 0755 "$root/usr/local/lib/saker/saker.mjs.new"
  mv "$root/usr/local/lib/saker/saker.mjs.new" "$root/usr/local/lib/saker/saker.mjs"
  ln -sf ../lib/saker/saker.mjs "$root/usr/local/bin/saker"
  write_settings
  read_token
}

install_unit() {
  units=$root/etc/systemd/system
  mkdir -p "$units"
  sed "s|/usr/bin/node|$node|" "$work/saker-collector.service" >"$units/saker-collector.service"
  drop_in=$units/saker-collector.service.d/docker.conf
  group=''
  if [ "$docker" = auto ] && [ -S /var/run/docker.sock ]; then group=$(stat -c %G /var/run/docker.sock); fi
  rm -f "$drop_in"
  if [ -n "$group" ] && [ "$group" != root ]; then
    mkdir -p "${drop_in%/*}"
    printf '# To know the names of containers. Access to this socket is as good as root.\n[Service]\nSupplementaryGroups=%s\n' "$group" >"$drop_in"
  fi
}

start() {
  if [ ! -d /run/systemd/system ]; then
    say 'installed. There is no systemd here; start it with'
    say "  $(setpriv_line)"
    return
  fi
  systemctl daemon-reload
  systemctl enable --quiet saker-collector.service
  systemctl restart saker-collector.service
  sleep 2
  systemctl is-active --quiet saker-collector.service ||
    die 'the collector does not run: journalctl -u saker-collector -n 20 says why'
  say "runs and sends to $server; journalctl -u saker-collector shows its log, saker top its figures"
}

setpriv_line() {
  caps='-all,+dac_read_search,+sys_ptrace,+syslog'
  echo "setpriv --reuid $user --regid $user --init-groups --no-new-privs --bounding-set $caps --inh-caps $caps --ambient-caps $caps $node --max-semi-space-size=1 /usr/local/lib/saker/saker.mjs collector --server $(websocket_address) --token-file /etc/saker/collector.token --state-dir /var/lib/saker"
}

uninstall() {
  if [ -d /run/systemd/system ] && [ -z "$root" ]; then
    systemctl disable --now saker-collector.service 2>/dev/null || true
  fi
  rm -rf "$root/etc/systemd/system/saker-collector.service" "$root/etc/systemd/system/saker-collector.service.d"
  rm -rf "$root/usr/local/lib/saker" "$root/usr/local/bin/saker"
  say 'removed; /etc/saker (settings and token) and /var/lib/saker stay'
}

parse "$@"
[ -n "$root" ] || [ "$(id -u)" = 0 ] || die 'run this as root (sudo sh install.sh …), or with --root DIR'
if [ "$action" = uninstall ]; then
  uninstall
  exit 0
fi
check
find_node
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fetch saker.mjs
verify
fetch saker-collector.service
install_files
install_unit
if [ -n "$root" ]; then
  say "put below $root; make the user $user there, and give it /etc/saker/collector.token"
else
  make_user
  chown "root:$user" /etc/saker/collector.token
  chmod 0640 /etc/saker/collector.token
  chown "$user:$user" /var/lib/saker
  start
fi
