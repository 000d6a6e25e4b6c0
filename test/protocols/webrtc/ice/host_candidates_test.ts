/** Which addresses clients are told. */
import { hostCandidates, type HostFacts } from "../../../../src/protocols/webrtc/ice/host_candidates.ts";
import { serializeCandidate } from "../../../../src/protocols/webrtc/ice/wire/candidate.ts";
import { equal, ok } from "../../../support/assert.ts";

const facts: HostFacts = {
  udp: { ip: "::", port: 8189 },
  tcp: null,
  interfaces: [
    { interfaceName: "lo", ip: "127.0.0.1" },
    { interfaceName: "lo", ip: "::1" },
    { interfaceName: "eth0", ip: "192.168.1.5" },
    { interfaceName: "eth0", ip: "2001:db8::5" },
    { interfaceName: "docker0", ip: "172.17.0.1" },
  ],
  ipsFromInterfaces: true,
  interfaceNames: [],
  additionalHosts: [],
};

const all = ["192.168.1.5", "2001:db8::5", "172.17.0.1", "127.0.0.1", "::1"];

const cases: readonly [string, Partial<HostFacts>, readonly string[]][] = [
  ["every interface, loopback last", {}, all],
  ["one interface", { interfaceNames: ["eth0"] }, ["192.168.1.5", "2001:db8::5"]],
  ["none", { ipsFromInterfaces: false }, []],
  ["IPv4 only", { udp: { ip: "0.0.0.0", port: 8189 } }, ["192.168.1.5", "172.17.0.1", "127.0.0.1"]],
  ["one address", { udp: { ip: "172.17.0.1", port: 8189 } }, ["172.17.0.1"]],
  ["TCP only", { udp: null, tcp: { ip: "::", port: 8190 } }, all],
  ["both", { tcp: { ip: "127.0.0.1", port: 8190 } }, [...all, "127.0.0.1"]],
  ["nothing listens", { udp: null }, []],
  ["only what the user says", { ipsFromInterfaces: false, additionalHosts: ["203.0.113.1"] }, [
    "203.0.113.1",
    "203.0.113.1",
  ]],
];

Deno.test("host candidates: addresses", () => {
  for (const [name, changes, hosts] of cases) {
    equal(hostCandidates({ ...facts, ...changes }).map(({ host }) => host), hosts, name);
  }
});

Deno.test("host candidates: additional hosts look as with the original", () => {
  const lines = hostCandidates({
    ...facts,
    tcp: { ip: "::", port: 8190 },
    ipsFromInterfaces: false,
    additionalHosts: ["203.0.113.1"],
  }).map(serializeCandidate);
  equal(lines, [
    "candidate:10 1 udp 2130706431 203.0.113.1 8189 typ host",
    "candidate:10 2 udp 2130706431 203.0.113.1 8189 typ host",
    "candidate:20 1 tcp 1671430143 203.0.113.1 8190 typ host tcptype passive",
    "candidate:20 2 tcp 1671430143 203.0.113.1 8190 typ host tcptype passive",
  ]);
});

Deno.test("host candidates: priorities and foundations differ, UDP is preferred, and there is an end", () => {
  const candidates = hostCandidates({ ...facts, tcp: { ip: "::", port: 8190 } });
  equal(new Set(candidates.map(({ priority }) => priority)).size, candidates.length);
  equal(new Set(candidates.map(({ foundation }) => foundation)).size, candidates.length);
  const sorted = candidates.toSorted((a, b) => b.priority - a.priority);
  equal(sorted.map(({ transport }) => transport), candidates.map(({ transport }) => transport));
  const many = Array.from({ length: 200 }, (_, i) => ({ interfaceName: "x", ip: `10.0.0.${i}` }));
  ok(hostCandidates({ ...facts, interfaces: many }).length <= 64);
});
