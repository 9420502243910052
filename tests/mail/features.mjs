// Which features of each page a mail program does not support: node features.mjs PAGE... -> {page: {client: [feature]}}.
import { readFileSync } from "node:fs";
import { caniemail } from "caniemail";

const CLIENTS = [
  "gmail.desktop-webmail", "gmail.ios", "gmail.android", "gmail.mobile-webmail",
  "outlook.windows", "outlook.macos", "outlook.outlook-com", "outlook.ios", "outlook.android",
  "apple-mail.macos", "apple-mail.ios",
];
const found = {};
for (const page of process.argv.slice(2)) {
  // word-wrap is there for Zimbra alone; whoever does not know it passes over it, and the tables have no row of it for some programs.
  const html = readFileSync(page, "utf8").replaceAll("word-wrap: break-word", "").replaceAll("word-wrap:break-word", "");
  const { issues } = caniemail({ clients: CLIENTS, html });
  found[page] = Object.fromEntries(CLIENTS.map((client) => [client, [...new Set((issues.errors.get(client) ?? []).map((issue) => issue.title))].sort()]));
}
console.log(JSON.stringify(found));
