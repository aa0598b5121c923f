#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Who may include whom (docs/ARCHITECTURE.md, layer table). `layers.sh check DIR` lints a tree;
# without arguments it lints watchdog/ and proves on a violating fixture that it can fail.
set -u
here=$(cd "$(dirname "$0")" && pwd)

# dir: folders whose headers it may include; then system headers that are its own business
allowed() {
    case $1 in
    base) echo "base" ;;
    core) echo "base core" ;;
    codec) echo "base core codec" ;;
    conf) echo "base core codec conf" ;;
    audit) echo "base codec audit" ;;
    store) echo "base core audit store" ;;
    net) echo "base net" ;;
    chan) echo "base core codec chan" ;;
    http) echo "base core codec net http" ;;
    daemon) echo "base core codec conf audit store net chan http daemon" ;;
    ctl) echo "base core codec conf audit store ctl" ;;
    sim) echo "base codec net sim" ;;
    *) echo "" ;;
    esac
}

libs() { # which folders may include a library's header
    case $1 in
    sqlite3.h) echo "store" ;;
    microhttpd.h | gnutls/*) echo "net" ;;
    curl/*) echo "chan ctl sim" ;;
    libesmtp.h) echo "chan" ;;
    openssl/*) echo "codec chan sim" ;;
    jansson.h) echo "codec http chan ctl sim conf" ;;
    yaml.h) echo "codec" ;;
    systemd/*) echo "daemon" ;;
    pthread.h) echo "base store net chan http daemon ctl sim codec" ;;
    *) echo "any" ;;
    esac
}

# core may use only these of base (values, no clock, no file, no lock)
core_base="err.h mem.h buf.h str.h text.h time.h tz.h id.h hash.h table.h clock.h"

lint() { # DIR -> prints violations
    (cd "$1" && find . -name '*.[ch]' | sort) | while read -r f; do
        f=${f#./}
        dir=${f%%/*}
        may=$(allowed "$dir")
        sed -n 's/^[ \t]*#[ \t]*include[ \t]*"\([^"]*\)".*/\1/p' "$1/$f" | while read -r inc; do
            to=${inc%%/*}
            case " $may " in
            *" $to "*) ;;
            *) case $inc in */*) echo "$f includes $inc" ;; esac ;;
            esac
            if [ "$dir" = core ] && [ "$to" = base ]; then
                case " $core_base " in *" ${inc#base/} "*) ;; *) echo "$f includes $inc" ;; esac
            fi
        done
        sed -n 's/^[ \t]*#[ \t]*include[ \t]*<\([^>]*\)>.*/\1/p' "$1/$f" | while read -r inc; do
            who=$(libs "$inc")
            case " $who " in *" any "* | *" $dir "*) ;; *) echo "$f includes <$inc>" ;; esac
        done
        # only daemon, ctl, sim and base/log.c log above debug; only base/clock.c reads clocks
        case $dir in
        daemon | ctl | sim | base) ;;
        *) grep -n 'aw_log(AW_LOG_\(ERR\|WARN\|INFO\)' "$1/$f" /dev/null | sed "s|^|logs: |" ;;
        esac
        case $f in
        base/clock.c) ;;
        *) grep -nE '\b(clock_gettime|gettimeofday|time)\((NULL|CLOCK|&)' "$1/$f" /dev/null |
            grep -v 'base/inbox.c\|base/log.c' | sed "s|^|reads a clock: |" ;;
        esac
    done
}

if [ "${1:-}" = check ]; then
    out=$(lint "$2")
    [ -z "$out" ] && exit 0
    echo "$out"
    exit 1
fi
echo 1..2
out=$(lint "$here/../../watchdog")
if [ -z "$out" ]; then
    echo "ok 1 - watchdog/ keeps its layers"
else
    echo "not ok 1 - watchdog/ keeps its layers"
    echo "$out" | sed 's/^/# /'
fi
out=$(lint "$here/fixture")
want=4
n=$(echo "$out" | grep -c .)
if [ "$n" = $want ]; then
    echo "ok 2 - the lint finds the $want violations of its fixture"
else
    echo "not ok 2 - the lint finds $n of the $want violations of its fixture"
    echo "$out" | sed 's/^/# /'
fi
