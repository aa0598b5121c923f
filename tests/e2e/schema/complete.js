// SPDX-License-Identifier: Apache-2.0
//
// yaml-language-server with our schema, as an editor would run it: asked over stdio for completion,
// for what it says about a key, and for its diagnostics.
// node complete.js SERVER SCHEMA SCHEMA_ZH. Prints TAP lines without numbers.
"use strict";
const { spawn } = require("child_process");
const [server, schema, chinese] = process.argv.slice(2);

const child = spawn(process.execPath, [server, "--stdio"], { stdio: ["pipe", "pipe", "inherit"] });
const waiting = new Map();
const diagnostics = new Map();
let buffer = Buffer.alloc(0);
let next = 1;

function write(message) {
    const body = Buffer.from(JSON.stringify({ jsonrpc: "2.0", ...message }));
    child.stdin.write(`Content-Length: ${body.length}\r\n\r\n`);
    child.stdin.write(body);
}
const notify = (method, params) => write({ method, params });
function ask(method, params) {
    const id = next++;
    write({ id, method, params });
    return new Promise((resolve) => waiting.set(id, resolve));
}
// What the server asks of us: settings, as an editor has them.
function answer(message) {
    const settings = (item) =>
        item.section === "yaml" ? { completion: true, hover: true, validate: true, schemas: {} } : {};
    const result = message.method === "workspace/configuration" ? message.params.items.map(settings) : null;
    write({ id: message.id, result });
}
function take(message) {
    if (message.method === "textDocument/publishDiagnostics") {
        const of = diagnostics.get(message.params.uri);
        if (of) of(message.params.diagnostics);
    } else if (message.method && message.id !== undefined) answer(message);
    else if (waiting.has(message.id)) waiting.get(message.id)(message.result);
}
child.stdout.on("data", (data) => {
    buffer = Buffer.concat([buffer, data]);
    for (;;) {
        const head = buffer.indexOf("\r\n\r\n");
        if (head < 0) return;
        const length = Number(/Content-Length: (\d+)/i.exec(buffer.subarray(0, head))[1]);
        if (buffer.length < head + 4 + length) return;
        take(JSON.parse(buffer.subarray(head + 4, head + 4 + length)));
        buffer = buffer.subarray(head + 4 + length);
    }
});
const timer = setTimeout(() => {
    console.log("not ok - the language server answers within a minute");
    child.kill();
}, 60000);

let n = 0;
// The text with | at the place asked about; its URI and position once it is open.
function open(text, of) {
    const uri = `file:///tmp/rules-${n++}.yaml`;
    const line = `# yaml-language-server: $schema=file://${of}\n`;
    const before = line + text.slice(0, text.indexOf("|"));
    const whole = line + text.replace("|", "");
    const lines = before.split("\n");
    const found = new Promise((resolve) => diagnostics.set(uri, resolve));
    notify("textDocument/didOpen", {
        textDocument: { uri, languageId: "yaml", version: 1, text: whole },
    });
    return {
        found,
        at: {
            textDocument: { uri },
            position: { line: lines.length - 1, character: lines[lines.length - 1].length },
        },
    };
}
function check(what, good, seen) {
    console.log(`${good ? "ok" : "not ok"} - ${what}`);
    if (!good) console.log("# " + JSON.stringify(seen).slice(0, 600));
}
async function complete(text, of) {
    const list = await ask("textDocument/completion", open(text, of).at);
    return (list && list.items) || list || [];
}
const labels = (items) => items.map((i) => i.label);

const rule = "version: 1\nrules:\n  - name: a\n    until: opened\n    deadline: 1h\n    ";
async function main() {
    await ask("initialize", {
        processId: process.pid,
        rootUri: null,
        capabilities: {
            textDocument: { completion: { completionItem: { snippetSupport: true } } },
            workspace: { configuration: true },
        },
    });
    notify("initialized", {});

    let items = await complete(rule + "|\n", schema);
    check("keys of a rule", ["max_age", "match", "steps"].every((k) => labels(items).includes(k)), labels(items));
    check("... but those that are there", !labels(items).includes("until"), labels(items));
    const age = items.find((i) => i.label === "max_age") || {};
    check("... with their sentence", JSON.stringify(age.documentation || "").includes("nothing outlives this"), age);

    items = await complete(rule + "steps:\n      - {id: a, at: 0s, do: |}\n", schema);
    check("kinds of a step", ["push", "sms", "email"].every((k) => labels(items).includes(k)), labels(items));
    items = await complete("version: 1\nrules:\n  - name: a\n    until: |\n", schema);
    check("rungs of the ladder", labels(items).includes("acknowledged"), labels(items));
    items = await complete(rule + "steps:\n      - |\n", schema);
    check("a whole step", labels(items).some((l) => l.includes("sms")), labels(items));

    const hover = await ask("textDocument/hover", open(rule.replace("deadline", "dead|line") + "steps: []\n", chinese).at);
    check("a key explained in Chinese", /未达目标/.test(JSON.stringify(hover)), hover);

    const found = await open("version: 1\nrules:\n  - {name: a, untill: opened}|\n", schema).found;
    check("a misspelt key is underlined", found.some((d) => /untill/.test(d.message)), found);

    clearTimeout(timer);
    child.kill();
}
main();
