/** Each rule of ours against something bad, and something close to it that is allowed. */
import plugin from "../../scripts/lint/plugin.ts";
import { equal } from "../support/assert.ts";

/** `allowed` and `bad` are source texts of the file `path`; a bad one gives exactly one finding of `rule`. */
interface Case {
  readonly rule: string;
  readonly path: string;
  readonly bad: readonly string[];
  readonly allowed: readonly string[];
}

const longBody = (lines: number) => "\n".repeat(lines - 1);

const cases: readonly Case[] = [
  {
    rule: "dependencies",
    path: "src/codecs/h264/sps.ts",
    bad: [
      'import { a } from "../../rtp/packet.ts";',
      'import type { A } from "../../stream/track.ts";',
      'export { a } from "../../net/address.ts";',
      'export * from "../../conf/mod.ts";',
      'const a = await import("../../paths/contracts.ts");',
      'export type A = import("../../app/mod.ts").A;',
      'import { readFile } from "node:fs/promises";',
      'import { a } from "../../../test/support/assert.ts";',
    ],
    allowed: [
      'import { a } from "../../base/bytes.ts";',
      'import { a } from "../codec.ts";',
      'import { createHash } from "node:crypto";',
      'import { z } from "zod";',
    ],
  },
  {
    rule: "dependencies",
    path: "src/protocols/rtsp/server.ts",
    bad: [
      'import { a } from "../rtmp/mod.ts";',
      'import { a } from "../registry.ts";',
      'import { a } from "../../app/app.ts";',
      'import { a } from "../../paths/manager.ts";',
      'import { a } from "../../conf/keys/global.ts";',
      'import { a } from "../../net/ffi/libc.ts";',
      'import { a } from "../../somewhere/x.ts";',
    ],
    allowed: [
      'import { a } from "./wire/message.ts";',
      'import type { A } from "../../paths/contracts.ts";',
      'import type { A } from "../../conf/mod.ts";',
      'import { a } from "../../net/tcp/listen.ts";',
      'import { a } from "../../rtp/payload/formats.ts";',
      'import net from "node:net";',
    ],
  },
  {
    rule: "dependencies",
    path: "src/stream/fanout.ts",
    bad: ['import type { A } from "../conf/mod.ts";', 'import { a } from "../net/udp/socket.ts";'],
    allowed: ['import { a } from "../rtp/packet.ts";'],
  },
  {
    rule: "system-access",
    path: "src/protocols/rtsp/wire/request.ts",
    bad: [
      "Deno.readFileSync(a);",
      "let a: Deno.Conn;",
      "const a = Date.now();",
      "const a = new Date();",
      "setTimeout(f, 1);",
      "globalThis.x = setInterval;",
      "performance.now();",
      'console.log("x");',
    ],
    allowed: [
      "a.performance = 1;",
      "const a = new Date(millis);",
      "const a = { fetch: 1 };",
      "a.setTimeout(1);",
    ],
  },
  { rule: "system-access", path: "src/base/scope.ts", bad: ["Deno.exit();"], allowed: ["setTimeout(f, 1);"] },
  {
    rule: "system-access",
    path: "src/net/tcp/listen.ts",
    bad: [],
    allowed: ["Deno.listen(a);", "setTimeout(f, 1);"],
  },
  {
    rule: "foreign-calls",
    path: "src/net/udp/linux.ts",
    bad: ["Deno.dlopen(a, b);", "Deno.UnsafePointer.of(a);"],
    allowed: ["Deno.listenDatagram(a);"],
  },
  { rule: "foreign-calls", path: "src/net/ffi/libc.ts", bad: [], allowed: ["Deno.dlopen(a, b);"] },
  {
    rule: "function-size",
    path: "src/app/app.ts",
    bad: [
      `function f() {${longBody(80)}}`,
      `const f = () => {${longBody(80)}};`,
      `class A { f() {${longBody(80)}} }`,
    ],
    allowed: [`function f() {${longBody(79)}}`, `const a = 1;${longBody(200)}const b = 2;`],
  },
  {
    rule: "function-size",
    path: "test/app/x_test.ts",
    bad: [],
    allowed: [`function f() {${longBody(300)}}`],
  },
];

function findings(path: string, source: string, rule: string): string[] {
  return Deno.lint.runPlugin(plugin, path, source)
    .filter(({ id }) => id === `house/${rule}`).map(({ message }) => message);
}

for (const { rule, path, bad, allowed } of cases) {
  for (const source of bad) {
    Deno.test(`lint ${rule}: ${path} must not have ${JSON.stringify(source.slice(0, 60))}`, () => {
      equal(findings(path, source, rule).length, 1);
    });
  }
  for (const source of allowed) {
    Deno.test(`lint ${rule}: ${path} may have ${JSON.stringify(source.slice(0, 60))}`, () => {
      equal(findings(path, source, rule), []);
    });
  }
}
