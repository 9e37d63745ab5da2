#!/usr/bin/env bash
# What an instance needs of the system, had by apt where apt is there and we may use it; else one line says what to do.
#   deploy/setup.sh python     prints the path of a Python of 3.11 or newer that can make virtual environments
#   deploy/setup.sh java       Java 17 or newer is there
#   deploy/setup.sh jdk        a Java compiler is there, for the benchmarks' Java peer
#   deploy/setup.sh maven      Maven is there
#   deploy/setup.sh chromium   a browser for the tests is there
set -euo pipefail

say() { printf '%s\n' "$*" >&2; }

fail() { say "setup: $*"; exit 1; }

as_root() {
  if [ "$(id -u)" -eq 0 ]; then printf ''
  elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then printf 'sudo -n'
  else return 1
  fi
}

# install PURPOSE PACKAGE...: the first of the packages that this release of the system has.
install() {
  local purpose=$1 root package; shift
  command -v apt-get >/dev/null && root=$(as_root) || return 1
  say "setup: installing $purpose by apt"
  $root apt-get update -qq >/dev/null 2>&1 || say "setup: apt-get update failed; going on with what is known"
  for package in "$@"; do
    # shellcheck disable=SC2086
    if apt-cache show $package >/dev/null 2>&1; then
      $root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $package >/dev/null && return 0
    fi
  done
  return 1
}

find_python() {
  local name
  for name in python3.11 python3.12 python3.13 python3.14 python3; do
    if command -v "$name" >/dev/null &&
      "$name" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      "$name" -c 'import sys; print(sys.executable)'
      return 0
    fi
  done
  return 1
}

java_release() {
  java -version 2>&1 | sed -n 's/.*version "\(1\.\)\{0,1\}\([0-9]*\).*/\2/p' | head -n 1
}

java_is_new_enough() {
  command -v java >/dev/null && [ "$(java_release)" -ge 17 ] 2>/dev/null
}

case "${1:-}" in
  python)
    find_python || { install "Python" "python3.11 python3.11-venv" "python3 python3-venv" && find_python; } ||
      fail "Python 3.11 or newer with venv is needed: install it (python.org, or your system's package), then run this again"
    ;;
  java)
    java_is_new_enough ||
      { install "Java 17" openjdk-17-jre-headless openjdk-21-jre-headless default-jre-headless && java_is_new_enough; } ||
      fail "Java 17 or newer is needed by Kafka: install a JRE (e.g. 'apt-get install openjdk-17-jre-headless', 'brew install openjdk@17')"
    ;;
  jdk)
    command -v javac >/dev/null ||
      { install "a Java compiler" openjdk-17-jdk-headless openjdk-21-jdk-headless default-jdk-headless && command -v javac >/dev/null; } ||
      fail "a JDK is needed by the benchmarks' Java peer: install one (e.g. 'apt-get install openjdk-17-jdk-headless')"
    ;;
  maven)
    command -v mvn >/dev/null || install "Maven" maven ||
      fail "Maven is needed once, for Kafka's jars: install it (e.g. 'apt-get install maven', 'brew install maven')"
    ;;
  chromium)
    command -v chromium >/dev/null || command -v chromium-browser >/dev/null || install "Chromium" chromium chromium-browser ||
      fail "a browser is needed by the tests of the pages: install Chromium (e.g. 'apt-get install chromium')"
    ;;
  *)
    sed -n '2,8p' "$0" >&2
    exit 2
    ;;
esac
