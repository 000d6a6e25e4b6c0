/** Candidate lines (RFC 8839, RFC 6544). */
import type { IceCandidate } from "../../../../../src/protocols/webrtc/contracts.ts";
import {
  candidatePriority,
  isMdnsName,
  parseCandidate,
  serializeCandidate,
  tcpPassivePreference,
} from "../../../../../src/protocols/webrtc/ice/wire/candidate.ts";
import { equal, throws } from "../../../../support/assert.ts";
import { fuzz } from "../../../../support/fuzz.ts";

const udp = { component: 1, transport: "udp", type: "host", relatedAddress: null, tcpType: null } as const;

/** The line, what it means, and how we write it when that differs. */
const cases: readonly (readonly [string, IceCandidate, string?])[] = [
  [
    "candidate:1 1 udp 2130706431 192.0.2.1 8189 typ host",
    { ...udp, foundation: "1", priority: 2130706431, host: "192.0.2.1", port: 8189 },
  ],
  [ // Chromium, with mDNS.
    "a=candidate:1467250027 1 udp 2122260223 e5d6bd2a-6f2f-4b1a-8a6b-0d5d7e8e7b0a.local 46243 typ host generation 0 " +
    "ufrag EsAw network-id 1 network-cost 10",
    {
      ...udp,
      foundation: "1467250027",
      priority: 2122260223,
      host: "e5d6bd2a-6f2f-4b1a-8a6b-0d5d7e8e7b0a.local",
      port: 46243,
    },
    "candidate:1467250027 1 udp 2122260223 e5d6bd2a-6f2f-4b1a-8a6b-0d5d7e8e7b0a.local 46243 typ host",
  ],
  [ // Firefox writes the transport in capitals.
    "candidate:0 2 UDP 2122252542 2001:db8::5 51001 typ host",
    { ...udp, foundation: "0", component: 2, priority: 2122252542, host: "2001:db8::5", port: 51001 },
    "candidate:0 2 udp 2122252542 2001:db8::5 51001 typ host",
  ],
  [
    "candidate:842163049 1 udp 1677729535 203.0.113.4 61000 typ srflx raddr 0.0.0.0 rport 0",
    {
      ...udp,
      foundation: "842163049",
      priority: 1677729535,
      host: "203.0.113.4",
      port: 61000,
      type: "srflx",
      relatedAddress: { ip: "0.0.0.0", port: 0 },
    },
  ],
  [
    "candidate:3 1 tcp 1518280447 10.0.0.2 9 typ host tcptype active",
    {
      ...udp,
      foundation: "3",
      transport: "tcp",
      priority: 1518280447,
      host: "10.0.0.2",
      port: 9,
      tcpType: "active",
    },
  ],
  [
    "candidate:4 1 udp 16777215 198.51.100.9 50000 typ relay raddr 203.0.113.4 rport 61000",
    {
      ...udp,
      foundation: "4",
      priority: 16777215,
      host: "198.51.100.9",
      port: 50000,
      type: "relay",
      relatedAddress: { ip: "203.0.113.4", port: 61000 },
    },
  ],
];

Deno.test("candidates: lines and what they mean", () => {
  for (const [line, candidate, written] of cases) {
    equal(parseCandidate(line), candidate, line);
    equal(serializeCandidate(candidate), written ?? line);
    equal(parseCandidate(serializeCandidate(candidate)), candidate);
  }
});

Deno.test("candidates: what is malformed is refused", () => {
  const lines: readonly [string, RegExp][] = [
    ["", /too few/],
    ["candidate:1 1 udp 1 192.0.2.1 8189 host typ", /too few|typ/],
    ["candidate:1 3 udp 1 192.0.2.1 8189 typ host", /component-id/],
    ["candidate:1 1 ssltcp 1 192.0.2.1 8189 typ host", /transport/],
    ["candidate:1 1 tcp 1 192.0.2.1 8189 typ host", /tcptype/],
    ["candidate:1 1 udp 4294967296 192.0.2.1 8189 typ host", /priority/],
    ["candidate:1 1 udp -1 192.0.2.1 8189 typ host", /priority/],
    ["candidate:1 1 udp 1 192.0.2.1 65536 typ host", /port/],
    ["candidate:1 1 udp 1 192.0.2.1\u0000 1 typ host", /connection-address/],
    ["candidate:1 1 udp 1 192.0.2.1 8189 typ other", /candidate type/],
    ["candidate:$ 1 udp 1 192.0.2.1 8189 typ host", /foundation/],
    [`candidate:1 1 udp 1 192.0.2.1 8189 typ host ${"x ".repeat(600)}`, /over 1024/],
  ];
  for (const [line, reason] of lines) throws(() => parseCandidate(line), reason, line);
});

Deno.test("candidates: priorities are those of the original", () => {
  equal(candidatePriority(126, 65535), 2130706431);
  equal(candidatePriority(99, tcpPassivePreference(8191)), 1671430143);
});

Deno.test("candidates: mDNS names", () => {
  equal(["a.local", "A.LOCAL", "a.localdomain", "192.0.2.1"].map(isMdnsName), [true, true, false, false]);
});

Deno.test("candidates: fuzz", () => {
  const encoder = new TextEncoder();
  const decoder = new TextDecoder();
  fuzz("candidate", cases.map(([line]) => encoder.encode(line)), (bytes) => {
    const candidate = parseCandidate(decoder.decode(bytes));
    equal(parseCandidate(serializeCandidate(candidate)), candidate);
  });
});
