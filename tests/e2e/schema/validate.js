// SPDX-License-Identifier: Apache-2.0
//
// Files against our JSON Schemas, with a validator (ajv) and a YAML parser that are not ours.
// node validate.js SCHEMAS CASES: SCHEMAS is a directory of NAME.json; each line of CASES is
// "good|bad SCHEMA FILE". Prints TAP lines without numbers.
"use strict";
const fs = require("fs");
const path = require("path");
const Ajv = require("ajv");
const YAML = require("yaml");

const [schemas, cases] = process.argv.slice(2);
const validators = {};
for (const file of fs.readdirSync(schemas).filter((f) => f.endsWith(".json"))) {
    const schema = JSON.parse(fs.readFileSync(path.join(schemas, file), "utf8"));
    const ajv = new Ajv({ strict: false, allErrors: true });
    const draft07 = ajv.validateSchema(schema);
    validators[path.basename(file, ".json")] = draft07 && ajv.compile(schema);
    console.log(`${draft07 ? "ok" : "not ok"} - ${file} is a schema of draft-07`);
}

// A value, or null when the parser takes it for no YAML.
function read(file) {
    const doc = YAML.parseDocument(fs.readFileSync(file, "utf8"), { version: "1.2" });
    return doc.errors.length ? null : doc.toJS();
}

for (const line of fs.readFileSync(cases, "utf8").trim().split("\n")) {
    const [want, name, file] = line.split(" ");
    const value = read(file);
    const validate = validators[name];
    const fits = value !== null && validate(value);
    console.log(`${fits === (want === "good") ? "ok" : "not ok"} - ${path.basename(file)}: ${want} as ${name}`);
    if (fits !== (want === "good") && validate.errors)
        for (const e of validate.errors.slice(0, 8))
            console.log(`# ${e.instancePath} ${e.message} ${JSON.stringify(e.params)}`);
}
