import { equal } from "../../support/assert.ts";

interface IceServer {
  readonly urls: readonly string[];
  readonly username?: string;
  readonly credential?: string;
}

interface Modules {
  parseIceServers(header: string | null): IceServer[];
  problemOfAnswer(status: number, body: string): Readonly<Record<string, unknown>>;
  describeProblem(problem: Readonly<Record<string, unknown>>): string;
  authorizationHeaders(credentials: Readonly<Record<string, string>>): Record<string, string>;
}

/** Not by their names: the modules belong to the browser's world of types. */
const load = (name: string): Promise<Modules> =>
  import(String(new URL(`../../../web/${name}`, import.meta.url)));
const { parseIceServers } = await load("webrtc/signaling.js");
const { problemOfAnswer, describeProblem } = await load("webrtc/problem.js");
const { authorizationHeaders } = await load("shared/requests.js");

const links: readonly (readonly [header: string | null, servers: readonly IceServer[]])[] = [
  [null, []],
  ["", []],
  ['<stun:a:3478>; rel="ice-server"', [{ urls: ["stun:a:3478"] }]],
  ["<stun:a>;rel=ice-server", [{ urls: ["stun:a"] }]],
  ['</next>; rel="next", <stun:a>; rel="ice-server"', [{ urls: ["stun:a"] }]],
  [
    '<turn:a?transport=tcp>; rel="ice-server"; username="1:u"; credential="x=="; credential-type="password", ' +
    '<stun:b>; rel="ice-server"',
    [{ urls: ["turn:a?transport=tcp"], username: "1:u", credential: "x==" }, { urls: ["stun:b"] }],
  ],
  [
    '<turn:a>; rel="ice-server"; username="a\\"b, <stun:c>; rel=\\"ice-server\\""; credential="back\\\\slash;"',
    [{ urls: ["turn:a"], username: 'a"b, <stun:c>; rel="ice-server"', credential: "back\\slash;" }],
  ],
  ["nonsense, <unfinished", []],
];
for (const [header, servers] of links) {
  Deno.test(`ICE servers of ${header}`, () => equal(parseIceServers(header), servers));
}

const json = (error: unknown) => JSON.stringify({ status: "error", error });
const answers: readonly (readonly [status: number, body: string, problem: Record<string, unknown>])[] = [
  [401, "", { kind: "wrongCredentials" }],
  [403, "", { kind: "wrongCredentials" }],
  [404, json("no stream"), { kind: "noStream" }],
  [406, json("only H265"), { kind: "codec", text: "only H265" }],
  [400, json("codecs not supported by client"), { kind: "codec", text: "codecs not supported by client" }],
  [400, json("invalid SDP"), { kind: "refused", text: "invalid SDP" }],
  [502, "<html>bad gateway</html>", { kind: "server", status: 502, text: "" }],
  [500, json({ not: "text" }), { kind: "server", status: 500, text: "" }],
  [500, json("x".repeat(300)), { kind: "server", status: 500, text: "x".repeat(200) }],
];
for (const [status, body, problem] of answers) {
  Deno.test(`problem of ${status} ${body.slice(0, 60)}`, () => equal(problemOfAnswer(status, body), problem));
}

Deno.test("problem: words, with what the server said where it did", () => {
  const words = [
    { kind: "codec", text: "" },
    { kind: "refused", text: "maximum of readers" },
    { kind: "server", status: 502, text: "" },
    { kind: "interrupted", detail: "failed" },
  ].map(describeProblem);
  equal(words, [
    "Browser and server have no codec in common",
    "The server refuses this connection: maximum of readers",
    "The server reports an error (502)",
    "The connection was interrupted",
  ]);
});

const credentials: readonly (readonly [given: Record<string, string>, header: string | undefined])[] = [
  [{}, undefined],
  [{ user: "", pass: "", token: "" }, undefined],
  [{ user: "jürgen", pass: "p:w" }, "Basic asO8cmdlbjpwOnc="],
  [{ user: "u" }, "Basic dTo="],
  [{ token: "t0" }, "Bearer t0"],
  [{ user: "", pass: "", token: "t0" }, "Bearer t0"],
  [{ user: "u", pass: "p", token: "t0" }, "Basic dTpw"],
];
for (const [given, header] of credentials) {
  Deno.test(`authorization of ${JSON.stringify(given)}`, () => {
    equal(authorizationHeaders(given), header === undefined ? {} : { Authorization: header });
  });
}
