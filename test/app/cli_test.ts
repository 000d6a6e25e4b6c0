import { bannerText, type Command, parseArguments, usageText } from "../../src/app/cli.ts";
import { equal, match } from "../support/assert.ts";

const run = (confPath?: string): Command => ({ kind: "run", confPath });
const wrong = (reason: string): Command => ({ kind: "usageError", reason });

const cases: readonly (readonly [args: string, command: Command])[] = [
  ["", run()],
  ["a.yml", run("a.yml")],
  ["/etc/a=b.yml", run("/etc/a=b.yml")],
  ["-- a.yml", run("a.yml")],
  ["a.yml --", run("a.yml")],
  ["-- --version", run("--version")],
  ["--version", { kind: "version" }],
  ["a.yml --version", { kind: "version" }],
  ["--version a.yml", { kind: "version" }],
  ["--version=true", { kind: "version" }],
  ["--version=YES", { kind: "version" }],
  ["--version=false", run()],
  ["--version --version=0 a.yml", run("a.yml")],
  ["--check", { kind: "check", confPath: undefined }],
  ["--check a.yml", { kind: "check", confPath: "a.yml" }],
  ["a.yml --check", { kind: "check", confPath: "a.yml" }],
  ["--check-version", { kind: "checkVersion" }],
  ["--upgrade", { kind: "upgrade" }],
  ["--upgrade --check-version", { kind: "checkVersion" }],
  ["--check-version --version", { kind: "version" }],
  ["--version --help", { kind: "help" }],
  ["-h", { kind: "help" }],
  ["--help a b c --nonsense", { kind: "help" }],
  ["--help=false", run()],
  ["--verison", wrong("unknown flag --verison")],
  ["--verison=true", wrong("unknown flag --verison")],
  ["-v", wrong("unknown flag -v")],
  ["--toString", wrong("unknown flag --toString")],
  ["--no-version", wrong("unknown flag --no-version")],
  ["--version=maybe", wrong("--version: value must be true, 1, yes, false, 0 or no but is 'maybe'")],
  ["--version=", wrong("--version: value must be true, 1, yes, false, 0 or no but is ''")],
  ["a b", wrong("unexpected argument b")],
  ["a -- b", wrong("unexpected argument b")],
];

for (const [args, command] of cases) {
  Deno.test(`command line: ${args || "(empty)"}`, () => {
    equal(parseArguments(args.split(" ").filter((arg) => arg !== "")), command);
  });
}

Deno.test("command line: an empty path is the same as none", () => equal(parseArguments([""]), run()));

Deno.test("banner: systems and processors have Go's names", () => {
  match(bannerText("linux", "x86_64"), /^Livemux v\d+\.\d+\.\d+, linux, amd64$/);
  match(bannerText("darwin", "aarch64"), /, darwin, arm64$/);
});

Deno.test("usage names every flag", () => {
  for (const flag of ["-h, --help", "--version", "--check ", "--check-version", "--upgrade"]) {
    match(usageText(), new RegExp(`${flag}\\s`));
  }
});
