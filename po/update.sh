#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Collects the marked texts of the sources and brings po/zh_CN.po up to date: new ones are added
# with an empty msgstr, those that are gone are dropped, what is translated stays. In a merge conflict
# both sides are joined. Prints what has no translation. `update.sh pot [TREE]` only prints what was
# collected. Needs gettext; building does not.
set -eu
top=$(cd "$(dirname "$0")/.." && pwd)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "${2:-$top}"

# Formats and hints of diagnostics are texts by their place; so is what the tables say about keys and
# shapes, and the pages of codes, which are marked in a copy.
keywords='_ N_ aw_t:2 aw_schema_t:2 refuse_yaml:4 aw_diag_error:7 aw_diag_warn:7 aw_schema_error:5
    aw_schema_key_error:5 aw_schema_warn:5 aw_schema_key_warn:5 aw_schema_scalar:3 aw_schema_is_map:3 aw_schema_word:4'
hints='aw_diag_error:6 aw_diag_warn:6 aw_schema_error:4 aw_schema_key_error:4 aw_schema_warn:4 aw_schema_key_warn:4'
extract() { # KEYWORDS [--join-existing]: one argument of a call at a time
    # shellcheck disable=SC2046,SC2086
    (cd "$tmp" && xgettext -f files -o raw ${2:-} --language=C --from-code=UTF-8 --no-wrap \
        --add-location=file --keyword $(printf ' --keyword=%s' $1))
}
collect() {
    (cd watchdog && find base core codec conf ctl -name '*.[ch]' -printf 'watchdog/%p\n') |
        LC_ALL=C sort >"$tmp/files"
    while read -r f; do
        mkdir -p "$tmp/${f%/*}"
        sed -z -e 's/\.help =\([ \n\\]*\)"/.help = N_(\1"/g' \
            -e 's/\(aw_shape [a-z_]* = {[ \n]*\)"/\1N_("/g' \
            -e 's/\({"[EW][0-9]*",[ \n]*\)"/\1N_("/g' "$f" >"$tmp/$f"
        case $f in # what commands say of themselves, as far as they are tools that need no daemon
        watchdog/ctl/rules*.c | watchdog/ctl/templates.c | watchdog/ctl/help.c | watchdog/ctl/table.c)
            sed -z -i -e 's/\.\(summary\|text\) =\([ \n]*\)"/.\1 = N_(\2"/g' \
                -e 's/\(AW_VAL_[A-Z]*,[^"{}]*,[ \n]*\)"/\1N_("/g' \
                -e 's/\({"[a-z]*",[ \n]*\)"\([a-z][^"]* [^"]*"}\)/\1N_("\2/g' \
                -e 's/\(\[AW_EXIT_[A-Z_]*\] = \)"/\1N_("/g' "$tmp/$f"
            ;;
        esac
    done <"$tmp/files"
    extract "$keywords"
    extract "$hints" --join-existing
        # nothing that changes by itself, and nothing that is not ours to say
        sed -e '/^"POT-Creation-Date:/d' -e 's/=CHARSET/=UTF-8/' -e '1,/^$/{/^#/d}' "$tmp/raw" |
        # but forms without a word: "%s%s", and what a path goes on with
        msggrep --no-wrap --add-location=file --invert-match --msgid --regexp='^\(%s\)\(%s\)*$' --regexp=' ($' -
}

collect >"$tmp/pot"
if [ "${1:-}" = pot ]; then
    cat "$tmp/pot"
    exit
fi
cp po/zh_CN.po "$tmp/po"
if [ -n "$(git ls-files --unmerged po/zh_CN.po 2>/dev/null)" ]; then
    git show :2:po/zh_CN.po >"$tmp/ours" && git show :3:po/zh_CN.po >"$tmp/theirs"
    msgcat --use-first --no-wrap --add-location=file -o "$tmp/po" "$tmp/ours" "$tmp/theirs"
fi
msgmerge --quiet --no-fuzzy-matching --no-wrap --add-location=file -o - "$tmp/po" "$tmp/pot" |
    msgattrib --no-obsolete --no-wrap --add-location=file -o po/zh_CN.po -
msgattrib --untranslated --no-wrap po/zh_CN.po
