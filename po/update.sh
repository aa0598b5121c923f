#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Collects the marked texts of the sources and brings po/zh_CN.po up to date: new ones are added
# with an empty msgstr, those that are gone are dropped, what is translated stays. `update.sh pot`
# only prints what was collected. Needs gettext; building does not.
set -eu
top=$(cd "$(dirname "$0")/.." && pwd)
cd "${2:-$top}"

collect() {
    (cd watchdog && find base core codec conf ctl -name '*.[ch]' -printf 'watchdog/%p\n') | LC_ALL=C sort |
        xgettext -f - -o - --language=C --from-code=UTF-8 --no-wrap --add-location=file \
            --keyword --keyword=N_ --keyword=_ --keyword=aw_t:2 --keyword=refuse_yaml:4 |
        # nothing that changes by itself, and nothing that is not ours to say
        sed -e '/^"POT-Creation-Date:/d' -e 's/=CHARSET/=UTF-8/' -e '1,/^$/{/^#/d}' |
        # but forms without a word: "%s%s"
        msggrep --no-wrap --add-location=file --invert-match --msgid --regexp='^\(%s\)*$' -
}

if [ "${1:-}" = pot ]; then
    collect
    exit
fi
pot=$(mktemp) po=$(mktemp)
trap 'rm -f "$pot" "$po"' EXIT
collect >"$pot"
# A merge may have left the same text twice.
msguniq --use-first --no-wrap --add-location=file -o "$po" po/zh_CN.po
msgmerge --quiet --no-fuzzy-matching --no-wrap --add-location=file -o - "$po" "$pot" |
    msgattrib --no-obsolete --no-wrap --add-location=file -o po/zh_CN.po -
msgattrib --untranslated --no-wrap po/zh_CN.po
