#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# `ackwatch templates`, and what `rules check` says of templates: no daemon, no network.
set -u
. "$(dirname "$0")/cli-lib.sh"

exits "the shipped templates are fine" 0 templates check "$src/rules"
out_has "0 errors, 0 warnings"
exits "... listed by kind" 0 templates list --dir "$src/rules"
check "... with languages and segments" grep -qP '^order\tsms\t(zh-CN,en|en,zh-CN)\t1\t-$' out
exits "... and shown" 0 templates show order --dir "$src/rules"
check "... as they stand" diff -q out "$src/rules/templates/order.yaml"

mkdir t
cat >t/ship.yaml <<'END'
version: 1
push: {en: {text: "{{body}}"}, zh-CN: {title: "{{titel}}", text: "{{body}}"}}
sms:
  en: {text: "Don’t miss it, order {{title}} is on its way to you, confirm soon, thank you so much"}
  zh-CN: {text: "订单 {{title}}", jsmss: {temp_id: 7}}
END
exits "mistakes in a template" 3 templates check t
out_has 't/ship.yaml:2:48: error E124: unknown name "titel", did you mean "title"?'
out_has 't/ship.yaml:4:18: warning W108: "’" (U+2019), character 4'
out_has 't/ship.yaml:5:33: error E102: unknown key "jsmss"'
out_has 'did you mean "jsms"'
out_has '^ write '
exits "... as JSON" 3 templates check t --json
check "... three of them, with places" holds "json_array_length(j) = 3 AND j->>'\$[0].line' = 2"
exits "nothing is rendered from a broken directory" 3 templates render ship --dir t
err_has "E124"
exits "a directory that is not there" 3 templates check none

sed -i 's/titel/title/; s/jsmss/jsms/' t/ship.yaml
exits "warnings are no errors" 0 templates check t
out_has "1 template, 4 texts: 0 errors, 1 warning"
echo '{"title": "№ 42", "extras": {"biz": "x"}}' >data.json
exits "a text with values" 0 templates render ship --dir t --kind sms --lang zh --data data.json --json
check "... expanded, counted, with its form" holds "j->>'\$[0].text' = '订单 № 42' AND
    j->>'\$[0].sms.segments' = 1 AND j->>'\$[0].sms.units' = 7 AND
    j->>'\$[0].forms.jsms.temp_id' = '7' AND json_array_length(j) = 1"
exits "samples where no value is given" 0 templates render ship --dir t --kind sms --lang en --json
check "... are named, and the dear character is" holds "j->>'\$[0].samples[0]' = 'title' AND
    j->>'\$[0].sms.odd.character' = '’' AND j->>'\$[0].sms.odd.position' = 4 AND
    j->>'\$[0].sms.segments' = 2 AND j->>'\$[0].sms.odd.segments_without' = 1"
exits "piped: a line a text" 0 templates render ship --dir t
check "... all four" [ "$(wc -l <out)" -eq 4 ]
exits "a template that is not there" 5 templates render shp --dir t
err_has 'did you mean "ship"?'
exits "a kind without text" 5 templates render ship --dir t --kind im
exits "a kind that is none" 2 templates render ship --dir t --kind smss
echo '{"titel": "x"}' >data.json
exits "a value that no text can use" 2 templates render ship --dir t --data data.json
err_has 'did you mean "title"?'
echo '{"title": 5}' >data.json
exits "a value that is no text" 2 templates render ship --dir t --data data.json

# Without an environment: the templates beside the rules.
mkdir beside && cp -r t beside/templates
cat >beside/r.yaml <<'END'
version: 1
rules:
  - {name: r, until: acknowledged, deadline: 30m, steps: [{id: a, at: 0s, do: sms, template: shp}]}
END
for path in beside beside/r.yaml; do
    exits "rules check $path finds the templates beside it" 3 rules check $path
    out_has 'r.yaml:3:94: error E121: there is no template "shp"'
    out_has 'did you mean "ship"'
    out_has 'templates/ship.yaml:4:18: warning W108'
done

# Rules over channels that send audited templates only.
cat >env.yaml <<'END'
version: 1
templates: t
channels:
  audited: {provider: jsms, app_key: a}
  plain: {provider: gateway, url: "https://sms.example.com/"}
END
cat >r.yaml <<'END'
version: 1
rules:
  - name: r
    until: acknowledged
    deadline: 30m
    steps:
      - {id: a, at: 0s, do: sms, template: ship, via: plain}
      - {id: b, at: 1m, do: sms, template: ship, via: [plain, audited]}
      - {id: c, at: 2m, do: sms, template: ship}
END
exits "a channel in via without its form" 3 rules check r.yaml --env env.yaml
out_has 'r.yaml:8:63: error E125: template "ship" has no form for jsms in en (sms), which channel "audited" needs'
out_has 'add jsms: {temp_id: ...} to ship.yaml, or temp_id to the channel'
out_has 'r.yaml:9:44: error E125'
check "... but not where the step names another channel" [ "$(grep -c E125: out)" -eq 2 ]
out_has 't/ship.yaml:4:18: warning W108'
exits "the page of the code" 0 help E125
sed -i 's/audited: {/audited: {temp_id: 5, /' env.yaml
exits "a channel with a template of its own takes any text" 0 rules check r.yaml --env env.yaml

finish
