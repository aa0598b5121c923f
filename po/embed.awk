# SPDX-License-Identifier: Apache-2.0
# A translation (.po) to C: pairs of texts, {NULL} at the end. Entries without a translation, fuzzy
# and obsolete ones are left out, so is the header. Prints nothing that the .po does not hold as a
# C string already.
function flush() {
    if (!fuzzy && id != "\"\"" && id != "" && str != "" && str !~ /^("")+$/)
        printf "    {%s,\n     %s},\n", id, str
    id = str = part = ""
    fuzzy = 0
}
BEGIN {
    print "/* Made from a .po file by po/embed.awk. */"
    print "static const struct aw_text_pair {\n    const char *en, *zh;\n} aw_texts_zh[] = {"
}
/^#,.*fuzzy/ { flush(); fuzzy = 1; next }
/^#/ || /^[ \t]*$/ { if (str != "") flush(); next }
/^msgid / { if (str != "") flush(); part = "id"; sub(/^msgid /, ""); id = $0; next }
/^msgstr / { part = "str"; sub(/^msgstr /, ""); str = $0; next }
/^"/ { if (part == "id") id = id == "\"\"" ? $0 : id $0; else str = str == "\"\"" ? $0 : str $0 }
END { flush(); print "    {0, 0}};" }
