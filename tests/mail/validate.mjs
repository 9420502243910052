// Errors of html-validate: node validate.mjs PAGE... -> {page: ["rule, line: words"]}.
import { HtmlValidate, StaticConfigLoader } from "html-validate";

const validator = new HtmlValidate(new StaticConfigLoader({
  root: true,
  extends: ["html-validate:recommended", "html-validate:a11y"],
  rules: {
    // A mail needs what a web page must not have: styles in the elements, table attributes of old, upper-case DOCTYPE. Bytes are
    // short, so that no tbody is written where HTML does not ask for one.
    "no-inline-style": "off", "no-deprecated-attr": "off", "attribute-allowed-values": "off", "doctype-style": "off",
    "no-implicit-close": "off", "prefer-tbody": "off", "no-conditional-comment": "off", "no-trailing-whitespace": "off", "long-title": "off",
  },
}));
const found = {};
for (const page of process.argv.slice(2)) {
  const report = await validator.validateFile(page);
  found[page] = report.results.flatMap((result) => result.messages.map((m) => `${m.ruleId}, ${m.line}: ${m.message}`));
}
console.log(JSON.stringify(found));
