/** URLs and credentials of STUN and TURN servers. */
import { createHmac } from "node:crypto";
import {
  iceServerLinks,
  iceServersFor,
  parseIceServerUrl,
} from "../../../../src/protocols/webrtc/ice/mod.ts";
import { equal, match, throws } from "../../../support/assert.ts";

Deno.test("ICE servers: URLs", () => {
  const cases: readonly [string, string, string, string, number][] = [
    ["stun:stun.example:3478", "stun", "udp", "stun.example", 3478],
    ["stun:192.0.2.1", "stun", "udp", "192.0.2.1", 3478],
    ["turn:turn.example:1234", "turn", "udp", "turn.example", 1234],
    ["turn:turn.example:1234?transport=udp", "turn", "udp", "turn.example", 1234],
    ["turn:turn.example?transport=tcp", "turn", "tcp", "turn.example", 3478],
    ["turns:[2001:db8::1]", "turn", "tls", "2001:db8::1", 5349],
    ["turns:turn.example:443?transport=tcp", "turn", "tls", "turn.example", 443],
  ];
  for (const [url, kind, transport, host, port] of cases) {
    equal(parseIceServerUrl(url), { kind, transport, host, port } as ReturnType<typeof parseIceServerUrl>);
  }
  const wrong = [
    "http://x",
    "turn:",
    "turn:a:b",
    "turn:a:0",
    "turn:a:70000",
    "turns:a?transport=udp",
    "stuns:a",
  ];
  for (const url of wrong) throws(() => parseIceServerUrl(url), /ICE server/, url);
});

Deno.test("ICE servers: what clients are told", () => {
  const now = 1_700_000_000_500;
  const servers = iceServersFor([
    { url: "stun:a", username: "", password: "", clientOnly: false },
    { url: "turn:b", username: "me", password: 'p"w', clientOnly: true },
    { url: "turn:c", username: "AUTH_SECRET", password: "hidden", clientOnly: false },
  ], now);
  const [stun, turn, derived] = servers;
  equal(stun, { url: "stun:a", username: null, credential: null });
  equal(turn, { url: "turn:b", username: "me", credential: 'p"w' });
  match(derived.username ?? "", /^1700086400:\w+$/);
  equal(derived.credential, createHmac("sha1", "hidden").update(derived.username ?? "").digest("base64"));
  equal(iceServerLinks(servers).slice(0, 2), [
    '<stun:a>; rel="ice-server"',
    '<turn:b>; rel="ice-server"; username="me"; credential="p\\"w"; credential-type="password"',
  ]);
});
