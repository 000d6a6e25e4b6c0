/** What the log says when there is no connection. */
import {
  advise,
  type DiagnosisFacts,
  isPrivateHost,
} from "../../../../../src/protocols/webrtc/ice/engine/diagnosis.ts";
import { parseCandidate } from "../../../../../src/protocols/webrtc/ice/wire/candidate.ts";
import { equal, match } from "../../../../support/assert.ts";

const host = (ip: string) => parseCandidate(`candidate:1 1 udp 1 ${ip} 8189 typ host`);

const nothing: DiagnosisFacts = {
  lite: true,
  connected: false,
  requests: 0,
  refused: 0,
  requestsFrom: [],
  checksSent: 0,
  checksAnswered: 0,
  dtlsReceived: 0,
  localCandidates: [host("172.17.0.2"), host("127.0.0.1")],
  remoteCandidates: [host("198.51.100.7")],
  ports: { udp: 8189, tcp: null },
  hasAdditionalHosts: false,
};

const arrived = { requests: 4, requestsFrom: ["198.51.100.7 40000"] };

/** Every pattern must be in the text; `not` must not. */
const cases: readonly [string, Partial<DiagnosisFacts>, readonly RegExp[], RegExp?][] = [
  ["nothing arrived, private addresses", {}, [
    /^Nothing arrived from the client on UDP port 8189\./,
    /webrtcAdditionalHosts/,
    /-p 8189:8189\/udp/,
    /The client was told 172\.17\.0\.2, 127\.0\.0\.1\./,
    /webrtcLocalTCPAddress/,
  ], /mDNS/],
  [
    "nothing arrived, a public address",
    { localCandidates: [host("203.0.113.1")], hasAdditionalHosts: true },
    [
      /^Nothing arrived/,
      /firewall/,
      /UDP port 8189/,
    ],
    /set webrtcAdditionalHosts/,
  ],
  [
    "TCP only",
    { ports: { udp: null, tcp: 8190 } },
    [/TCP port 8190/, /-p 8190:8190\/tcp/],
    /webrtcLocalTCPAddress/,
  ],
  ["only mDNS names", { remoteCandidates: [host("a-b.local")] }, [/^Nothing arrived/, /mDNS/]],
  ["no candidates of the client", { remoteCandidates: [] }, [/told no address of its own/]],
  ["no address offered", { localCandidates: [] }, [/^No address was offered/, /webrtcIPsFromInterfaces/]],
  ["wrong credentials", { refused: 3, requestsFrom: arrived.requestsFrom }, [
    /credentials of another session/,
  ]],
  ["requests, but no DTLS", { ...arrived, connected: true }, [/198\.51\.100\.7 40000/, /DTLS/]],
  ["requests, but our own are not answered", { ...arrived, lite: false, checksSent: 9 }, [
    /none of our own 9 was answered/,
    /firewall/,
  ]],
  ["requests that ended", arrived, [/no more/]],
];

Deno.test("diagnosis: sentences for what was seen", () => {
  for (const [name, changes, patterns, not] of cases) {
    const text = advise({ ...nothing, ...changes }).join(" ");
    for (const pattern of patterns) match(text, pattern, name);
    if (not !== undefined) equal(not.test(text), false, `${name}: ${text}`);
  }
});

Deno.test("diagnosis: nothing to say when all is well", () => {
  equal(advise({ ...nothing, ...arrived, connected: true, dtlsReceived: 3 }), []);
});

Deno.test("diagnosis: private addresses", () => {
  const privates = [
    "10.0.0.1",
    "192.168.3.4",
    "172.16.0.1",
    "172.31.9.9",
    "127.0.0.1",
    "169.254.1.1",
    "100.64.0.1",
  ]
    .concat("fd00::1", "fe80::1", "::1", "x.local");
  const publics = ["8.8.8.8", "172.32.0.1", "100.128.0.1", "2001:db8::1", "11.0.0.1", "media.example"];
  equal(privates.map(isPrivateHost), privates.map(() => true));
  equal(publics.map(isPrivateHost), publics.map(() => false));
});
