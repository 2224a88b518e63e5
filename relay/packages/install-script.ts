import type { Package } from "./package-directory.ts";

/** The names that `uname -m` and Debian have for the same processors. */
const ARCHITECTURES = [
  ["x86_64", "amd64"],
  ["aarch64", "arm64"],
  ["armv7l", "armhf"],
] as const;

/**
 * Returns the script at `/install.sh`: it installs the command on Debian and its kin and joins by an invite. It needs
 * POSIX sh, and curl or wget.
 *
 * @param relay the URL at which it was asked for, without a trailing slash
 */
export function installScript(relay: string, packages: readonly Package[]): string {
  const cases = ARCHITECTURES.flatMap(([machine, architecture]) => {
    const found = packages.findLast(
      ({ name }) => name.match(/^laneway_[^_]+_(\w+)\.deb$/)?.[1] === architecture,
    );
    if (found === undefined) return [];
    const { name, bytes, sha256 } = found;
    return [`    ${machine}) file=${quoted(name)} bytes=${bytes} sum=${sha256} ;;`];
  });
  return `#!/bin/sh
# Installs Laneway from a relay, and joins a network if an invite's link follows: sh install.sh [LINK]
set -eu

fail() {
  echo "laneway: $1" >&2
  exit 1
}

fetch() {
  if command -v curl >/dev/null; then curl -fsS --retry 3 -o "$2" "$1"
  elif command -v wget >/dev/null; then wget -q -O "$2" "$1"
  else fail 'this needs curl or wget'
  fi
}

install() {
  export DEBIAN_FRONTEND=noninteractive
  if ! command -v apt-get >/dev/null; then dpkg -i "$1"
  elif ! apt-get install -y -q --no-install-recommends "$1" </dev/null 2>/dev/null; then
    # A fresh machine does not know yet where to get what the package depends on.
    echo 'This needs the lists of packages of this system: apt-get update'
    apt-get update -q </dev/null
    apt-get install -y -q --no-install-recommends "$1" </dev/null
  fi
}

main() {
  relay=${quoted(relay)}
  link=\${1-}
  case $link in
    '') ;;
    http://*/join#v1.*|https://*/join#v1.*) relay=\${link%%/join#*} ;;
    *) fail 'the link is not complete: it has to end in /join#v1.… (put it in quotes)' ;;
  esac
  [ "$(uname -s)" = Linux ] || fail 'this script is for Linux; for other systems open the link in a browser'
  [ "$(id -u)" = 0 ] || fail "this needs root: curl -fsS '$relay/install.sh' | sudo sh -s -- 'LINK'"
  command -v dpkg >/dev/null || fail 'this relay has packages for Debian and its kin alone'
  machine=$(uname -m)
  file=
  case $machine in
${cases.join("\n") || "    none) ;;"}
  esac
  [ -n "$file" ] || fail "this relay has no package for $machine"

  echo "This downloads $file ($((bytes / 1000000 + 1)) MB) from $relay, checks its SHA-256 and installs it."
  [ -z "$link" ] || echo "Then it joins the network of the invite."
  directory=$(mktemp -d)
  trap 'rm -rf "$directory"' EXIT
  chmod 755 "$directory"
  fetch "$relay/packages/$file" "$directory/$file"
  echo "$sum  $directory/$file" | sha256sum -c - >/dev/null || fail "$file is damaged, or was changed on its way"
  install "$directory/$file" || fail "$file could not be installed; the lines above say why"
  rm -rf "$directory"
  trap - EXIT

  [ -n "$link" ] || { echo "Installed. To join a network: laneway join LINK, then laneway up"; exit 0; }
  if [ ! -d /run/systemd/system ]
  then echo 'Without systemd the network is up as long as this command runs. Ctrl+C ends it.'
  fi
  # In the environment, because others can read arguments.
  LANEWAY_INVITE=$link laneway join </dev/null
  exec laneway up </dev/null
}

main "$@"
`;
}

/** Quotes a word for POSIX sh. */
function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
