# SPDX-License-Identifier: Apache-2.0
# Turns schema.sql and queries.sql (in this order) into C: with part=h the enum of the named
# statements, with part=c their texts. A statement begins at "-- name: some_name" and ends at the
# next one; comments and indentation are dropped.

function quoted(s)
{
    gsub(/\\/, "\\\\", s)
    gsub(/"/, "\\\"", s)
    return "\"" s "\\n\""
}

FNR == 1 { file++ }

file == 2 && /^-- name: / {
    name[++n] = $3
    if (seen[$3]++) {
        print "queries.sql: statement " $3 " appears twice" > "/dev/stderr"
        failed = 1
    }
    next
}

{
    line = $0
    if (file == 2)
        sub(/[ \t]*--.*$/, "", line)
    sub(/[ \t]+$/, "", line)
    if (line == "")
        next
    if (file == 1)
        schema = schema "    " quoted(line) "\n"
    else {
        sub(/^[ \t]+/, "", line)
        text[n] = text[n] "        " quoted(line) "\n"
    }
}

END {
    if (failed)
        exit 1
    print "/* Made by sql.awk from schema.sql and queries.sql. */"
    if (part == "h") {
        print "#ifndef AW_STORE_SQL_TEXT_H\n#define AW_STORE_SQL_TEXT_H\n\nenum aw_sql {"
        for (i = 1; i <= n; i++)
            print "    AW_SQL_" toupper(name[i]) ","
        print "    AW_N_SQL\n};\n"
        print "extern const char *const aw_sql_text[AW_N_SQL];"
        print "extern const char *const aw_sql_name[AW_N_SQL];"
        print "extern const char aw_schema_sql[];\n\n#endif"
        exit 0
    }
    print "#include \"store/sql_text.h\"\n\nconst char aw_schema_sql[] =\n" schema "    ;\n"
    print "const char *const aw_sql_text[AW_N_SQL] = {"
    for (i = 1; i <= n; i++)
        print "    [AW_SQL_" toupper(name[i]) "] =\n" text[i] "        ,"
    print "};\n\nconst char *const aw_sql_name[AW_N_SQL] = {"
    for (i = 1; i <= n; i++)
        print "    \"" name[i] "\","
    print "};"
}
